"""The configuration of one study: which export, read how, under which case notion, against which design."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping as Named
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from mining._errors import ExportError, MiningError
from mining.sources import Mapping

__all__ = ["LANGUAGES", "Config", "read_config"]

LANGUAGES = ("en", "he", "fa")
_TEXTS = ("case", "gap", "identity", "identifiers", "region", "timezone", "title", "language")
_CHOICES = {"identity": ("exact", "likely", "none"), "identifiers": ("pseudonyms", "keep"), "language": LANGUAGES}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Config:
    """What `mining report` needs to know.

    Attributes
    ----------
    exports : Path
        File or folder that the CRM gave.
    sources : tuple of str or Mapping
        Systems of the catalogue, mapping files or mappings; empty asks the catalogue to recognise them.
    case, gap : str
        Case notion, and the silence that ends a journey (None: never).
    design : Path or None
        The designed journey.
    identity, identifiers, region, timezone : str or None
        As `read_crm` takes them.
    title, language, output : str, str, Path
        Heading, language (en, he, fa) and file of the page.
    compare : Path or None
        The file that an earlier run kept beside its page: the page then says what changed since.
    """

    exports: Path
    sources: tuple[str | Mapping, ...] = ()
    case: str = "customer"
    gap: str | None = None
    design: Path | None = None
    identity: str | None = None
    identifiers: str | None = None
    region: str | None = None
    timezone: str | None = None
    title: str = "The journeys customers really take"
    language: str = "en"
    output: Path = Path("report.html")
    compare: Path | None = None

    def __post_init__(self) -> None:
        for key, choices in _CHOICES.items():
            word = getattr(self, key)
            if word is not None and word not in choices:
                raise MiningError.unknown(key, word, choices)


def read_config(path: Path | str) -> Config:
    """Read a configuration; paths in it are relative to the file, ``${NAME}`` is taken from the environment.

    Parameters
    ----------
    path : Path or str
        A YAML file with the keys of `Config`; only `exports` is required.

    Returns
    -------
    Config
        With absolute paths, except `output`, which is relative to the working directory.

    Raises
    ------
    ExportError
        Where the file, or a file it names, is missing.
    MiningError
        For an unknown key, a missing `exports` or an unset variable.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - strings only, no tags
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExportError.unreadable(path, f"it is not YAML ({str(error).splitlines()[0]}).") from error
    if not isinstance(given, Named):
        raise ExportError.unreadable(path, "a configuration is a list of `key: value` lines, `exports:` at least.")
    known = [field.name for field in fields(Config)]
    for key in given:
        if key not in known:
            raise MiningError.unknown("setting", str(key), known)
    if not given.get("exports"):
        raise MiningError.refused(f"'{path.name}'", "does not say `exports:`, the file or folder to read.")
    return _config(given, path.resolve().parent)


def _config(given: Named[str, object], home: Path) -> Config:
    texts = {key: _expanded(str(given[key])) for key in _TEXTS if given.get(key)}
    design = given.get("design")
    return Config(
        exports=_there(home, str(given["exports"])),
        sources=tuple(_source(home, _expanded(str(name))) for name in _listed(given.get("sources"))),
        design=_there(home, str(design)) if design else None,
        output=Path(str(given.get("output", "report.html"))),
        compare=_there(home, str(given["compare"])) if given.get("compare") else None,
        **texts,
    )


def _listed(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list) else [value]


def _source(home: Path, name: str) -> str:
    if name.endswith((".yml", ".yaml")):
        return str(_there(home, name))
    return name


def _there(home: Path, name: str) -> Path:
    path = home / _expanded(name)
    if not path.exists():
        raise ExportError.missing(path)
    return path


def _expanded(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise MiningError.refused(f"The variable {match[1]}", f"is not set; '{text}' needs it.")
        return found

    return _VARIABLE.sub(value, text)
