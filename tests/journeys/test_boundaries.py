"""Where one journey ends is learned, not told; what is planted is found, better than by the silence alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mining import MiningError
from mining.journeys.boundaries import find_boundaries
from mining.journeys.boundary_model import boundary_probability
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told_touchpoints

# Time only, local context and LSTM, as published with the logs (Bernard et al. 2021), by delay between journeys.
PUBLISHED = {
    "0.05": (0.523, 0.626, 0.712), "0.15": (0.568, 0.820, 0.826), "0.25": (0.608, 0.852, 0.885),
    "0.35": (0.644, 0.887, 0.914), "0.5": (0.692, 0.914, 0.936), "2.0": (0.930, 0.943, 0.980),
}  # fmt: skip


def planted(n_customers=120, seed=5):
    """Streams of three to five journeys of a shop, and where each begins."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(n_customers):
        now = 0.0
        for _ in range(random.integers(3, 6)):
            now += random.exponential(6)
            path = ["search", *random.permutation(["read", "ask", "call"]).tolist(), "buy"]
            for place, activity in enumerate(path[: random.integers(3, 6)]):
                now += random.exponential(3) if place else 0
                rows.append((f"C{customer:03d}", activity, now, place == 0))
    frame = pd.DataFrame(rows, columns=["customer", "activity", "hour", "begins"])
    frame["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(frame["hour"], unit="h").dt.round("us")
    return frame


def touchpoints_of(frame):
    return Touchpoints(canonical(frame[["customer", "activity", "timestamp"]]), {}, None)


def test_planted_boundaries_are_found_better_than_by_the_silence_alone():
    frame = planted()
    found = find_boundaries(touchpoints_of(frame))
    ordered = frame.sort_values(["customer", "timestamp"], kind="stable")
    begins = ordered["begins"].to_numpy()[found.places]
    ours = roc_auc_score(begins, found.probability)
    assert ours > 0.95 > roc_auc_score(begins, found.frame["silence_hours"])
    assert found.probability.sum() == pytest.approx(begins.sum(), rel=0.25)  # it errs towards longer journeys


def test_the_order_of_rows_decides_nothing():
    frame = planted(30)
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    one, other = find_boundaries(touchpoints_of(frame)), find_boundaries(touchpoints_of(shuffled))
    pd.testing.assert_frame_equal(one.frame, other.frame)


def test_cutting_keeps_every_touchpoint_and_names_the_parts():
    found = find_boundaries(touchpoints_of(planted(30)))
    cut = found.cut()
    assert cut.log.n_touchpoints == found.journeys.log.n_touchpoints
    assert len(cut) == len(found.journeys) + int((found.probability >= 0.5).sum())
    assert cut.log.journey_ids[0] == "C000/1"
    assert len(found.cut(0.0)) == cut.log.n_touchpoints
    with pytest.raises(MiningError, match="from 0 to 1"):
        found.cut(2)


def test_a_stream_without_any_silence_has_no_boundary():
    found = find_boundaries(told_touchpoints("Ann: ad", "Bob: ad"))
    assert len(found.frame) == 0
    assert len(found.cut()) == 2


def test_equal_silences_in_no_order_leave_everything_undecided_alike():
    random = np.random.default_rng(2)
    before, after = random.integers(0, 4, 4_000), random.integers(0, 4, 4_000)
    found = boundary_probability(before, after, np.ones(4_000), 4)
    assert np.isfinite(found).all()
    assert len(np.unique(found.round(9))) <= 16  # nothing but the pair of activities can tell them apart


@pytest.mark.parametrize("delay", sorted(PUBLISHED))
def test_published_logs_are_cut_better_than_published(real_data, delay):
    frame = pd.read_csv(real_data("journey_partitioning") / f"{delay}.csv")
    frame = frame.sort_values(["journey_id", "timestamp"], kind="stable")
    same = np.flatnonzero(frame["journey_id"].to_numpy()[1:] == frame["journey_id"].to_numpy()[:-1])
    activity, words = pd.factorize(frame["event"], sort=True)
    silence = np.diff(frame["timestamp"].to_numpy())[same]
    truth = (np.diff(frame["case"].to_numpy()) != 0)[same]
    found = boundary_probability(activity[same], activity[same + 1], silence, len(words))
    assert roc_auc_score(truth, found) > max(PUBLISHED[delay])
    assert found.mean() == pytest.approx(truth.mean(), abs=0.03)
