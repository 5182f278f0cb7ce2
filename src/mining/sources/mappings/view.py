"""A table seen through a mapping: its columns found, its values read, its dates told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Named
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mining._errors import ColumnError, nearest
from mining._fields import VOCABULARIES
from mining.sources.fold import fold
from mining.sources.mappings.mapping import ACCOUNT, Condition, Mapping, Reading
from mining.sources.mappings.values import SCALES, inside, lengths_of
from mining.sources.people.keys import normal_id
from mining.sources.people.personal import quotable, titles
from mining.sources.table import Coded, Ints, RawTable, joined
from mining.sources.times.clocks import NO_TIME
from mining.sources.times.dates import Clock, DateRules, read_dates

__all__ = ["View"]

_HOLE = re.compile(r"\{([^{}]+)\}")
_LOOKED = 1_000
_UNMARKED = ("false", "f", "no", "n", "0", "0.0")


class View:
    """One table of an export under its mapping. Columns are read once and kept.

    Parameters
    ----------
    table : RawTable
        The strings.
    mapping : Mapping
        What they mean.
    labels : dict
        Label table to its id -> word.
    note : callable
        Takes a remark for the quality report and how often it holds.
    zone, account_zone : str
        Zone of times without one in this table, and of the CRM's account where it is that.
    """

    def __init__(
        self,
        table: RawTable,
        mapping: Mapping,
        labels: Named[str, Named[str, str]],
        note: Callable[[str, int], None],
        *,
        zone: str = "",
        account_zone: str = "",
    ) -> None:
        self._zone, self._account_zone = zone or mapping.timezone, account_zone
        self.table, self.mapping, self.labels, self.note = table, mapping, labels, note
        self.size = len(table.rows)
        self.clocks: dict[str, Clock] = {}
        self._columns: dict[str, Coded] = {}
        self._kept: dict[tuple[object, ...], Coded] = {}
        self.attention = np.ones(self.size, dtype=bool)  # remarks are about these rows
        self.missing: dict[tuple[str, str], str] = {}  # (column that is not there, field that stays empty) -> a guess
        self.unread: list[str] = []  # headers with something in them that it has no use for
        self.sought: set[str] = set()  # headers that the mapping found a use for
        self.unknown: dict[tuple[str, str], int] = {}  # (field, value that the mapping does not know) -> rows
        headers = list(reversed(list(table.frame.columns)))
        self._headers = {fold(_shorn(header, mapping.suffixes)): header for header in headers}
        self._headers |= {fold(header): header for header in headers}
        # Connectors spell one field StageName, stage_name or Stage Name.
        self._squeezed = {_squeeze(header): header for header in self._headers}

    def find(self, column: str) -> str | None:
        """Find the header that a column of the mapping means: exact, with a prefix, or in another language."""
        header = self._find(column)
        if header is not None:
            self.sought.add(header)
        return header

    def spelt(self, column: str) -> str | None:
        """Find the header of a column as the mapping spells it, in any of its languages."""
        if column in self.table.frame.columns:
            return column
        for spelling in self._spellings(column):
            header = self._headers.get(fold(spelling))
            if header is not None:
                return header
        return None

    def _spellings(self, column: str) -> list[str]:
        return [*(prefix + column for prefix in self.mapping.prefixes), *self.mapping.aliases.get(column, ())]

    def _find(self, column: str) -> str | None:
        header = self.spelt(column)
        if header is not None:
            return header
        for spelling in self._spellings(column):
            squeezed = self._squeezed.get(_squeeze(fold(spelling)))
            if squeezed is not None:
                return self._headers[squeezed]
        return None

    def text(self, column: str) -> Coded:
        """Read a column; one that the table lacks is all missing."""
        header = self.find(column)
        if header is None:
            return Coded.empty(self.size)
        if header not in self._columns:
            self._columns[header] = Coded.of(self.table.frame[header], self.mapping.missing)
        return self._columns[header]

    def forget(self) -> None:
        """Let go of the letters once everything is read; remember which columns nobody read."""
        rest = (header for header in self.table.frame.columns if header not in self.sought)
        self.unread = [header for header in rest if (self.table.frame[header].iloc[:_LOOKED] != "").any()]
        self._columns.clear()
        self._kept.clear()
        self.table.forget()

    def ids(self, column: str) -> Coded:
        """Read a column of ids, each in the one spelling its system calls the id."""
        return self.one_spelling(self.text(column))

    def one_spelling(self, found: Coded) -> Coded:
        """Give ids the one spelling that their system calls the id."""
        return found.renamed(normal_id(self.mapping.ids)) if self.mapping.ids else found

    @cached_property
    def deleted(self) -> npt.NDArray[np.bool_]:
        """Rows that the source itself marks as deleted."""
        return self.marked(self.mapping.deleted)

    def marked(self, columns: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Say which rows bear a mark in any of the columns: a yes, or the time it was set."""
        out = np.zeros(self.size, dtype=bool)
        for mark in map(self.text, columns):
            out |= mark.known & ~mark.isin(_UNMARKED)
        return out

    def first(self, readings: Sequence[Reading], field: str) -> Coded:
        """Read the first of several readings that gives a value, row by row."""
        found = Coded.empty(self.size)
        for reading in readings:
            found = found.or_else(self.read(reading, field))
        return found

    def kept(self, readings: Sequence[Reading], field: str) -> Coded:
        """Read as `first` does, once per table: several passes name their rows alike."""
        key = (field, *map(id, readings))
        if key not in self._kept:
            self._kept[key] = self.first(readings, field)
        return self._kept[key]

    def read(self, reading: Reading, field: str = "") -> Coded:
        """Read a value per row: find it, spell it out, rename it, frame it."""
        found = self._raw(reading)
        if reading.json:
            found = found.renamed(inside(reading.json))
        if reading.pattern:
            pattern = re.compile(reading.pattern)
            found = found.renamed(lambda word: _caught(pattern, word))
        if reading.label:
            found = self._labelled(found, reading)
        if reading.values is not None:
            found = self._renamed(found, reading, field)
        elif field in VOCABULARIES:
            found = self._closed(found, field)
        if "{}" in reading.template:
            found = found.renamed(lambda word: reading.template.replace("{}", word))
        return self.only_when(found, reading)

    def only_when(self, found: Coded, reading: Reading) -> Coded:
        """Leave a value only on the rows for which the reading is meant."""
        if not reading.when:
            return found
        holds = np.logical_and.reduce([self.holds(condition) for condition in reading.when])
        return replace(found, codes=np.where(holds, found.codes, -1))

    def _raw(self, reading: Reading) -> Coded:
        if reading.constant:
            return Coded.constant(reading.constant, self.size)
        if reading.template and "{}" not in reading.template:
            holes = _HOLE.findall(reading.template)
            columns = [self._hole(hole) for hole in holes]
            write = _HOLE.sub("{}", reading.template).format
            return joined(columns, write) if columns else Coded.constant(reading.template, self.size)
        return self.text(reading.column)

    def _hole(self, hole: str) -> Coded:
        """Read a column named in a template; ``{column|lower}`` in small letters, ``{column|path}`` inside its JSON."""
        column, _, how = hole.partition("|")
        found = self.text(column)
        return found.renamed(str.lower if how == "lower" else inside(how)) if how else found

    def _seen(self, found: Coded) -> dict[str, int]:
        return found.take(np.flatnonzero(self.attention)).counts()

    def _labelled(self, found: Coded, reading: Reading) -> Coded:
        words = self.labels.get(reading.label, {})
        found = self.one_spelling(found)
        unknown = {word: n for word, n in self._seen(found).items() if word not in words}
        if unknown and words and not reading.otherwise:
            self.note(f"{self.table.name}: {quotable(unknown)} not in the label table '{reading.label}'", 1)
        keep = reading.values is None and reading.otherwise != "missing"
        return found.renamed(lambda word: words.get(word, word if keep else None))

    def _renamed(self, found: Coded, reading: Reading, field: str) -> Coded:
        values = reading.values or {}
        default, keep = values.get("*"), reading.otherwise == "keep"
        unknown = {word: n for word, n in self._seen(found).items() if fold(word) not in values}
        if unknown and default is None and field and reading.otherwise != "missing":
            self.unknown.update({(field, word): n for word, n in unknown.items()})
            what = "kept as found" if keep else "left empty"
            self.note(f"{self.table.name}: {field} has {quotable(unknown)} that the mapping does not know, {what}", 1)
        return found.renamed(lambda word: values.get(fold(word), default or (word if keep else None)))

    def _closed(self, found: Coded, field: str) -> Coded:
        known = set(VOCABULARIES[field])
        plain = found.renamed(lambda word: re.sub(r"[\s-]+", "_", fold(word)))
        unknown = {word: n for word, n in self._seen(plain).items() if word not in known}
        if unknown:
            self.unknown.update({(field, word): n for word, n in unknown.items()})
            self.note(f"{self.table.name}: {field} has {quotable(unknown)}, no word of ours, left empty", 1)
        return plain.renamed(lambda word: word if word in known else None)

    def holds(self, condition: Condition) -> npt.NDArray[np.bool_]:
        """Say on which rows a condition holds."""
        found = self.read(condition.reading)
        hit = found.isin(word for word in condition.values if word != "*")
        if "*" in condition.values:
            hit = hit | found.known
        return hit ^ condition.negated

    def times(self, readings: Sequence[Reading], earlier: Named[str, Ints]) -> Clock:
        """Read the first of several times, row by row; a text that is no date is not passed over."""
        there = [reading for reading in readings if any(self.find(column) for column in columns_of(reading))]
        clocks = [self._time(reading, earlier) for reading in there or readings[:1]]
        merged = clocks[0]
        for clock in clocks[1:]:
            open_ = (merged.micros == NO_TIME) & ~merged.failed
            merged = Clock(
                np.where(open_, clock.micros, merged.micros),
                np.where(open_, clock.failed, merged.failed),
                np.where(open_, clock.precision, merged.precision),
                np.where(open_, clock.repaired, merged.repaired),
                np.where(open_, clock.assumed, merged.assumed),
            )
        return merged

    def _time(self, reading: Reading, earlier: Named[str, Ints]) -> Clock:
        if reading.after:
            return self._lasting(reading, earlier)
        column = self.read(
            Reading(
                reading.column,
                reading.template,
                reading.constant,
                json=reading.json,
                pattern=reading.pattern,
                when=reading.when,
            )
        )
        name = self.find(reading.column) or reading.template or reading.column
        mapping = self.mapping
        rules = DateRules(
            self._zone_of(reading),
            mapping.dayfirst if reading.dayfirst is None else reading.dayfirst,
            reading.calendar or mapping.calendar or None,
            reading.unit or None,
        )
        key = f"{name} {reading.json} {reading.pattern} {reading.when} {rules}"
        if key not in self.clocks:
            if not column.known.any():
                return _no_times(self.size)
            clock = read_dates(replace(column), rules, f"{self.table.name}.{name}", others=lambda: self._others(name))
            self.clocks[key] = Clock(
                clock.micros,
                clock.failed,
                clock.precision,
                clock.repaired,
                clock.assumed,
                {"column": name, **clock.facts},
            )
        return self.clocks[key]

    def _zone_of(self, reading: Reading) -> str | None:
        zone = reading.timezone or self._zone
        return (self._account_zone if zone == ACCOUNT else zone) or None

    def _others(self, name: str) -> Iterable[Coded]:
        return (self.text(header) for header in self.table.frame.columns if header != name)

    def _lasting(self, reading: Reading, earlier: Named[str, Ints]) -> Clock:
        start = earlier[reading.after]
        numbers = lengths_of(self.only_when(self.text(reading.column), reading), reading.unit)
        known = ~np.isnan(numbers) & (start != NO_TIME) & (numbers >= 0)
        scale = SCALES.get(reading.unit or "s", 1_000_000)
        micros = np.where(known, start + np.where(known, numbers * scale, 0).astype(np.int64), NO_TIME)
        nothing = np.zeros(self.size, dtype=bool)
        return Clock(micros, nothing, np.zeros(self.size, dtype=np.int64), nothing, nothing)

    def require(self, readings: Sequence[Reading], field: str) -> None:
        """Refuse a field that the table has none of the named columns for."""
        named = [column for reading in readings for column in columns_of(reading)]
        if named and not any(self.find(column) for column in named) and not any(r.constant for r in readings):
            raise ColumnError.column(named[0], field, self.table.name, titles(map(str, self.table.frame.columns)))

    def remark(self, readings: Sequence[Reading], field: str) -> None:
        """Note a field that stays empty because the table lacks its column."""
        named = [column for reading in readings for column in columns_of(reading)]
        if any(reading.constant for reading in readings):
            return
        if named and not any(self.find(column) for column in named):
            self.missing[named[0], field] = nearest(named[0], map(str, self.table.frame.columns))


def columns_of(reading: Reading) -> list[str]:
    """List the columns that a reading needs."""
    holes = [hole.partition("|")[0] for hole in _HOLE.findall(reading.template) if hole]
    # A condition of when a reading is meant may name columns that a table of another connector lacks.
    return [column for column in (reading.column, reading.by, *holes) if column]


def _no_times(size: int) -> Clock:
    nothing = np.zeros(size, dtype=bool)
    return Clock(np.full(size, NO_TIME, dtype=np.int64), nothing, np.zeros(size, dtype=np.int64), nothing, nothing)


def _squeeze(header: str) -> str:
    return re.sub(r"[\s_.-]+", "", header)


def _shorn(header: str, suffixes: tuple[str, ...]) -> str:
    for suffix in suffixes:
        header = header.removesuffix(suffix)
    return header


def _caught(pattern: re.Pattern[str], word: str) -> str | None:
    match = pattern.search(word)
    return None if match is None else match.group(1 if pattern.groups else 0)
