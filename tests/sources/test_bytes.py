"""From bytes to tables of strings."""

import gzip
import io
import zipfile

import pandas as pd
import pytest

from mining._errors import ExportError
from mining.sources.fold import fold
from mining.sources.forms.archives import gunzip
from mining.sources.forms.dialect import detect, parse
from mining.sources.forms.encoding import decode, recode
from mining.sources.forms.files import open_export
from mining.sources.forms.formats import as_strings
from mining.sources.table import Coded

HEBREW = "מזהה;שלב העסקה\n1;נסגרה בהצלחה\n2;הצעת מחיר\n"
PERSIAN = "كد;مرحله كاريز معامله\n1;پيگيري مشتري\n2;ارسال نمونه\n"
FRENCH = "id;société\n1;café à côté\n2;déjà réglé\n"


ENGLISH = "id,name,note\n1,O’Brien – Sons,“quoted” it\n2,Smith…,it’s fine\n"
POLISH = "id;miasto\n1;zażółć gęślą\n2;jaźń Łódź\n"
RUSSIAN = "id;имя\n1;Иванов Пётр\n2;покупка товара\n"
PLAIN = "id,name\n1,plain\n"
WRITTEN = {"he": HEBREW, "fa": PERSIAN, "fr": FRENCH, "en": ENGLISH, "plain": PLAIN, "pl": POLISH, "ru": RUSSIAN}
ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1255", "cp1256", "cp1252", "iso8859-8", "latin-1",
    "mac_roman", "cp1250", "cp1251",
)  # fmt: skip
# Pages that hold the same letters in the same places are told as the more common one.
SAME = {"iso8859-8": {"cp1255"}}


def writable(language: str, encoding: str) -> bool:
    try:
        WRITTEN[language].encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(("language", "encoding"), [(w, e) for w in WRITTEN for e in ENCODINGS if writable(w, e)])
def test_every_encoding_of_every_language_is_read_letter_by_letter(language: str, encoding: str) -> None:
    text = WRITTEN[language]
    decoded = decode(text.encode(encoding))
    # cp1256 lacks the Persian yeh and kaf: they are put back.
    assert fold(decoded.text) == fold(text)
    assert (language, encoding) == ("fa", "cp1256") or decoded.text == text
    alike = {encoding, "utf-8"} if text.isascii() else {encoding} | SAME.get(encoding, {"cp1252"})
    assert decoded.encoding in alike
    assert decoded.proof


def test_a_doubt_about_the_encoding_is_told_where_the_reader_looks(tmp_path) -> None:
    (tmp_path / "calls.csv").write_bytes(FRENCH.encode("cp1252"))
    [table] = open_export(tmp_path).files[0].read()
    assert table.facts["encoding"] == "cp1252"
    assert "may be cp1252 or cp1250: check the names you see" in "".join(table.facts["notes"])


@pytest.mark.parametrize("page", ["cp1252", "latin-1"])
@pytest.mark.parametrize("language", ["he", "fa", "fr"])
def test_text_that_was_decoded_by_the_wrong_page_is_repaired_where_that_is_exact(page: str, language: str) -> None:
    raw = WRITTEN[language].encode()
    letters = {byte: bytes([byte]).decode(page, "ignore") or chr(byte) for byte in range(256)}
    spoilt = "".join(letters[byte] for byte in raw).encode()
    found = recode(spoilt)
    assert found.data == raw
    assert "repaired, exactly" in found.notes[0]
    # One letter that does not fit, and nothing is touched.
    doubtful = recode(spoilt + "שלום".encode())
    assert doubtful.data == spoilt + "שלום".encode()
    assert "left as it is" in doubtful.notes[0]


def test_signs_that_only_look_like_mojibake_are_left_alone() -> None:
    text = "id,size\n1,3×4\n2,5×‘6’\n3,Ø12 Ã\n4,Ù\n"
    assert recode(text.encode()) == (text.encode(), "utf-8", "every byte fits", ())


def test_bytes_that_fit_nothing_are_spelt_out_and_told() -> None:
    found = recode(HEBREW.encode() * 20 + b"21;caf\xe9\n")
    assert found.data.decode().endswith("21;caf\\xe9\n")
    assert "spelt out" in found.notes[0]
    assert recode("שלום\ufffd".encode()).notes[0].startswith("1 letters were lost")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1255", "cp1256"])
def test_no_letter_is_ever_replaced_by_a_mark_of_ignorance(encoding: str) -> None:
    raw = (HEBREW if encoding != "cp1256" else PERSIAN).encode(encoding)
    refused = 0
    for end in range(len(raw)):
        try:
            assert "\ufffd" not in decode(raw[:end]).text
        except ExportError:
            refused += 1
    # Half a letter of UTF-16 is refused; elsewhere a few bytes may be too few to tell.
    assert refused <= (len(raw) // 2 if encoding == "utf-16" else 8)


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


def test_two_quotes_that_never_close_do_not_swallow_what_lies_between_them() -> None:
    table = parse('id,name\n1,a\n2,"open\n3,c\n4,"again\n5,d\n', "t", "t.csv")
    assert table.frame["id"].tolist() == ["1", "3", "5"]
    assert dict(table.aside) == {"unclosed quote": (2, 4)}


def test_a_quote_inside_a_cell_is_a_letter_and_costs_no_record() -> None:
    table = parse('id,name\n1,5" pipe\n2,ok\n3,"a""b"\n', "t", "t.csv")
    assert table.frame["name"].tolist() == ['5" pipe', "ok", 'a"b']
    assert table.aside == ()


def test_a_title_padded_with_delimiters_is_no_header() -> None:
    text = 'דוח לקוחות,,,\n,,,\nid,name,city,n\n1,a,x,5\n2,b,,6\nסה"כ,,,11\n,,,\nהופק ב-2024,,,\n'
    table = parse(text, "t", "t.csv")
    assert list(table.frame.columns) == ["id", "name", "city", "n"]
    assert table.frame["id"].tolist() == ["1", "2"]
    assert dict(table.aside) == {"preamble": (0,), "empty": (4,), "footer": (3, 5)}


@pytest.mark.parametrize(
    "total", ["Total", "Grand Total:", "TOTAL 2 records", "סה״כ", "סך הכול", "جمع کل", "مجموع", "Total calls"]
)
def test_a_total_of_full_width_is_a_footer(total: str) -> None:
    table = parse(f"name,id,when,n\na,1,2024-01-02,5\nb,2,2024-01-03,6\n{total},,,11\n", "t", "t.csv")
    assert table.frame["id"].tolist() == ["1", "2"]
    assert dict(table.aside) == {"footer": (3,)}


@pytest.mark.parametrize(
    "name", ["Total Energies", "Total", "Summit", "Sum", "Generated by hand", "Totally", "מجموع", "جمعه"]
)
def test_a_customer_whose_name_begins_like_a_total_stays_a_record(name: str) -> None:
    table = parse(f"name,id,when,n\na,1,2024-01-02,5\n{name},2,2024-01-03,6\n", "t", "t.csv")
    assert table.frame["name"].tolist() == ["a", name]
    assert table.aside == ()


def test_exports_put_one_after_the_other_keep_only_their_records() -> None:
    one = "Calls,,\n\nid,name,n\n1,a,5\n2,b,6\nTotal,,11\n"
    table = parse(one + "\n" + one, "t", "t.csv")
    assert table.frame["id"].tolist() == ["1", "2", "1", "2"]
    assert dict(table.aside)["footer"] == (3, 8)
    assert dict(table.aside)["repeated header"] == (4, 5)
    assert table.records == 9


def test_a_second_line_of_headers_is_no_record() -> None:
    rows = "".join(f"{n},2024-01-{n:02d},c{n},yes\n" for n in range(1, 9))
    text = "nps,when,who,paid\nHow likely,Date of it,Your name,Paid\n" + '"{""ImportId"":""QID1""}",x,y,z\n' + rows
    table = parse(text, "t", "t.csv")
    assert len(table.frame) == 8
    assert dict(table.aside) == {"second header": (1, 2)}
    assert parse("nps,when,who\nnone,unknown,c1\n" + rows.replace(",yes", ""), "t", "t.csv").aside == ()


def test_headings_over_groups_of_columns_are_no_header() -> None:
    table = parse("Contact,,Deal,,\nid,name,deal,stage,n\n1,a,d,won,5\n", "t", "t.csv")
    assert list(table.frame.columns) == ["id", "name", "deal", "stage", "n"]
    assert table.frame["id"].tolist() == ["1"]


def test_nul_letters_stay_and_are_told() -> None:
    table = parse(b"id,name\na\0b,x\na\0c,y\n", "t", "t.csv")
    assert Coded.of(table.frame["id"]).text().tolist() == ["a\0b", "a\0c"]
    assert "NUL" in table.facts["notes"][0]


@pytest.mark.parametrize("size", [2_000, 10_000, 50_000, 65_536, 100_000])
def test_a_number_of_records_at_which_systems_cut_is_remarked(size: int) -> None:
    notes = parse("id,n\n" + "".join(f"{row},x\n" for row in range(size)), "t", "t.csv").facts["notes"]
    assert notes == (f"exactly {size:,} records: the export may have been capped",)
    assert parse("id,n\n" + "".join(f"{row},x\n" for row in range(size + 7)), "t", "t.csv").facts["notes"] == ()


def test_cells_as_long_as_a_spreadsheet_holds_are_remarked() -> None:
    text = f"id,note\n1,{'ש' * 32_767}\n2,{'x' * 32_768}\n3,short\n"
    assert parse(text, "t", "t.csv").facts["notes"] == (
        "1 cells of 'note' have exactly 32,767 letters, the most a spreadsheet holds",
    )


def test_direction_marks_do_not_part_what_is_the_same_and_stay_in_the_raw_cell() -> None:
    cells = ["שלום", "\u200fשלום\u200f ", "\u202bשלום\u202c", "a\u202eb", "ab"]
    frame = parse("id,n\n" + "".join(f"{cell},1\n" for cell in cells), "t", "t.csv").frame
    assert frame["id"].tolist() == cells
    assert Coded.of(frame["id"]).text().tolist() == ["שלום", "שלום", "שלום", "a\u202eb", "ab"]
    assert Coded.of(frame["id"]).isin(["ab"]).tolist() == [False, False, False, True, True]


def test_letters_written_in_two_ways_are_one_value() -> None:
    coded = Coded.of(pd.Series(["Café", "Cafe\u0301", " Café", "cafe"], dtype="str"))
    assert coded.text().tolist() == ["Café", "Café", "Café", "cafe"]
    assert len(coded.words) == 2


def test_a_file_cut_at_any_byte_is_right_or_told() -> None:
    whole = 'id,שם,when\r\n007,"א, ב",2024-01-02\r\n8,"ג""ד\r\nה",2024-01-03\r\n9,ו,2024-01-04\r\n'.encode()
    full = parse(whole, "t", "t.csv").frame
    for end in range(1, len(whole)):
        found = recode(whole[:end])
        try:
            table = parse(found.data, "t", "t.csv", notes=found.notes)
        except ExportError:
            continue
        told = any("cut short" in note for note in table.facts["notes"])
        same = list(table.frame.columns) == list(full.columns) and table.frame.equals(full.iloc[: len(table.frame)])
        assert told or same, whole[:end]


def test_the_column_of_codes_keeps_its_letters_in_arrow_until_it_is_asked() -> None:
    coded = Coded.of(pd.Series(["b", "", "a", "b"], dtype="str"))
    assert "words" not in coded.__dict__
    assert coded.framed("x:").column().to_pylist() == ["x:b", None, "x:a", "x:b"]
    stacked = Coded.stacked([coded, Coded.of(["c", "a", None]), Coded.empty(1)])
    assert stacked.text().tolist() == ["b", None, "a", "b", "c", "a", None, None]
    assert Coded.numbered("row-", stacked.codes[:3] + 5).text().tolist() == ["row-5", "row-4", "row-6"]
    assert coded.or_else(Coded.constant("z", 4)).text().tolist() == ["b", "z", "a", "b"]


def test_a_table_forgets_its_letters_but_not_its_counts() -> None:
    table = parse("id,n\n" + "".join(f"{row},x\n" for row in range(1_500)), "t", "t.csv")
    table.forget()
    assert len(table.frame) == 1_000
    assert table.records == len(table.rows) == 1_500


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
    from mining.sources.forms.formats import read_table

    with pytest.raises(ExportError, match="no parquet"):
        list(read_table(io.BytesIO(b"nonsense").getvalue(), "x", "x.parquet", ".parquet"))
