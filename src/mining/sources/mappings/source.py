"""Everything that one source's files say: views of its tables, labels, links and merges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from mining._errors import ExportError, MemoryBudgetError
from mining.sources.doubts.ledger import Ledger
from mining.sources.forms.files import ExportFile, Folder, stem_matches
from mining.sources.mappings.links import Leads, lead, members
from mining.sources.mappings.mapping import Label, Mapping, Merge, ObjectRule
from mining.sources.mappings.naming import names_of
from mining.sources.mappings.view import View
from mining.sources.table import RawTable

__all__ = ["Source", "open_source"]


class Source:
    """One system's export under its mapping."""

    def __init__(self, mapping: Mapping, ledger: Ledger) -> None:
        self.mapping, self.ledger = mapping, ledger
        self.name = mapping.system
        self.region: str | None = mapping.region or None
        self.account_zone = ""  # where the CRM's account says its days begin
        self.absent: list[str] = []  # readers without a table
        self.views: dict[str, list[tuple[int, View]]] = {}
        self.labels: dict[str, dict[str, str]] = {}
        self.links: dict[str, Leads] = {}
        self.lacks: list[tuple[str, str]] = []  # (table, what it does not say and what that costs)
        self.damaged: list[ExportError] = []

    def note(self, text: str, times: int = 1) -> None:
        """Remember a remark about this source."""
        self.ledger.note(f"{self.name}: {text}", times)

    def add(self, names: Sequence[str], table: RawTable) -> bool:
        """Take in a table under the names that the mapping has for it, if it has any."""
        if not names:
            return False
        zone = next((self.mapping.zones[name] for name in names if name in self.mapping.zones), self.mapping.timezone)
        view = View(table, self.mapping, self.labels, self.note, zone=zone, account_zone=self.account_zone)
        page = self.ledger.open(self.name, table)
        for name in names:
            self.views.setdefault(name, []).append((page, view))
        return True

    def tables(self, names: Iterable[str]) -> Iterator[tuple[int, View]]:
        """Yield the tables that go by any of the names, each once."""
        seen = set()
        for name in names:
            for page, view in self.views.get(name, []):
                if page not in seen:
                    seen.add(page)
                    yield page, view

    def prepare(self) -> None:
        """Read the label and link tables, and remember what the tables that are there do not say."""
        for name, text in self.mapping.lacks.items():
            self.lacks += [(view.table.name, text) for _, view in self.views.get(name, [])[:1]]
        for label in self.mapping.labels.values():
            self.labels[label.name] = self._label(label)
        for link in self.mapping.links.values():
            pairs = []
            for page, view in self.tables(link.tables):
                by, target = view.ids(link.by), view.ids(next(iter(link.targets.values())))
                self.ledger.describe(page, np.flatnonzero(by.known & target.known))
                self.ledger.unidentified(page, np.flatnonzero(~(by.known & target.known)))
                there = ~view.deleted
                for condition in link.only:
                    there &= view.holds(condition)
                rows = np.flatnonzero(there)
                pairs.append((by.take(rows), target.take(rows)))
            self.links[link.name] = lead(pairs, link.split)
            if not pairs and self._wanted("link", link.name):
                self.note(f"no table '{link.tables[0]}', so touchpoints cannot be tied by it to {_kinds(link.targets)}")

    def _label(self, label: Label) -> dict[str, str]:
        words: dict[str, str] = {}
        for page, view in self.tables(label.tables):
            rows = view.ids(label.id).known
            self.ledger.describe(page, np.flatnonzero(rows))
            self.ledger.unidentified(page, np.flatnonzero(~rows))
            for condition in label.only:
                rows = rows & view.holds(condition)
            ids, named = view.ids(label.id), view.read(label.label)
            rows = rows & named.known
            words |= dict(zip(ids.text()[rows].tolist(), named.text()[rows].tolist(), strict=True))
        if not any(True for _ in self.tables(label.tables)) and self._wanted("label", label.name):
            self.note(f"no table '{label.tables[0]}', so ids of '{label.name}' are not spelt out")
        return words

    def _wanted(self, what: str, name: str) -> bool:
        """Say whether a reader that has a table asks for a label or link."""
        return any(
            getattr(reading, what) == name
            for reader in self.mapping.readers
            if any(True for _ in self.tables(reader.tables))
            for step in (reader.step, *reader.steps.values())
            for readings in step.fields.values()
            for reading in readings
        )

    def merges(self) -> Iterator[tuple[str, str, str]]:
        """Yield (object type, old id, id that was kept)."""
        for merge in self.mapping.merges:
            for page, view in self.tables(merge.tables):
                yield from self._merged(merge, page, view)

    def _merged(self, merge: Merge, page: int, view: View) -> Iterator[tuple[str, str, str]]:
        old, kept = view.read(merge.old), view.ids(merge.kept)
        old = old if merge.split else view.one_spelling(old)
        rows = np.flatnonzero(old.known & kept.known)
        self.ledger.describe(page, rows)
        for before, after in zip(old.take(rows).text(), kept.take(rows).text(), strict=True):
            # HubSpot writes `id:epoch;id:epoch` in one cell.
            for part in members(str(before), merge.split):
                word = part.split(":")[0].strip() if merge.split else part
                if word:
                    yield merge.kind, word, str(after)

    def forget(self) -> None:
        """Let go of the letters of all tables once everything is read."""
        for pages in self.views.values():
            for _, view in pages:
                view.forget()

    def described(self, kind: str) -> Iterator[tuple[ObjectRule, int, View]]:
        """Yield the rules and tables that describe objects of a type."""
        rules = [rule for rule in self.mapping.objects if rule.kind == kind]
        found = [(rule, page, view) for rule in rules for page, view in self.tables(rule.tables)]
        if rules and not found:
            self.note(f"no table '{rules[0].tables[0]}', so nothing more is known of each {kind}")
        yield from found


def open_source(
    mapping: Mapping, folder: Folder, ledger: Ledger, tick: Callable[[str], None], *, timezone: str = ""
) -> Source:
    """Read the files that a mapping speaks of.

    Parameters
    ----------
    mapping : Mapping
        What to look for.
    folder : Folder
        Where; a sub-folder that bears the system's name goes first.
    ledger : Ledger
        Gets every table.
    tick : callable
        Called with the name of each file before it is read.
    timezone : str
        The zone of the CRM's account, where the user says it.

    Raises
    ------
    ExportError
        When no file is one of the mapping's tables.
    """
    inner = folder.under((mapping.system, *mapping.folders))
    folder = inner if inner is not None and inner.files else folder
    source = Source(mapping, ledger)
    source.account_zone = timezone
    tables = mapping.tables
    skipped = [*folder.unread, *(f"{path.name}/" for path in folder.folders)]
    # One file under a mapping of one table is that table, whatever it is called.
    only = len(tables) == 1 and len(folder.files) == 1
    for file in folder.files:
        names = [name for name, patterns in tables.items() if only or stem_matches(file.stem, patterns)]
        if not names and not file.sheets and not mapping.signatures:
            skipped.append(file.name)
            continue
        tick(file.name)
        read = _read(file, source)
        for table in read:
            is_it = only and table is read[0]  # the others are lists inside its records, or further sheets
            if not source.add(list(tables) if is_it else names_of(mapping, table), table):
                skipped.append(table.file if table.name == file.stem else f"{table.file}:{table.name}")
    if not any(list(source.tables(reader.tables)) for reader in mapping.readers):
        raise source.damaged[0] if source.damaged else _nothing_found(mapping, folder)
    if skipped:
        source.note(f"{len(skipped)} files are not read, the mapping does not speak of them: {', '.join(skipped)}")
    source.prepare()
    return source


def _read(file: ExportFile, source: Source) -> list[RawTable]:
    """Read a file; one that is damaged is told of, and the others of the export are read all the same."""
    try:
        return file.read()
    except MemoryBudgetError:
        raise  # the file is not damaged, and leaving it out would look like an answer
    except ExportError as error:
        source.damaged.append(error)
        source.note(f"left out: {error}")
        return []


def _nothing_found(mapping: Mapping, folder: Folder) -> ExportError:
    wanted = ", ".join(sorted({pattern for patterns in mapping.tables.values() for pattern in patterns})[:8])
    there = ", ".join(file.name for file in folder.files[:12]) or "no file that can be read"
    unread = f" Not read: {', '.join(folder.unread)}." if folder.unread else ""
    return ExportError(
        f"'{folder.name}' holds no table of '{mapping.system}'. It has: {there}.{unread} Looked for: {wanted}, ..."
    )


def _kinds(targets: Iterable[str]) -> str:
    return " and ".join(f"a {kind}" for kind in targets)
