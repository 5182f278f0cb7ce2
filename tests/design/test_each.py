"""Discovery and comparison group by group, without extra code."""

import pytest

from mining import MiningError, read_design
from mining.design import compare_each
from mining.discovery import discover_each
from tests.telling import told

STORIES = [f"a{at}: ad > call > won" for at in range(6)] + [f"b{at}: site > won" for at in range(8)] + ["c: ad > lost"]
INDUSTRY = ["toys"] * 6 + ["cars"] * 8 + ["ships"]


@pytest.fixture
def journeys():
    return told(*STORIES, attributes={"industry": INDUSTRY})


def test_each_group_has_a_model_of_its_own(journeys):
    found = discover_each(journeys, "industry")
    assert found.left_out == ("ships",)
    frame = found.frame.set_index("group")
    assert frame["commonest"].to_dict() == {"cars": "site > won", "toys": "ad > call > won"}
    assert frame["fitness"].tolist() == [1.0, 1.0]
    assert found["toys"].n_journeys == 6
    with pytest.raises(MiningError, match="Did you mean 'toys'"):
        found["toy"]
    with pytest.raises(MiningError, match="no group has 5 customers"):
        discover_each(told("a: ad", "b: ad", attributes={"industry": ["x", "y"]}), "industry")


def test_each_group_is_laid_beside_the_design_of_its_own_persona(journeys):
    steps = [{"step": "ad", "personas": ["toys"]}, {"step": "site", "personas": ["cars"]}, "call", "won"]
    design = read_design({"stages": [{"stage": "All", "steps": steps}]})
    found = compare_each(journeys, design, "industry")
    shares = found.verdicts.set_index(["group", "verdict"])["share"]
    assert shares["toys", "conforming"] == 1
    assert shares["cars", "deviating"] == 1
    skipped = found.frame[found.frame["deviation"] == "skipped"]
    assert skipped[["group", "step", "n_journeys"]].to_numpy().tolist() == [["cars", "call", 8]]
    with pytest.raises(MiningError, match="no group 'boats'"):
        found["boats"]
