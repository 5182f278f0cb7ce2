"""Whatever the bytes: a table whose counts balance, or an error that says why; never anything else."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mining._errors import MiningError
from mining.sources.forms.dialect import parse
from mining.sources.forms.encoding import decode, recode
from mining.sources.forms.formats import read_table
from mining.sources.table import Coded

FEW = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
CELLS = st.one_of(
    LETTERS, st.sampled_from(['"', ",", ";", "\n", "\r\n", "\t", "\0", "007", "NA", "1e5", "None", "שלום", ""])
)

# Found by fuzzing, or feared.
CORPUS = [
    b"",
    b"\0",
    b"\n\n\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xff\xfe\n",
    b'"',
    b'""',
    b'"\n"',
    b"a\n\0",
    b"sep=\n1",
    b'sep="\na,b\n1,2\n',
    b"sep=;",
    b"SEP=;\r\na;b\r\n1;2\r\n",
    b'id,name\n1,5" pipe\n2,ok\n',
    b'id,name\n1,"abc"def\n2,"x\n3,"y\n4,z\n',
    b'id,name\n2,"open\n3,c\n4,"open again\n5,d\n',
    b'id,name\n1,"a\r\n\r\nb"\r\n\r\n2,c\r\n',
    b"id,name\r1,a\r2,b",
    b"id,name\r\n1,a\n2,b\r3,c\r\r\n4,d",
    b"id,name\n1,\xd7\n",
    b"id,name\n1,\xd7\xa9\xd7",
    b"\x81\x8d\x8f\x90\x9d",
    b"id\n\n\n",
    b"id,n\n,\n,\n",
    b"id,n\nid,n\nid,n\n",
    b"a,a,a\n1,2,3\n",
    b"Total\n",
    b"id,n\nTotal,\n",
    b"\xc3\x97\xc2\xa9" * 5,
]


def read(data: bytes):
    found = recode(data, "fuzz.csv")
    found.data.decode("utf-8")
    table = parse(found.data, "fuzz", "fuzz.csv", notes=found.notes)
    aside = [row for rule, rows in table.aside for row in rows if rule != "preamble"]
    assert len(table.frame) == len(table.rows)
    # Every record has its own number, and no number is left out.
    assert sorted([*table.rows.tolist(), *aside]) == list(range(1, len(table.rows) + len(aside) + 1))
    assert all(len(table.frame[header].tolist()) == len(table.rows) for header in table.frame.columns)
    for header in table.frame.columns:
        assert len(Coded.of(table.frame[header]).text()) == len(table.rows)
    return table


def survives(data: bytes) -> None:
    try:
        read(data)
    except MiningError:
        return


@pytest.mark.parametrize("data", CORPUS)
def test_what_was_found_by_fuzzing_stays_found(data):
    survives(data)


@FEW
@given(st.binary(max_size=300))
def test_any_bytes_are_a_balanced_table_or_an_error_of_ours(data):
    survives(data)


@FEW
@given(st.lists(st.sampled_from(['"', ",", "\n", "\r", ";", "a", "1", " ", "\0", "sep=", "Total", "é"]), max_size=60))
def test_any_heap_of_marks_is_a_balanced_table_or_an_error_of_ours(parts):
    survives("".join(parts).encode())


def written(rows, delimiter, end, quoting):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue()


@st.composite
def tables(draw):
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=3, max_size=12))
    return [f"column {letter}" for letter in "abcde"[:width]], rows


@FEW
@example(
    tables=(["column a", "column b"], [["\0", "\r"], ["x", ""], ["1", '"']]), delimiter=",", end="\n", quoted=False
)
@given(tables(), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_what_the_csv_module_writes_comes_back_cell_by_cell(tables, delimiter, end, quoted):
    headers, rows = tables
    # Rows of nothing are set aside as empty, and a row that begins so may be taken for a total.
    rows = [[f"r{place}", *row] for place, row in enumerate(rows)]
    # The csv module leaves a line end bare that is not its own.
    quoted = quoted or any("\r" in cell or "\n" in cell for row in rows for cell in row)
    text = written([["id", *headers], *rows], delimiter, end, csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    table = parse(text.encode(), "t", "t.csv")
    assert list(table.frame.columns) == ["id", *headers]
    assert table.frame.to_numpy(dtype=object).tolist() == rows
    assert table.rows.tolist() == list(range(1, len(rows) + 1))


VALID = written(
    [["id", "שם", "note"], *([f"{n:03d}", f"לקוח {n}", f'said "{n}",\nthen left'] for n in range(12))],
    ",",
    "\r\n",
    csv.QUOTE_MINIMAL,
).encode()


@st.composite
def spoilt(draw, whole):
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.sampled_from(["flip", "cut", "insert", "drop"]))
        if how == "flip" and data:
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del data[place:]
        elif how == "insert":
            data[place:place] = draw(st.sampled_from([b'"', b"\0", b"\n", b"\r", b",", b"\xff", b"<", b"{", b"\x80"]))
        else:
            del data[place : place + draw(st.integers(1, 40))]
    return bytes(data)


@FEW
@given(spoilt(VALID))
def test_a_spoilt_export_is_a_balanced_table_or_an_error_of_ours(data):
    survives(data)


@FEW
@given(spoilt(VALID.decode().encode("cp1255")))
def test_a_spoilt_export_of_a_code_page_is_a_balanced_table_or_an_error_of_ours(data):
    survives(data)


@FEW
@given(st.integers(0, len(VALID)))
def test_a_cut_export_is_right_or_told_to_be_cut(end):
    try:
        table = read(VALID[:end])
    except MiningError:
        return
    whole = read(VALID)
    same = len(table.frame) and table.frame.equals(whole.frame.iloc[: len(table.frame)])
    told = any("cut short" in note for note in table.facts["notes"])
    assert same or told or not len(table.frame)


@FEW
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1),
        min_size=1,
        max_size=20,
    )
)
def test_ids_are_the_same_texts_in_the_file_and_in_the_column(words):
    import unicodedata

    ids = [
        *words,
        "007",
        "NA",
        "None",
        "null",
        "nan",
        "1e5",
        "9" * 18,
        "9" * 20,
        "1001.0",
        "a\0b",
        "a\0c",
        "-0",
        "TRUE",
    ]
    text = written([["id", "n"], *([word, "1"] for word in ids)], ",", "\n", csv.QUOTE_ALL)
    table = parse(text.encode(), "t", "t.csv")
    assert table.frame["id"].tolist() == ids
    marks = "\u200b\u200d\u200e\u200f\u061c\u2060\ufeff"
    kept = [unicodedata.normalize("NFC", word).strip().strip(marks) for word in ids[len(words) :]]
    assert Coded.of(table.frame["id"]).text().tolist()[len(words) :] == kept


def small_files() -> dict[str, bytes]:
    frame = pd.DataFrame(
        {"id": ["007", "8"], "name": ["א", "b"], "n": [1, 2], "when": pd.to_datetime(["2024-01-02", "2024-02-03"])}
    )
    book, table = io.BytesIO(), io.BytesIO()
    frame.to_excel(book, index=False)
    frame.to_parquet(table)
    lines = frame.astype(str).to_json(orient="records", lines=True).encode()
    return {
        ".xlsx": book.getvalue(),
        ".parquet": table.getvalue(),
        ".json": json.dumps({"results": frame.astype(str).to_dict("records"), "next": None}).encode(),
        ".ndjson": lines,
        ".csv": frame.to_csv(index=False).encode(),
        ".tsv": frame.to_csv(index=False, sep="\t").encode("utf-16"),
        ".xls": b"<html><table><tr><th>id</th><th>n</th></tr><tr><td>1</td><td>2</td></tr></table></html>",
        ".xes": b'<?xml version="1.0"?><log xes.version="1.0"><trace><string key="concept:name" value="1"/><event>'
        b'<string key="concept:name" value="a"/><date key="time:timestamp" value="2024-01-02T03:04:05Z"/>'
        b"</event></trace></log>",
    }


SMALL = small_files()


@pytest.mark.parametrize("suffix", SMALL)
def test_small_files_of_every_kind_are_read(suffix):
    assert sum(len(table.frame) for table in read_table(SMALL[suffix], "t", f"t{suffix}", suffix)) in {1, 2}


@pytest.mark.parametrize("suffix", SMALL)
@settings(FEW, max_examples=60)
@given(data=st.data())
def test_spoilt_files_of_every_kind_are_tables_or_errors_of_ours(suffix, data):
    spoilt_bytes = data.draw(spoilt(SMALL[suffix]))
    try:
        tables = list(read_table(spoilt_bytes, "t", f"t{suffix}", suffix))
    except MiningError:
        return
    for table in tables:
        assert len(table.frame) == len(table.rows)
        assert table.frame.map(lambda cell: isinstance(cell, str)).to_numpy().all()


@pytest.mark.parametrize("suffix", SMALL)
def test_files_of_every_kind_cut_at_any_byte_are_tables_or_errors_of_ours(suffix):
    whole = SMALL[suffix]
    for end in np.unique(np.linspace(0, len(whole) - 1, 60, dtype=int)):
        try:
            list(read_table(whole[:end], "t", f"t{suffix}", suffix))
        except MiningError:
            continue


@FEW
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60))
def test_text_in_unicode_is_decoded_as_it_was_written(text):
    if "Ã" in text or "×" in text or "Ø" in text or "Ù" in text:
        return
    for encoding in ("utf-8", "utf-8-sig"):
        data = text.encode(encoding)
        if b"\0" not in data and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
            assert decode(data).text == text.removeprefix("\ufeff" if encoding == "utf-8" else "")
