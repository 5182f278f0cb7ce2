"""Candidates: planted patterns stand out where they are, and nowhere in a log without any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.examples import write_exports
from mining.maps import find_candidates
from mining.sources import read_crm
from tests.telling import told
from tests.timing.planting import logged, told_of

ROOT = Path(__file__).parents[2]


def desk(n: int, seed: int, *, again: float = 0.1, slow: float = 0.0, asked: float = 0.1) -> pd.DataFrame:
    """Customers ask by phone and mail, employees check and answer; some of it twice, some of it late."""
    random = np.random.default_rng(seed)
    who, begin = np.arange(n), random.uniform(0, 5000, n)
    wait = random.exponential(5, n)
    late = random.random(n) < slow
    answer = begin + 10 + wait + np.where(late, 100.0, 0.0)
    ours = {"actor_kind": "employee", "direction": "outbound", "channel": "email"}
    theirs = {"actor_kind": "customer", "direction": "inbound", "touchpoint_kind": "interaction"}
    twice, called, mailed = random.random(n) < again, random.random(n) < asked, random.random(n) < 0.1
    noted = random.random(n) < 0.1
    parts = [
        told_of(who, "Call", begin, channel="phone", **theirs),
        told_of(who, "Check", begin + 2, **ours),
        told_of(who[twice], "Check", begin[twice] + 3, **ours),
        told_of(who, "Note", begin + 4, **ours),
        told_of(who[noted], "Note", begin[noted] + 5, **ours),
        told_of(who, "Answer", answer, **ours),
        told_of(who, "Mail", answer + 1, channel="email", **theirs),
        told_of(who, "Reply", answer + 1 + random.exponential(5, n), **ours),
        told_of(who[called], "Call", answer[called] + 60, channel="phone", **theirs),
        told_of(who[called], "Answer", answer[called] + 64, **ours),
        told_of(who[mailed], "Mail", answer[mailed] + 90, channel="email", **theirs),
        told_of(who[mailed], "Reply", answer[mailed] + 94, **ours),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("planted", "kind", "where"),
    [
        ({"again": 0.6}, "manual step repeated", "Check"),
        ({"slow": 0.4}, "wait without work", "Answer"),
        ({"asked": 0.6}, "question answered twice", "Call"),
    ],
)
def test_one_planted_pattern_comes_alone(planted: dict[str, float], kind: str, where: str) -> None:
    found = find_candidates(logged(desk(400, 1, **planted)))
    assert found.frame[["kind", "where", "mark"]].to_numpy().tolist() == [[kind, where, "candidate"]]
    row = found.frame.iloc[0]
    assert row["low"] < next(iter(planted.values())) < row["high"]
    assert row["share"] == pytest.approx(row["n_touched"] / row["n_customers"])


def test_nothing_stands_out_where_nothing_was_planted() -> None:
    assert sum(len(find_candidates(logged(desk(300, seed)))) > 0 for seed in range(20)) <= 1


def test_what_does_not_stand_out_is_told_too() -> None:
    found = find_candidates(logged(desk(400, 2, again=0.6)))
    assert set(found.tested["kind"]) == {"manual step repeated", "wait without work", "question answered twice"}
    assert "more places do not stand out" in repr(found)


def test_the_example_company_waits_for_quotes_and_its_twin_has_no_candidate(tmp_path: Path) -> None:
    design = read_design(ROOT / "data/designs/acme.yaml")
    found = find_candidates(read_crm(ROOT / "data/exports/acme").by("customer", gap="90D"), design).frame
    pairs = set(found[["kind", "where"]].itertuples(index=False, name=None))
    assert {
        ("wait without work", "Deal: Quote sent"),
        ("wait without work", "Support reply"),
        ("manual step repeated", "Ticket handed over"),
    } <= pairs
    assert found.set_index("where").loc["Deal: Quote sent", "stage"] == "Purchase"
    write_exports(tmp_path / "acme", customers=360, seed=7, null=True)
    assert len(find_candidates(read_crm(tmp_path / "acme").by("customer", gap="90D"), design)) == 0


def test_times_and_hours_are_those_worked_out_by_hand() -> None:
    actors = {"check": "employee", "answer": "employee"}
    stories = [f"a{number}: ask > check > check > check > answer" for number in range(20)]
    stories += [f"b{number}: ask > check > answer" for number in range(5)]
    frame = find_candidates(told(*stories, actors=actors)).tested.set_index(["kind", "where"])
    row = frame.loc[("manual step repeated", "check")] if ("manual step repeated", "check") in frame.index else None
    found = find_candidates(told(*stories, actors=actors)).frame.set_index(["kind", "where"])
    row = found.loc[("manual step repeated", "check")] if row is None else row
    assert row[["n_customers", "n_touched", "n_times", "hours"]].tolist() == [25, 20, 40, 40.0]
    assert row["others"] == 0


def test_what_the_customer_made_necessary_is_no_repeat() -> None:
    actors = {"check": "employee", "answer": "employee"}
    stories = [f"a{number}: ask > check > ask > check > answer" for number in range(30)]
    found = find_candidates(told(*stories, actors=actors))
    both = pd.concat([found.frame, found.tested])
    assert both.loc[both["kind"] == "manual step repeated", "n_touched"].eq(0).all()


def test_a_machine_that_comes_later_was_meant_to() -> None:
    frame = desk(400, 3, slow=0.4)
    frame.loc[frame["activity"] == "Answer", "actor_kind"] = "automation"
    found = find_candidates(logged(frame))
    assert "wait without work" not in set(found.frame["kind"])


def test_the_order_of_rows_never_matters() -> None:
    frame = desk(200, 4, again=0.6)
    one, two = (find_candidates(logged(rows)).frame for rows in (frame, frame.iloc[::-1].reset_index(drop=True)))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("stories", [["a: x"], ["a: x > y", "b: x > y > won", "c: lost"], ["a: =1+1"] * 3])
def test_small_logs_have_no_candidates(stories: list[str]) -> None:
    found = find_candidates(told(*stories))
    assert len(found) == 0
    assert found.plot() is not None
    assert "Candidates" in found._repr_html_()


def test_it_can_be_looked_at() -> None:
    found = find_candidates(logged(desk(400, 1, again=0.6)))
    assert "Check" in found._repr_html_()
    assert "svg" in found.plot()._repr_html_()


def test_no_journeys_are_refused() -> None:
    with pytest.raises(MiningError, match="no journeys"):
        find_candidates(told("a: x").keep(np.zeros(1, bool)))
