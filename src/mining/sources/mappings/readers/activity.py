"""Activity tables: a row is a touchpoint."""

from __future__ import annotations

import numpy as np

from mining.sources.mappings.mapping import Reader
from mining.sources.mappings.readers.passes import Pass
from mining.sources.mappings.view import View

__all__ = ["passes"]


def passes(reader: Reader, view: View) -> list[Pass]:
    """Make one pass over all rows."""
    return [Pass(reader.name, "", reader.step, np.ones(view.size, dtype=bool), order=reader.order)]
