"""Read the tables of a DuckDB file as Arrow: read-only, cut off from other files, the network and extensions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb

from mining._errors import ExportError

__all__ = ["duckdb_tables"]

_LISTED: Final = """
    SELECT schema_name, table_name, false AS is_view FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT schema_name, view_name, true FROM duckdb_views() WHERE NOT internal
    ORDER BY schema_name, table_name
"""
# What reaches Arrow as it is. Everything else is spelt by DuckDB: whole numbers of 128 bits would become floats.
_KEPT: Final = ("VARCHAR", "DOUBLE", "FLOAT", "BOOLEAN", "TIMESTAMP", "DATE", "BLOB", "STRUCT", "MAP", "LIST", "ARRAY")
_MEMORY: Final = "2GB"


def duckdb_tables(path: Path, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the tables and views of a DuckDB file.

    Parameters
    ----------
    path : Path
        The file; it is opened read-only, and its views cannot read other files.
    name : str
        What to call it in a message.

    Yields
    ------
    (str, pyarrow.Table or str)
        Name of the table, with its schema's where that is not ``main``, and its rows; of a view that cannot be read,
        why not.

    Raises
    ------
    ExportError
        When it is locked, damaged or of another version.
    """
    try:
        connection = duckdb.connect(
            path,
            read_only=True,
            config={
                "enable_external_access": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "memory_limit": _MEMORY,
                "lock_configuration": True,
            },
        )
    except duckdb.Error as error:
        raise ExportError.unreadable(name, _why(error)) from error
    with connection:
        for schema, table, is_view in connection.execute(_LISTED).fetchall():
            spoken = table if schema == "main" else f"{schema}.{table}"
            try:
                yield spoken, _rows(connection, f"{_quoted(schema)}.{_quoted(table)}")
            except duckdb.Error as error:
                # A view may lean on another file or on an extension; a table has nothing but itself to lean on.
                if not is_view:
                    raise ExportError.unreadable(name, _why(error)) from error
                yield spoken, " ".join(str(error).split())[:200]


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> Any:
    relation = connection.table(table)
    columns = [
        duckdb.ColumnExpression(column) if _is_kept(str(kind)) else duckdb.ColumnExpression(column).cast("VARCHAR")
        for column, kind in zip(relation.columns, relation.types, strict=True)
    ]
    named = [column.alias(name) for column, name in zip(columns, relation.columns, strict=True)]
    return relation.select(*named).to_arrow_table()


def _is_kept(kind: str) -> bool:
    return kind.startswith(_KEPT) or kind.endswith("]")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _why(error: duckdb.Error) -> str:
    said = " ".join(str(error).split())
    if "lock" in said.lower():
        return "another program has it open. Close that program, or copy the file and read the copy."
    return f"DuckDB says: {said[:200]}"
