"""A table that was kept as a file, read back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mining._errors import ExportError, MiningError
from mining._files import TABLES
from mining.sources.forms.archives import Content
from mining.sources.forms.preflight import check_workbook

__all__ = ["read_kept"]


def read_kept(path: Path | str) -> pd.DataFrame:
    """Read a table that `mining._files.write_table` wrote.

    Raises
    ------
    ExportError
        For a file that is missing or no such table.
    """
    path = Path(path)
    _ending(path)
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        return _read(path)
    except ExportError:
        raise
    except Exception as wrong:  # each reader has errors of its own
        raise ExportError.unreadable(path, "it is no table kept by `save`.") from wrong


def _read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".parquet":
        return pd.read_parquet(path)
    if path.suffix.lower() == ".xlsx":
        check_workbook(Content.of_path(path))
        return pd.read_excel(path, engine="calamine", keep_default_na=False, na_values=[""])
    return pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])


def _ending(path: Path) -> None:
    if path.suffix.lower() not in TABLES:
        raise MiningError.refused(f"'{path.name}' is no name of a table:", f"end it in {', '.join(TABLES)}.")
