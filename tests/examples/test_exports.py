"""What the generator writes: the same bytes for a seed, any size, and rows that add up."""

from __future__ import annotations

import filecmp
import time
from pathlib import Path

import pandas as pd
import pytest

from mining._errors import MiningError
from mining.examples import Truth, write_bundled, write_exports
from mining.examples.__main__ import main

DATA = Path(__file__).parents[2] / "data"
TOUCHPOINT_TABLES = {
    "hubspot": (
        "deal", "deal_property_history", "engagement_call", "engagement_meeting", "engagement_email", "email_event",
        "contact_form_submission",
    ),
    "zendesk": ("ticket", "ticket_field_history", "ticket_comment", "satisfaction_ratings"),
}  # fmt: skip


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n") - 1


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("planted") / "acme"
    return folder, write_exports(folder, customers=300, seed=3)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("one", 5), ("two", 5), ("other", 6)):
        write_exports(tmp_path / name / "acme", customers=40, seed=seed)
    names = files_in(tmp_path / "one")
    assert names == files_in(tmp_path / "two")
    same = filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", names, shallow=False)
    assert same == (names, [], [])
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "other", names, shallow=False)[1]


def test_the_committed_files_are_what_the_code_writes(tmp_path: Path) -> None:
    write_bundled(tmp_path)
    names = files_in(tmp_path)
    assert len(names) > 30
    assert filecmp.cmpfiles(tmp_path, DATA, names, shallow=False) == (names, [], [])
    assert sum((DATA / name).stat().st_size for name in names) < 3_000_000


@pytest.mark.parametrize("customers", [10, 33, 120])
@pytest.mark.parametrize("null", [False, True])
def test_any_size_can_be_asked_for(tmp_path: Path, customers: int, null: bool) -> None:
    truth = write_exports(tmp_path / "acme", customers=customers, null=null)
    assert len(truth.personas) == customers
    assert truth.journeys["customer"].nunique() == customers


def test_too_few_customers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MiningError, match="too few"):
        write_exports(tmp_path / "acme", customers=3)


def test_thousands_of_customers_take_seconds(tmp_path: Path) -> None:
    started = time.perf_counter()
    write_exports(tmp_path / "acme", customers=4000)
    assert time.perf_counter() - started < 20


def test_the_truth_lies_beside_the_exports_and_reads_back(acme: tuple[Path, Truth]) -> None:
    folder, truth = acme
    assert sorted(path.name for path in folder.iterdir()) == ["hubspot", "phone", "web", "zendesk"]
    again = Truth.read(folder.parent / "acme-truth.json")
    for table in ("personas", "journeys", "identities", "deviations", "rates", "slas", "dirty"):
        pd.testing.assert_frame_equal(
            getattr(again, table), getattr(truth, table).reset_index(drop=True), check_dtype=False
        )
    assert (again.about, again.traits, again.waiting) == (truth.about, truth.traits, truth.waiting)


def test_every_row_of_the_files_is_a_touchpoint_or_counted_as_dirty(acme: tuple[Path, Truth]) -> None:
    folder, truth = acme
    rows = sum(
        lines_of(folder / system / f"{table}.csv") for system, names in TOUCHPOINT_TABLES.items() for table in names
    )
    rows += lines_of(folder / "web" / "web_events.csv") + lines_of(folder / "phone" / "calls.csv")
    history = pd.read_csv(folder / "hubspot" / "deal_property_history.csv")
    amounts = (history.drop_duplicates()["name"] == "amount").sum()
    fields = pd.read_csv(folder / "zendesk" / "ticket_field_history.csv")["field_name"]
    dirty = truth.dirty[~truth.dirty["rule"].isin(["formula cell", "script label"])]
    dirty = dirty[dirty["file"] != "hubspot/contact.csv"]["n_rows"].sum()
    assert rows - amounts - (fields == "priority").sum() - dirty == truth.journeys["n_touchpoints"].sum()


def test_the_counted_dirt_is_in_the_files(acme: tuple[Path, Truth]) -> None:
    folder, truth = acme
    dirty = truth.dirty.set_index(["file", "rule"])["n_rows"]
    for system, table, column in (
        ("hubspot", "engagement_call", "property_hs_timestamp"),
        ("zendesk", "ticket_comment", "created"),
    ):
        calls = pd.read_csv(folder / system / f"{table}.csv", dtype=str)
        assert calls[column].isna().sum() == dirty[f"{system}/{table}.csv", "missing timestamp"]
        assert (calls[column] == "soon").sum() == dirty[f"{system}/{table}.csv", "unparseable timestamp"]
        assert calls.duplicated().sum() == dirty[f"{system}/{table}.csv", "exact duplicate"]
    calls = pd.read_csv(folder / "hubspot" / "engagement_call.csv", dtype=str)
    linked = pd.read_csv(folder / "hubspot" / "engagement_contact.csv", dtype=str)["engagement_id"]
    assert (~calls["engagement_id"].isin(linked)).sum() == dirty["hubspot/engagement_call.csv", "orphan"]
    events = pd.read_csv(folder / "hubspot" / "email_event.csv", dtype=str)
    assert (events["filtered_event"] == "true").sum() == dirty["hubspot/email_event.csv", "bot email event"]
    meetings = pd.read_csv(folder / "hubspot" / "engagement_meeting.csv", dtype=str)
    planned = meetings[meetings["property_hs_meeting_outcome"] == "SCHEDULED"]
    assert len(planned) == dirty["hubspot/engagement_meeting.csv", "planned"]
    assert (planned["property_hs_meeting_start_time"] > truth.about["observed_until"]).all()
    titles = pd.read_csv(folder / "hubspot" / "contact_form_submission.csv")["title"]
    assert titles.str.startswith("=HYPERLINK").sum() == dirty["hubspot/contact_form_submission.csv", "formula cell"]
    assert titles.str.startswith("<script>").sum() == dirty["hubspot/contact_form_submission.csv", "script label"]


def test_the_exchange_writes_bytes_as_exchanges_do(acme: tuple[Path, Truth]) -> None:
    text = (acme[0] / "phone" / "calls.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfCall ID;Started;")
    assert text.count(b"\r\n") == text.count(b"\n")
    assert text.decode("utf-8-sig").splitlines()[-2:][0].startswith("Total calls;")
    assert b";anonymous;" in text


def test_the_command_line_writes_exports_and_the_bundle(tmp_path: Path) -> None:
    main([str(tmp_path / "acme"), "--customers", "12", "--seed", "2", "--null"])
    assert Truth.read(tmp_path / "acme-truth.json").about["null"] is True
    main([str(tmp_path / "data"), "--bundled"])
    assert (tmp_path / "data" / "designs" / "acme.yaml").is_file()
