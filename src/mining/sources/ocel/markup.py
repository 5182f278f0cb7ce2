"""OCEL 2.0 as XML, read by a parser that refuses entities and document types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from mining._errors import ExportError
from mining.sources.ocel.document import EPOCH

__all__ = ["from_markup", "to_markup"]

_ESCAPES: Final = {
    **dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF], "\ufffd"),
    **{ord(letter): f"&#{ord(letter)};" for letter in '\t\n\r&<>"'},
}
_TYPES: Final = {"object-type": "objectTypes", "event-type": "eventTypes"}
_RELATIONS: Final = frozenset({"relationship", "relobj"})
_CHUNK: Final = 1 << 20
_DOUBTFUL: Final = re.compile('[\x00-\x1f&<>"\ufffe\uffff]')


class _Log:
    """Collects what the parser meets; `owner` is the object or event that is open."""

    def __init__(self) -> None:
        self.document: dict[str, list[dict[str, Any]]] = {
            "objectTypes": [], "eventTypes": [], "objects": [], "events": []
        }  # fmt: skip
        self.owner: dict[str, Any] = {}
        self.attribute: dict[str, Any] | None = None

    def start(self, tag: str, given: dict[str, str]) -> None:
        # The commonest first: there are several of them to every event.
        if tag in _RELATIONS:
            self._relate(given)
        elif tag == "attribute":
            self.attribute = given if "type" in given else {**given, "value": ""}
            self.owner["attributes"].append(self.attribute)
        elif tag == "event":
            self.owner = {"id": given["id"], "type": given["type"], "time": given["time"]}
            self.owner |= {"attributes": [], "relationships": []}
            self.document["events"].append(self.owner)
        elif tag == "object" and "id" in given:
            self.owner = {"id": given["id"], "type": given["type"], "attributes": [], "relationships": []}
            self.document["objects"].append(self.owner)
        elif tag == "object" and "object-id" in given:
            self._relate(given)
        elif tag in _TYPES:
            self.owner = {"name": given["name"], "attributes": []}
            self.document[_TYPES[tag]].append(self.owner)

    def _relate(self, given: dict[str, str]) -> None:
        other = {"objectId": given["object-id"], "qualifier": given.get("qualifier", "")}
        self.owner["relationships"].append(other)

    def text(self, text: str) -> None:
        if self.attribute is not None and "value" in self.attribute:
            self.attribute["value"] += text

    def end(self, tag: str) -> None:
        if tag == "attribute":
            self.attribute = None


def from_markup(path: Path) -> dict[str, Any]:
    """Read the XML format."""
    log, parser = _Log(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = log.start, log.end, log.text
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ExportError.unreadable(path, "it declares a document type, and with it perhaps entities.")

    parser.StartDoctypeDeclHandler = refuse
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that cannot be read
        raise ExportError.unreadable(path, f"it is not whole XML ({error}).") from error
    if not log.document["events"] and not log.document["objects"]:
        raise ExportError.unreadable(path, "it has neither events nor objects.")
    return log.document


def to_markup(document: Mapping[str, list[dict[str, Any]]]) -> bytes:
    """Write the XML format; characters that XML cannot hold become U+FFFD."""
    return "".join(_lines(document)).encode()


def _lines(document: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>\n<log>'
    for key, tag in (("objectTypes", "object-type"), ("eventTypes", "event-type")):
        yield f"<{tag}s>"
        for entry in document[key]:
            yield f'<{tag} name="{_clean(entry["name"])}"><attributes>'
            for attribute in entry["attributes"]:
                yield f'<attribute name="{_clean(attribute["name"])}" type="{_clean(attribute["type"])}"/>'
            yield f"</attributes></{tag}>"
        yield f"</{tag}s>"
    yield "<objects>"
    for entry in document["objects"]:
        yield f'<object id="{_clean(entry["id"])}" type="{_clean(entry["type"])}"><attributes>'
        for attribute in entry["attributes"]:
            given = f'name="{_clean(attribute["name"])}" time="{_clean(attribute.get("time", EPOCH))}"'
            yield f"<attribute {given}>{_spelt(attribute['value'])}</attribute>"
        yield from _related(entry)
        yield "</object>"
    yield "</objects><events>"
    for entry in document["events"]:
        stated = f'id="{_clean(entry["id"])}" type="{_clean(entry["type"])}" time="{_clean(entry["time"])}"'
        yield f"<event {stated}><attributes>"
        for attribute in entry["attributes"]:
            yield f'<attribute name="{_clean(attribute["name"])}">{_spelt(attribute["value"])}</attribute>'
        yield from _related(entry)
        yield "</event>"
    yield "</events></log>"


def _related(entry: Mapping[str, Any]) -> Iterator[str]:
    yield "</attributes><objects>"
    for other in entry["relationships"]:
        yield f'<relationship object-id="{_clean(other["objectId"])}" qualifier="{_clean(other["qualifier"])}"/>'
    yield "</objects>"


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else _clean(str(value))


def _clean(text: str) -> str:
    text = str(text)
    return text.translate(_ESCAPES) if _DOUBTFUL.search(text) else text
