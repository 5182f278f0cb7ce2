"""Files that are broken, or made to break: a clear word, within bounds; the others are still read."""

import gzip
import io
import json
import sqlite3
import struct
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining._errors import ExportError
from mining.sources.forms.archives import Content
from mining.sources.forms.files import open_export
from mining.sources.forms.formats import read_table
from tests.sources.binary_books import number, old_book, old_workbook, shown, text

WORKSHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    before = time.process_time()
    yield
    assert time.process_time() - before < seconds


def plain_workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()


def tampered(parts: dict[str, str | bytes], level: int = 6) -> bytes:
    """Put other parts into a workbook that is otherwise right."""
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(plain_workbook(("id", "n"), ("a", 1)))) as right,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as wrong,
    ):
        for name in {*right.namelist(), *parts}:
            wrong.writestr(name, parts[name] if name in parts else right.read(name))
    return whole.getvalue()


def sheet(cells: str) -> bytes:
    return tampered({"xl/worksheets/sheet1.xml": WORKSHEET.format(cells)})


def zipped(entries: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return whole.getvalue()


def refused(data: bytes, suffix: str, why: str, seconds: float = 2) -> None:
    with within(seconds), pytest.raises(ExportError, match=why):
        read_table(data, "x", f"x{suffix}", suffix)


# --- bombs

BOMBS: dict[str, Callable[[], bytes]] = {
    "two cells in opposite corners": lambda: sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "a cell whose row is elsewhere": lambda: sheet(
        '<row r="1"><c r="A1"><v>1</v></c><c\tr = \'ZZ900000\'><v>1</v></c></row>'
    ),
    "cells without a place": lambda: sheet(
        "<row>" + "<c><v>1</v></c>" * 20_000 + "</row>" + "<row><c/></row>" * 20_000
    ),
    "cells under a prefix": lambda: sheet(
        "<x:row>" + "<x:c><x:v>1</x:v></x:c>" * 20_000 + "</x:row>" + "<x:row/>" * 20_000
    ),
    "more rows than a sheet has": lambda: sheet("<row/>" * 2_200_000),
    "a text shown again and again": lambda: tampered(
        {
            "xl/worksheets/sheet1.xml": WORKSHEET.format(
                "".join(f'<row r="{place}"><c r="A{place}" t="s"><v>0</v></c></row>' for place in range(1, 40_001))
            ),
            "xl/sharedStrings.xml": '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
            + "x" * 32_767
            + "</t></si></sst>",
        }
    ),
    "texts that swell": lambda: tampered({"xl/sharedStrings.xml": "<sst>" + "<si><t>" * 9_000_000}, level=9),
    "one part as many sheets": lambda: tampered(
        {
            "xl/workbook.xml": "<workbook><sheets>"
            + '<sheet name="a" sheetId="1" r:id="rId1"/>' * 500
            + "</sheets></workbook>"
        }
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_workbooks_that_would_swell_are_refused_before_they_do(bomb: str) -> None:
    refused(BOMBS[bomb](), ".xlsx", "cannot be read")


def test_refusing_a_bomb_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(BOMBS["texts that swell"]())
    program = f"""
        import resource
        from mining._errors import ExportError
        from mining.sources.forms.files import open_export
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            open_export({str(path)!r}).files[0].read()
        except ExportError as error:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    unit = 1024 if sys.platform == "linux" else 1
    assert int(run.stdout) * unit < 100 * 1024**2


def test_a_workbook_whose_sizes_are_lies_is_refused() -> None:
    data = bytearray(tampered({"xl/worksheets/sheet1.xml": WORKSHEET.format("<row/>" * 100_000)}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    place = data.rfind(struct.pack("<I", size))
    data[place : place + 4] = struct.pack("<I", 10)
    refused(bytes(data), ".xlsx", "not whole")


def test_parts_that_overlap_are_refused() -> None:
    data = bytearray(zipped({"a.csv": b"id\n" + bytes(range(256)) * 400, "b.csv": b"id\n1\n"}))
    # The directory says of the second what is true of the first.
    first, second = (place for place in _places(data, b"PK\x01\x02"))
    data[second + 16 : second + 28], data[second + 42 : second + 46] = (
        data[first + 16 : first + 28],
        data[first + 42 : first + 46],
    )
    with pytest.raises(ExportError, match="overlap"):
        _opened_as(bytes(data), "x.zip")


def _places(data: bytearray, sign: bytes) -> Iterator[int]:
    place = data.find(sign)
    while place >= 0:
        yield place
        place = data.find(sign, place + 1)


def _opened_as(data: bytes, name: str) -> object:
    from mining.sources.forms.archives import members

    return members(Content.of_bytes(data, name))


def test_a_zip_that_claims_to_be_small_is_counted_as_it_unpacks() -> None:
    from mining.sources.forms.archives import bounded, unpacked

    with pytest.raises(ExportError, match="holds at least"):
        unpacked(Content.of_bytes(gzip.compress(b"0" * (60 * 1024**2)), "x.gz")).read()
    with pytest.raises(ExportError, match="holds at least"):
        bounded(5 * 1024**3, 4 * 1024**3, "x")
    bounded(1024**3, 50 * 1024**2, "a long table of text, packed twentyfold")


def test_a_directory_of_a_million_files_is_not_looked_through() -> None:
    tail = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**31, 0, 0)
    with within(1), pytest.raises(ExportError, match="more files than an export has"):
        _opened_as(b"PK\x03\x04" + b"\0" * 100 + tail, "x.zip")


def test_a_json_of_sparse_keys_is_refused() -> None:
    records = "\n".join(json.dumps({f"k{place}": 1}) for place in range(9_000))
    refused(records.encode(), ".ndjson", "different keys")


def test_pages_and_xml_workbooks_cannot_span_more_than_fits() -> None:
    refused(b"<table>" + b"<tr><td colspan=1000>1" * 41_000, ".xls", "spans", seconds=8)
    cells = b"<Row><Cell ss:Index='16384'><Data>1</Data></Cell></Row>" * 2_500
    head = b'<Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table>'
    refused(head + cells + b"</Table></Worksheet></Workbook>", ".xls", "spans", seconds=4)
    refused(head + b"<Row ss:Index='2000000000'><Cell><Data>1</Data></Cell></Row>", ".xls", "beyond")


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<a ", "</", "<![CDATA[", "&#", "<table>", "<td rowspan=65534 colspan=9>", "<!"]
)
def test_pages_of_open_ends_do_not_take_for_ever(piece: str) -> None:
    page = f"<html><table><tr><th>id<th>n</tr><tr><td>1<td>2</tr></table>{piece * 20_000}"
    with within(10), suppress(ExportError):
        read_table(page.encode(), "x", "x.html", ".html")


def test_binary_workbooks_of_far_cells_and_long_texts_are_refused() -> None:
    refused(old_book([number(65_535, 65_535, 1.0)]), ".xls", "column 65,536")
    cells = [shown(row, 0, 1) for row in range(40_000)]
    refused(old_book(cells, ["short", "x" * 60_000]), ".xls", "characters of shared text")
    refused(old_book([number(row, 0, 1.0) for row in range(40_000)], sheets=1_500), ".xls", "sheets hold", seconds=4)
    circle = bytearray(old_book([number(0, 0, 1.0)] * 40))
    place = circle.find(struct.pack("<II", 3, 4))
    circle[place : place + 4] = struct.pack("<I", 2)
    with suppress(ExportError):
        read_table(bytes(circle), "x", "x.xls", ".xls")


def test_binary_workbooks_of_many_shared_texts_are_read() -> None:
    words = [f"{'long text ' * 300}{place}" for place in range(40)]
    cells = [shown(row, 0, row % 40) for row in range(1, 20_000)]
    (table,) = read_table(old_book([text(0, 0, "note"), *cells], words), "x", "x.xls", ".xls")
    assert table.frame["note"].tolist() == [words[row % 40] for row in range(1, 20_000)]


# --- attacks


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
)


def test_entities_are_refused_wherever_xml_is_read() -> None:
    refused(f"{ENTITIES}<Workbook><Worksheet><Table/></Worksheet></Workbook>".encode(), ".xls", "document type")
    refused(f"{ENTITIES}<log></log>".encode(), ".xes", "document type")
    data = tampered({"xl/sharedStrings.xml": f"{ENTITIES}<sst><si><t>&f;</t></si></sst>"})
    try:
        tables = read_table(data, "x", "x.xlsx", ".xlsx")
    except ExportError:
        return
    assert "root:" not in tables[0].frame.to_csv()


def test_names_in_archives_never_become_paths(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    names = ["../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "..\\evil.csv"]
    (inside / "x.zip").write_bytes(zipped(dict.fromkeys(names, b"id\n1\n")))
    files = open_export(inside / "x.zip").files
    assert [file.stem for file in files] == ["evil"] * 4
    assert all(file.read()[0].frame["id"].tolist() == ["1"] for file in files)
    assert [entry.name for entry in tmp_path.rglob("*")] == ["inside", "x.zip"]


def test_a_view_that_computes_for_ever_is_given_up(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE deals (id)")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"
    connection.execute(f"CREATE VIEW endless AS {endless}")
    connection.execute("CREATE VIEW loads AS SELECT load_extension('x') AS x")
    connection.close()
    from mining.sources.forms import databases

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "_MOST_STEPS", 100)
        tables = {table.name: table for table in open_export(tmp_path / "x.db").files[0].read()}
    assert set(tables) == {"deals", "endless", "loads"}
    assert "cannot be read" in tables["endless"].facts["notes"][0]
    assert "cannot be read" in tables["loads"].facts["notes"][0]


def test_a_duckdb_file_that_is_in_use_is_told(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    program = f"""
        import duckdb
        connection = duckdb.connect({str(path)!r})
        connection.execute("CREATE TABLE deals AS SELECT 1 AS id")
        print("open", flush=True)
        input()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        with pytest.raises(ExportError, match="another program has it open"):
            open_export(path).files[0].read()
        holder.stdin.write("\n")
    assert open_export(path).files[0].read()[0].frame["id"].tolist() == ["1"]


# --- broken


def duckdb_file(folder: Path) -> bytes:
    duckdb.connect(folder / "x.duckdb").execute("CREATE TABLE deals AS SELECT range AS id FROM range(1000)").close()
    return (folder / "x.duckdb").read_bytes()


def sqlite_file(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "x.db")
    connection.execute("CREATE TABLE deals (id)")
    connection.executemany("INSERT INTO deals VALUES (?)", [(str(number),) for number in range(2000)])
    connection.commit()
    connection.close()
    return (folder / "x.db").read_bytes()


def parquet_file(_: Path) -> bytes:
    whole = io.BytesIO()
    pd.DataFrame({"id": [str(number) for number in range(1000)]}).to_parquet(whole)
    return whole.getvalue()


FILES: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    "workbook": (".xlsx", lambda _: plain_workbook(("id",), *((number,) for number in range(500)))),
    "binary workbook": (".xls", lambda _: old_workbook(("id", "n"), *((str(place), 1.0) for place in range(300)))),
    "parquet": (".parquet", parquet_file),
    "gzip": (".csv.gz", lambda _: gzip.compress(b"id,n\n" + bytes(range(97, 123)) * 3000 + b"\n")),
    "zip": (".zip", lambda _: zipped({"calls.csv": b"id,n\n" + bytes(range(97, 123)) * 3000})),
    "sqlite": (".sqlite", sqlite_file),
    "duckdb": (".duckdb", duckdb_file),
    "json": (".json", lambda _: json.dumps([{"id": number, "n": "x"} for number in range(500)]).encode()),
}


@cache
def _made(form: str) -> dict[str, bytes]:
    return {}


def unchanged(form: str, folder: Path) -> bytes:
    """Make a file once: some forms hold the time they were made at."""
    known = _made(form)
    if not known:
        known[form] = FILES[form][1](folder)
    return known[form]


def everything(path: Path) -> list[object]:
    return [table for file in open_export(path).files for table in file.read()]


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.98])
def test_files_that_are_cut_short_are_refused(form: str, share: float, tmp_path: Path) -> None:
    suffix, make = FILES[form]
    data = make(tmp_path)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ExportError, match="cannot be read"):
        everything(path)


@pytest.mark.parametrize("form", ["workbook", "binary workbook", "parquet", "gzip", "zip", "sqlite", "json"])
@settings(max_examples=25)
@given(data=st.data())
def test_bytes_that_were_changed_end_in_tables_or_in_a_clear_word(
    form: str, data: st.DataObject, tmp_path_factory
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    suffix, _ = FILES[form]
    whole = bytearray(unchanged(form, folder))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    path = folder / f"changed{suffix}"
    path.write_bytes(bytes(whole))
    try:
        everything(path)
    except ExportError as error:
        assert "cannot be read" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "suffix", [".csv", ".xlsx", ".xls", ".parquet", ".json", ".html", ".sqlite", ".duckdb", ".xml", ".feather"]
)
@given(noise=st.binary(max_size=400))
def test_noise_under_any_name_ends_in_tables_or_in_a_clear_word(suffix: str, noise: bytes) -> None:
    try:
        read_table(noise, "x", f"x{suffix}", suffix)
    except ExportError as error:
        assert "cannot be read" in str(error)  # noqa: PT017


def test_a_password_is_told(tmp_path: Path) -> None:
    data = bytearray(zipped({"calls.csv": b"id\n1\n"}))
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(sign) + flags] |= 1
    (tmp_path / "x.zip").write_bytes(bytes(data))
    with pytest.raises(ExportError, match="password"):
        open_export(tmp_path / "x.zip")
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    refused(locked, ".xlsx", "password")


def test_one_bad_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("id\n1\n")
    (tmp_path / "cut.zip").write_bytes(zipped({"a.csv": b"id\n"})[:20])
    (tmp_path / "void.xlsx").touch()
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "scan.csv").write_bytes(b"%PDF-1.7")
    folder = open_export(tmp_path)
    assert [file.name for file in folder.files] == ["calls.csv"]
    assert [name.partition(" (")[0] for name in folder.unread] == ["cut.zip", "scan.csv", "scan.pdf", "void.xlsx"]
    assert folder.unread[3] == "void.xlsx (it is empty)"


def test_workbooks_that_contradict_themselves_are_refused() -> None:
    refused(sheet('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'), ".xlsx", "no whole workbook")
    refused(sheet('<row r="1"><c r="A1"><v>1</v>'), ".xlsx", "cannot be read")


def test_panics_of_the_workbook_reader_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    import python_calamine

    panic = type("PanicException", (BaseException,), {})

    def fail(_: object) -> None:
        raise panic

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_filelike", fail, raising=False)
    refused(plain_workbook(("id",), (1,)), ".xlsx", "contradict")


# --- wide and long

WIDE = 50_000


def test_fifty_thousand_columns_are_read() -> None:
    names = [f"c{place}" for place in range(WIDE)]
    ones = ["1"] * WIDE
    with within(20):
        (table,) = read_table(f"{','.join(names)}\n{','.join(ones)}\n".encode(), "x", "x.csv", ".csv")
    assert table.frame.shape == (1, WIDE)
    with within(20):
        (table,) = read_table(json.dumps([dict.fromkeys(names, 1)]).encode(), "x", "x.json", ".json")
    assert table.frame.shape == (1, WIDE)
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in names[:16_000])
    with within(20):
        (table,) = read_table(
            sheet(f"<row>{cells}</row><row>{'<c><v>1</v></c>' * 16_000}</row>"), "x", "x.xlsx", ".xlsx"
        )
    assert table.frame.shape == (1, 16_000)


def test_a_cell_of_twenty_megabytes_is_a_cell() -> None:
    long = "x" * 20_000_000
    for data, suffix in (
        (f'id,n\n1,"{long}"\n2,b\n', ".csv"),
        (json.dumps([{"id": 1, "n": long}, {"id": 2, "n": "b"}]), ".json"),
        (f"<table><tr><th>id<th>n</tr><tr><td>1<td>{long}</tr><tr><td>2<td>b</tr></table>", ".html"),
    ):
        with within(10):
            (table,) = read_table(data.encode(), "x", f"x{suffix}", suffix)
        assert table.frame["n"].str.len().tolist() == [20_000_000, 1]


def test_zero_bytes_in_text_do_not_swallow_what_follows() -> None:
    try:
        (table,) = read_table(b"id,n\n1,a\0b\n2,c\n", "x", "x.csv", ".csv")
    except ExportError:
        return
    assert table.frame["id"].tolist() == ["1", "2"]
    assert table.frame["n"].iloc[0] in {"a\0b", "ab"}


def test_deep_nesting_ends_in_text_or_in_a_clear_word() -> None:
    deep = b'[{"id": 1, "a": ' + b'{"b": ' * 300 + b"1" + b"}" * 300 + b"}]"
    (table,) = read_table(deep, "x", "x.json", ".json")
    assert table.frame["id"].tolist() == ["1"]
    refused(b"[" * 200_000, ".json", "nests deeper|no whole JSON")
    refused(b'{"a":' * 200_000, ".json", "nests deeper|no whole JSON")


def test_a_long_table_in_a_zip_is_streamed_within_its_limits(tmp_path: Path) -> None:
    # Every line of its own, so that it packs as a table does.
    lines = "".join(f"{place},c{place * 7919 % 100_003:06d}@mail.example,{place % 97}\n" for place in range(300_000))
    (tmp_path / "x.zip").write_bytes(zipped({"calls.csv": f"id,who,n\n{lines}".encode()}))
    (table,) = open_export(tmp_path / "x.zip").files[0].read()
    assert len(table.frame) == 300_000


def test_arrow_streams_may_be_empty() -> None:
    (file,) = open_export(pa.table({"id": pa.array([], pa.string())})).files
    assert file.read()[0].records == 0


def test_reading_leaves_nothing_behind_and_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "crm.sqlite.gz"
    path.write_bytes(gzip.compress(sqlite_file(tmp_path)))
    (tmp_path / "x.db").unlink()
    (table,) = open_export(path).files[0].read()
    assert len(table.frame) == 2000
    assert [entry.name for entry in tmp_path.iterdir()] == ["crm.sqlite.gz"]
