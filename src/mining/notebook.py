"""What a notebook sets before it begins, so that its output is the same on every machine."""

from __future__ import annotations

import pandas as pd

__all__ = ["setup"]


def setup() -> None:
    """Show tables short, rounded and in one width, whatever the machine's own settings are.

    Examples
    --------
    >>> setup()
    >>> pd.DataFrame({"share": [1 / 3]})
       share
    0  0.333
    """
    for option, value in {
        "display.precision": 3,
        "display.max_rows": 10,
        "display.max_columns": 12,
        "display.max_colwidth": 70,
        "display.width": 120,
    }.items():
        pd.set_option(option, value)
