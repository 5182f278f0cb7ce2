from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.timing import check_slas
from mining.timing.survival import kaplan_meier
from tests.timing.planting import logged, told_of

DESIGN = read_design(
    {"stages": [{"stage": "Service", "owner": "Support", "steps": [
        "Ask", {"step": "Reply", "instead": ["Chat reply"], "within": "24h", "after": "Ask"}, "Solve"]}]}
)  # fmt: skip


def asked(replies: dict[int, float | None], *, until: float = 1000.0, ticket: bool = False) -> pd.DataFrame:
    """Customers who ask at hour 0 (or so) and are answered after some hours, or never."""
    rows = []
    for number, hours in replies.items():
        fields = {"ticket": f"t{number}"} if ticket else {}
        rows.append(told_of(np.array([number]), "Ask", np.array([0.0]), **fields))
        if hours is not None:
            rows.append(told_of(np.array([number]), "Reply", np.array([hours]), **fields))
    rows.append(told_of(np.array([9999]), "Other", np.array([until])))
    return pd.concat(rows, ignore_index=True)


def test_a_textbook_example_of_kaplan_and_meier() -> None:
    # Remission of leukaemia under 6-MP (Freireich 1963), 21 patients, as every textbook gives it.
    time = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], float)
    seen = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], bool)
    found = kaplan_meier(time, seen)
    assert found.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.share.round(4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    errors = found.share * np.sqrt(found.variance)
    assert errors.round(4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert found.median == 23


def test_kept_missed_and_never_are_told_apart() -> None:
    frame = check_slas(logged(asked({1: 2, 2: 5, 3: 30, 4: None, 5: 24})), DESIGN).frame
    row = frame.iloc[0]
    assert (row["n_due"], row["n_kept"], row["n_missed"], row["n_open"]) == (5, 3, 2, 0)
    assert row["kept_share"] == pytest.approx(0.6)
    assert row["owner"] == "Support"
    assert row["median_hours"] == 24
    assert row["low"] < 0.6 < row["high"]


def test_what_is_still_open_is_censored_and_not_missed() -> None:
    # By hand: ten hours after asking, 1 of 4 answered at 2 h, 1 at 5 h, two still wait: 3/4 * 2/3 = 1/2 unanswered.
    row = check_slas(logged(asked({1: 2, 2: 5, 3: None, 4: None}, until=10)), DESIGN).frame.iloc[0]
    assert (row["n_due"], row["n_kept"], row["n_missed"], row["n_open"]) == (4, 2, 0, 2)
    assert row["kept_share"] == pytest.approx(0.5)
    assert 0 < row["low"] < 0.5 < row["high"] < 1


def test_nothing_kept_and_all_open_still_has_an_interval_or_none() -> None:
    row = check_slas(logged(asked({1: None, 2: None}, until=3)), DESIGN).frame.iloc[0]
    assert row["n_open"] == 2
    assert math.isnan(row["low"])


def test_a_promise_follows_its_own_ticket() -> None:
    frame = pd.concat(
        [
            told_of(np.array([1]), "Ask", np.array([0.0]), ticket="t1"),
            told_of(np.array([1]), "Ask", np.array([10.0]), ticket="t2"),
            told_of(np.array([1]), "Reply", np.array([12.0]), ticket="t2"),
            told_of(np.array([1]), "Reply", np.array([50.0]), ticket="t1"),
            told_of(np.array([2]), "Other", np.array([500.0])),
        ],
        ignore_index=True,
    )
    row = check_slas(logged(frame), DESIGN).frame.iloc[0]
    assert (row["n_kept"], row["n_missed"]) == (1, 1)


def test_a_step_left_out_on_the_way_is_skipped_and_not_late() -> None:
    solved = told_of(np.array([4]), "Solve", np.array([3.0]))
    frame = pd.concat([asked({1: 2, 2: 5, 4: None}), solved], ignore_index=True)
    row = check_slas(logged(frame), DESIGN).frame.iloc[0]
    assert (row["n_due"], row["n_skipped"], row["n_missed"]) == (2, 1, 0)


def test_a_journey_lost_before_the_limit_owes_nothing() -> None:
    lost = told_of(np.array([4]), "Lost", np.array([3.0]), outcome="lost")
    frame = pd.concat([asked({1: 2, 2: 5, 4: None}), lost], ignore_index=True)
    row = check_slas(logged(frame), DESIGN).frame.iloc[0]
    assert (row["n_missed"], row["n_open"]) == (0, 1)
    assert row["kept_share"] == 1.0


def test_another_activity_instead_keeps_the_promise() -> None:
    chat = told_of(np.array([7]), "Chat reply", np.array([1.0]))
    ask = told_of(np.array([7]), "Ask", np.array([0.0]))
    frame = pd.concat([asked({1: 2}), ask, chat], ignore_index=True)
    assert check_slas(logged(frame), DESIGN).frame.iloc[0]["n_kept"] == 2


def test_a_design_without_promises_is_refused() -> None:
    with pytest.raises(MiningError, match="within"):
        check_slas(logged(asked({1: 2})), read_design({"stages": [{"stage": "Service", "steps": ["Ask"]}]}))


def test_a_promise_whose_start_never_happens_is_never_due() -> None:
    steps = ["Nothing", {"step": "Reply", "within": "5h"}]
    other = read_design({"stages": [{"stage": "Service", "steps": steps}]})
    row = check_slas(logged(asked({1: 2})), other).frame.iloc[0]
    assert row["n_due"] == 0
    assert math.isnan(row["kept_share"])
