"""Journey games: published gains, gains worked out by hand, and what is not a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.journeys import Journeys
from mining.maps import Gains, find_gains
from mining.maps.absorbing import chances, moves_of
from mining.sources import read_crm
from mining.sources.touchpoints import Touchpoints
from tests.telling import told
from tests.timing.planting import logged, told_of

ROOT = Path(__file__).parents[2]
ENDS = {"positive": "won", "negative": "lost"}


def times(n: int, story: str, name: str) -> list[str]:
    return [f"{name}{number}: {story}" for number in range(n)]


# Of ten who ask, two are lost at once; of eight who get an offer, six are won and two lost.
SHOP = [*times(6, "ask > offer > won", "a"), *times(2, "ask > offer > lost", "b"), *times(2, "ask > lost", "c")]


def step(gains: Gains, name: str) -> pd.Series:
    return gains.frame.set_index("step").loc[name]


def chain(n: int, seed: int, lost: list[float]) -> Journeys:
    """Customers go from step to step; at each of them some are lost."""
    random = np.random.default_rng(seed)
    here, parts = np.arange(n), []
    for number, share in enumerate(lost):
        parts.append(told_of(here, f"step {number}", np.full(len(here), 10.0 * number)))
        leaves = random.random(len(here)) < share
        gone, here = here[leaves], here[~leaves]
        parts.append(told_of(gone, "lost", np.full(len(gone), 10.0 * number + 5), outcome="lost"))
    parts.append(told_of(here, "won", np.full(len(here), 10.0 * len(lost)), outcome="won"))
    return logged(pd.concat(parts, ignore_index=True))


def test_the_published_gains_of_a_real_service_come_out(real_data: Callable[[str], Path]) -> None:
    traces = json.loads((real_data("greps") / "greps_io_traces.json").read_text(encoding="utf-8"))
    names = [[symbol if isinstance(symbol, str) else symbol[1] for symbol in trace] for trace in traces]
    stories = [f"u{at}: " + " > ".join(ENDS.get(name, name) for name in trace) for at, trace in enumerate(names)]
    gains = find_gains(told(*stories))
    assert gains.share == pytest.approx(17 / 33)
    best = gains.frame.head(4)
    assert best["step"].tolist() == ["waitingForActivityReport", "Task event: 1", "Task event: 3", "Task event: 2"]
    assert best["gain"].round(2).tolist() == [6.48, 6.18, 4.25, 3.78]
    assert best["success"].round(5).tolist() == [0.80952, 0.51515, 0.70833, 0.62963]
    assert (gains.frame["gain"].iloc[4:] == 0).all()


def test_gains_are_those_worked_out_by_hand() -> None:
    gains = find_gains(told(*SHOP))
    assert gains.share == pytest.approx(0.6)
    assert step(gains, "offer")["success"] == pytest.approx(0.75)
    assert step(gains, "ask")["success"] == pytest.approx(0.6)
    assert step(gains, "offer")["gain"] == pytest.approx(6 * 0.25 + 2 * 0.75)
    assert step(gains, "ask")["gain"] == pytest.approx(8 * 0.15 + 2 * 0.6)
    assert gains.frame[["rank", "step", "n_customers"]].to_numpy().tolist() == [[1, "offer", 8], [2, "ask", 10]]


def test_what_is_done_again_counts_again_but_changes_no_chance() -> None:
    gains = find_gains(told(*times(6, "a > a > won", "w"), *times(6, "a > lost", "l")))
    row = step(gains, "a")
    assert (row["n_customers"], row["n_passes"]) == (12, 18)
    assert row["success"] == pytest.approx(0.5)
    assert row["gain"] == pytest.approx(6.0)


def test_journeys_that_still_run_are_no_failures() -> None:
    gains = find_gains(told(*SHOP, *times(5, "ask > offer", "open")))
    assert gains.n_unfinished == 5
    # Thirteen of fifteen go on to an offer; what becomes of five of them is not known.
    assert gains.share == pytest.approx(13 / 15 * 0.75)
    assert step(gains, "offer")["success"] == pytest.approx(0.75)


def test_a_journey_counts_until_its_first_success() -> None:
    stories = [*SHOP, *times(6, "ask > offer > won > help > lost", "d")]
    gains = find_gains(told(*stories))
    assert gains.share == pytest.approx(12 / 16)
    assert "help" not in set(gains.frame["step"])


def test_half_of_the_gain_is_lost_on_the_worse_ways_on() -> None:
    stories = [*SHOP, *times(5, "ask > call > offer > lost", "e"), *times(7, "ask > call > won", "f")]
    journeys = told(*stories)
    moves = moves_of(journeys, journeys.log.holds("outcome", "won"), "activity")
    n = np.asarray(moves.made.sum(axis=0)).ravel()
    chance = chances(moves, n)
    change = n * (chance[moves.to] - chance[moves.start])
    for row in find_gains(journeys).frame.to_dict("records"):
        own = moves.words[np.minimum(moves.start, len(moves.words) - 1)] == row["step"]
        own &= moves.start < len(moves.words)
        assert -change[own & (change < 0)].sum() == pytest.approx(row["gain"] / 2)


def test_chances_are_those_of_the_fundamental_matrix() -> None:
    random = np.random.default_rng(3)
    stories = []
    for number in range(60):
        steps = [f"s{code}" for code in random.integers(0, 6, random.integers(1, 12))]
        stories.append(f"c{number}: " + " > ".join([*steps, random.choice(["won", "lost"])]))
    journeys = told(*stories)
    moves = moves_of(journeys, journeys.log.holds("outcome", "won"), "activity")
    n = np.asarray(moves.made.sum(axis=0)).ravel()
    size = moves.begin + 1
    flow = np.zeros((size, size))
    flow[moves.start, moves.to] = n
    inner = np.flatnonzero(flow.sum(axis=1) > 0)
    share = flow[inner] / flow[inner].sum(axis=1, keepdims=True)
    visits = np.linalg.inv(np.eye(len(inner)) - share[:, inner])
    np.testing.assert_allclose(chances(moves, n)[inner], visits @ share[:, moves.won], atol=1e-12)


def test_a_planted_bad_step_is_first_beyond_doubt() -> None:
    frame = find_gains(chain(600, 1, [0.05, 0.05, 0.4, 0.05, 0.05])).frame
    first = frame.iloc[0]
    assert (first["step"], first["rank_low"], first["rank_high"]) == ("step 2", 1, 1)
    assert first["gain_low"] > frame["gain_high"].iloc[1]
    assert (first["worse_next"], first["n_worse"]) == ("lost here", first["n_customers"] - frame_of(frame, "step 3"))


def frame_of(frame: pd.DataFrame, name: str) -> int:
    return int(frame.set_index("step")["n_customers"][name])


def test_where_all_steps_lose_alike_no_order_is_claimed() -> None:
    firm = [find_gains(chain(600, seed, [0.08] * 5)).frame["rank_high"].iloc[0] == 1 for seed in range(10)]
    assert sum(firm) <= 1


def test_the_interval_holds_the_true_gain_about_as_often_as_it_says() -> None:
    # Of 300 half are lost at once, of the others a fifth later: chance 0.8 after the first step, 0.4 before.
    true = 150 * 0.4 + 150 * 0.4
    held = 0
    for seed in range(30):
        row = step(find_gains(chain(300, seed, [0.5, 0.2])), "step 0")
        held += row["gain_low"] <= true <= row["gain_high"]
    assert held >= 26


def test_the_example_company_loses_most_at_the_quote_beyond_doubt() -> None:
    acme = find_gains(read_crm(ROOT / "data/exports/acme").by("customer", gap="90D")).frame
    assert acme[["step", "rank_low", "rank_high", "worse_next"]].iloc[0].tolist() == [
        "Deal: Quote sent", 1, 1, "lost here"
    ]  # fmt: skip


def test_alike_journeys_of_one_customer_count_as_one_piece_of_evidence() -> None:
    many = chain(300, 1, [0.5])
    # The same journeys, but ten of each kind are one customer's.
    touchpoints = many.touchpoints.frame.assign(deal=many.touchpoints.frame["customer"])
    lost = touchpoints.groupby("customer")["outcome"].transform("first").eq("lost")
    number = touchpoints["customer"].astype("category").cat.codes // 10
    owner = lost.astype("str") + number.astype("str")
    few = Touchpoints(frame=touchpoints.assign(customer=owner.astype("str")), objects={}, quality=None).by("deal")  # type: ignore[arg-type]
    wide, narrow = find_gains(few), find_gains(many)
    assert wide.share == pytest.approx(narrow.share)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_levels_and_other_ends_can_be_asked_for() -> None:
    journeys = told(*SHOP, channels={"ask": "phone", "offer": "email"})
    by_channel = find_gains(journeys, level="channel").frame.set_index("step")["gain"]
    by_activity = find_gains(journeys).frame.set_index("step")["gain"]
    assert by_channel["phone"] == pytest.approx(by_activity["ask"])
    assert by_channel["email"] == pytest.approx(by_activity["offer"])
    assert find_gains(journeys, success="offer").share == pytest.approx(0.8)


def test_few_customers_are_not_shown() -> None:
    gains = find_gains(told(*SHOP, *times(3, "ask > visit > won", "v")))
    assert "visit" not in set(gains.frame["step"])
    assert gains.n_hidden == 1
    assert step(gains, "ask")["worse_next"] == "fewer than 5"
    assert step(gains, "ask")["n_worse"] == 0


def test_the_order_of_rows_never_matters() -> None:
    stories = [*SHOP, *times(5, "ask > call > offer > lost", "e")]
    pd.testing.assert_frame_equal(find_gains(told(*stories)).frame, find_gains(told(*stories[::-1])).frame)


def test_hostile_labels_stay_what_they_are() -> None:
    name = "<b =1+1 lost here"
    gains = find_gains(told(*[story.replace("offer", name) for story in SHOP]))
    assert step(gains, name)["n_customers"] == 8
    assert "<b " not in gains._repr_html_()
    assert "svg" in gains.plot()._repr_html_()


def test_one_journey_is_too_few_to_show_a_step() -> None:
    gains = find_gains(told("a: ask > won"))
    assert len(gains) == 0
    assert gains.share == 1.0
    assert gains.plot() is not None


def test_nothing_and_unknown_words_are_refused() -> None:
    with pytest.raises(MiningError, match="no journeys"):
        find_gains(told(*SHOP).keep(np.zeros(10, bool)))
    with pytest.raises(MiningError, match=r"There is no outcome 'wonn'. Did you mean 'won'"):
        find_gains(told(*SHOP), success="wonn")
    with pytest.raises(MiningError, match=r"There is no level 'chanel'. Did you mean 'channel'"):
        find_gains(told(*SHOP), level="chanel")
