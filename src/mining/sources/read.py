"""Read exports: from files to canonical touchpoints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from mining._errors import MiningError
from mining._fields import CASES
from mining.sources.assemble import Assembled, assemble
from mining.sources.catalogue import mapping_of
from mining.sources.detect import detect
from mining.sources.emit import emit
from mining.sources.files import Folder, Location, open_export
from mining.sources.ledger import Ledger
from mining.sources.mapping import Mapping
from mining.sources.quality import Quality
from mining.sources.source import Source, open_source
from mining.sources.touchpoints import Touchpoints, check

__all__ = ["read_crm"]


def read_crm(
    location: Location,
    sources: Sequence[str | Path | Mapping] | str | Path | Mapping | None = None,
    *,
    mapping: str | Path | Mapping | None = None,
    identity: bool = True,
    region: str | None = None,
    progress: bool | None = None,
) -> Touchpoints:
    """Read the exports of one or several systems into touchpoints.

    Every record is either used or set aside by a rule that `Touchpoints.quality` names. Times become UTC; the order of
    equal times is that of the sources as given, of their tables, of the vendor's own sequence, then of the file.

    Parameters
    ----------
    location : path, list of paths, DataFrame or dict of DataFrames
        A folder (its top level, or a sub-folder named as the source), files, or tables already in memory.
    sources : str, path or list of them, optional
        Systems of the catalogue, or YAML mappings, in the order whose ids win. Without it the systems are recognised
        by their tables and headers.
    mapping : str, path or Mapping, optional
        The one mapping to read with, for frames or a single file.
    identity : bool
        Whether records that share a normalised e-mail, telephone number or visitor id are one person.
    region : str, optional
        Country (two letters) of telephone numbers without a dialling code; without it the first mapping that names
        one speaks for those that do not.
    progress : bool, optional
        Whether to show a bar; without it only where somebody watches and it takes longer than two seconds.

    Returns
    -------
    Touchpoints
        Canonical frame, objects and quality report. E-mail addresses and telephone numbers are in none of them.

    Raises
    ------
    ExportError
        When a file cannot be read or no file belongs to a source.
    MappingError
        When a mapping makes no sense, or does not fit the export.
    """
    ledger = Ledger()
    with tqdm(delay=2, disable=not _watched(progress), leave=False, unit="file") as bar:

        def tick(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        opened = [open_source(one, folder, ledger, tick) for one, folder in _asked(location, sources, mapping)]
        _unlike(opened)
        home = region or next((source.region for source in opened if source.region), None)
        for source in opened:
            source.region = source.region or home
        readers = [(source, reader) for source in opened for reader in source.mapping.readers]
        batches = [batch for place, (source, reader) in enumerate(readers) for batch in emit(source, reader, place)]
        done = assemble(opened, batches, ledger, identity=identity)
    if not len(done.frame):
        reasons = ledger.frame().groupby("rule")["rows_aside"].sum()
        told = ", ".join(f"{rule} ({n:,})" for rule, n in reasons[reasons > 0].items())
        raise MiningError.empty("The export", f"every record was set aside: {told or 'the tables have no records'}.")
    return Touchpoints(check(done.frame), done.objects, _quality(opened, done, ledger), done.relations)


_FEW_CUSTOMERS, _CROWD = 100, 20


def _asked(
    location: Location,
    sources: Sequence[str | Path | Mapping] | str | Path | Mapping | None,
    mapping: str | Path | Mapping | None,
) -> list[tuple[Mapping, Folder]]:
    folder = open_export(location)
    if sources is None:
        return detect(folder) if mapping is None else [(mapping_of(mapping), folder)]
    if mapping is not None:
        raise MiningError.refused("`sources` and `mapping` were both given;", "give the mapping among the sources.")
    listed = [sources] if isinstance(sources, (str, Path, Mapping)) else list(sources)
    return [(mapping_of(source), folder) for source in listed]


def _unlike(opened: Sequence[Source]) -> None:
    names = [source.name for source in opened]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise MiningError.refused(
            f"Two sources are called '{min(twice)}':", "their ids would mix. Rename one's `system`."
        )


def _watched(progress: bool | None) -> bool:
    return progress if progress is not None else sys.stderr.isatty() or "JPY_SESSION_NAME" in os.environ


def _quality(opened: Sequence[Source], done: Assembled, ledger: Ledger) -> Quality:
    facts = done.facts
    if facts["n_glued"]:
        ledger.note(f"{facts['n_glued']:,} customer ids were the same person as another and became one")
    for kind, n in sorted(dict(facts["blocked"]).items()):  # type: ignore[call-overload]
        ledger.note(f"{n:,} shared {kind} keys glue nobody: an office's, or borne by more than 20 ids")
    if facts["n_replicas"]:
        ledger.note(
            f"{facts['n_replicas']:,} rows are further customers of a touchpoint (their id ends in @2, @3, ...)"
        )
    for remark in _crowds(done.frame):
        ledger.note(remark)
    return Quality(ledger.frame(), _files(ledger), _clocks(opened), _ties(done.frame), done.as_of, _notes(ledger))


def _crowds(frame: pd.DataFrame) -> Iterator[str]:
    """Remark on customers who touch the company so often that they are hardly one person."""
    touches = frame["customer"].value_counts()
    if len(touches) < _FEW_CUSTOMERS:
        return
    usual = touches.median()
    crowds = touches[(touches > _CROWD * usual) & (touches > len(frame) / 100)]
    for customer, n in crowds.items():
        share = n / len(frame)
        yield (
            f"customer {customer} has {n:,} touchpoints, {share:.1%} of all, and the median customer {usual:.0f}: "
            "perhaps an account shared by many, not a person"
        )


def _notes(ledger: Ledger) -> tuple[str, ...]:
    told = sorted(ledger.notes.items(), key=lambda item: (-item[1], item[0]))
    return tuple(text if n == 1 else f"{text} ({n:,})" for text, n in told)


def _files(ledger: Ledger) -> pd.DataFrame:
    lines = []
    for source, table in ledger.tables():
        facts = table.facts
        notes = "; ".join(facts.get("notes", ()))  # type: ignore[arg-type]
        told = [facts.get(name, "") for name in ("encoding", "encoding_proof", "delimiter")]
        lines.append((source, table.name, table.file, *told, table.records, notes))
    names = ["source", "table", "file", "encoding", "encoding_proof", "delimiter", "rows", "notes"]
    return pd.DataFrame(lines, columns=names)


def _clocks(opened: Sequence[Source]) -> pd.DataFrame:
    lines, seen = [], set()
    for source in opened:
        for page, view in source.tables(list(source.views)):
            for clock in view.clocks.values():
                facts = dict(clock.facts)
                column = str(facts.pop("column"))
                if (page, column) not in seen:
                    seen.add((page, column))
                    facts["format"] = ", ".join(f"{label} ({n:,})" for label, n in dict(facts["format"]).items())  # type: ignore[call-overload]
                    facts["unreadable"] = int(clock.failed.sum())
                    lines.append({"source": source.name, "table": view.table.name, "column": column, **facts})
    names = "source table column format calendar precision zone proof unreadable skipped_hour repeated_hour before_1990"
    return pd.DataFrame(lines, columns=names.split())


def _ties(frame: pd.DataFrame) -> float:
    """Share of touchpoints with another of the same customer, else of the same case, at the same time."""
    owner = pd.Series(pd.NA, index=frame.index, dtype="str")
    for case in CASES:
        owner = owner.fillna(frame[case])
    codes = pd.factorize(owner)[0]
    keys = pd.DataFrame({"owner": codes, "time": frame["timestamp"].astype("int64")})
    return float(keys.duplicated(keep=False).mean()) if len(keys) else float(np.nan)
