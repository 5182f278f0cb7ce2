"""Activity tables: a row is a touchpoint, or tells where one starts or ends."""

from __future__ import annotations

import numpy as np

from mining.sources.mappings.mapping import Reader
from mining.sources.mappings.readers.pairs import paired
from mining.sources.mappings.readers.passes import Pass
from mining.sources.mappings.view import View

__all__ = ["passes"]

_LEFT = "a state of work that is neither its start nor its end"


def passes(reader: Reader, view: View) -> list[Pass]:
    """Make one pass over all rows, or over those that are not the end of another."""
    pairs = paired(reader, view)
    if pairs is None:
        return [Pass(reader.name, "", reader.step, np.ones(view.size, dtype=bool), order=reader.order)]
    return [Pass(reader.name, "", reader.step, pairs.rows, order=reader.order, left=_LEFT, ends=pairs.ends)]
