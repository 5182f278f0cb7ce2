"""Read exports: from files to canonical touchpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from mining._errors import ColumnError, MemoryBudgetError, MiningError
from mining._progress import is_watched
from mining.sources.assemble import Assembled, assemble
from mining.sources.catalogue import mapping_of
from mining.sources.doubts.inspection import inspect
from mining.sources.doubts.ledger import Ledger
from mining.sources.forms.files import Folder, Location, open_export
from mining.sources.forms.progress import watched
from mining.sources.mappings.detect import detect
from mining.sources.mappings.emit import Batch, emit
from mining.sources.mappings.mapping import Mapping
from mining.sources.mappings.source import Source, open_source
from mining.sources.ocel import is_ocel, read_ocel
from mining.sources.people.personal import withheld
from mining.sources.people.pseudonyms import Pseudonyms, load_key
from mining.sources.times.clocks import check_zone
from mining.sources.touchpoints import Touchpoints, check

__all__ = ["DEFAULT", "read_crm"]

DEFAULT = "pseudonyms"  # what becomes of ids where nobody says


def read_crm(
    location: Location,
    sources: Sequence[str | Path | Mapping] | str | Path | Mapping | None = None,
    *,
    mapping: str | Path | Mapping | None = None,
    identity: Literal["exact", "likely", "none"] = "exact",
    identifiers: Literal["pseudonyms", "keep"] | None = None,
    region: str | None = None,
    timezone: str | None = None,
    progress: bool | None = None,
) -> Touchpoints:
    """Read the exports of one or several systems into touchpoints.

    Every record is either used or set aside by a rule that `Touchpoints.quality` names. Times become UTC; the order of
    equal times is that of the sources as given, of their tables, of the vendor's own sequence, then of the file.

    Parameters
    ----------
    location : path, list of paths, DataFrame or dict of DataFrames
        A folder (its top level, or a sub-folder named as the source), files of any form (CSV, Excel, JSON, Parquet,
        SQLite, DuckDB, XES, OCEL, packed or not), or tables already in memory: frames, and whatever hands Arrow data
        over, such as a DuckDB relation on a warehouse table.
    sources : str, path or list of them, optional
        Systems of the catalogue, or YAML mappings, in the order whose ids win. Without it the systems are recognised
        by their tables and headers.
    mapping : str, path or Mapping, optional
        The one mapping to read with, for frames or a single file.
    identity : str
        ``exact``: records that share a normalised e-mail, telephone number or visitor id, or that the CRM merged, are
        one person; what is doubtful about it stands in `Touchpoints.people`. ``likely`` compares names and companies
        too, where the mapping names them (needs the extra ``identity``). ``none`` leaves every id its own person.
    identifiers : str, optional
        ``pseudonyms``: ids of people, records and agents become keyed tokens whose key stays on this machine
        (``MINING_KEY``, or a file only the user may read), and what looks like personal data in kept text is withheld.
        ``keep`` leaves both as they are. Without it pseudonyms are made, unless every e-mail address of the export is
        of the reserved domain ``.example``: such people do not exist.
    region : str, optional
        Country (two letters) of telephone numbers without a dialling code; without it the first mapping that names
        one speaks for those that do not.
    timezone : str, optional
        Zone of the CRM's account (``Asia/Jerusalem``): the exports of a CRM's own pages write local times without
        saying which. Without it UTC is assumed there, and every such time is marked ``zone_assumed``.
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
    MemoryBudgetError
        When it does not fit into memory.
    """
    if sources is None and mapping is None and isinstance(location, (str, Path)) and is_ocel(Path(location)):
        return _of_log(Path(location), identifiers or DEFAULT)
    try:
        asked = _asked(location, sources, mapping)
        read = partial(_read, identity=identity, region=region, timezone=timezone, progress=progress)
        opened, done, ledger = read(asked)
        if not len(done.frame):
            raise _nothing_left(ledger)
        if (identifiers or ("keep" if done.facts["fiction"] else DEFAULT)) == "pseudonyms":
            _disguise(done, ledger)
        return Touchpoints(check(done.frame), done.objects, inspect(opened, done, ledger), done.relations, done.people)
    except MemoryError as error:
        raise MemoryBudgetError.of("The export") from error


def _read(
    asked: Sequence[tuple[Mapping, Folder]],
    *,
    identity: str,
    region: str | None,
    timezone: str | None,
    progress: bool | None,
) -> tuple[list[Source], Assembled, Ledger]:
    ledger, zone = Ledger(), check_zone(timezone) if timezone else ""
    with (
        tqdm(delay=2, disable=not is_watched(progress), leave=False, unit="file") as bar,
        watched(lambda file, done, total: bar.set_postfix_str(f"{file} {done / total:.0%}")),
    ):

        def tick(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        opened = [open_source(one, folder, ledger, tick, timezone=zone) for one, folder in asked]
        _unlike(opened)
        home = region or next((source.region for source in opened if source.region), None)
        for source in opened:
            source.region = source.region or home
        return opened, assemble(opened, list(_emitted(opened)), ledger, identity=identity), ledger


def _nothing_left(ledger: Ledger) -> MiningError:
    reasons = ledger.frame().groupby("rule")["rows_aside"].sum()
    told = ", ".join(f"{rule} ({n:,})" for rule, n in reasons[reasons > 0].items())
    return MiningError.refused("No touchpoint is left:", f"{told or 'the tables have no records'}.")


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


def _of_log(path: Path, identifiers: str) -> Touchpoints:
    """Read an object-centric log, which tells by itself what is what."""
    read = read_ocel(path)
    if identifiers != "pseudonyms":
        return read
    names = Pseudonyms(load_key())
    frame, objects, remarks = withheld(names.frame(read.frame), names.objects(read.objects))
    quality = replace(read.quality, notes=(*read.quality.notes, *remarks))
    return Touchpoints(frame, objects, quality, names.relations(read.relations))


def _disguise(done: Assembled, ledger: Ledger) -> None:
    """Put pseudonyms in the place of ids everywhere, and withhold what looks like personal data."""
    names = Pseudonyms(load_key())
    done.frame, done.objects, remarks = withheld(names.frame(done.frame), names.objects(done.objects))
    done.relations, people = names.relations(done.relations), names.people(done.people)
    if people.apart is not None:
        apart = withheld(done.frame.iloc[:0], {"customer": people.apart})[1]["customer"]
        people = replace(people, apart=apart)
    done.people = people
    for remark in remarks:
        ledger.note(remark)


def _emitted(opened: Sequence[Source]) -> Iterator[Batch]:
    """Yield the touchpoints of every reader of every source.

    A mapping of the catalogue speaks of tables that not every connector gives alike: where a reader lacks its column
    the others go on, unless there is no other.
    """
    readers = [(source, reader) for source in opened for reader in source.mapping.readers]
    lacking: dict[str, ColumnError] = {}
    told: set[str] = set()
    for place, (source, reader) in enumerate(readers):
        try:
            for batch in emit(source, reader, place):
                told.add(source.name)
                yield batch
        except ColumnError as error:
            if not source.mapping.known:
                raise
            lacking.setdefault(source.name, error)
            source.note(f"'{reader.name}' is not told. {error}")
    untold = [error for name, error in lacking.items() if name not in told]
    if untold:
        raise untold[0]


def _unlike(opened: Sequence[Source]) -> None:
    names = [source.name for source in opened]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise MiningError.refused(
            f"Two sources are called '{min(twice)}':", "their ids would mix. Rename one's `system`."
        )
