"""From bytes to tables of strings."""

import gzip
import io
import zipfile

import pandas as pd
import pytest

from mining._errors import ExportError
from mining.sources.archives import gunzip
from mining.sources.dialect import detect, parse
from mining.sources.encoding import decode
from mining.sources.files import open_export
from mining.sources.fold import fold
from mining.sources.formats import as_strings

HEBREW = "מזהה;שלב העסקה\n1;נסגרה בהצלחה\n2;הצעת מחיר\n"
PERSIAN = "كد;مرحله كاريز معامله\n1;پيگيري مشتري\n2;ارسال نمونه\n"
FRENCH = "id;société\n1;café à côté\n2;déjà réglé\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (HEBREW, "utf-8"),
        (HEBREW, "utf-8-sig"),
        (HEBREW, "utf-16"),
        (HEBREW, "cp1255"),
        (PERSIAN, "cp1256"),
        (PERSIAN, "utf-8"),
        (FRENCH, "cp1252"),
        (FRENCH, "utf-16"),
        ("id,name\n1,plain\n", "utf-16-le"),
        ("id,name\n1,plain\n", "utf-16-be"),
        ("id,name\n1,plain\n", "utf-8"),
    ],
)
def test_every_encoding_is_recognised_and_told(text: str, encoding: str) -> None:
    decoded = decode(text.encode(encoding))
    # cp1256 lacks the Persian yeh and kaf: they are put back.
    assert fold(decoded.text) == fold(text)
    assert encoding == "cp1256" or decoded.text.lstrip("\ufeff") == text
    assert decoded.encoding == encoding
    assert decoded.proof


def test_a_cut_utf_sixteen_file_is_refused() -> None:
    with pytest.raises(ExportError, match="does not fit"):
        decode("id,name\n".encode("utf-16")[:-1])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_although_cells_hold_others(delimiter: str) -> None:
    text = f'id{delimiter}note\n1{delimiter}"a,b;c|d"\n2{delimiter}"x\ty"\n'
    assert parse(text, "t", "t.csv").frame["note"].tolist() == ["a,b;c|d", "x\ty"]


def test_a_line_that_names_the_separator_is_obeyed() -> None:
    assert detect("sep=;\nid;a,b\n1;2,3\n", "t.csv").headers == ("id", "a,b")


def test_classic_mac_line_ends_are_lines() -> None:
    assert parse("id,n\r1,a\r2,b", "t", "t.csv").frame["n"].tolist() == ["a", "b"]


def test_what_is_no_record_is_set_aside_with_its_number() -> None:
    text = 'Report of March\n\nid;name;n\n1;"a\nb";5\n2;x\nid;name;n\n4;y;6\nTotal;2;\nConfidential - inside only\n'
    table = parse(text, "t", "t.csv")
    assert table.frame["id"].tolist() == ["1", "4"]
    assert table.rows.tolist() == [1, 4]
    assert dict(table.aside) == {"preamble": (0,), "ragged": (2,), "repeated header": (3,), "footer": (5, 6)}
    assert table.records == 7


def test_a_quote_that_never_closes_costs_one_record_only() -> None:
    table = parse('id,name\n1,a\n2,"open\n3,c\n4,d\n', "t", "t.csv")
    assert table.frame["id"].tolist() == ["1", "3", "4"]
    assert dict(table.aside) == {"unclosed quote": (2,)}
    assert table.rows.tolist() == [1, 3, 4]


def test_nothing_is_guessed_of_cells() -> None:
    frame = parse("id,v\n007,NA\n9007199254740993,null\n12345678901234567890,1.0\n", "t", "t.csv").frame
    assert frame["id"].tolist() == ["007", "9007199254740993", "12345678901234567890"]
    assert frame["v"].tolist() == ["NA", "null", "1.0"]


def test_frames_keep_their_ids() -> None:
    frame = pd.DataFrame({"id": [7.0, None], "when": pd.to_datetime(["2024-01-02", None]), "ok": [True, False]})
    assert as_strings(frame).to_dict("list") == {
        "id": ["7", ""],
        "when": ["2024-01-02T00:00:00.000000", ""],
        "ok": ["true", "false"],
    }


def test_headers_fold_over_keyboards() -> None:
    assert fold("مرحله كاريز") == fold("مرحله کاریز")
    assert fold("שֵׁם\u200f") == fold("שם")
    assert fold("צה״ל") == fold('צה"ל')


def _zip(tmp_path, entries):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_zip_members_are_read_in_memory_whatever_they_are_called(tmp_path) -> None:
    path = _zip(tmp_path, {"../../evil.csv": "id,n\n1,a\n", "deep/calls.csv": "id,n\n2,b\n", "readme.md": "x"})
    files = open_export(path).files
    assert sorted(file.stem for file in files) == ["calls", "evil"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["export.zip"]


def test_bombs_are_refused(tmp_path) -> None:
    path = _zip(tmp_path, {"bomb.csv": b"0" * (60 * 1024**2)})
    with pytest.raises(ExportError, match="holds at least"):
        open_export(path)
    with pytest.raises(ExportError, match="holds at least"):
        gunzip(gzip.compress(b"0" * (200 * 1024**2)), "bomb.csv.gz")


def test_gzip_that_is_cut_short_is_refused() -> None:
    whole = gzip.compress(bytes(range(256)) * 100)
    assert gunzip(whole, "x") == bytes(range(256)) * 100
    with pytest.raises(ExportError, match="cut short"):
        gunzip(whole[: len(whole) // 2], "x")


def test_workbooks_parquet_and_json_are_tables(tmp_path) -> None:
    frame = pd.DataFrame(
        {"id": ["007", "8"], "when": pd.to_datetime(["2024-01-02 03:04", "2024-01-03 00:00"]), "n": [1, 2]}
    )
    frame.to_excel(tmp_path / "book.xlsx", index=False)
    frame.to_parquet(tmp_path / "table.parquet")
    (tmp_path / "lines.ndjson").write_text('{"id": 12345678901234567890, "via": {"channel": "web"}}\n{"id": "8"}\n')
    (tmp_path / "page.json").write_text('{"results": [{"id": "1", "tags": ["a", "b"]}]}')
    tables = {table.name: table.frame for file in open_export(tmp_path).files for table in file.read()}
    assert tables["book"].to_dict("list")["id"] == ["007", "8"]
    assert tables["book"].to_dict("list")["n"] == ["1", "2"]
    assert tables["book"]["when"].iloc[0] == "2024-01-02T03:04:00"
    assert tables["table"]["when"].iloc[0] == "2024-01-02T03:04:00.000000"
    assert tables["lines"]["id"].tolist() == ["12345678901234567890", "8"]
    assert tables["lines"]["via.channel"].tolist() == ["web", ""]
    assert tables["page"]["tags"].tolist() == ["a;b"]


def test_a_web_page_named_as_a_workbook_is_told(tmp_path) -> None:
    (tmp_path / "report.xls").write_text("<html><table></table></html>")
    with pytest.raises(ExportError, match="web page"):
        open_export(tmp_path).files[0].read()


def test_what_is_not_there_is_said_with_what_is(tmp_path) -> None:
    (tmp_path / "exports").mkdir()
    with pytest.raises(ExportError, match="Did you mean 'exports'"):
        open_export(tmp_path / "export")


def test_bytes_are_not_what_the_suffix_says() -> None:
    from mining.sources.formats import read_table

    with pytest.raises(ExportError, match="no parquet"):
        list(read_table(io.BytesIO(b"nonsense").getvalue(), "x", "x.parquet", ".parquet"))
