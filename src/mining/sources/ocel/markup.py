"""OCEL 2.0 as XML, read by a parser that refuses entities and document types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from mining._errors import ExportError
from mining.sources.ocel.document import EPOCH

__all__ = ["from_markup", "to_markup"]

_UNSPEAKABLE = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF], "\ufffd")


class _Log:
    """Collects what the parser meets; `owner` is the object or event that is open."""

    def __init__(self) -> None:
        self.document: dict[str, list[dict[str, Any]]] = {
            "objectTypes": [], "eventTypes": [], "objects": [], "events": []
        }  # fmt: skip
        self.owner: dict[str, Any] = {}
        self.attribute: dict[str, Any] | None = None

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag in {"object-type", "event-type"}:
            self.owner = {"name": given["name"], "attributes": []}
            self.document["objectTypes" if tag == "object-type" else "eventTypes"].append(self.owner)
        elif tag == "object" and "id" in given:
            self.owner = {"id": given["id"], "type": given["type"], "attributes": [], "relationships": []}
            self.document["objects"].append(self.owner)
        elif tag == "event":
            self.owner = {"id": given["id"], "type": given["type"], "time": given["time"]}
            self.owner |= {"attributes": [], "relationships": []}
            self.document["events"].append(self.owner)
        elif tag == "attribute":
            self.attribute = {**given} if "type" in given else {**given, "value": ""}
            self.owner["attributes"].append(self.attribute)
        elif tag in {"relationship", "relobj"} or (tag == "object" and "object-id" in given):
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
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise ExportError.unreadable(path, f"it is not whole XML ({error}).") from error
    if not log.document["events"] and not log.document["objects"]:
        raise ExportError.unreadable(path, "it has neither events nor objects.")
    return log.document


def to_markup(document: Mapping[str, list[dict[str, Any]]]) -> bytes:
    """Write the XML format; characters that XML cannot hold become U+FFFD."""
    out = StringIO()
    writer = XMLGenerator(out, "utf-8", short_empty_elements=True)
    writer.startDocument()
    _open(writer, "log", {})
    for key, tag in (("objectTypes", "object-type"), ("eventTypes", "event-type")):
        _open(writer, f"{tag}s", {})
        for entry in document[key]:
            _open(writer, tag, {"name": _clean(entry["name"])})
            _list(writer, ("attributes", "attribute"), entry["attributes"], ("name", "type"))
            writer.endElement(tag)
        writer.endElement(f"{tag}s")
    for key, tag in (("objects", "object"), ("events", "event")):
        _open(writer, key, {})
        for entry in document[key]:
            _entry(writer, tag, entry)
        writer.endElement(key)
    writer.endElement("log")
    writer.endDocument()
    return out.getvalue().encode()


def _entry(writer: XMLGenerator, tag: str, entry: Mapping[str, Any]) -> None:
    _open(writer, tag, {name: _clean(entry[name]) for name in ("id", "type", "time") if name in entry})
    _open(writer, "attributes", {})
    for attribute in entry["attributes"]:
        given = {"name": _clean(attribute["name"])}
        if tag == "object":
            given["time"] = attribute.get("time", EPOCH)
        _open(writer, "attribute", given)
        writer.characters(_clean(_spelt(attribute["value"])))
        writer.endElement("attribute")
    writer.endElement("attributes")
    others = [{"object-id": other["objectId"], "qualifier": other["qualifier"]} for other in entry["relationships"]]
    _list(writer, ("objects", "relationship"), others, ("object-id", "qualifier"))
    writer.endElement(tag)


def _open(writer: XMLGenerator, tag: str, given: Mapping[str, str]) -> None:
    writer.startElement(tag, AttributesImpl(dict(given)))


def _list(
    writer: XMLGenerator, tags: tuple[str, str], entries: Iterable[Mapping[str, Any]], names: tuple[str, ...]
) -> None:
    outer, inner = tags
    _open(writer, outer, {})
    for entry in entries:
        _open(writer, inner, {name: _clean(entry[name]) for name in names})
        writer.endElement(inner)
    writer.endElement(outer)


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def _clean(text: str) -> str:
    return str(text).translate(_UNSPEAKABLE)
