"""The page of known systems; ``python -m mining.sources.catalogue_page`` writes it to docs/catalogue.md.

What stands there is what the YAML files say, so it is never edited by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mining._files import write_whole
from mining.sources.catalogue import known_systems, mapping_of
from mining.sources.mappings.mapping import Mapping, Reader, Step

__all__ = ["catalogue_page"]

_VERIFIED = {
    "docs": "names taken from documentation or public code; no sample of it was read",
    "fixture": "read from sample rows or from files written after the vendor's own",
    "real": "read from real exports",
}
_HEAD = """<!-- Made by `python -m mining.sources.catalogue_page` out of the YAML files; not edited by hand. -->

# Systems whose exports can be read

`mining.read_crm("folder")` recognises these by their tables and headers; `sources=["hubspot"]` names one. Another
system is read with a mapping of your own: [how to write one](mapping.md), or let `mining map FILE` propose it. A system
is added by adding a file.
"""
# The example company's own systems are no product anybody has.
_EXAMPLES = ("acme-phone", "acme-web")


def catalogue_page() -> str:
    """Tell in Markdown which systems are known, what they are read from, and what their exports do not say.

    Returns
    -------
    str
        One section per system: what to know before exporting, how well it was tried, its tables with the file names or
        headers by which they are known, the touchpoints that come of each, and what each table does not tell.

    Examples
    --------
    >>> catalogue_page().splitlines()[2]
    '# Systems whose exports can be read'
    """
    mappings = [mapping_of(name) for name in known_systems() if name not in _EXAMPLES]
    overview = [
        "",
        "| system | give it as | tried on | touchpoints |",
        "|---|---|---|---|",
        *(
            f"| [{_title(each)}](#{each.system}) | `{each.system}` | {each.verified or '-'} | {_readers(each)} |"
            for each in mappings
        ),
        "",
        "Tried on: " + "; ".join(f"`{word}`, {meaning}" for word, meaning in _VERIFIED.items()) + ".",
    ]
    sections = [line for each in mappings for line in _section(each)]
    return "\n".join([_HEAD.rstrip("\n"), *overview, *sections]) + "\n"


def _title(mapping: Mapping) -> str:
    return mapping.title or mapping.system


def _readers(mapping: Mapping) -> str:
    return ", ".join(_once(_cell(reader.name) for reader in mapping.readers))


def _section(mapping: Mapping) -> Iterator[str]:
    yield from ("", f'<a id="{mapping.system}"></a>', f"## {_title(mapping)}")
    if mapping.about:
        yield from ("", " ".join(mapping.about.split()))
    if facts := _facts(mapping):
        yield from ("", facts)
    yield from ("", "| table | known by | touchpoints |", "|---|---|---|")
    for name, patterns in mapping.tables.items():
        yield f"| {_cell(name)} | {_known_by(mapping, name, patterns)} | {_told(mapping, name)} |"
    if mapping.lacks:
        yield from ("", "What it does not say:", "")
        yield from (f"- `{name}`: {' '.join(text.split())}" for name, text in mapping.lacks.items())


def _facts(mapping: Mapping) -> str:
    zone = {"": "", "account": "Times are of the account's zone: name it with `timezone=`."}.get(
        mapping.timezone, f"Times without a zone are read as {mapping.timezone}."
    )
    order = {True: "Day before month where nothing proves it.", False: "Month before day where nothing proves it."}
    region = f"Telephone numbers without a dialling code are of {mapping.region}." if mapping.region else ""
    calendar = "Dates are Jalali." if mapping.calendar == "jalali" else ""
    return " ".join(
        filter(
            None, (zone, order.get(mapping.dayfirst is True) if mapping.dayfirst is not None else "", calendar, region)
        )
    )


def _known_by(mapping: Mapping, name: str, patterns: tuple[str, ...]) -> str:
    files = ", ".join(f"`{_cell(pattern)}`" for pattern in patterns)
    headers = ", ".join(f"`{_cell(header)}`" for header in mapping.signatures.get(name, ()))
    return f"files {files}" + (f"; or headers {headers}" if headers else "")


def _told(mapping: Mapping, table: str) -> str:
    words = _once(word for reader in mapping.readers if table in reader.tables for word in _activities(reader))
    return "; ".join(map(_cell, words)) or "-"


def _activities(reader: Reader) -> Iterator[str]:
    """Name the activities that a reader can tell, as far as its mapping spells them."""
    steps = [*reader.steps.values(), *(matching.step for matching in reader.matching)]
    yield from (matching.activity for matching in reader.matching)
    for step in [reader.step, *steps, *(step.opening for step in steps if step.opening)]:
        yield from _spelt(step)


def _spelt(step: Step) -> Iterator[str]:
    if "activity" in step.always:
        yield step.always["activity"]
    for reading in step.fields.get("activity", ()):
        if reading.constant:
            yield reading.constant
        elif "{}" in reading.template:
            yield reading.template.replace("{}", "...")
        elif reading.values is None:
            yield "as the export calls it"
        yield from filter(None, (reading.values or {}).values())


def _once(words: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _cell(text: str) -> str:
    """Keep a text within its cell of the table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    write_whole(Path(__file__).parents[3] / "docs" / "catalogue.md", catalogue_page().encode("utf-8"))
