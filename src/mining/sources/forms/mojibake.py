"""Undo text that was taken for the wrong code page and written again as UTF-8 (``×©×œ×•×``), if exactly."""

from __future__ import annotations

import io
import re

__all__ = ["repaired"]

# UTF-8 leads of Latin, Hebrew, Arabic and punctuation, read as Windows Latin, each with what may follow it.
_TRACE = re.compile(
    rb"(?:\xc3[\x82\x83\x97-\x9b]|\xc3\xa2\xe2\x82\xac)"
    rb"(?:\xc2[\x80-\xbf]|\xc5[\x92-\xbe]|\xcb[\x86\x9c]|\xc6\x92|\xe2[\x80-\x84][\x80-\xbf])"
)
_FEW = 3
_BLOCK = 1 << 23
# Windows Latin leaves five bytes open; browsers and databases pass them through as control characters.
_OPEN = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_BYTES = {bytes([value]).decode("cp1252"): value for value in range(256) if value not in _OPEN}
_WRITTEN = {ord(letter): chr(value) for letter, value in _BYTES.items()}
_READ = {value: ord(letter) for letter, value in _BYTES.items()}


def repaired(data: bytes) -> tuple[bytes, str]:
    """Undo a double encoding, if the whole file is one and the way back gives the same bytes again.

    Parameters
    ----------
    data : bytes
        Valid UTF-8.

    Returns
    -------
    bytes
        Repaired, or as it came.
    str
        What was done or is suspected; empty where there is no trace of it.

    Examples
    --------
    >>> repaired("Ã©tÃ© passÃ©".encode())[0].decode()
    'été passé'
    """
    if data.isascii() or len(_TRACE.findall(data, 0, _BLOCK)) < _FEW:
        return data, ""
    undone = _all_undone(data, _WRITTEN, _READ) or _all_undone(data, {}, {})
    if undone is None:
        return data, "some text looks as if it was decoded by the wrong code page (as ×©×œ×•×); left as it is"
    return undone, "text had been decoded by the wrong code page (as ×©×œ×•×) and was repaired, exactly"


def _all_undone(data: bytes, written: dict[int, str], read: dict[int, int]) -> bytes | None:
    out = io.BytesIO()
    start = 0
    while start < len(data):
        # Blocks end with a line, so that no letter is cut.
        end = data.find(b"\n", start + _BLOCK) + 1 or len(data)
        text = data[start:end].decode("utf-8")
        try:
            raw = text.translate(written).encode("latin-1")
            back = raw.decode("utf-8") and raw.decode("latin-1").translate(read)
        except UnicodeError:
            return None
        if back != text:
            return None
        out.write(raw)
        start = end
    return out.getvalue()
