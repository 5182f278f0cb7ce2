"""Every form that an export comes in is read, whatever it is called; strings come out as they went in."""

import gzip
import io
import json
import sqlite3
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining import read_crm
from mining._errors import ExportError
from mining.sources.forms.databases import is_object_centric
from mining.sources.forms.envelopes import opened_envelope
from mining.sources.forms.files import open_export
from mining.sources.forms.formats import read_table
from mining.sources.forms.kinds import kind_of
from mining.sources.table import RawTable
from tests.sources.binary_books import old_workbook

WANTED = {"id": ["007", "8"], "stage": ["won", "lost"]}

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8">
<script>var x = "<table><tr><td>no</td></tr></table>";</script>
</head><body><table><tr><td>Calls</td></tr></table>
<table border=1><tr><th>id<th>stage</tr><tr><td>007<td><b>w</b>on</tr>
<tr><td>8</td><td>lo&#115;t&nbsp;</td></tr></table>"""

SHEET = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Sheet1"><Table>{rows}</Table></Worksheet></Workbook>"""


def row(*cells: str, index: int | None = None) -> str:
    place = f' ss:Index="{index}"' if index else ""
    return f"<Row{place}>" + "".join(cells) + "</Row>"


def cell(value: str, kind: str = "String", **said: int) -> str:
    places = "".join(f' ss:{key}="{number}"' for key, number in said.items())
    return f'<Cell{places}><Data ss:Type="{kind}">{value}</Data></Cell>'


def workbook(*rows: tuple[object, ...], name: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = name
    for one in rows:
        book.active.append(list(one))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    whole = io.BytesIO()
    book.save(whole)
    return whole.getvalue()


def zipped(entries: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return whole.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    whole = io.BytesIO()
    frame.to_parquet(whole)
    return whole.getvalue()


def only(tables: list[RawTable]) -> RawTable:
    (table,) = tables
    return table


def read_all(path: Path) -> dict[str, RawTable]:
    return {table.name: table for file in open_export(path).files for table in file.read()}


def told(table: RawTable) -> dict[str, list[str]]:
    return table.frame.to_dict("list")


# --- content over suffix

FORMS = {
    "text": b"id,stage\n007,won\n8,lost\n",
    "tabs": b"id\tstage\n007\twon\n8\tlost\n",
    "utf-16 tabs": "id\tstage\n007\twon\n8\tlost\n".encode("utf-16"),
    "workbook": workbook(("id", "stage"), ("007", "won"), (8, "lost")),
    "page": PAGE.encode(),
    "xml workbook": SHEET.format(
        rows=row(cell("id"), cell("stage")) + row(cell("007"), cell("won")) + row(cell("8", "Number"), cell("lost"))
    ).encode(),
    "records": b'[{"id": "007", "stage": "won"}, {"id": 8, "stage": "lost"}]',
    "lines": b'{"id": "007", "stage": "won"}\n{"id": 8, "stage": "lost"}\n',
    "parquet": parquet(pd.DataFrame(WANTED)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", [".csv", ".xls", ".xlsx", ".txt"])
def test_the_bytes_decide_and_not_the_suffix(form: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"report{suffix}").write_bytes(FORMS[form])
    table = read_all(tmp_path)["report"]
    assert told(table) == WANTED
    is_right = {"text": (".csv", ".txt"), "tabs": (".csv", ".txt"), "workbook": (".xlsx",)}.get(
        form.removeprefix("utf-16 "), ()
    )
    assert (table.facts["notes"] == ()) == (suffix in is_right)
    assert suffix in is_right or f"named {suffix}, but it is" in table.facts["notes"][0]


@pytest.mark.parametrize("form", FORMS)
def test_gzip_and_zip_are_layers_around_any_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "calls.csv.gz").write_bytes(gzip.compress(FORMS[form]))
    (tmp_path / "all.zip").write_bytes(
        zipped({"deep/deals.csv": FORMS[form], "tasks.csv.gz": gzip.compress(FORMS[form])})
    )
    tables = read_all(tmp_path)
    assert {name: told(table) for name, table in tables.items()} == dict.fromkeys(("calls", "deals", "tasks"), WANTED)


def test_a_header_line_that_looks_like_a_sign_is_still_text() -> None:
    for header in ("PAR1,n", "ORCID,n", "customerDUCK,n", "<id>,<n>", "[id],[n]"):
        assert kind_of(f"{header}\n1,2\n".encode(), ".csv").name == "text"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"7z\xbc\xaf\x27\x1c\0\0", "7-Zip"),
        (b"MIME-Version: 1.0\r\nX", "web archive"),
        (zipped({"word/document.xml": b"x", "[Content_Types].xml": b"x"}), "text document"),
        (zipped({"xl/workbook.bin": b"x", "[Content_Types].xml": b"x"}), "binary workbook"),
        (b"", "empty"),
    ],
)
def test_forms_that_are_not_read_are_named_with_the_way_out(data: bytes, why: str) -> None:
    with pytest.raises(ExportError, match=why):
        read_table(data, "x", "x.xls", ".xls")


# --- web pages


def test_a_page_that_asks_to_log_in_is_no_export() -> None:
    page = b"<form><table><tr><td>User<td><input></tr><tr><td>Password<td><input type='password'></tr></table>"
    with pytest.raises(ExportError, match="asks to log in"):
        read_table(page, "x", "x.xls", ".xls")


def test_wide_and_tall_cells_and_tables_in_tables_are_laid_out() -> None:
    page = """<table><tr><td colspan=3>Report of March</td></tr><tr></tr>
    <tr><th>team<th>id<th>stage</tr>
    <tr><td rowspan="2">North<td>1<td>won<table><tr><td>inner</td></tr></table></td></tr>
    <tr><td>2<td>lost<br>again</tr>
    <tr><td>South<td>3<td></tr><tr><td>&nbsp;</tr>
    <tr><td colspan=3>Grand Totals (3 records)</tr><tr><td colspan=3>Confidential - do not distribute</tr></table>"""
    table = only(read_table(page.encode(), "r", "r.xls", ".xls"))
    assert told(table) == {
        "team": ["North", "North", "South"],
        "id": ["1", "2", "3"],
        "stage": ["won", "lost again", ""],
    }
    assert dict(table.aside) == {"preamble": (0,), "empty": (4,), "footer": (5, 6)}
    assert table.rows.tolist() == [1, 2, 3]


def test_the_charset_of_a_page_is_a_hint_that_the_bytes_may_contradict() -> None:
    page = '<meta charset="{}"><table><tr><th>id<th>name</tr><tr><td>1<td>{}</tr></table>'
    for charset, encoding in (("windows-1255", "cp1255"), ("iso-8859-8-i", "iso-8859-8"), ("windows-1255", "utf-8")):
        table = only(read_table(page.format(charset, "שלום").encode(encoding), "x", "x.xls", ".xls"))
        assert told(table)["name"] == ["שלום"]


def test_a_page_of_several_tables_gives_the_largest_the_name() -> None:
    small = "<table><tr><th>from<th>to</tr><tr><td>1<td>2</tr></table>"
    tables = read_table(f"<html>{small}{PAGE}".encode(), "deals", "deals.xls", ".xls")
    assert [table.name for table in tables] == ["deals", "deals#2"]
    assert told(tables[0]) == WANTED


# --- workbooks in XML


def test_cells_of_an_xml_workbook_stand_where_their_indices_say() -> None:
    rows = [
        row(cell("Report")),
        row(cell("id"), cell("when"), cell("n"), cell("ok"), index=4),
        row(
            cell("1"),
            cell("2024-03-05T00:00:00.000", "DateTime"),
            cell("1.5E+3", "Number"),
            cell("1", "Boolean"),
            index=6,
        ),
        row(cell("2"), cell("7", "Number", Index=3), cell("0", "Boolean")),
        row(cell("3", MergeAcross=1), cell("#N/A", "Error"), cell("a &amp; b")),
    ]
    table = only(read_table(SHEET.format(rows="".join(rows)).encode(), "r", "r.xls", ".xls"))
    assert told(table) == {
        "id": ["1", "2", "3"],
        "when": ["2024-03-05T00:00:00.000", "", ""],
        "n": ["1500", "7", ""],
        "ok": ["true", "false", "a & b"],
    }


def test_ids_that_xml_workbooks_spell_as_numbers_are_flagged() -> None:
    rows = row(cell("id"), cell("n")) + row(cell("1.23456789012345E+17", "Number"), cell("1", "Number"))
    table = only(read_table(SHEET.format(rows=rows).encode(), "r", "r.xls", ".xls"))
    assert "more than 15 digits" in " ".join(table.facts["notes"])


# --- workbooks


def test_every_sheet_is_read_and_hidden_and_merged_ones_are_told() -> None:
    book = openpyxl.Workbook()
    book.active.title = "deals"
    for one in (("team", "id"), ("North", 1), (None, 2)):
        book.active.append(one)
    book.active.merge_cells("A2:A3")
    hidden = book.create_sheet("calls")
    hidden.sheet_state = "veryHidden"
    hidden.append(["id", "n"])
    hidden.append([1, 2])
    book.create_sheet("blank")
    book.create_chartsheet("chart")
    deals, calls = read_table(saved(book), "export", "export.xlsx", ".xlsx")
    assert (deals.name, calls.name) == ("deals", "calls")
    assert deals.facts["notes"] == (
        "1 cells are merged over several rows: only the first of these rows holds the value",
    )
    assert calls.facts["notes"] == ("the sheet is hidden",)


def test_cells_of_a_workbook_keep_their_types() -> None:
    data = workbook(
        ("id", "when", "day", "took", "ok", "n", "big"),
        (
            "007",
            datetime.fromisoformat("2024-01-02T03:04"),
            date(2024, 1, 2),
            timedelta(hours=30),
            True,
            0.5,
            10**17,
        ),
        (8, datetime.fromisoformat("2024-01-03"), date(2024, 1, 3), timedelta(minutes=1), False, 7, None),
    )
    table = only(read_table(data, "t", "t.xlsx", ".xlsx"))
    assert told(table) == {
        "id": ["007", "8"],
        "when": ["2024-01-02T03:04:00", "2024-01-03T00:00:00"],
        "day": ["2024-01-02", "2024-01-03"],
        "took": ["108000.0", "60.0"],
        "ok": ["true", "false"],
        "n": ["0.5", "7"],
        "big": [str(10**17), ""],
    }
    assert table.facts["notes"] == (
        "'big' holds numbers of more than 15 digits: ids may have been rounded, export as CSV",
    )


def test_what_is_no_record_of_a_sheet_is_set_aside() -> None:
    data = workbook(
        ("Deals of March",), (), ("id", "stage", "n"), (1, "won", 5), (None, None, None), ("id", "stage", "n"),
        (2, "lost", 6), ("Total", None, 11), (), ("Filtered by owner",),
    )  # fmt: skip
    table = only(read_table(data, "t", "t.xlsx", ".xlsx"))
    assert told(table) == {"id": ["1", "2"], "stage": ["won", "lost"], "n": ["5", "6"]}
    assert dict(table.aside) == {"preamble": (0,), "empty": (2, 6), "repeated header": (3,), "footer": (5, 7)}
    assert table.records == 8


def test_cells_of_exactly_the_longest_text_are_told() -> None:
    table = only(read_table(workbook(("id", "note"), (1, "x" * 32_767)), "t", "t.xlsx", ".xlsx"))
    assert "1 cells of 'note' have exactly 32,767 letters" in table.facts["notes"][0]


def test_binary_workbooks_of_old_are_read_under_any_name() -> None:
    data = old_workbook(("id", "stage"), ("007", "הושלם"), (8.0, "lost"))
    for suffix in (".xls", ".csv", ".xlsx"):
        table = only(read_table(data, "t", f"t{suffix}", suffix))
        assert told(table) == {"id": ["007", "8"], "stage": ["הושלם", "lost"]}


# --- nested records


def test_lists_of_records_become_tables_with_the_cells_of_the_record_they_stand_in() -> None:
    records = [
        {"id": 12345678901234567890, "via": {"channel": "web"}, "tags": ["a", "b"], "body": "x" * 300, "empty": [],
         "comments": [{"id": 1, "files": [{"name": "f"}]}, {"id": 2, "public": True}]},
        {"id": "8", "via": None, "comments": []},
    ]  # fmt: skip
    tables = read_table(json.dumps(records).encode(), "tickets", "tickets.json", ".json")
    tickets, comments, files = tables
    assert told(tickets)["id"] == ["12345678901234567890", "8"]
    assert told(tickets)["tags"] == ["a;b", ""]
    assert "comments" not in tickets.frame.columns
    assert comments.name == "tickets__comments"
    assert told(comments)["public"] == ["", "true"]
    assert told(comments)["_parent.id"] == ["12345678901234567890"] * 2
    assert told(comments)["_parent.via.channel"] == ["web"] * 2
    assert "_parent.body" not in comments.frame.columns
    assert files.name == "tickets__comments__files"
    assert told(files)["_parent._parent.id"] == ["12345678901234567890"]


@pytest.mark.parametrize(
    "page",
    [
        {"results": [{"id": 1}], "paging": {"next": {"after": "9"}}},
        {"records": [{"id": 1}], "totalSize": 1, "done": True},
        {"@odata.context": "x", "value": [{"id": 1}]},
        {"success": True, "data": [{"id": 1}], "additional_data": {"pagination": {}}},
        {"type": "conversation.list", "conversations": [{"id": 1}], "total_count": 1, "pages": {}},
        {"took": 3, "timed_out": False, "hits": {"total": 1, "hits": [{"id": 1}]}},
        {"d": {"results": [{"id": 1}]}},
    ],
)
def test_envelopes_of_interfaces_are_opened(page: dict[str, object]) -> None:
    assert told(only(read_table(json.dumps(page).encode(), "x", "x.json", ".json"))) == {"id": ["1"]}


def test_a_record_with_a_list_is_no_envelope() -> None:
    tables = read_table(b'{"id": 5, "items": [{"sku": "a"}], "count": 1}', "order", "order.json", ".json")
    assert [table.name for table in tables] == ["order", "order__items"]
    assert opened_envelope({"total": 5, "items": [{"sku": "a"}]}, is_one_of_many=True) is None


def test_side_loaded_lists_are_tables_of_their_own() -> None:
    page = b'{"tickets": [{"id": 1}], "users": [{"id": 2}], "next_page": null, "count": 1}'
    assert [table.name for table in read_table(page, "p", "p.json", ".json")] == ["tickets", "users"]
    page = b'{"data": [{"id": 1}], "included": [{"id": 2}], "links": {}}'
    assert [table.name for table in read_table(page, "p", "p.json", ".json")] == ["p", "p__included"]


def test_pages_one_after_another_are_one_table() -> None:
    first, second = '{"results": [{"id": 1}], "next": "x"}', '{"results": [{"id": 2}], "next": null}'
    for text in (f"{first}\n{second}\n", f"[{first},\n {second}]", f"{first}{second}"):
        assert told(only(read_table(text.encode(), "x", "x.json", ".json"))) == {"id": ["1", "2"]}


def test_lines_that_are_no_records_are_set_aside() -> None:
    lines = b'{"id": 1}\n{"id": \n\nnull\n{"id": 4, "id": 5}\n' + b'{"a":' * 50_000 + b"\n\xff\xfe\n"
    table = only(read_table(lines, "x", "x.ndjson", ".ndjson"))
    assert told(table) == {"id": ["1", "5"]}
    assert table.rows.tolist() == [1, 4]
    assert dict(table.aside) == {"unreadable record": (2, 3, 5, 6)}
    assert table.facts["notes"] == ("1 records name a key twice: the last value counts",)


def test_pairs_of_a_name_and_a_value_are_columns() -> None:
    records = [
        {"event_params": [{"key": "page", "value": {"string_value": "/", "int_value": None}},
                          {"key": "ga_session_id", "value": {"string_value": None, "int_value": 12}}]},
        {"event_params": [], "custom_fields": [{"id": 360, "value": "gold"}, {"id": 361, "value": None}]},
    ]  # fmt: skip
    table = only(read_table(json.dumps(records).encode(), "e", "e.json", ".json"))
    assert told(table) == {
        "event_params.page": ["/", ""],
        "event_params.ga_session_id": ["12", ""],
        "custom_fields.360": ["", "gold"],
        "custom_fields.361": ["", ""],
    }


def test_raw_tables_of_airbyte_are_unwrapped() -> None:
    lines = b'{"_airbyte_raw_id": "r", "_airbyte_data": {"id": 1, "a": {"b": 2}}}\n{"_airbyte_data": {"id": 3}}\n'
    assert told(only(read_table(lines, "x", "x.jsonl", ".jsonl"))) == {
        "id": ["1", "3"], "a.b": ["2", ""], "_airbyte_raw_id": ["r", ""],
    }  # fmt: skip
    text = b'_airbyte_raw_id,_airbyte_data\nr,"{""id"": 12345678901234567890}"\ns,{\n'
    table = only(read_table(text, "x", "x.csv", ".csv"))
    assert told(table) == {"id": ["12345678901234567890"], "_airbyte_raw_id": ["r"]}
    assert dict(table.aside) == {"unreadable record": (2,)}


def test_letters_that_were_cut_in_two_do_not_spoil_the_file() -> None:
    text = b'{"id": 1, "n": "smile \\ud83d"}\n{"id": 2, "n": "whole \\ud83d\\ude00"}\n'
    table = only(read_table(text, "x", "x.ndjson", ".ndjson"))
    assert told(table) == {"id": ["1", "2"], "n": ["smile \\ud83d", "whole \U0001f600"]}


def test_rows_of_lists_are_a_grid() -> None:
    assert told(only(read_table(b'{"values": [["id", "n"], [1, null]]}', "x", "x.json", ".json")))
    assert told(only(read_table(b'[["id", "n"], [1, null], ["2"]]', "x", "x.json", ".json"))) == {
        "id": ["1", "2"], "n": ["", ""],
    }  # fmt: skip


keys = st.text(alphabet="abcd", min_size=1, max_size=3)
words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
scalars = st.one_of(words, st.integers(), st.booleans(), st.none())


@given(st.lists(st.dictionaries(keys, scalars, min_size=1, max_size=4), min_size=2, max_size=6))
def test_no_cell_of_flat_records_is_lost_or_changed(records: list[dict[str, object]]) -> None:
    text = "\n".join(json.dumps(record) for record in records)
    table = only(read_table(text.encode(), "x", "x.ndjson", ".ndjson"))
    assert len(table.frame) == len(records)
    for key in table.frame.columns:
        spelt = [record.get(key) for record in records]
        wanted = ["" if one is None else str(one).lower() if isinstance(one, bool) else str(one) for one in spelt]
        assert table.frame[key].tolist() == wanted


# --- databases


def sqlite(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def test_every_table_and_view_of_a_sqlite_file_is_read(tmp_path: Path) -> None:
    sqlite(
        tmp_path / "crm.db",
        "CREATE TABLE deals (id INTEGER, name TEXT, amount REAL, raw BLOB, ok)",
        "INSERT INTO deals VALUES (9007199254740993, 'NA', 7.0, x'ff00', NULL), (8, '007', 0.5, NULL, 'x')",
        'CREATE TABLE "odd "" name; DROP" ("a ""b" TEXT)',
        "CREATE VIEW open_deals AS SELECT id FROM deals WHERE id = 8",
        "CREATE VIEW broken AS SELECT * FROM nowhere",
        "CREATE TABLE none (id)",
    )
    tables = read_all(tmp_path)
    assert told(tables["deals"]) == {
        "id": ["9007199254740993", "8"], "name": ["NA", "007"], "amount": ["7", "0.5"], "raw": ["ff00", ""],
        "ok": ["", "x"],
    }  # fmt: skip
    assert told(tables["open_deals"]) == {"id": ["8"]}
    assert list(tables['odd " name; DROP'].frame.columns) == ['a "b']
    assert list(tables["none"].frame.columns) == ["id"]
    assert "cannot be read: no such table" in tables["broken"].facts["notes"][0]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["crm.db"]


def test_a_sqlite_file_in_a_zip_is_read(tmp_path: Path) -> None:
    path = sqlite(tmp_path / "crm.sqlite", "CREATE TABLE deals (id)", "INSERT INTO deals VALUES ('007')")
    (tmp_path / "export.zip").write_bytes(zipped({"crm.sqlite": path.read_bytes()}))
    assert told(read_all(tmp_path / "export.zip")["deals"]) == {"id": ["007"]}


def test_object_centric_databases_are_told_apart(tmp_path: Path) -> None:
    assert is_object_centric(["event", "object", "event_object", "event_map_type", "event_pay"])
    assert not is_object_centric(["event", "object"])
    names = ("event", "object", "event_object", "event_map_type")
    sqlite(tmp_path / "log.sqlite", *(f"CREATE TABLE {name} (ocel_id TEXT)" for name in names))
    assert all("read_ocel" in table.facts["notes"][0] for table in read_all(tmp_path).values())
    with pytest.raises(ExportError, match="read_ocel"):
        read_table(b"<?xml version='1.0'?><log><object-types/></log>", "x", "x.xml", ".xml")


def test_every_table_of_a_duckdb_file_is_read_without_floats(tmp_path: Path) -> None:
    connection = duckdb.connect(tmp_path / "crm.duckdb")
    connection.execute('CREATE SCHEMA "raw ""x"')
    connection.execute(
        "CREATE TABLE deals AS SELECT * FROM (VALUES (12345678901234567890::HUGEINT, 1.50::DECIMAL(9,2), 0.5,"
        " TIMESTAMP '2024-01-02 03:04:05', TIMESTAMPTZ '2024-01-02 03:04:05+02', DATE '2024-01-02', true, 'won',"
        " [{'sku': 'a'}], {'k': 1}), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL))"
        " t(id, amount, share, happened, zoned, day, ok, stage, items, nested)"
    )
    connection.execute('CREATE TABLE "raw ""x"."odd; name" AS SELECT 1 AS "select"')
    connection.execute(f"CREATE VIEW leak AS SELECT * FROM read_text('{Path(__file__)}')")
    connection.close()
    tables = read_all(tmp_path)
    assert told(tables["deals"]) == {
        "id": ["12345678901234567890", ""],
        "amount": ["1.50", ""],
        "share": ["0.5", ""],
        "happened": ["2024-01-02T03:04:05.000000", ""],
        "zoned": ["2024-01-02T01:04:05.000000Z", ""],
        "day": ["2024-01-02", ""],
        "ok": ["true", ""],
        "stage": ["won", ""],
        "nested.k": ["1", ""],
    }
    assert told(tables["deals__items"])["sku"] == ["a"]
    assert told(tables['raw "x.odd; name']) == {"select": ["1"]}
    assert "cannot be read" in tables["leak"].facts["notes"][0]
    assert len(tables["leak"].frame) == 0


# --- in memory

ARROW = pa.table(
    {
        "id": pa.array([9007199254740993, None], pa.int64()),
        "share": [0.5, None],
        "whole": [7.0, None],
        "amount": pa.array([Decimal("1.50"), None]),
        "at": pa.array([datetime.fromisoformat("2024-01-02T03:04:05"), None], pa.timestamp("ns")),
        "zoned": pa.array([datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), None], pa.timestamp("s", "Asia/Jerusalem")),
        "day": pa.array([date(2024, 1, 2), None]),
        "time": pa.array([time(3, 4), None]),
        "ok": [True, None],
        "stage": pa.array(["won", None]).dictionary_encode(),
        "tags": [["a", "b"], None],
        "nothing": pa.nulls(2),
    }
)
SPELT = {
    "id": ["9007199254740993", ""],
    "share": ["0.5", ""],
    "whole": ["7", ""],
    "amount": ["1.50", ""],
    "at": ["2024-01-02T03:04:05.000000", ""],
    "zoned": ["2024-01-02T03:04:05.000000Z", ""],
    "day": ["2024-01-02", ""],
    "time": ["03:04:00.000000", ""],
    "ok": ["true", ""],
    "stage": ["won", ""],
    "nothing": ["", ""],
    "tags": ["a;b", ""],
}


class Handed:
    """What only hands Arrow data over."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return ARROW.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("rows", [ARROW, Handed(), ARROW.to_reader()], ids=["table", "handed", "reader"])
def test_whatever_hands_arrow_data_over_is_a_table(rows: object) -> None:
    (file,) = open_export({"deals": rows}).files
    assert told(only(file.read())) == SPELT
    assert file.read() is file.read()


def test_a_warehouse_table_is_read_as_a_relation() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE deals AS SELECT 9007199254740993 AS id, 'won' AS stage")
    folder = open_export({"deals": connection.table("deals"), "calls": pd.DataFrame({"id": ["007"]})})
    assert [told(only(file.read())) for file in folder.files] == [
        {"id": ["9007199254740993"], "stage": ["won"]}, {"id": ["007"]},
    ]  # fmt: skip
    assert [file.stem for file in open_export(connection.table("deals")).files] == ["table"]
    connection.close()


def test_parquet_spells_as_frames_do(tmp_path: Path) -> None:
    import pyarrow.feather
    import pyarrow.parquet

    pyarrow.parquet.write_table(ARROW, tmp_path / "a.parquet")
    pyarrow.feather.write_feather(ARROW.drop_columns(["tags"]), tmp_path / "b.feather")
    tables = read_all(tmp_path)
    assert told(tables["a"]) == SPELT
    assert told(tables["b"]) == {name: cells for name, cells in SPELT.items() if name != "tags"}


# --- folders


def test_a_folder_of_parts_is_one_table(tmp_path: Path) -> None:
    for place, ids in enumerate((["1", "2"], ["3"])):
        (tmp_path / "events").mkdir(exist_ok=True)
        pd.DataFrame({"id": ids}).to_parquet(tmp_path / "events" / f"part-{place:05d}-c000.snappy.parquet")
    (tmp_path / "events" / "_SUCCESS").touch()
    for day in ("2024-01-02", "2024-01-01"):
        inner = tmp_path / "calls" / f"date={day}"
        inner.mkdir(parents=True)
        (inner / "x.csv").write_text("id,n\n7,1\n")
    (tmp_path / "hubspot").mkdir()
    (tmp_path / "hubspot" / "deals.csv").write_text("id\n1\n")
    folder = open_export(tmp_path)
    tables = read_all(tmp_path)
    assert told(tables["events"]) == {"id": ["1", "2", "3"]}
    assert tables["events"].rows.tolist() == [1, 2, 3]
    assert tables["events"].facts["notes"] == ("2 parts",)
    assert told(tables["calls"]) == {"id": ["7", "7"], "n": ["1", "1"], "date": ["2024-01-01", "2024-01-02"]}
    assert [path.name for path in folder.folders] == ["hubspot"]
    assert told(read_all(tmp_path / "events")["events"]) == {"id": ["1", "2", "3"]}


def test_parts_of_different_columns_are_joined_visibly_or_refused(tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "part-0.csv").write_text("id,n\n1,a\n")
    (folder / "part-1.csv").write_text("id,extra\n2,b\n")
    table = read_all(tmp_path)["calls"]
    assert told(table) == {"id": ["1", "2"], "n": ["a", ""], "extra": ["", "b"]}
    assert "part-1.csv lacks n" in table.facts["notes"]
    (folder / "part-1.csv").write_text("2,b\n3,c\n")
    with pytest.raises(ExportError, match="no header line"):
        read_all(tmp_path)


def test_a_delta_table_is_not_read_part_by_part(tmp_path: Path) -> None:
    (tmp_path / "deals" / "_delta_log").mkdir(parents=True)
    pd.DataFrame({"id": ["1"]}).to_parquet(tmp_path / "deals" / "part-0.parquet")
    (tmp_path / "calls.csv").write_text("id\n1\n")
    folder = open_export(tmp_path)
    assert [file.name for file in folder.files] == ["calls.csv"]
    assert "removed rows" in folder.unread[0]


def test_links_in_circles_and_hidden_files_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("id\n1\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "~$calls.xlsx").write_bytes(b"x")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    folder = open_export(tmp_path)
    assert [file.name for file in folder.files] == ["calls.csv"]
    assert folder.unread == ("gone.csv",)


def test_a_mapping_of_one_table_takes_the_records_and_not_the_lists_inside_them(tmp_path: Path) -> None:
    record = {"id": 1, "what": "Call", "at": "2024-01-01T00:00:00Z", "who": "c1", "parts": [{"id": 9, "what": "x"}]}
    (tmp_path / "whatever.json").write_text(json.dumps({"results": [record], "paging": {}}))
    (tmp_path / "phone.yml").write_text(
        "system: phone\nreaders:\n  - {name: call, kind: activity, table: calls,"
        " fields: {touchpoint_id: id, activity: what, timestamp: at, customer: who}}\n"
    )
    touchpoints = read_crm(tmp_path / "whatever.json", mapping=tmp_path / "phone.yml")
    assert touchpoints.frame["activity"].tolist() == ["Call"]
    assert any("whatever__parts" in note for note in touchpoints.quality.notes)


def test_the_parts_of_a_zip_that_are_not_read_are_named(tmp_path: Path) -> None:
    inner = zipped({"deep.csv": b"id\n1\n"})
    path = tmp_path / "export.zip"
    path.write_bytes(zipped({"calls.csv": b"id\n1\n", "inner.zip": inner, "readme.md": b"#", "void.csv": b""}))
    folder = open_export(path)
    assert [file.name for file in folder.files] == ["export.zip/calls.csv"]
    assert folder.unread == (
        "export.zip/inner.zip (it is a zip inside a zip. Unpack it and read the folder)",
        "export.zip/readme.md",
        "export.zip/void.csv (it is empty)",
    )


def test_numbers_of_many_digits_are_spelt_digit_by_digit() -> None:
    from mining.sources.forms.cells import spelt_arrow

    values = [0.0, -0.0, 1e15, 2.0**60, 1e300, float("inf"), 0.1, float("nan")]
    spelt = spelt_arrow(pa.chunked_array([pa.array(values)])).tolist()
    assert spelt == ["0", "0", "1000000000000000", str(2**60), str(int(1e300)), "inf", "0.1", ""]
    assert np.array(spelt).shape == (8,)
