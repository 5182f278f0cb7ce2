"""The command line: it works, it teaches, and what goes wrong is one message and a non-zero exit."""

import pytest
from typer.testing import CliRunner

from mining.cli import app
from mining.examples import write_exports
from mining.sources.mappings.strict_yaml import read_yaml

RUNNER = CliRunner()


def run(*arguments):
    return RUNNER.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acme") / "acme"
    write_exports(folder, customers=40, seed=3)
    return folder


def test_the_example_becomes_a_page(tmp_path):
    result = run("report", "--example", "--output", tmp_path / "page.html", "--language", "he")
    assert result.exit_code == 0, result.output
    assert 'dir="rtl"' in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "open it in a browser" in result.stdout


def test_reading_prints_what_was_used_and_what_was_not(exports):
    result = run("read", exports, "--source", "hubspot", "--source", "zendesk")
    assert result.exit_code == 0, result.output
    assert "unreadable timestamp" in result.stdout


def test_discovering_prints_paths_and_saves_the_flow(tmp_path):
    result = run("discover", "--example", "--picture", tmp_path / "flow.svg")
    assert result.exit_code == 0, result.output
    assert "precision" in result.stdout
    assert "<svg" in (tmp_path / "flow.svg").read_text(encoding="utf-8")


def test_comparing_prints_verdicts_and_deviations():
    result = run("compare", "--example")
    assert result.exit_code == 0, result.output
    assert "still running" in result.stdout
    assert "skipped" in result.stdout


@pytest.mark.parametrize("command", ["report", "read", "map", "discover", "compare"])
def test_help_teaches(command):
    assert command in run("--help").stdout
    assert "--" in run(command, "--help").stdout


CALLS = (
    "Call ID,Started,Customer ID,Direction\n"
    "c1,2024-01-02 10:00,7,Inbound\nc2,2024-01-02 11:00,8,Outbound\nc3,2024-01-03 09:00,7,Inbound\n"
)


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(CALLS, encoding="utf-8")
    return path


def test_mapping_prints_a_guess_and_the_next_step(calls):
    result = run("map", calls)
    assert result.exit_code == 0, result.output
    assert "timestamp: Started" in result.stdout
    assert "Next: write it with -o my.yml" in result.stderr
    assert read_yaml(result.stdout, "the guess")["readers"][0]["kind"] == "activity"  # what is printed is a mapping


def test_the_guess_is_written_and_reads_as_it_stands(calls, tmp_path):
    mine = tmp_path / "my.yml"
    result = run("map", calls, "-o", mine)
    assert result.exit_code == 0, result.output
    assert f"mining read {calls} --source {mine}" in result.stdout.replace("\n", "")
    assert "3 touchpoints" in run("read", calls, "--source", mine).stdout


def test_a_mapping_that_is_there_is_overwritten_only_by_force(calls, tmp_path):
    mine = tmp_path / "my.yml"
    mine.write_text("edited by hand", encoding="utf-8")
    result = run("map", calls, "-o", mine)
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert mine.read_text(encoding="utf-8") == "edited by hand"
    assert run("map", calls, "-o", mine, "--force").exit_code == 0
    assert "timestamp: Started" in mine.read_text(encoding="utf-8")


def test_a_known_system_is_read_by_its_own_mapping(exports):
    result = run("map", exports / "zendesk")
    assert result.exit_code == 0, result.output
    assert "Next: mining read" in result.stderr
    assert "--source zendesk" in result.stderr


def test_an_export_without_times_is_told_to_make_no_journey(tmp_path):
    (tmp_path / "leads.csv").write_text("Lead ID,City\n1,Haifa\n2,Lod\n3,Haifa\n", encoding="utf-8")
    result = run("map", tmp_path / "leads.csv")
    assert result.exit_code == 0, result.output
    assert "NO JOURNEY CAN BE MADE OF THIS" in result.stdout
    assert "Next: give the tables that say what happened when" in result.stderr


def config(folder, text):
    path = folder / "study.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["report"], "a configuration file, or --example"),
        (["report", "no-such.yml"], "no file or folder 'no-such.yml'"),
        (["read", "no-such-folder"], "no file or folder"),
        (["map", "no-such-folder"], "no file or folder"),
        (["read", ".", "--source", "hubspt"], "Did you mean 'hubspot'"),
    ],
)
def test_what_goes_wrong_is_one_message_and_no_traceback(arguments, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 1
    assert hint in result.stderr
    assert result.stderr.startswith("mining: ")
    assert "Traceback" not in result.output


def test_comparing_without_a_design_says_what_to_add(exports, tmp_path):
    result = run("compare", config(tmp_path, f"exports: {exports}\nsources: [hubspot, zendesk]\n"))
    assert result.exit_code == 1
    assert "add `design:" in result.stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "deals.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    result = run("read", tmp_path / "deals.xlsx", "--source", "hubspot")
    assert result.exit_code == 1
    assert "deals.xlsx" in result.stderr


def test_a_missing_column_names_the_nearest(tmp_path):
    header = "engagement_id,property_hs_timestmp,type\n1,2024-01-01 10:00:00,CALL\n"
    (tmp_path / "engagement_call.csv").write_text(header, encoding="utf-8")
    result = run("read", tmp_path, "--source", "hubspot")
    assert result.exit_code == 1
    assert "Did you mean 'property_hs_timestmp'" in result.stderr


def test_an_export_without_usable_rows_is_said_to_be_empty(tmp_path):
    (tmp_path / "engagement_call.csv").write_text("engagement_id,property_hs_timestamp\n1,soon\n", encoding="utf-8")
    result = run("read", tmp_path, "--source", "hubspot")
    assert result.exit_code == 1
    assert "unreadable" in result.stderr or "empty" in result.stderr
