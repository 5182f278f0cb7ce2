"""Deviations planted into five hundred journeys are recovered, journey by journey, and no others are found."""

import numpy as np
import pytest

from mining import compare, read_design
from tests.telling import told_touchpoints

STEPS = ["ad", "site", "call", "demo", "offer", "won"]
DESIGN = read_design(
    {
        "stages": [
            {"stage": "Look", "steps": STEPS[:2]},
            {"stage": "Talk", "steps": STEPS[2:4]},
            {"stage": "Buy", "steps": [STEPS[4], {"step": STEPS[5], "within": "5D"}]},
        ]
    }
)
KINDS = ("skipped", "added", "out_of_order", "repeated", "late")


def planted(n=600, seed=11):
    """Stories with at most one deviation each, and which one it is."""
    random = np.random.default_rng(seed)
    stories, truth = [], []
    for journey in range(n):
        path, kind = list(STEPS), str(random.choice([*KINDS, "none"]))
        place = int(random.integers(1, 4))
        if kind == "skipped":
            del path[place]
        elif kind == "added":
            path.insert(place, "chat")
        elif kind == "out_of_order":
            path[place], path[place + 1] = path[place + 1], path[place]
        elif kind == "repeated":
            path.insert(place, path[place])
        elif kind == "late":
            path[-1] = "won late"
        stories.append(f"c{journey:04d}: {' > '.join(path)}")
        truth.append(kind)
    return stories, np.array(truth)


@pytest.mark.parametrize("seed", [11, 12])
def test_what_was_planted_is_recovered_and_nothing_else(seed):
    stories, truth = planted(seed=seed)
    waits = {("offer", "won late"): "9D"}
    touchpoints = told_touchpoints(*stories, waits=waits)
    journeys = touchpoints.by("customer").renaming({"won late": "won"})
    found = compare(journeys, DESIGN).journeys
    for kind in KINDS:
        is_found, is_planted = (found[f"n_{kind}"] > 0).to_numpy(), truth == kind
        assert (is_found & is_planted).sum() >= 0.95 * is_planted.sum(), kind  # recall
        assert (is_found & is_planted).sum() >= 0.95 * is_found.sum(), kind  # precision
    assert ((found["verdict"] == "conforming").to_numpy() == (truth == "none")).mean() > 0.99
