"""What is read of an event log at once is what the XML parser reads of it, whatever the file says."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mining._errors import ExportError
from mining._pm4py import log_reader, read_xes
from mining._pm4py.log_stretches import read_stretch

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<log xmlns="http://www.xes-standard.org/">\n'
REGULAR = (
    '<trace><string key="concept:name" value="1"/>\n'
    '\t<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2025-01-01T10:00:00Z"/></event>\n'
    '\t<event>\r\n<string  key="concept:name"\n value="&lt;b&gt; &amp; שיחה" /><int key="n" value="12,5"/></event>\n'
    "</trace>\n"
    '<trace><event><string key="concept:name" value="x > y\ty"/></event><string key="late" value=""/></trace>'
    '<trace><string key="concept:name" value="empty"/></trace>\n'
)


def read(path: Path) -> pd.DataFrame | str:
    try:
        frame = read_xes(path)
    except ExportError as error:
        return str(error)
    return frame.assign(**{"empty traces": frame.attrs["n_empty_traces"]})


def both(data: bytes, path: Path) -> tuple[pd.DataFrame | str, pd.DataFrame | str]:
    """Read a file with stretches read at once, and with all of it left to the parser."""
    path.write_bytes(data)
    at_once = read(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_reader, "read_stretch", lambda _: None)
        return at_once, read(path)


def alike(data: bytes, path: Path) -> None:
    at_once, parsed = both(data, path)
    if isinstance(at_once, str) or isinstance(parsed, str):
        assert at_once == parsed
    else:
        pd.testing.assert_frame_equal(at_once, parsed)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("stretches") / "log.xes"


def test_a_regular_stretch_is_read_without_the_parser() -> None:
    stretch = read_stretch(REGULAR.encode())
    assert stretch is not None
    assert (stretch.n_traces, stretch.trace_of.tolist()) == (3, [0, 0, 1])
    told = {key: (cells.rows.tolist(), cells.texts.to_pylist()) for key, cells in stretch.events.items()}
    assert told == {
        "concept:name": ([0, 1, 2], ["a", "<b> & שיחה", "x > y y"]),
        "time:timestamp": ([0], ["2025-01-01T10:00:00Z"]),
        "n": ([1], ["12,5"]),
    }
    assert {key: cells.rows.tolist() for key, cells in stretch.traces.items()} == {"concept:name": [0, 2], "late": [1]}


def test_both_ways_read_the_same(path: Path) -> None:
    for ending in ("</log>", "</log>\n<!-- end -->", "", "<trace></trace></log>", '<string key="k" value="v"/></log>'):
        alike(f"{HEAD}{REGULAR}{ending}".encode(), path)


ODD = (
    '<!-- "comment" -->', "<![CDATA[ </trace> ]]>", '<?note "it"?>', "<event/>", "<event></event>", "<trace/>", "text",
    "<trace></trace>", "&amp;", "&x;", "'", '"', "<", ">", "</event>", "</trace>", "</log>", "\x00", "\x0b", "\ufffe",
    '<string key="k" value="v"></string>', '<string value="v" key="k"/>', '<string key="k"/>', "<trace><event>",
    '<list key="l"><string key="i" value="1"/><string key="i" value="2"/></list>', '<string key="n" value="n"/>',
    '<string key="n" value="1" more="2"/>', "<trace><event></event></trace>", '<string key="&amp;" value="&#10;"/>',
    "<!-- ", " -->", "<stretch/>", "<xes:event>", '<int key="a\tb" value="1\r\n2"/>', "<trace", "<!DOCTYPE log>",
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_nothing_irregular_is_read_at_once_otherwise_than_by_the_parser(path: Path, odd: str) -> None:
    text = HEAD + REGULAR + "</log>"
    places = [place for place in range(len(HEAD) - 8, len(text)) if text[place] in "<>\"'/ \n" or place % 11 == 0]
    for place in places:
        alike((text[:place] + odd + text[place:]).encode("utf-8", "surrogatepass"), path)


@given(
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 9), st.binary(max_size=4)), max_size=4),
    st.lists(st.tuples(st.integers(0, 999), st.sampled_from(ODD)), max_size=3),
)
@settings(max_examples=300)
@example([(200, 1, b"\xff")], [])
def test_both_ways_read_any_damaged_file_alike(path: Path, damages, oddities) -> None:
    data = bytearray((HEAD + REGULAR * 2 + "</log>").encode())
    for place, length, new in damages:
        data[place : place + length] = new
    for place, odd in oddities:
        data[place:place] = odd.encode("utf-8", "surrogatepass")
    alike(bytes(data), path)


@pytest.mark.parametrize("size", [1, 7, 64, 500])
def test_where_the_file_is_cut_makes_no_difference(path: Path, monkeypatch, size: int) -> None:
    monkeypatch.setattr(log_reader, "_CHUNK", size)
    nested = '<trace><event><list key="l"><int key="i" value="1"/></list></event></trace>'
    alike((HEAD + REGULAR + nested + REGULAR * 3 + nested + "</log>").encode(), path)
    monkeypatch.setattr(log_reader, "_LONGEST", 50)
    alike((HEAD + REGULAR + nested + REGULAR * 3 + nested + "</log>").encode(), path)


def test_a_log_inside_a_comment_is_no_log(path: Path) -> None:
    alike(f"{HEAD}<!-- {REGULAR} --></log>".encode(), path)
    alike(f"{HEAD}<!-- {REGULAR} -->{REGULAR}</log>".encode(), path)


def test_other_encodings_are_left_to_the_parser(path: Path) -> None:
    text = HEAD.replace("UTF-8", "windows-1255") + REGULAR + "</log>"
    alike(text.encode("windows-1255"), path)
    assert "<b> & שיחה" in read_xes(path)["concept:name"].tolist()


@pytest.mark.parametrize("encoding", ["TF-8", "shift_jis", "idna", "utf-7"])
def test_an_encoding_that_cannot_be_read_is_told(tmp_path, encoding):
    log = tmp_path / "log.xes"
    log.write_text(f'<?xml version="1.0" encoding="{encoding}"?><log><trace><event/></trace></log>', encoding="ascii")
    with pytest.raises(ExportError, match="cannot be read"):
        read_xes(log)
