"""A big file is read within a few times its size, whatever it holds."""

import subprocess
import sys

import numpy as np
import pytest

from mining.sources.forms.dialect import parse
from mining.sources.forms.progress import watched
from tests.memory import measured

ROWS = 300_000


@pytest.fixture(scope="module")
def big_file(tmp_path_factory):
    """60 MB: ids, 40,000 customers, a few activities, rising times, notes with quotes, line ends and Hebrew."""
    random = np.random.default_rng(5)
    notes = [f'"said ""yes"" {n},\nשיחה עם הלקוח והצעת מחיר, {"and so on " * 7}"' for n in range(500)]
    times = (np.datetime64("2024-01-01T00:00:00") + np.sort(random.integers(0, 10**7, ROWS))).astype(str)
    customers, kinds = random.integers(0, 40_000, ROWS), random.integers(0, 4, ROWS)
    acts = ["Call made", "Email sent", "Deal won", "Ticket opened"]
    path = tmp_path_factory.mktemp("big") / "calls.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write("id,customer,activity,timestamp,note\n")
        out.writelines(
            f"{row:08d},C{customers[row]:06d},{acts[kinds[row]]},{times[row]},{notes[row % 500]}\n"
            for row in range(ROWS)
        )
        out.write("Total,,,,300000\n")
    return path


LIBRARIES = "import pandas, pyarrow.csv, pyarrow.compute\nfrom mining.sources.forms.formats import read_table"
TABLE = f"""
    data = pathlib.Path(sys.argv[1]).read_bytes()
    [table] = read_table(data, "calls", "calls.csv", ".csv")
    assert len(table.rows) == {ROWS}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked of Unix")
def test_a_file_becomes_a_table_in_less_than_three_and_a_half_times_its_size(big_file):
    _, megabytes = measured(TABLE, LIBRARIES, big_file)
    assert megabytes < 3.5 * big_file.stat().st_size / 2**20


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked of Unix")
def test_utf_sixteen_and_code_pages_are_never_one_python_text(big_file, tmp_path):
    path = tmp_path / "calls.csv"
    text = big_file.read_text(encoding="utf-8")
    for encoding, times in (("utf-16", 3.5), ("cp1255", 5.5)):
        path.write_text(text, encoding=encoding, newline="")
        _, megabytes = measured(TABLE, LIBRARIES, path)
        assert megabytes < times * path.stat().st_size / 2**20, encoding


def test_records_of_a_big_file_are_right_at_both_ends_and_between(big_file):
    data = big_file.read_bytes()
    table = parse(data, "calls", "calls.csv")
    assert dict(table.aside) == {"footer": (ROWS + 1,)}
    assert table.frame["id"].tolist() == [f"{row:08d}" for row in range(ROWS)]
    assert table.frame["note"].iloc[-1].startswith(f'said "yes" {(ROWS - 1) % 500},\nשיחה')


def test_record_numbers_hold_over_the_blocks_that_a_file_is_read_in(big_file):
    lines = big_file.read_bytes().split(b"\n00")
    for place in (5, 150_000, 299_990):
        lines[place] = lines[place] + b",one,too,many"
    lines[200_000] = lines[200_000].replace(b',"said', b',said "', 1)
    table = parse(b"\n00".join(lines), "calls", "calls.csv")
    aside = {rule: rows for rule, rows in table.aside if rule != "footer"}
    assert aside["ragged"][0] == 5
    broken = sum(len(rows) for rows in aside.values())
    assert len(table.rows) + broken + 1 == table.records
    ids = table.frame["id"].astype(int)
    # Until the first fault ids run with the records; each fault moves them by what it broke.
    assert (table.rows[:4] == ids[:4] + 1).all()
    assert ids.is_monotonic_increasing
    assert ids.iloc[-1] == ROWS - 1


def test_whoever_watches_is_told_how_far_reading_has_come(big_file):
    heard = []
    with watched(lambda file, done, total: heard.append((file, done, total))):
        parse(big_file.read_bytes(), "calls", "calls.csv")
    assert len(heard) > 2
    assert [file for file, _, _ in heard] == ["calls.csv"] * len(heard)
    done = [done for _, done, _ in heard]
    assert done == sorted(done)
    assert heard[-1][1] == heard[-1][2]


def test_a_cell_longer_than_a_block_is_read_whole():
    giant = "x" * 20_000_000
    table = parse(f'id,note\n1,"{giant}\n"\n2,b\n'.encode(), "t", "t.csv")
    assert table.frame["note"].str.len().tolist() == [20_000_001, 1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address space of a process is limited on Linux")
@pytest.mark.parametrize("megabytes", [60, 150, 300])
def test_an_export_that_does_not_fit_is_told_in_our_words(tmp_path, megabytes) -> None:
    path = tmp_path / "calls.csv"
    row = ",c{0},Call,2024-01-01 10:00:00," + "lorem ipsum " * 12 + "\n"
    path.write_text("id,who,what,at,note\n" + "".join(f"{n}{row.format(n % 999)}" for n in range(300_000)))
    small = tmp_path / "small" / "calls.csv"
    small.parent.mkdir()
    small.write_text("id,who,what,at,note\n" + "".join(f"{n}{row.format(n)}" for n in range(300)))
    program = f"""
import pathlib, resource, mining, mining.sources.forms.dialect, pandera.pandas
from mining._errors import MemoryBudgetError
from mining.sources.mappings.grammar import build_mapping
mapping = build_mapping('''
system: shop
readers:
  - name: call
    kind: activity
    table: calls
    fields: {{touchpoint_id: id, activity: what, timestamp: at, customer: who}}
''')
# The threads of the readers are started before memory is short: the C library gives up where one cannot be.
mining.read_crm({str(small)!r}, mapping=mapping, identifiers="keep")
status = pathlib.Path("/proc/self/status").read_text()
size = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize")) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + {megabytes} * 2**20,) * 2)
try:
    print("read", len(mining.read_crm({str(path)!r}, mapping=mapping, identifiers="keep")))
except MemoryBudgetError as error:
    print("told", error)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if "thread-local data" in told.stderr:
        pytest.skip("the C library could not start a thread in so little memory, and ended the process")
    assert told.returncode == 0, told.stderr[-2000:]
    assert told.stdout.startswith("told") or told.stdout == "read 300000\n"
