"""Parse JSON as exporters write it: one document, one record per line, several documents, pages. Numbers stay text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mining._errors import ExportError
from mining.sources.forms.archives import Content
from mining.sources.forms.encoding import decode
from mining.sources.forms.envelopes import opened_envelope

__all__ = ["UNREADABLE", "Parsed", "records_of"]

UNREADABLE: Final = "unreadable record"
# A document takes ten times its size in memory, and cannot be read piece by piece.
_LONGEST_DOCUMENT: Final = 512 * 1024**2
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass
class Parsed:
    """Lists of records by name, the empty name for the file's own, and what was noticed."""

    encoding: str = "utf-8"
    proof: str = "every line fits"
    lists: dict[str, list[Any]] = field(default_factory=dict)
    bad: list[int] = field(default_factory=list)  # record numbers of lines that are no JSON
    twice: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what was noticed."""
        return (f"{self.twice:,} records name a key twice: the last value counts",) if self.twice else ()

    def parse(self, text: str | bytes) -> Any:
        """Parse one document; numbers stay text, so that a 20-digit id is not rounded."""
        whole = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(whole, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=self.object_of)

    def object_of(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Make an object of its pairs."""
        made = dict(pairs)
        self.twice += len(made) < len(pairs)
        return made

    def take(self, document: Any, *, is_one_of_many: bool) -> None:
        """Put a document's records into their lists."""
        envelope = opened_envelope(document, is_one_of_many=is_one_of_many)
        for name, records in (envelope or {"": [document]}).items():
            self.lists.setdefault(name, []).extend(records)


def records_of(content: Content, file: str) -> Parsed:
    """Parse the records of a file.

    Parameters
    ----------
    content : Content
        Its bytes.
    file : str
        Its name, for the error.

    Returns
    -------
    Parsed
        The records; lines that cannot be read are numbered among them.

    Raises
    ------
    ExportError
        When it is no JSON, is cut short, nests too deeply or, as one document, is too long.
    """
    if _has_a_record_per_line(content):
        return _by_line(content.lines(), Parsed())
    data = content.read()
    if len(data) > _LONGEST_DOCUMENT:
        raise ExportError.unreadable(
            file, f"it is one JSON document of {len(data):,} bytes. Export one record per line (NDJSON)."
        )
    text, encoding, proof = decode(data, file)
    return _of_text(text.lstrip("\ufeff"), Parsed(encoding, proof), file)


def _has_a_record_per_line(content: Content) -> bool:
    if content.head(4).startswith(_MARKS):
        return False
    filled = (line for line in content.lines() if line.strip())
    first, second = next(filled, b""), next(filled, b"")
    filled.close()
    return bool(second) and _is_object(first)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(Parsed().parse(line), dict)
    except (ValueError, RecursionError):
        return False


def _by_line(lines: Iterable[bytes] | Iterable[str], parsed: Parsed) -> Parsed:
    parsed.lists[""] = []
    for line in lines:
        if not line.strip():
            continue
        try:
            document = parsed.parse(line)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            parsed.take(document, is_one_of_many=True)
        else:
            parsed.bad.append(len(parsed.lists[""]) + len(parsed.bad) + 1)
    return parsed


def _of_text(text: str, parsed: Parsed, file: str) -> Parsed:
    try:
        documents = list(_documents(text, parsed))
    except RecursionError as error:
        raise ExportError.unreadable(file, "it nests deeper than any record does.") from error
    except json.JSONDecodeError as error:
        by_line = _by_line(text.splitlines(), Parsed(parsed.encoding, parsed.proof))
        # Most lines are records: a log of which some lines are broken. Else it is a document that is.
        if sum(map(len, by_line.lists.values())) > len(by_line.bad):
            return by_line
        raise ExportError.unreadable(file, f"it is no whole JSON ({error}).") from error
    for document in documents:
        many = document if isinstance(document, list) else [document]
        is_alone = len(documents) == 1 and not isinstance(document, list)
        for one in many:
            parsed.take(one, is_one_of_many=not is_alone)
    if not parsed.lists:
        parsed.lists[""] = []
    return parsed


def _documents(text: str, parsed: Parsed) -> Iterator[Any]:
    """Yield the documents that stand one after another."""
    reader = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=parsed.object_of)
    place, end = 0, len(text.rstrip())
    while place < end:
        while text[place].isspace():
            place += 1
        document, place = reader.raw_decode(text, place)
        yield document
