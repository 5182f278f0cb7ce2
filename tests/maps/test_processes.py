"""Key processes: what carries a goal, counted by hand, and what each goal hangs on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.journeys import Journeys
from mining.maps import KeyProcesses, find_key_processes
from mining.sources import read_crm
from tests.telling import told
from tests.timing.planting import logged, told_of

ROOT = Path(__file__).parents[2]
DESIGN = read_design(
    {"stages": [
        {"stage": "Sales", "owner": "Head of sales", "steps": [
            "ask", {"step": "offer", "within": "2h", "after": "ask"}, {"step": "won", "optional": True}]},
        {"stage": "Use", "optional": True, "steps": ["call", "help"]},
    ]}
)  # fmt: skip


def times(n: int, story: str, name: str) -> list[str]:
    return [f"{name}{number}: {story}" for number in range(n)]


SHOP = [
    *times(6, "ask > offer > won > call > help", "a"),
    *times(4, "ask > offer > lost", "b"),
    *times(2, "ask > lost", "c"),
]


def process(found: KeyProcesses, step: str) -> pd.Series:
    return found.frame.set_index("step").loc[step]


def many(n_processes: int, seed: int = 0) -> Journeys:
    """Each customer takes one of many steps, most of them the first few, and half are lost."""
    random = np.random.default_rng(seed)
    n = 4000
    which = np.minimum(random.geometric(0.12, n) - 1, n_processes - 1)
    names = np.array([f"step {number:02d}" for number in range(n_processes)], dtype=object)
    who, won = np.arange(n), random.random(n) < 0.5
    return logged(
        pd.concat(
            [
                told_of(who, "ask", np.zeros(n)),
                told_of(who, names[which], np.ones(n)),  # type: ignore[arg-type]
                told_of(who[won], "won", np.full(won.sum(), 2.0), outcome="won"),
                told_of(who[~won], "lost", np.full((~won).sum(), 2.0), outcome="lost"),
            ],
            ignore_index=True,
        )
    )


def test_customers_who_miss_the_goal_are_counted_by_hand() -> None:
    found = find_key_processes(told(*SHOP), DESIGN)
    offer = process(found, "offer")
    assert (offer["stage"], offer["n_customers"], offer["n_known"]) == ("Sales", 10, 10)
    assert offer["missed_share"] == pytest.approx(0.4)
    assert process(found, "ask")["missed_share"] == pytest.approx(0.5)
    assert process(found, "won")["missed_share"] == 0
    assert {"lost", "call", "help"}.isdisjoint(found.frame["step"])  # an end, and what comes after the win


def test_the_load_is_made_of_its_stated_parts() -> None:
    frame = find_key_processes(told(*SHOP), DESIGN).frame
    assert frame[["weight_goal", "weight_time", "weight_promise"]].drop_duplicates().to_numpy().tolist() == [
        [0.6, 0.2, 0.2]
    ]
    promise = (1 - frame["kept_share"]).fillna(0)
    impact = 0.6 * frame["missed_share"] + 0.2 * frame["time_share"] + 0.2 * promise
    np.testing.assert_allclose(frame["impact"], impact)
    np.testing.assert_allclose(frame["load"], frame["n_customers"] * impact)
    assert frame["load"].is_monotonic_decreasing
    assert (frame["load_low"] <= frame["load"]).all()
    assert (frame["load"] <= frame["load_high"]).all()


def test_promises_owners_and_waits_stand_beside_each_process() -> None:
    slow = told(*SHOP, waits={("ask", "offer"): "5h"}, teams={"call": "Desk", "help": "Desk"})
    offer = process(find_key_processes(slow, DESIGN), "offer")
    assert (offer["within_hours"], offer["kept_share"], offer["owner"], offer["owner_mark"]) == (
        2.0, 0.0, "Head of sales", "typed",
    )  # fmt: skip
    # Five of the six hours until the win, or of the five until the offer that leads to none.
    assert offer["time_share"] == pytest.approx(10 * 5 / (6 * 6 + 4 * 5))
    after = process(find_key_processes(slow, DESIGN, goal="retention"), "call")
    assert (after["owner"], after["owner_mark"]) == ("Desk", "inferred")


def test_retention_and_cross_selling_look_at_what_comes_after_the_win() -> None:
    stories = [*times(6, "ask > won > help", "a"), *times(6, "ask > won > help > won", "b")]
    cross = find_key_processes(told(*stories), goal="cross-sell")
    assert process(cross, "help")["missed_share"] == pytest.approx(0.5)
    assert "ask" not in set(cross.frame["step"])
    left = [*times(6, "ask > won > help > lost", "c"), *times(6, "ask > won > help > solved", "d")]
    assert process(find_key_processes(told(*left), goal="retention"), "help")["missed_share"] == pytest.approx(0.5)


def test_satisfaction_is_known_of_those_who_rated() -> None:
    who = np.arange(30)
    frame = pd.concat(
        [
            told_of(who, "opened", np.zeros(30)),
            told_of(who[:10], "escalated", np.ones(10)),
            told_of(who[:20], "rated", np.full(20, 2.0), score=np.where(np.arange(20) < 10, 0.0, 1.0)),
        ],
        ignore_index=True,
    )
    found = find_key_processes(logged(frame), goal="satisfaction")
    assert process(found, "opened")[["n_customers", "n_known", "missed_share"]].tolist() == [30, 20, 0.5]
    assert process(found, "escalated")["missed_share"] == 1.0
    assert process(found, "opened")["weight_goal"] == 0.4


def test_a_deal_that_says_its_own_win_again_is_not_won_once_more() -> None:
    who = np.arange(10)
    both = [told_of(who, "approved", np.ones(10), outcome="won"), told_of(who, "paid", np.full(10, 2.0), outcome="won")]
    frame = pd.concat(both, ignore_index=True)
    again = find_key_processes(logged(frame), goal="cross-sell")
    assert process(again, "paid")["missed_share"] == 1.0
    named = find_key_processes(logged(frame.assign(deal=frame["customer"])), goal="cross-sell")
    assert process(named, "paid")["missed_share"] == 1.0
    help_between = told_of(who, "help", np.full(10, 1.5))
    apart = pd.concat([frame, help_between], ignore_index=True)
    assert process(find_key_processes(logged(apart), goal="cross-sell"), "help")["missed_share"] == 0.0
    one_deal = apart.assign(deal=apart["customer"])
    assert process(find_key_processes(logged(one_deal), goal="cross-sell"), "help")["missed_share"] == 1.0


def test_who_may_still_come_to_it_is_left_out() -> None:
    found = find_key_processes(told(*SHOP, *times(5, "ask > offer", "open")), DESIGN)
    assert process(found, "offer")[["n_customers", "n_known"]].tolist() == [15, 10]
    assert process(found, "offer")["missed_share"] == pytest.approx(0.4)


def test_key_are_the_fewest_that_carry_nearly_all() -> None:
    found = find_key_processes(many(60))
    assert 10 <= len(found) <= 50
    covered = found.coverage["covered"].to_numpy()
    assert covered[len(found) - 1] >= 0.99 > covered[len(found) - 2]
    assert found.coverage["n_processes"].tolist() == list(range(1, len(covered) + 1))
    assert found.coverage["is_key"].sum() == len(found)
    assert covered[-1] == pytest.approx(1.0)


def test_never_more_than_fifty_and_what_they_carry_is_said() -> None:
    names = np.array([f"step {number:02d}" for number in range(70)], dtype=object)
    who = np.arange(707)
    frame = pd.concat(
        [
            told_of(who[:700], names[who[:700] % 70], np.zeros(700)),  # type: ignore[arg-type]
            told_of(who[:700], "lost", np.ones(700), outcome="lost"),
            told_of(who[700:], "won", np.ones(7), outcome="won"),
        ],
        ignore_index=True,
    )
    found = find_key_processes(logged(frame))
    assert len(found) == 50
    assert found.frame["covered"].iloc[-1] == pytest.approx(50 / 70)
    assert "71.4 %" in repr(found)


def two_ways(lost_by_form: float, lost_by_shop: float) -> pd.DataFrame:
    random = np.random.default_rng(5)
    who = np.arange(400)
    form = random.random(400) < 0.5
    lost = random.random(400) < np.where(form, lost_by_form, lost_by_shop)
    parts = [
        told_of(who[form], "form", np.zeros(form.sum())),
        told_of(who[~form], "shop", np.zeros((~form).sum())),
        told_of(who[lost], "lost", np.ones(lost.sum()), outcome="lost"),
        told_of(who[~lost], "won", np.ones((~lost).sum()), outcome="won"),
    ]
    return find_key_processes(logged(pd.concat(parts, ignore_index=True))).frame.set_index("step")


def test_a_planted_bad_process_is_first_and_equal_ones_are_not_told_apart() -> None:
    frame = two_ways(0.8, 0.1)
    assert frame.index[0] == "form"
    assert frame.loc["form", "load_low"] > frame.loc["shop", "load_high"]
    equal = two_ways(0.4, 0.4)
    assert equal.loc["form", "load_low"] < equal.loc["shop", "load_high"]
    assert equal.loc["shop", "load_low"] < equal.loc["form", "load_high"]


def test_segments_come_with_their_share_and_few_are_masked() -> None:
    by = pd.Series({f"a{number}": "big" for number in range(6)} | {f"b{number}": "small" for number in range(4)})
    found = find_key_processes(told(*SHOP), DESIGN, by=by)
    offer = found.segments[found.segments["step"] == "offer"]
    assert offer[["segment", "n_customers", "share"]].to_numpy().tolist() == [["big", 6, 0.6]]
    assert process(found, "offer")["segments"] == "big 60 %"


def test_weights_of_ones_own_decide() -> None:
    found = find_key_processes(told(*SHOP), DESIGN, weights={"promise": 1.0})
    assert found.frame["weight_goal"].eq(0).all()
    with pytest.raises(MiningError, match=r"There is no weight 'gaol'. Did you mean 'goal'"):
        find_key_processes(told(*SHOP), weights={"gaol": 1.0})
    with pytest.raises(MiningError, match="give 0 or more"):
        find_key_processes(told(*SHOP), weights={"goal": -1.0})
    with pytest.raises(MiningError, match="all 0"):
        find_key_processes(told(*SHOP), weights={"goal": 0.0})


def test_the_example_company_is_carried_by_a_few_processes_with_owners() -> None:
    journeys = read_crm(ROOT / "data/exports/acme").by("customer", gap="90D")
    found = find_key_processes(journeys, read_design(ROOT / "data/designs/acme.yaml"))
    assert 10 <= len(found) <= 50
    assert found.frame["covered"].iloc[-1] >= 0.99
    assert found.frame[["stage", "step", "owner"]].iloc[0].tolist() == ["Purchase", "Deal: Quote sent", "Sales"]
    assert found.frame["owner"].ne("").all()
    assert "svg" in found.plot()._repr_html_()
    assert "Deal: Quote sent" in found._repr_html_()


def test_the_order_of_rows_never_matters() -> None:
    one, two = (find_key_processes(told(*stories), DESIGN).frame for stories in (SHOP, SHOP[::-1]))
    pd.testing.assert_frame_equal(one, two)


def test_small_and_unfit_logs_get_a_clear_answer() -> None:
    few = find_key_processes(told("a: ask > won"))
    assert (len(few), few.n_hidden) == (0, 2)
    assert "0 of 0" in repr(few)
    with pytest.raises(MiningError, match="ask for another"):
        find_key_processes(told("a: ask > lost"), goal="retention")
    with pytest.raises(MiningError, match="map an outcome 'won'"):
        find_key_processes(told("a: ask > lost"))
    with pytest.raises(MiningError, match="ask for another"):
        find_key_processes(told(*SHOP).keep(np.zeros(12, bool)))
    with pytest.raises(MiningError, match="There is no goal 'growth'"):
        find_key_processes(told(*SHOP), goal="growth")
