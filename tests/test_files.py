"""Whoever looks at a file finds the old one or the new one, and no spreadsheet runs what a cell says."""

from __future__ import annotations

import ast
import csv
import io
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mining._errors import MiningError
from mining._files import write_once, write_table, write_whole

SOURCE = Path(__file__).resolve().parent.parent / "src" / "mining"


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    written = write_whole(tmp_path / "deep" / "page.html", b"page")
    assert written.read_bytes() == b"page"
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    old = write_whole(tmp_path / "page.html", b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(old, b"new")
    assert old.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_a_replaced_file_keeps_its_rights(tmp_path):
    path = write_whole(tmp_path / "page.html", b"old")
    path.chmod(0o600)
    assert stat.S_IMODE(write_whole(path, b"new").stat().st_mode) == 0o600


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    path = tmp_path / ("ש" * 120 + ".html")
    assert write_whole(path, b"page").read_bytes() == b"page"


# --- writers that are killed, starved or in one another's way

WRITER = """
import sys
from pathlib import Path
from mining._files import write_whole
path, letters = Path(sys.argv[1]), sys.argv[2].encode()
print("ready", flush=True)
while True:
    for letter in letters:
        write_whole(path, bytes([letter]) * 300_000)
"""


def writer(*arguments: str | Path, program: str = WRITER) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def is_whole(content: bytes) -> bool:
    return len(content) == 300_000 and len(set(content)) == 1


# A forked writer is at work at once: eighty starts of an interpreter would take a minute.
KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from mining._files import write_whole
path, moment = Path(sys.argv[1]), random.Random(4)
for _ in range(80):
    child = os.fork()
    if child == 0:
        try:
            while True:
                for letter in b"1234567":
                    write_whole(path, bytes([letter]) * 300_000)
        finally:
            os._exit(1)
    time.sleep(moment.uniform(0.0005, 0.015))
    os.kill(child, signal.SIGKILL)
    _, how = os.waitpid(child, 0)
    content = path.read_bytes()
    print(os.WTERMSIG(how) == signal.SIGKILL, len(content), *sorted(set(content)), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    path = write_whole(tmp_path / "page.html", b"0" * 300_000)
    told, _ = writer(path, program=KILLED).communicate(timeout=100)
    found = [line.split() for line in told.splitlines()]
    assert len(found) == 80
    assert {tuple(line[:2]) for line in found} == {(b"True", b"300000")}
    assert all(len(line) == 3 for line in found), "a file of two writings"
    assert len({line[2] for line in found}) > 1, "no writer ever got through: the kills prove nothing"
    left = [entry for entry in tmp_path.iterdir() if entry != path]
    assert left, "no writer was ever killed at work"
    assert all(entry.name.startswith(".page.html.") and entry.suffix == ".part" for entry in left)
    for entry in left:
        os.utime(entry, (time.time() - 7200,) * 2)
    write_whole(path, b"after")
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_what_another_writer_is_still_writing_is_not_swept_away(tmp_path):
    fresh = tmp_path / ".page.html.0123456789abcdef.part"
    other = tmp_path / ".page.html.old.0123456789abcdef.part"
    for entry in (fresh, other):
        entry.write_bytes(b"")
    os.utime(other, (0, 0))
    write_whole(tmp_path / "page.html", b"page")
    assert fresh.exists()
    assert other.exists(), "that is a part of another file"


def test_of_two_writers_at_once_one_wins_whole(tmp_path):
    path = write_whole(tmp_path / "page.html", b"0" * 300_000)
    writers = [writer(path, letters) for letters in ("abc", "xyz")]
    try:
        for one in writers:
            assert one.stdout.readline().strip() == b"ready"
        seen = set()
        for _ in range(300):
            content = path.read_bytes()
            assert is_whole(content)
            seen.add(content[:1])
    finally:
        for one in writers:
            one.kill()
            one.communicate()
    assert is_whole(path.read_bytes())
    assert seen & set(map(bytes, zip(b"abc"))) and seen & set(map(bytes, zip(b"xyz")))  # noqa: PT018


STARVED = """
import resource, sys
import pandas as pd
from mining._files import write_table, write_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
frame = pd.DataFrame({"word": ["long enough"] * 50_000, "n": range(50_000)})
page, table = sys.argv[1:]
for write in (lambda: write_whole(page, b"n" * 300_000), lambda: write_table(table, frame)):
    try:
        write()
    except OSError as error:
        print("full", error.errno, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of that kind")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    # A file that may not grow any further fails where a full disk fails: in the midst of writing.
    old = [write_whole(tmp_path / name, b"old") for name in ("page.html", "table.csv")]
    told, _ = writer(*old, program=STARVED).communicate(timeout=60)
    assert told.split()[::2] == [b"full"] * 2
    assert [path.read_bytes() for path in old] == [b"old"] * 2
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["page.html", "table.csv"]


def test_only_the_first_of_many_writes_once(tmp_path):
    program = "import sys\nfrom mining._files import write_once\nprint(write_once(sys.argv[1], sys.argv[2].encode()))"
    several = [writer(tmp_path / "key", str(number), program=program) for number in range(4)]
    told = [one.communicate(timeout=60)[0].strip() == b"True" for one in several]
    assert told.count(True) == 1
    assert (tmp_path / "key").read_text("utf-8") == str(told.index(True))
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_what_is_written_once_is_its_owners_alone(tmp_path):
    assert write_once(tmp_path / "deep" / "key", b"one")
    assert not write_once(tmp_path / "deep" / "key", b"two")
    assert (tmp_path / "deep" / "key").read_bytes() == b"one"
    assert sys.platform == "win32" or stat.S_IMODE((tmp_path / "deep" / "key").stat().st_mode) == 0o600


def test_what_is_written_once_stays_where_there_are_no_links(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    assert write_once(tmp_path / "key", b"one")
    assert not write_once(tmp_path / "key", b"two")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("key", b"one")]


# --- tables

LIVE = [
    '=HYPERLINK("http://mail.example","y")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1",
    "＝1+1", "\u202e=1+1", "\u2066@SUM(1)", "x;=1+1", "x\t=1+1",
]  # fmt: skip


def cells(path: Path, delimiter: str = ",") -> list[list[str]]:
    text = path.read_text("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_text_in_a_table_is_a_formula_whichever_sign_parts_the_cells(tmp_path, delimiter):
    table = pd.DataFrame({"=header": LIVE, "kind": pd.Categorical(LIVE), "loose": pd.Series(LIVE, dtype="object")})
    table.index = pd.Index(LIVE, name="@index")
    path = write_table(tmp_path / "table.csv", table)
    found = [cell for row in cells(path, delimiter) for cell in row]
    assert len(found) > len(LIVE)
    assert [cell for cell in found if cell[:1] in set("=+-@\t\r\n＝＋－＠")] == []
    assert not set("\u202e\u2066") & set("".join(found))


def test_a_spreadsheet_takes_what_was_written_for_text(tmp_path):
    rows = cells(write_table(tmp_path / "table.csv", pd.DataFrame({"word": LIVE})))
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    kinds = {cell.data_type for row in openpyxl.load_workbook(tmp_path / "table.xlsx").active for cell in row}
    assert kinds == {"s"}


def test_numbers_times_and_words_come_back_as_they_were(tmp_path):
    table = pd.DataFrame(
        {
            "amount": [-1.5, float("nan"), 3.0],
            "n": [-3, 0, 9007199254740993],
            "word": ["שלום", None, 'a "b", c\nd'],
            "at": pd.to_datetime(["2024-01-01 10:00", None, "2024-03-29 02:30"]).tz_localize("UTC"),
            "is_late": [True, False, True],
        },
        index=pd.Index(["007", "7", "NA"], name="customer"),
    )
    blank = {"amount": [""], "word": [""], "at": [""]}
    path = write_table(tmp_path / "table.csv", table)
    back = pd.read_csv(path, dtype={"customer": "str"}, parse_dates=["at"], keep_default_na=False, na_values=blank)
    back = back.set_index("customer")
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
    pd.testing.assert_frame_equal(
        pd.read_parquet(write_table(tmp_path / "table.parquet", table)).set_index("customer"), table
    )


def test_an_index_without_a_name_is_not_written(tmp_path):
    assert cells(write_table(tmp_path / "table.csv", pd.DataFrame({"n": [1, 2]}, index=[7, 8]))) == [
        ["n"],
        ["1"],
        ["2"],
    ]


def test_the_frame_that_is_written_stays_as_it_is(tmp_path):
    table = pd.DataFrame({"word": LIVE})
    write_table(tmp_path / "table.csv", table)
    assert table["word"].tolist() == LIVE


def test_an_ending_that_is_no_table_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(MiningError, match=r"\.csv, \.parquet, \.xlsx"):
        write_table(tmp_path / "table.xls", pd.DataFrame({"n": [1]}))
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_holds_texts_as_texts_and_nothing_is_run(tmp_path):
    import openpyxl

    frame = pd.DataFrame(
        {
            "=word": ["=1+1", "<b>&", "\u202eabc", None],
            "n": [1.5, float("nan"), 2, 3],
            "yes": [True, False, True, False],
            "at": pd.to_datetime(["2026-01-02", None, "2026-01-03", "2026-01-04"], utc=True),
        }
    )
    sheet = openpyxl.load_workbook(write_table(tmp_path / "table.xlsx", frame)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["=word", "n", "yes", "at"]
    assert rows[1] == ["=1+1", 1.5, True, "2026-01-02 00:00:00+00:00"]
    assert rows[2] == ["<b>&", None, False, None]
    assert rows[3][0] == "abc"
    assert {cell.data_type for row in sheet.iter_rows(max_col=1) for cell in row if cell.value is not None} <= {
        "s",
        "inlineStr",
    }
    assert write_table(tmp_path / "same.xlsx", frame).read_bytes() == (tmp_path / "table.xlsx").read_bytes()


# --- the law

# The example company is written anew from its seed, and by nothing that already lies there.
REWRITTEN = {"examples"}
WRITING = {
    "write_text", "write_bytes", "savefig", "to_csv", "to_parquet", "to_excel", "to_json", "to_html", "to_pickle",
    "to_feather", "to_xml", "tofile", "save", "savez", "dump",
}  # fmt: skip
MAKING = {"mkstemp", "NamedTemporaryFile", "copyfile", "copy2", "copytree"}


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every call that puts something on the disk to stay; one that only makes a text of a frame does not."""
    scratch = [node for node in ast.walk(tree) if isinstance(node, ast.With) and "TemporaryDirectory" in _opened(node)]
    passing = {inner for block in scratch for inner in ast.walk(block)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node in passing:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
        modes = [word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)]
        opens = called in {"open", "fdopen"} and any(set(mode) & set("wax+") and len(mode) < 4 for mode in modes)
        puts = called in WRITING and isinstance(node.func, ast.Attribute) and _goes_somewhere(called, node)
        if opens or puts or called in MAKING:
            yield node.lineno, ast.unparse(node)


def _opened(block: ast.With) -> str:
    return " ".join(ast.unparse(item.context_expr) for item in block.items)


def _goes_somewhere(called: str, node: ast.Call) -> bool:
    if called.startswith("to_"):
        return bool(node.args) or any(keyword.arg in {"path_or_buf", "path", "buf"} for keyword in node.keywords)
    return called not in {"save", "dump"} or ast.unparse(node.func.value) in {"numpy", "np", "json", "yaml", "pickle"}


def test_every_file_is_written_in_one_place():
    faults = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE)
        if name.parts[0] in REWRITTEN or name.name == "_files.py":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        faults += [f"{name}:{line} writes past _files: {call}" for line, call in writes(tree)]
    assert "\n".join(faults) == ""


@pytest.mark.parametrize(
    "program",
    [
        "open(path, 'w')", "path.open('wb')", "path.open(mode='a')", "path.write_text(text, encoding='utf-8')",
        "path.write_bytes(text)", "frame.to_csv(path)", "frame.to_parquet(path_or_buf=path)", "figure.savefig(target)",
        "tempfile.mkstemp()", "json.dump(told, file)", "np.save(path, rows)", "os.fdopen(handle, 'wb')",
    ],
)  # fmt: skip
def test_the_law_sees_each_way_to_write(program):
    assert len(list(writes(ast.parse(program)))) == 1


@pytest.mark.parametrize(
    "program",
    ["open(path, 'rb')", "path.open()", "frame.to_csv(index=False)", "frame.to_html()", "picture.save(path)",
     "with tempfile.TemporaryDirectory() as folder:\n    Path(folder, 'content').write_bytes(data)"],
)  # fmt: skip
def test_the_law_lets_reading_and_our_own_doors_be(program):
    assert list(writes(ast.parse(program))) == []
