"""What a mapping says: how the columns of one system's export become our fields. Plain frozen records."""

from __future__ import annotations

from collections.abc import Mapping as Named
from dataclasses import dataclass, field

__all__ = [
    "ACCOUNT",
    "Condition",
    "Label",
    "Lifecycle",
    "Link",
    "Mapping",
    "Matching",
    "Merge",
    "ObjectRule",
    "Reader",
    "Reading",
    "Step",
]

ACCOUNT = "account"  # a zone that only the user can name: that of the CRM's account


@dataclass(frozen=True)
class Reading:
    """One way to read a value from a row.

    The value comes from `column` (or from `template` filled with columns, or is the `constant`); then the part at
    `json` or caught by `pattern` is taken, looked up in the label table `label`, renamed by `values`, and put into a
    `template` that has ``{}``. On rows where `when` does not hold there is no value.
    """

    column: str = ""
    template: str = ""
    constant: str = ""
    json: str = ""  # path into a cell that holds JSON: names and list keys with dots between
    pattern: str = ""
    label: str = ""
    values: Named[str, str] | None = None
    otherwise: str = ""  # keep or missing: what becomes of a value that `values` or `label` does not know
    key: str = ""  # email or phone: the value is a key of an object, not its id
    link: str = ""
    by: str = ""
    unit: str = ""
    after: str = ""
    timezone: str = ""
    dayfirst: bool | None = None
    calendar: str = ""
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A test of a row: the value read is one of `values` (an empty word stands for missing, ``*`` for any value)."""

    reading: Reading
    values: tuple[str, ...]
    negated: bool = False
    rule: str = ""


@dataclass(frozen=True)
class Step:
    """Fields, constants and conditions of a reader, or of one change, milestone or watched column of it."""

    fields: Named[str, tuple[Reading, ...]] = field(default_factory=dict)
    always: Named[str, str] = field(default_factory=dict)
    only: tuple[Condition, ...] = ()
    aside: tuple[Condition, ...] = ()
    first: bool = False
    opening: Step | None = None  # change: what the first value of a record says, which is no change yet


@dataclass(frozen=True)
class Matching:
    """Milestone columns recognised by a pattern of their header."""

    pattern: str
    activity: str
    step: Step


@dataclass(frozen=True)
class Lifecycle:
    """A column that tells the state of work (start, complete), and the columns that name one piece of work."""

    column: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Reader:
    """How one table becomes touchpoints."""

    name: str
    kind: str  # activity, change, milestones or versions
    tables: tuple[str, ...]
    step: Step
    steps: Named[str, Step] = field(default_factory=dict)
    matching: tuple[Matching, ...] = ()
    column: str = ""  # change: the column that names the changed field; versions: the record's id
    order: str = ""
    record: str = ""  # change: the record whose first value is told apart by `opening`
    lifecycle: Lifecycle | None = None  # activity: rows that start and end work are one touchpoint


@dataclass(frozen=True)
class ObjectRule:
    """How one table describes objects of one type."""

    kind: str
    tables: tuple[str, ...]
    id: Reading
    keys: Named[str, str] = field(default_factory=dict)
    account: str = ""
    attributes: Named[str, Reading] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    order: str = ""
    only: tuple[Condition, ...] = ()
    alike: Named[str, str] = field(default_factory=dict)  # what likeness compares: first, last, company, country
    steady: bool = False  # whether columns that nothing else reads are attributes where they say one thing per object


@dataclass(frozen=True)
class Link:
    """A table that leads from one id to others, many to many."""

    name: str
    tables: tuple[str, ...]
    by: str
    targets: Named[str, str]
    split: str = ""
    kind: str = ""  # type of the object whose id is in `by`, where it is one
    only: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Label:
    """A table that spells out an id."""

    name: str
    tables: tuple[str, ...]
    id: str
    label: Reading
    only: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Merge:
    """A table that says which ids were merged into which."""

    kind: str
    tables: tuple[str, ...]
    old: Reading
    kept: str
    split: str = ""


@dataclass(frozen=True)
class Mapping:
    """Everything that is known of one system's exports.

    Attributes
    ----------
    system : str
        Name of the system, the first part of every id.
    verified : str
        ``docs``, ``fixture`` or ``real``: what the mapping was tried on.
    folders : tuple of str
        Names of the sub-folder that holds its files.
    timezone, zones, dayfirst, calendar
        How dates without a zone, with an open order of day and month, or of another calendar are read.
    title, about : str
        The system's name for people, and what to know before exporting from it.
    missing : frozenset of str
        Words that stand for no value.
    prefixes, suffixes : tuple of str
        What connectors and pages put before and after a column's name.
    ids : str
        How the system spells one id in several ways: salesforce, guid, zoho or digits.
    deleted : tuple of str
        Columns, of any table, that say a row was deleted.
    signatures : dict
        Table to headers by which it is recognised whatever its file is called.
    own_domains : tuple of str
        E-mail domains of the company itself: whoever has one is no customer.
    lacks : dict
        Table to what it does not say, and what that costs.
    aliases : dict
        Column name to its spellings in other languages.
    files : dict
        Table to its file names (stems, with wildcards).
    """

    system: str
    title: str = ""
    about: str = ""
    verified: str = ""
    folders: tuple[str, ...] = ()
    timezone: str = ""
    zones: Named[str, str] = field(default_factory=dict)
    dayfirst: bool | None = None
    calendar: str = ""
    region: str = ""
    missing: frozenset[str] = frozenset({""})
    prefixes: tuple[str, ...] = ("",)
    suffixes: tuple[str, ...] = ()
    ids: str = ""
    deleted: tuple[str, ...] = ()
    aliases: Named[str, tuple[str, ...]] = field(default_factory=dict)
    files: Named[str, tuple[str, ...]] = field(default_factory=dict)
    detect: tuple[str, ...] = ()
    signatures: Named[str, tuple[str, ...]] = field(default_factory=dict)
    lacks: Named[str, str] = field(default_factory=dict)
    blocklist: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()
    objects: tuple[ObjectRule, ...] = ()
    links: Named[str, Link] = field(default_factory=dict)
    labels: Named[str, Label] = field(default_factory=dict)
    merges: tuple[Merge, ...] = ()
    readers: tuple[Reader, ...] = ()
    known: bool = False  # of the catalogue: it speaks of tables that not every connector gives alike

    @property
    def columns(self) -> set[str]:
        """Every column that an object or a reader names."""
        steps = [step for reader in self.readers for step in (reader.step, *reader.steps.values())]
        readings = [each for step in steps for several in step.fields.values() for each in several]
        readings += [each for rule in self.objects for each in (rule.id, *rule.attributes.values())]
        return {reading.column for reading in readings if reading.column}

    @property
    def tables(self) -> dict[str, tuple[str, ...]]:
        """Every table the mapping speaks of, with the file names it may have."""
        rules: tuple[ObjectRule | Link | Label | Merge | Reader, ...] = (*self.objects, *self.links.values())
        rules = (*rules, *self.labels.values(), *self.merges, *self.readers)
        names = dict.fromkeys(name for rule in rules for name in rule.tables)
        return {name: self.files.get(name, (name,)) for name in names}
