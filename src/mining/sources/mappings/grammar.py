"""Check a mapping's words and build its records; a word that means nothing is refused with the nearest that does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from mining._errors import MappingError, nearest
from mining._fields import CASES, FIELDS, VOCABULARIES
from mining.sources.fold import fold
from mining.sources.mappings.mapping import (
    ACCOUNT,
    Condition,
    Label,
    Lifecycle,
    Link,
    Mapping,
    Matching,
    Merge,
    ObjectRule,
    Reader,
    Reading,
    Step,
)
from mining.sources.mappings.strict_yaml import read_yaml
from mining.sources.people.keys import IDS
from mining.sources.times.clocks import check_zone

__all__ = ["build_mapping", "read_mapping"]

_Built = TypeVar("_Built")
_READABLE = {field.name for field in FIELDS} - {
    "seq",
    "twin",
    "source",
    "source_table",
    "source_file",
    "source_row",
} | {"modified_at"}
_READER_KEYS = {
    "activity": ("lifecycle",),
    "change": ("column", "record", "changes"),
    "milestones": ("milestones", "matching"),
    "versions": ("record", "watch"),
}
_STEP = ("fields", "always", "only", "aside")
_OBJECT_KEYS = ("table", "id", "keys", "alike", "account", "attributes", "deleted", "order", "only", "steady")
_MAPPING_KEYS = (
    *("system", "title", "about", "verified", "folders", "timezone", "zones", "dayfirst", "calendar", "region"),
    *("missing", "prefixes", "suffixes", "ids", "deleted", "aliases", "files", "detect", "signatures", "lacks"),
    *("blocklist", "own_domains", "objects", "links", "labels", "merges", "readers"),
)


def read_mapping(path: Path | str) -> Mapping:
    """Read a mapping from a YAML file.

    Parameters
    ----------
    path : path
        The file; its grammar is explained in ``docs/mapping.md``.

    Returns
    -------
    Mapping

    Raises
    ------
    MappingError
        When a word of it means nothing, with the nearest that does.
    """
    path = Path(path)
    if not path.is_file():
        raise MappingError(f"There is no mapping '{path}'.")
    return build_mapping(path.read_text("utf-8-sig"), path.name)


def build_mapping(text: str, name: str = "mapping") -> Mapping:
    """Build a mapping from YAML text.

    Examples
    --------
    >>> build_mapping('''
    ... system: shop
    ... readers:
    ...   - {name: visit, kind: activity, table: visits, fields: {activity: what, timestamp: when, customer: who}}
    ... ''').readers[0].kind
    'activity'
    """
    return _Checker(name).mapping(read_yaml(text, name))


class _Checker:
    """Walks the YAML nodes of one document; `at` says where it is, for errors."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wrong(self, at: str, why: str) -> MappingError:
        return MappingError(f"In '{self.name}', {at}: {why}")

    def named(self, node: object, at: str, allowed: Iterable[str] | None = None) -> dict[str, Any]:
        if node in (None, ""):
            return {}
        if not isinstance(node, dict):
            raise self.wrong(at, f"expected `key: value` pairs, found {node!r}.")
        for key in node if allowed is not None else ():
            if key not in set(allowed or ()):
                known = sorted(allowed or ())
                raise self.wrong(at, f"there is no key '{key}'.{nearest(key, known)} There is: {', '.join(known)}.")
        return node

    def word(self, node: dict[str, Any], key: str, at: str, *, needed: bool = False) -> str:
        value = node.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(at, f"'{key}' is one word, not {value!r}.")
        if needed and not value:
            raise self.wrong(at, f"'{key}' is missing.")
        return value

    def words(self, value: object, at: str) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(item, str) for item in listed):
            raise self.wrong(at, f"expected words, found {value!r}.")
        return tuple(listed)

    def each(self, value: object, at: str, build: Callable[[Any, str], _Built]) -> tuple[_Built, ...]:
        listed = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return tuple(build(item, f"{at} {place}") for place, item in enumerate(listed, start=1))

    def truth(self, node: dict[str, Any], key: str, at: str) -> bool | None:
        value = node.get(key)
        if value is None:
            return None
        if value not in {"true", "false"}:
            raise self.wrong(at, f"'{key}' is true or false, not {value!r}.")
        return bool(value == "true")

    def zone(self, node: dict[str, Any], at: str) -> str:
        zone = self.word(node, "timezone", at)
        return zone if zone in {"", ACCOUNT} else check_zone(zone)

    def calendar(self, node: dict[str, Any], at: str) -> str:
        calendar = self.word(node, "calendar", at)
        if calendar not in {"", "gregorian", "jalali"}:
            raise self.wrong(at, f"'calendar' is gregorian or jalali, not '{calendar}'.")
        return calendar

    def mapping(self, document: object) -> Mapping:
        node = self.named(document, "at the top", _MAPPING_KEYS)
        links = self.each(node.get("links"), "link", self.link)
        mapping = Mapping(
            system=self.word(node, "system", "at the top", needed=True),
            title=self.word(node, "title", "at the top"),
            about=self.word(node, "about", "at the top"),
            verified=self.choice(node, "verified", "at the top", ("docs", "fixture", "real")),
            folders=self.words(node.get("folders"), "folders"),
            timezone=self.zone(node, "at the top"),
            zones={
                name: self.zone({"timezone": zone}, f"zone of '{name}'")
                for name, zone in self.named(node.get("zones"), "zones").items()
            },
            dayfirst=self.truth(node, "dayfirst", "at the top"),
            calendar=self.calendar(node, "at the top"),
            region=self.word(node, "region", "at the top"),
            missing=frozenset({"", *self.words(node.get("missing"), "missing")}),
            prefixes=(*self.words(node.get("prefixes"), "prefixes"), ""),
            suffixes=self.words(node.get("suffixes"), "suffixes"),
            ids=self.choice(node, "ids", "at the top", tuple(IDS)),
            deleted=self.words(node.get("deleted"), "deleted"),
            aliases=self.lists(node, "aliases"),
            files=self.lists(node, "files"),
            detect=self.words(node.get("detect"), "detect"),
            signatures=self.lists(node, "signatures"),
            lacks={name: str(value) for name, value in self.named(node.get("lacks"), "lacks").items()},
            blocklist=self.words(node.get("blocklist"), "blocklist"),
            own_domains=self.words(node.get("own_domains"), "own_domains"),
            objects=self.objects(node.get("objects")),
            links={link.name: link for link in links},
            labels={name: self.label(name, value) for name, value in self.named(node.get("labels"), "labels").items()},
            merges=self.each(node.get("merges"), "merge", self.merge),
            readers=self.each(node.get("readers"), "reader", self.reader),
        )
        return self.joined(mapping)

    def lists(self, node: dict[str, Any], key: str) -> dict[str, tuple[str, ...]]:
        return {name: self.words(value, f"{key} '{name}'") for name, value in self.named(node.get(key), key).items()}

    def choice(self, node: dict[str, Any], key: str, at: str, choices: tuple[str, ...]) -> str:
        word = self.word(node, key, at)
        if word and word not in choices:
            raise self.wrong(at, f"'{key}' is one of {', '.join(choices)}, not '{word}'.")
        return word

    def joined(self, mapping: Mapping) -> Mapping:
        """Refuse a label, link or table that is used but not described."""
        for what, named in (("signatures", mapping.signatures), ("lacks", mapping.lacks), ("zones", mapping.zones)):
            for table in set(named) - set(mapping.tables):
                raise self.wrong(what, str(MappingError.unknown("table", table, mapping.tables)))
        if not mapping.readers:
            raise self.wrong("at the top", "there are no readers, so no touchpoint could come of it.")
        steps = [step for reader in mapping.readers for step in (reader.step, *reader.steps.values())]
        used = [reading for step in steps for readings in step.fields.values() for reading in readings]
        for what, names in (("label", mapping.labels), ("link", mapping.links)):
            for word in {getattr(reading, what) for reading in used} - {"", *names}:
                raise self.wrong("readers", str(MappingError.unknown(what, word, names)))
        return mapping

    def objects(self, node: object) -> tuple[ObjectRule, ...]:
        rules = []
        for kind, value in self.named(node, "objects", (*CASES, "employee")).items():
            rules += [self.object_rule(kind, item) for item in (value if isinstance(value, list) else [value])]
        return tuple(rules)

    def object_rule(self, kind: str, value: object) -> ObjectRule:
        at = f"object '{kind}'"
        node = self.named(value, at, _OBJECT_KEYS)
        keys = self.named(node.get("keys"), f"{at} keys", ("email", "phone", "visitor"))
        alike = self.named(node.get("alike"), f"{at} alike", ("first", "last", "company", "country"))
        return ObjectRule(
            kind,
            self.tables(node, at),
            self.reading(node.get("id", ""), f"{at} id"),
            {name: str(column) for name, column in keys.items()},
            self.word(node, "account", at),
            {
                name: self.reading(read, f"{at} attribute '{name}'")
                for name, read in self.named(node.get("attributes"), at).items()
            },
            self.words(node.get("deleted"), f"{at} deleted"),
            self.word(node, "order", at),
            self.each(node.get("only"), f"{at} only", self.condition),
            {name: str(column) for name, column in alike.items()},
            self.word(node, "steady", at) == "true",
        )

    def tables(self, node: dict[str, Any], at: str) -> tuple[str, ...]:
        tables = self.words(node.get("table"), f"{at} table")
        if not tables:
            raise self.wrong(at, "'table' is missing.")
        return tables

    def link(self, value: object, at: str) -> Link:
        node = self.named(value, at, ("name", "table", "of", "split", "object", "only", *CASES))
        targets = {kind: str(node[kind]) for kind in CASES if kind in node}
        if not targets:
            raise self.wrong(at, f"it leads nowhere; name one of {', '.join(CASES)}.")
        tables = self.tables(node, at)
        name = self.word(node, "name", at) or tables[0]
        by, split = self.word(node, "of", at, needed=True), self.word(node, "split", at)
        only = self.each(node.get("only"), f"{at} only", self.condition)
        return Link(name, tables, by, targets, split, self.choice(node, "object", at, CASES), only)

    def label(self, name: str, value: object) -> Label:
        at = f"label '{name}'"
        node = self.named(value, at, ("table", "id", "label", "only"))
        return Label(
            name,
            self.tables(node, at),
            self.word(node, "id", at, needed=True),
            self.reading(node.get("label", ""), at),
            self.each(node.get("only"), f"{at} only", self.condition),
        )

    def merge(self, value: object, at: str) -> Merge:
        node = self.named(value, at, ("object", "table", "old", "kept", "split"))
        kind = self.word(node, "object", at, needed=True)
        if kind not in CASES:
            raise self.wrong(at, str(MappingError.unknown("object", kind, CASES)))
        old, kept = self.reading(node.get("old", ""), f"{at} old"), self.word(node, "kept", at, needed=True)
        return Merge(kind, self.tables(node, at), old, kept, self.word(node, "split", at))

    def condition(self, value: object, at: str) -> Condition:
        node = dict(self.named(value, at))
        words = {key: node.pop(key, None) for key in ("values", "not", "rule")}
        if (words["values"] is None) == (words["not"] is None):
            raise self.wrong(at, "a condition has either `values` or `not`.")
        tested = words["values"] if words["values"] is not None else words["not"]
        rule = words["rule"] or ""
        return Condition(self.reading(node, at), self.words(tested, at), words["not"] is not None, str(rule))

    def reading(self, value: object, at: str) -> Reading:
        if isinstance(value, str):
            if not value:
                raise self.wrong(at, "the column is missing.")
            return Reading(column=value)
        keys = (
            "column template constant json pattern label values otherwise key link by unit after timezone dayfirst "
            "calendar when"
        )
        node = self.named(value, at, keys.split())
        apart = {"values", "dayfirst", "when"}
        words: dict[str, Any] = {key: self.word(node, key, at) for key in node if key not in apart}
        self.checked(words, at)
        values = node.get("values")
        known = None if values is None else {fold(k): str(v) for k, v in self.named(values, at).items()}
        dayfirst = self.truth(node, "dayfirst", at)
        when = self.each(node.get("when"), f"{at} when", self.condition)
        return replace(Reading(**words), values=known, dayfirst=dayfirst, when=when)

    def checked(self, words: dict[str, str], at: str) -> None:
        allowed = {
            "otherwise": ("keep", "missing"),
            "key": ("email", "phone", "visitor"),
            "unit": ("ns", "us", "ms", "s", "min", "h", "d", "h:min", "min:s", "h:min:s", "serial"),
            "calendar": ("gregorian", "jalali"),
        }
        for key, choices in allowed.items():
            if key in words and words[key] not in choices:
                raise self.wrong(at, f"'{key}' is one of {', '.join(choices)}, not '{words[key]}'.")
        if words.get("timezone", ACCOUNT) != ACCOUNT:
            check_zone(words["timezone"])
        if "link" in words and not words.get("by"):
            raise self.wrong(at, "a link needs `by`: the column that holds its id.")
        self.pattern(words.get("pattern", ""), at)
        if not any(words.get(key) for key in ("column", "template", "constant", "link")):
            raise self.wrong(at, "say where the value is: column, template, constant or link.")

    def pattern(self, pattern: str, at: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise self.wrong(at, f"'{pattern}' is no pattern ({error}).") from error
        return pattern

    def step(self, value: object, at: str, extra: Iterable[str] = ()) -> Step:
        node = self.named(value, at, (*_STEP, *extra))
        fields = {}
        for name, readings in self.named(node.get("fields"), f"{at} fields", _READABLE).items():
            fields[name] = self.each(readings, f"{at} field '{name}'", self.reading)
            self.vocabulary(name, [word for read in fields[name] for word in (read.values or {}).values()], at)
        always = self.named(node.get("always"), f"{at} always", _READABLE)
        for name, word in always.items():
            self.vocabulary(name, [str(word)], at)
        only = self.each(node.get("only"), f"{at} only", self.condition)
        aside = self.each(node.get("aside"), f"{at} aside", self.condition)
        first = self.truth(node, "first", at) or False
        opening = self.step(node["opening"], f"{at} opening") if "opening" in node else None
        return Step(fields, {k: str(v) for k, v in always.items()}, only, aside, first, opening)

    def vocabulary(self, name: str, words: Iterable[str], at: str) -> None:
        known = VOCABULARIES.get(name)
        for word in words if known else ():
            if word not in known:  # type: ignore[operator]
                raise self.wrong(at, str(MappingError.unknown(name, word, known or ())))

    def reader(self, value: object, at: str) -> Reader:
        node = dict(self.named(value, at))
        name = self.word(node, "name", at, needed=True)
        at = f"reader '{name}'"
        kind = self.word(node, "kind", at, needed=True)
        if kind not in _READER_KEYS:
            raise self.wrong(at, str(MappingError.unknown("kind of reader", kind, _READER_KEYS)))
        self.named(node, at, ("name", "kind", "table", "order", *_STEP, *_READER_KEYS[kind]))
        column = self.word(node, {"change": "column", "versions": "record"}.get(kind, "column"), at)
        reader = Reader(
            name,
            kind,
            self.tables(node, at),
            self.step({key: node[key] for key in _STEP if key in node}, at),
            self.steps(node, at),
            self.each(node.get("matching"), f"{at} matching", self.match),
            column,
            self.word(node, "order", at),
            self.word(node, "record", at) if kind == "change" else "",
            self.lifecycle(node["lifecycle"], f"{at} lifecycle") if "lifecycle" in node else None,
        )
        return self.complete(reader, at)

    def lifecycle(self, value: object, at: str) -> Lifecycle:
        node = self.named(value, at, ("column", "of"))
        of = self.words(node.get("of"), f"{at} of")
        if not of:
            raise self.wrong(at, "`of` is missing: the columns that name one piece of work, the case first.")
        return Lifecycle(self.word(node, "column", at, needed=True), of)

    def steps(self, node: dict[str, Any], at: str) -> dict[str, Step]:
        key = next((key for key in ("changes", "milestones", "watch") if key in node), "")
        steps = {}
        for name, value in self.named(node.get(key), f"{at} {key}").items():
            # `Create Date: Deal created` is short for an activity that is always the same.
            full = {"always": {"activity": value}} if isinstance(value, str) else value
            steps[name] = self.step(full, f"{at} {key} '{name}'", ("opening" if key == "changes" else "first",))
        return steps

    def match(self, value: object, at: str) -> Matching:
        node = dict(self.named(value, at))
        pattern, activity = self.word(node, "pattern", at, needed=True), self.word(node, "activity", at, needed=True)
        rest = {key: node[key] for key in node if key not in {"pattern", "activity"}}
        return Matching(self.pattern(pattern, at), activity, self.step(rest, at))

    def complete(self, reader: Reader, at: str) -> Reader:
        """Refuse a reader that could never say what happened or when."""
        steps = list(reader.steps.values()) or [Step()]
        for step in steps:
            told = {*reader.step.fields, *reader.step.always, *step.fields, *step.always}
            lacking = (
                [] if reader.matching and not reader.steps else [name for name in ("activity",) if name not in told]
            )
            if reader.kind != "milestones" and "timestamp" not in told:
                lacking.append("timestamp")
            if lacking:
                raise self.wrong(at, f"it never says the {' nor the '.join(lacking)} of a touchpoint.")
        if reader.kind in {"change", "versions"} and not (reader.column and reader.steps):
            needs = {"change": "`column` and `changes`", "versions": "`record` and `watch`"}[reader.kind]
            raise self.wrong(at, f"a {reader.kind} reader needs {needs}.")
        if any(step.opening for step in reader.steps.values()) and not reader.record:
            raise self.wrong(at, "`opening` needs `record`, the column that tells whose first value it is.")
        if reader.kind == "milestones" and not (reader.steps or reader.matching):
            raise self.wrong(at, "a milestones reader needs `milestones` or `matching`.")
        return reader
