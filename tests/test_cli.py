"""The command line: it works, it teaches, and what goes wrong is one message and a non-zero exit."""

import pytest
from typer.testing import CliRunner

from mining.cli import app
from mining.examples import write_exports

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


@pytest.mark.parametrize("command", ["report", "read", "discover", "compare"])
def test_help_teaches(command):
    assert command in run("--help").stdout
    assert "--" in run(command, "--help").stdout


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
