"""The systems whose exports are known: one YAML mapping each, beside this file."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

import pandas as pd

from mining._errors import MappingError
from mining.sources.mappings.grammar import build_mapping, read_mapping
from mining.sources.mappings.mapping import Mapping

__all__ = ["catalogue", "known_systems", "mapping_of"]


@cache
def known_systems() -> tuple[str, ...]:
    """Name every system of the catalogue."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(".yml") for file in files if file.name.endswith(".yml")))


@cache
def _known(name: str) -> Mapping:
    text = (resources.files(__name__) / f"{name}.yml").read_text("utf-8")
    return replace(build_mapping(text, f"{name}.yml"), known=True)


def mapping_of(source: str | Path | Mapping) -> Mapping:
    """Find a mapping: a system of the catalogue, a YAML file, or a mapping itself.

    Raises
    ------
    MappingError
        For a name that is neither, with the nearest that is.
    """
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, (str, Path)):
        raise MappingError(
            f"A {type(source).__name__} is no mapping. Give the name of a system, a YAML file, or what "
            "`mining.sources.mappings.read_mapping` makes of one."
        )
    if str(source) in known_systems():
        return _known(str(source))
    if Path(source).suffix.lower() in {".yml", ".yaml"}:
        return read_mapping(source)
    raise MappingError.unknown("source", str(source), known_systems())


def catalogue() -> pd.DataFrame:
    """List the systems whose exports can be read without writing a mapping.

    Returns
    -------
    DataFrame
        `system` (name to give as a source), `verified` (docs, fixture or real: what the mapping was tried on), `tables`
        (number of tables it speaks of), `touchpoints` (names of the readers).

    Examples
    --------
    >>> "hubspot" in set(catalogue()["system"])
    True
    """
    lines = []
    for name in known_systems():
        mapping = mapping_of(name)
        readers = ", ".join(reader.name for reader in mapping.readers)
        lines.append((name, mapping.verified, len(mapping.tables), readers))
    return pd.DataFrame(lines, columns=["system", "verified", "tables", "touchpoints"])
