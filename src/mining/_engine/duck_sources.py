"""Where touchpoints lie that DuckDB can read, and the renaming of their columns to the canonical fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pandas as pd
import pyarrow as pa
from duckdb import CoalesceOperator, ColumnExpression, ConstantExpression, FunctionExpression

from mining._engine.in_place import CARRIED
from mining._engine.matching import match_columns, refuse_order, refuse_time
from mining._errors import ExportError, MiningError

__all__ = ["DuckSource", "is_readable"]

_ATTACH: Final = "ATTACH $path AS warehouse (READ_ONLY)"
_TABLES: Final = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' ORDER BY table_name"
_PARQUET: Final = (".parquet", ".pq")
_CSV: Final = (".csv", ".tsv", ".txt", ".csv.gz", ".csv.zst", ".tsv.gz")
_WHOLE: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


def is_readable(origin: object) -> bool:
    """Tell whether DuckDB can read from it: a path, a relation, a connection, a frame or an Arrow stream."""
    kinds = (str, Path, duckdb.DuckDBPyConnection, duckdb.DuckDBPyRelation, pd.DataFrame)
    return isinstance(origin, kinds) or hasattr(origin, "__arrow_c_stream__")


class DuckSource:
    """A table of touchpoints that DuckDB can read.

    Parameters
    ----------
    origin : str, Path, DuckDB connection or relation, DataFrame or Arrow stream
        See `mining.journeys.in_place.connect_log`.
    table : str, optional
        The table, where `origin` is a database.
    columns : mapping of str to str, optional
        Canonical field to column there.
    memory_limit : str
        What each connection that is opened may take before it spills to disk.
    """

    def __init__(
        self,
        origin: Any,
        *,
        table: str | None = None,
        columns: Mapping[str, str] | None = None,
        memory_limit: str = "4GB",
    ) -> None:
        self._origin, self._table, self._memory_limit = origin, table, memory_limit
        self._holding: duckdb.DuckDBPyConnection | None = None
        self.name = _named(origin, table)
        if not isinstance(origin, str | Path | pd.DataFrame | duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation):
            self._hold(origin)
        connection = self.connect()
        try:
            relation = self._relation(connection)
            self._kinds = {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
            self.columns = match_columns(columns, relation.columns, self.name)
            self._check_kinds()
        except BaseException:
            self.close()
            raise
        finally:
            connection.close()

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open a connection of our own, with the database attached where there is one."""
        try:
            connection = duckdb.connect(
                config={
                    "memory_limit": self._memory_limit,
                    "autoinstall_known_extensions": False,
                    "preserve_insertion_order": False,  # every answer is ordered, and keeping an order takes memory
                }
            )
        except duckdb.ParserException as error:
            raise MiningError.refused(f"A memory limit of '{self._memory_limit}'", "is none: write '4GB'.") from error
        if isinstance(self._origin, str | Path) and self._table is not None:
            self._attach(connection, Path(self._origin))
        return connection

    def read(self, connection: duckdb.DuckDBPyConnection, name: str, gap_us: int, case: str, *, wide: bool) -> None:
        """Put the renamed touchpoints into a connection of `connect` under a name: files as a view, the rest copied."""
        expressions = [*self._keys(case), ConstantExpression(gap_us).cast("BIGINT").alias("gap_us")]
        expressions += [self._text(field) for field in CARRIED] if wide else []
        chosen = self._relation(connection).select(*expressions)
        if isinstance(self._origin, str | Path | pd.DataFrame):
            chosen.create_view(name)
        else:  # another connection's rows pass through once: what its database is like, it stays
            connection.from_arrow(chosen.to_arrow_reader()).create(name)

    def close(self) -> None:
        """Let go of rows that could be read only once."""
        if self._holding is not None:
            self._holding.close()

    def _hold(self, stream: object) -> None:
        self._holding = self.connect()
        reader = pa.RecordBatchReader.from_stream(stream)
        self._holding.from_arrow(reader).create("held")
        self._origin = self._holding.table("held")

    def _attach(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        if not path.is_file():
            raise ExportError.missing(path)
        try:
            connection.execute(_ATTACH, {"path": str(path)})
        except duckdb.Error as error:
            raise ExportError.unreadable(path, f"it is no DuckDB database ({_first_line(error)}).") from error

    def _relation(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        match self._origin:
            case str() | Path() if self._table is not None:
                return _table_of(connection, f"warehouse.{self._table}", self._table, _tables(connection))
            case str() | Path():
                return _file(connection, str(self._origin))
            case pd.DataFrame():
                return connection.from_df(self._origin)
            case duckdb.DuckDBPyConnection():
                return _table_of(self._origin, self._table or "", self._table or "", ())
        return self._origin

    def _check_kinds(self) -> None:
        for field in ("timestamp", "end_timestamp"):
            column = self.columns.get(field)
            if column and not self._kinds[column].startswith(("TIMESTAMP", "DATE")):
                raise refuse_time(column, self._kinds[column])
        order = self.columns.get("seq")
        if order and self._kinds[order] not in _WHOLE:
            raise refuse_order(order, self._kinds[order])

    def _keys(self, case: str) -> Iterator[duckdb.Expression]:
        start, end = self._time("timestamp"), self._time("end_timestamp")
        order = _column(self.columns["seq"]).cast("BIGINT") if "seq" in self.columns else ConstantExpression(None)
        yield _column(self.columns[case]).cast("VARCHAR").alias("case_id")
        yield _column(self.columns["activity"]).cast("VARCHAR").alias("activity")
        yield start.alias("start_us")
        yield FunctionExpression("greatest", start, CoalesceOperator(end, start)).alias("end_us")
        yield CoalesceOperator(order, ConstantExpression(0)).cast("BIGINT").alias("seq")
        yield self._text("outcome")

    def _time(self, field: str) -> duckdb.Expression:
        column = self.columns.get(field)
        if column is None:
            return ConstantExpression(None).cast("BIGINT")
        given = _column(column)
        return FunctionExpression("epoch_us", given.cast("TIMESTAMP") if self._kinds[column] == "DATE" else given)

    def _text(self, field: str) -> duckdb.Expression:
        if field in self.columns:
            return _column(self.columns[field]).cast("VARCHAR").alias(field)
        # As in memory: where nothing says what kind a touchpoint is, each is a contact.
        known = "interaction" if field == "touchpoint_kind" else None
        return ConstantExpression(known).cast("VARCHAR").alias(field)


def _column(name: str) -> duckdb.Expression:
    return ColumnExpression(name)


def _file(connection: duckdb.DuckDBPyConnection, path: str) -> duckdb.DuckDBPyRelation:
    lower = path.lower()
    if not lower.endswith((*_PARQUET, *_CSV)):
        raise ExportError.unreadable(
            path, "its name ends neither in .parquet nor in .csv. Of a DuckDB database, name the table too."
        )
    try:
        return connection.read_parquet(path) if lower.endswith(_PARQUET) else connection.read_csv(path)
    except duckdb.IOException as error:
        raise ExportError.missing(path) from error
    except duckdb.Error as error:
        raise ExportError.unreadable(path, f"{_first_line(error)}.") from error


def _table_of(
    connection: duckdb.DuckDBPyConnection, full_name: str, table: str, known: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    try:
        return connection.table(full_name)
    except duckdb.Error as error:
        raise MiningError.unknown("table", table, known or _tables(connection)) from error


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for (name,) in connection.execute(_TABLES).fetchall()]


def _named(origin: object, table: str | None) -> str:
    if isinstance(origin, str | Path):
        return f"{Path(origin).name}:{table}" if table else Path(origin).name
    return table or type(origin).__name__


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
