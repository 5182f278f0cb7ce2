"""What customers say is counted by hand, masked where few said it, and never made up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.maps import hear_customers, map_journey
from mining.timing.clustering import clustered_mean
from tests.telling import told
from tests.timing.planting import logged

DESIGN = read_design(
    {"stages": [{"stage": "Buy", "steps": ["ad", "rated"]}, {"stage": "Use", "steps": ["help", "lost"]}]}
)


def heard(rows):
    """Tell of rows of customer, activity, day, and what else."""
    frame = pd.DataFrame(
        [{"customer": who, "activity": what, "hours": 24.0 * day, **more} for who, what, day, more in rows]
    )
    return logged(frame)


def scored(n, score, *, what="rated", day=1, name="c"):
    return [(f"{name}{number}", what, day, {"score": score(number), "channel": "email"}) for number in range(n)]


def test_means_and_bounds_are_those_of_the_hand() -> None:
    values, cluster = np.array([0.0, 1.0, 1.0, 0.5]), np.array([0, 0, 1, 2])
    n, mean, low, high = clustered_mean(values, np.zeros(4, np.int64), cluster, 2)
    residuals = np.array([0 - 0.625 + 1 - 0.625, 1 - 0.625, 0.5 - 0.625])
    error = 1.959963984540054 * np.sqrt((residuals**2).sum() * 3 / 2) / 4
    assert n.tolist() == [4, 0]
    assert mean[0] == 0.625
    assert (low[0], high[0]) == (pytest.approx(0.625 - error), pytest.approx(0.625 + error))
    assert np.isnan([mean[1], low[1], high[1]]).all()


def test_scores_are_summed_up_by_stage_activity_channel_and_quarter() -> None:
    rows = [*scored(6, lambda _: 1.0), *scored(6, lambda number: number % 2, what="help", day=100)]
    voices = hear_customers(heard(rows), DESIGN)
    told_ = voices.scores.set_index(["by", "which"])
    assert told_.loc[("all", "all"), ["n_scores", "n_customers", "mean"]].tolist() == [12, 6, 0.75]
    assert told_.loc["stage"]["mean"].to_dict() == {"Buy": 1.0, "Use": 0.5}
    assert told_.loc["quarter"].index.tolist() == ["2025Q1", "2025Q2"]
    assert told_.loc[("channel", "email"), "n_scores"] == 12
    assert (voices.scores["low"].between(0, 1) & voices.scores["high"].between(0, 1)).all()
    assert "Lowest in Use: 0.50" in voices.sentences[0]


def test_the_map_tells_the_same_means() -> None:
    journeys = heard([*scored(6, lambda number: number / 6), *scored(7, lambda _: 0.5, what="help", day=9, name="d")])
    cells = map_journey(journeys, DESIGN, lanes=["feeling"]).frame.set_index("stage")
    means = hear_customers(journeys, DESIGN).scores.query("by == 'stage'").set_index("which")
    assert cells["value"].to_dict() == pytest.approx(means["mean"].to_dict())
    assert cells["low"].to_dict() == pytest.approx(means["low"].to_dict())


def lost(n, reason, name):
    return [
        row
        for number in range(n)
        for row in (
            (f"{name}{number}", "ad", 0, {}),
            (f"{name}{number}", "lost", 2, {"outcome": "lost", "reason": reason}),
        )
    ]


def test_reasons_are_counted_by_customers_and_those_of_few_are_not_listed() -> None:
    voices = hear_customers(heard([*lost(9, "price", "a"), *lost(6, "time", "b"), *lost(3, "quarrel", "c")]), DESIGN)
    assert voices.scores.empty
    assert voices.reasons[["reason", "stage", "n_customers", "of_customers"]].to_numpy().tolist() == [
        ["price", "all", 9, 18], ["time", "all", 6, 18], ["price", "Use", 9, 18], ["time", "Use", 6, 18],
    ]  # fmt: skip
    assert voices.n_hidden == 1
    assert "quarrel" not in voices._repr_html_() + " ".join(voices.sentences)
    assert "Most often recorded: price (9 of 18 customers). 1 reason of fewer than five" in voices.sentences[0]
    assert "price" in voices.plot().svg


def test_a_reason_that_a_customer_gives_twice_counts_once() -> None:
    rows = [
        *lost(5, "price", "a"),
        *((f"a{number}", "lost", 3, {"outcome": "lost", "reason": "price"}) for number in range(5)),
    ]
    assert hear_customers(heard(rows), DESIGN).reasons["n_customers"].tolist() == [5, 5]


def test_where_nobody_was_asked_nothing_is_said() -> None:
    with pytest.raises(MiningError, match="no score and no reason"):
        hear_customers(told("Ann: ad > won", "Bob: ad > won"))
    with pytest.raises(MiningError, match="no score and no reason"):
        hear_customers(heard(scored(4, lambda _: 1.0)))
