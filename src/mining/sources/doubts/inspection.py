"""Draw up the quality report: what the reading of an export showed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import nearest
from mining._fields import CASES
from mining.sources.assemble import Assembled
from mining.sources.doubts.imperfections import find_imperfections
from mining.sources.doubts.ledger import Ledger
from mining.sources.doubts.quality import Quality
from mining.sources.mappings.source import Source
from mining.sources.mappings.view import View
from mining.sources.people.personal import are_own, discreet, quotable, titles

__all__ = ["inspect"]

_FEW_CUSTOMERS, _CROWD, _NAMED_CROWDS = 100, 20, 5
_NAMED = 12
_LATE = pd.Timedelta("1D")


def inspect(opened: Sequence[Source], done: Assembled, ledger: Ledger) -> Quality:
    """Draw up the quality report of what was read."""
    for source in opened:
        _remark_absent(source)
    for remark in (*_told_people(done), *_crowds(done.frame)):
        ledger.note(remark)
    clocks, told = _clocks(opened), ledger.frame()
    return Quality(
        told,
        _files(ledger),
        clocks,
        _ties(done.frame),
        done.as_of,
        _notes(ledger),
        censoring=_censoring(done.frame),
        marks=_marks(done.frame),
        patterns=find_imperfections(done.frame, clocks, told),
        lacks=_lacks(opened),
        unmapped=_unmapped(opened),
    )


def _remark_absent(source: Source) -> None:
    """Tell which columns and tables of a source are not there, a remark each."""
    for view in {id(view): view for _, view in source.tables(list(source.views))}.values():
        if view.missing:
            source.note(_missing(view))
    if source.absent:
        source.note(f"no table for {', '.join(source.absent)}")


def _told_people(done: Assembled) -> Iterator[str]:
    people = done.people
    glued = {kind: n for kind, n in people.glued_by.items() if n}
    if glued:
        told = ", ".join(f"{kind} {n:,}" for kind, n in glued.items())
        yield f"{sum(glued.values()):,} customer ids were the same person as another and became one ({told})"
    if len(people.review):
        yield f"{len(people.review):,} pairs of customer ids are doubtful: see `people.review`"
    for kind, n in sorted(people.blocked.items()):
        yield f"{n:,} shared {kind} keys glue nobody: an office's, or borne by more than 20 ids"
    if done.facts["n_replicas"]:
        yield f"{done.facts['n_replicas']:,} rows are further customers of a touchpoint (their id ends in @2, @3, ...)"


def _missing(view: View) -> str:
    """Tell in one remark which columns a table lacks and which fields stay empty for it."""
    if len(view.missing) == 1:
        ((column, field), guess), *_ = view.missing.items()
        return f"{view.table.name} has no column '{column}', so {field} stays empty.{guess}"
    told = ", ".join(f"'{column}' ({field})" for column, field in view.missing)
    guesses = "".join(dict.fromkeys(guess for guess in view.missing.values() if guess))
    return f"{view.table.name} has no column {told}: these fields stay empty.{guesses}"


def _crowds(frame: pd.DataFrame) -> Iterator[str]:
    """Remark on customers who touch the company so often that they are hardly one person."""
    touches = frame["customer"].value_counts()
    if len(touches) < _FEW_CUSTOMERS:
        return
    usual = touches.median()
    crowds = touches[(touches > _CROWD * usual) & (touches > len(frame) / 100)]
    if len(crowds) > _NAMED_CROWDS:
        yield (
            f"{len(crowds):,} customers have more than {_CROWD} times the touchpoints of the median customer "
            f"({usual:.0f}), the most {int(crowds.max()):,}: perhaps accounts shared by many, not persons"
        )
        return
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
                    facts["format"] = _counted(facts["format"])
                    facts |= {name: _counted(facts.get(name) or {}) for name in ("sentinels", "zone_words")}
                    facts["segments"] = _told_segments(facts.get("segments") or ())
                    facts["unreadable"] = int(clock.failed.sum())
                    lines.append({"source": source.name, "table": view.table.name, "column": column, **facts})
    names = (
        "source table column format calendar precision zone proof unreadable undecided skipped_hour repeated_hour "
        "before_1990 future rounded sentinels zone_words segments"
    )
    return pd.DataFrame(lines, columns=names.split())


def _counted(counts: object) -> str:
    return ", ".join(f"{label} ({n:,})" for label, n in dict(counts).items())  # type: ignore[call-overload]


def _told_segments(segments: object) -> str:
    """Say from which row to which a column was written in which order of day and month."""
    told = [dict(segment) for segment in segments]  # type: ignore[attr-defined]
    spelt = [f"{one['order']}: rows {one['first_row']}-{one['last_row']}" for one in told]
    return "; ".join(spelt) if len(spelt) > 1 else ""


def _ties(frame: pd.DataFrame) -> float:
    """Share of touchpoints with another of the same customer, else of the same case, at the same time."""
    owner = pd.Series(pd.NA, index=frame.index, dtype="str")
    for case in CASES:
        owner = owner.fillna(frame[case])
    codes = pd.factorize(owner)[0]
    keys = pd.DataFrame({"owner": codes, "time": frame["timestamp"].astype("int64")})
    return float(keys.duplicated(keep=False).mean()) if len(keys) else float(np.nan)


def _censoring(frame: pd.DataFrame) -> pd.DataFrame:
    """Say from when on each table tells anything, and who was a customer before."""
    known_since = frame.groupby("customer", sort=False)["timestamp"].min()
    lines = []
    for (source, table), part in frame.groupby(["source", "source_table"], sort=False, dropna=False):
        first = part["timestamp"].min()
        before = int((known_since < first).sum())
        lines.append((source, table, len(part), first, part["timestamp"].max(), before))
    return pd.DataFrame(lines, columns=["source", "table", "n_touchpoints", "first", "last", "n_before"])


def _marks(frame: pd.DataFrame) -> pd.DataFrame:
    quality, late = frame["timestamp_quality"], frame["recorded_at"] - frame["timestamp"] > _LATE
    lines = [
        ("automated", frame["is_automated"], "done by a workflow or a machine, by the source's own word"),
        ("bulk", frame["is_bulk"], "written by an import or a bulk update; left out of journeys unless asked for"),
        ("low trust", frame["is_low_trust"], "may be a machine's (mail opens); left out of journeys unless asked for"),
        ("zone assumed", quality == "zone_assumed", "no time zone in the value or the mapping: UTC was assumed"),
        ("day only", quality == "date_only", "the hour is not known: it stands first on its day"),
        ("day only beside timed", _beside_timed(frame), "its order among the touchpoints of its day is not known"),
        ("clock change", quality == "repaired", "in an hour that the clocks skipped or repeated"),
        ("written down late", late, "recorded more than a day after it happened"),
        ("told by two sources", frame["twin"].notna(), "the same contact in another source was set aside"),
    ]
    counted = [(mark, int(np.asarray(hit).sum()), meaning) for mark, hit, meaning in lines]
    told = [(mark, n, n / max(1, len(frame)), meaning) for mark, n, meaning in counted if n]
    return pd.DataFrame(told, columns=["mark", "n", "share", "meaning"])


def _beside_timed(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Find touchpoints of a day, without an hour, that share it with others of the customer that have one."""
    day_only = (frame["timestamp_precision"] == "day").to_numpy()
    if not day_only.any() or day_only.all():
        return np.zeros(len(frame), dtype=bool)
    day = frame["timestamp"].astype("int64").to_numpy() // 86_400_000_000
    keys = pd.MultiIndex.from_arrays([frame["customer"].fillna("").to_numpy(dtype=object), day])
    return np.asarray(day_only & keys.isin(keys[~day_only].unique()))


def _lacks(opened: Sequence[Source]) -> pd.DataFrame:
    lines = [(source.name, table, text) for source in opened for table, text in source.lacks]
    return pd.DataFrame(lines, columns=["source", "table", "costs"])


def _unmapped(opened: Sequence[Source]) -> pd.DataFrame:
    lines = []
    for source in opened:
        for _, view in source.tables(list(source.views)):
            lines += [(source.name, view.table.name, *line) for line in (*_unread(view), *_unknown(source, view))]
    return pd.DataFrame(lines, columns=["source", "table", "kind", "field", "name", "n", "suggestion"])


def _unread(view: View) -> Iterator[tuple[str, str, str, int, str]]:
    """Name the columns that hold something and that the mapping does not read."""
    filled = [header for header in view.unread if not header.startswith("_")]
    if filled:
        named = ", ".join(titles(filled[:_NAMED]))
        named += f" and {len(filled) - _NAMED} more" if len(filled) > _NAMED else ""
        yield "columns", "", named, view.size, ""


def _unknown(source: Source, view: View) -> Iterator[tuple[str, str, str, int, str]]:
    steps = [step for reader in source.mapping.readers for step in (reader.step, *reader.steps.values())]
    for field in sorted({field for field, _ in view.unknown}):
        counts = {word: n for (named, word), n in view.unknown.items() if named == field}
        if are_own(counts):  # each row its own words: texts or names, not labels
            yield "value", field, quotable(counts), sum(counts.values()), ""
            continue
        renamings = [reading.values or {} for step in steps for reading in step.fields.get(field, ())]  # noqa: PD011
        known = {key for renaming in renamings for key in renaming}
        for word, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]:
            yield "value", field, discreet(word), n, nearest(word, known).strip()
