"""Read exports: from files to canonical touchpoints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from mining._errors import MiningError
from mining.sources.assemble import assemble
from mining.sources.catalogue import mapping_of
from mining.sources.detect import detect
from mining.sources.emit import emit
from mining.sources.files import Folder, Location, open_export
from mining.sources.inspection import inspect
from mining.sources.ledger import Ledger
from mining.sources.mapping import Mapping
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
    return Touchpoints(check(done.frame), done.objects, inspect(opened, done, ledger), done.relations)


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
