"""Read XES into columns of text, strictly.

pm4py's readers turn bad times into nothing, drop malformed numbers, merge traces that share a name and, depending on
what else is installed, give half of a file that was cut short. Here every byte is either read by the standard library's
parser, which says no where it must, or stands in a stretch so regular that reading it at once gives the same.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, cast
from xml.parsers import expat

import pandas as pd

from mining._errors import ExportError
from mining._pm4py.log_frame import frame_of
from mining._pm4py.log_parser import DetourError, LogParser, RefusalError
from mining._pm4py.log_stretches import Stretch, read_stretch

__all__ = ["read_xes"]

_CHUNK: Final = 1 << 22
_LONGEST: Final = 1 << 26  # a trace that is longer is left to the parser
_PATIENCE: Final = 8
# A log is repetitive and packs twentyfold; two hundredfold is a bomb.
_RATIO, _SMALL = 200, 50 * 1024**2
_OPENING, _CLOSING = b"<trace", b"</trace>"


def read_xes(path: Path) -> pd.DataFrame:
    """Read an event log as text, one row per event, in the order of the file.

    Values stay as the file writes them, times and numbers too: nothing is guessed, so nothing is lost. A key that an
    event carries twice becomes ``key`` and ``key#2``; a key inside another becomes ``outer/inner``. Traces are told
    apart by their place in the file: a second trace of the same name is named ``name#2``, one without a name
    ``trace 7``. Traces without events have no row; `frame.attrs["n_empty_traces"]` counts them.

    Parameters
    ----------
    path : Path
        An ``.xes`` file, plain or packed with gzip (told by its bytes, not by its name).

    Returns
    -------
    DataFrame
        Columns of text: ``case:`` before the keys of traces (``case:concept:name`` is always there and distinct per
        trace), then the events' keys, each in order of first appearance; missing where an event lacks the key.

    Raises
    ------
    ExportError
        For a file that is missing, cut short, not XES, without events, packed beyond reason, or that declares a
        document type (and with it, possibly, entities).
    """
    if not path.is_file():
        raise ExportError.missing(path)
    try:
        stretches = _parsed(path)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that cannot be read
        raise ExportError.unreadable(path, f"it is not whole XES ({error}).") from error
    except (EOFError, OSError, zlib.error) as error:
        raise ExportError.unreadable(path, f"it is not whole gzip data ({error}).") from error
    except RefusalError as refusal:
        raise ExportError.unreadable(path, str(refusal)) from refusal
    if not any(len(stretch.trace_of) for stretch in stretches):
        raise ExportError.unreadable(path, "it is XES, but holds no events.")
    return frame_of(stretches)


def _parsed(path: Path) -> list[Stretch]:
    try:
        return _at_once(_whole_traces(_chunks(path)))
    except (expat.ExpatError, DetourError):
        # The parser has not seen all of the file, so it cannot say where in it the error is.
        parser = LogParser()
        for chunk in _chunks(path):
            parser.feed(chunk)
        parser.close()
        return parser.stretches


def _at_once(pieces: Iterable[bytes]) -> list[Stretch]:
    parser, hope = LogParser(), _PATIENCE
    for piece in pieces:
        tried = parser.is_between_traces and hope > 0
        stretch = read_stretch(piece) if tried else None
        if stretch is not None:
            parser.take(stretch)
        else:
            parser.feed(piece)
        hope += (1 if stretch is not None else -1) if tried else 0
    parser.close()
    return parser.stretches


def _whole_traces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a file before its first trace and behind the last trace of every chunk."""
    rest, is_begun = b"", False
    for chunk in chunks:
        rest += chunk
        if not is_begun and _OPENING in rest:
            head, _, rest = rest.partition(_OPENING)
            rest, is_begun = _OPENING + rest, True
            yield head
        end = rest.rfind(_CLOSING) + len(_CLOSING)
        if end >= len(_CLOSING) or len(rest) > _LONGEST:
            end = end if end >= len(_CLOSING) else len(rest)
            yield rest[:end]
            rest = rest[end:]
    yield rest


def _chunks(path: Path) -> Iterator[bytes]:
    packed = path.stat().st_size
    with path.open("rb") as stream:
        is_packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if is_packed else stream
        total = 0
        while chunk := source.read(_CHUNK):
            total += len(chunk)
            if total > _SMALL and total > _RATIO * packed:
                raise RefusalError(
                    f"it unpacks to more than {total:,} bytes from {packed:,}. Unpack it if you trust it."
                )
            yield chunk
