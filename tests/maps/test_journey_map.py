from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.maps import DEFAULT_LANES, LANES, map_journey
from mining.timing.stages import stage_touchpoints
from tests.telling import told
from tests.timing.planting import logged, sales, told_of

DESIGN = read_design(
    {"stages": [
        {"stage": "Find", "owner": "Marketing", "steps": ["ad", "site"]},
        {"stage": "Buy", "owner": "Sales", "steps": ["offer", {"step": "won", "within": "5h", "after": "offer"}]},
    ]}
)  # fmt: skip


def crowd(*paths: tuple[int, str]) -> tuple[str, ...]:
    """Customers who take the same path."""
    return tuple(f"c{number}-{place}: {path}" for number, (n, path) in enumerate(paths) for place in range(n))


def cell(journey_map: object, stage: str, lane: str, item: str) -> pd.Series:
    frame = journey_map.frame  # type: ignore[attr-defined]
    found = frame[(frame["stage"] == stage) & (frame["lane"] == lane) & (frame["item"] == item)]
    assert len(found) == 1
    return found.iloc[0]


def test_stages_come_from_the_design_and_strangers_join_the_stage_before() -> None:
    journeys = told("a: chat > ad > chat > offer > chat")
    staged = stage_touchpoints(journeys, DESIGN)
    assert [staged.names[number] for number in staged.of] == ["Find", "Find", "Find", "Buy", "Buy"]
    assert staged.mark == "typed"


def test_stages_of_one_journey_never_reach_into_the_next() -> None:
    staged = stage_touchpoints(told("a: ad > offer", "b: chat > site", "c: chat"), DESIGN)
    assert staged.of.tolist() == [0, 1, 0, 0, -1]


def test_stages_come_from_the_logs_own_field() -> None:
    frame = pd.concat(
        [
            told_of(np.arange(3), "meet", np.zeros(3), stage="New"),
            told_of(np.arange(3), "mail", np.ones(3)),
            told_of(np.arange(3), "sign", np.full(3, 2.0), stage="Closing"),
        ],
        ignore_index=True,
    )
    staged = stage_touchpoints(logged(frame))
    assert staged.names == ("New", "Closing")
    assert staged.mark == "measured"
    assert staged.of.tolist() == [0, 0, 1] * 3


def test_without_any_stage_the_way_is_cut_in_thirds() -> None:
    staged = stage_touchpoints(told("a: x > y > z", "b: x > y > z"))
    assert staged.mark == "inferred"
    assert staged.of.tolist() == [0, 1, 2, 0, 1, 2]


def test_stages_of_ones_own_must_hold_something() -> None:
    staged = stage_touchpoints(told("a: x > y"), DESIGN, {"First": ["x"], "Second": ["y"]})
    assert staged.names == ("First", "Second")
    with pytest.raises(MiningError, match="belongs to one"):
        stage_touchpoints(told("a: x > y"), stages={"First": ["q"]})


def test_cells_carry_value_n_and_interval() -> None:
    journeys = told(*crowd((30, "ad > site > offer > won"), (10, "site"), (10, "ad")))
    found = map_journey(journeys, DESIGN, lanes=LANES)
    ads = cell(found, "Find", "customers do", "ad")
    assert (ads["value"], ads["n"], ads["unit"]) == (0.8, 50, "share of customers")
    assert ads["low"] < 0.8 < ads["high"]
    assert ads["mark"] == "measured"
    assert cell(found, "Find", "waits", "to the next stage")["value"] == 1.0
    assert cell(found, "Buy", "sla", "won within 5 h")["value"] == 1.0
    assert cell(found, "Buy", "feeling", "no data")["n"] == 0
    assert cell(found, "Find", "owner", "Marketing")["mark"] == "typed"


def test_unfinished_journeys_neither_go_on_nor_end() -> None:
    # Everything happens within a day of the end of observation: who has not gone on may still do so.
    journeys = told(*crowd((20, "ad > offer > won"), (20, "ad")))
    on = cell(map_journey(journeys, DESIGN), "Find", "outcome", "go on")
    assert (on["value"], on["n"]) == (1.0, 20)
    late = told(*crowd((20, "ad > offer > won"), (20, "ad")), "z: ad > offer", waits={("ad", "offer"): "200D"})
    on = cell(map_journey(late, DESIGN), "Find", "outcome", "go on")
    assert (on["value"], on["n"]) == (21 / 41, 41)


def test_small_cells_are_masked() -> None:
    journeys = told(*crowd((30, "ad > offer > won"), (3, "site > offer > won")))
    frame = map_journey(journeys, DESIGN, lanes=LANES).frame
    assert "site" not in set(frame["item"])
    masked = frame[frame["item"] == "fewer than 5"]
    assert len(masked)
    assert masked["value"].isna().all()
    assert (masked["n"] == 0).all()
    alone = map_journey(told("a: ad > offer"), DESIGN, lanes=LANES).frame
    assert alone.loc[alone["mark"] == "measured", "value"].isna().all()


def test_there_is_one_map_for_each_persona() -> None:
    journeys = told(*crowd((10, "ad > offer > won"), (10, "site > offer > won")))
    persona = pd.Series(["fast"] * 10 + ["careful"] * 10, index=[f"c{i}-{j}" for i in range(2) for j in range(10)])
    found = map_journey(journeys, DESIGN, by=persona)
    assert found.personas == ("careful", "fast")
    assert found.n_customers == {"careful": 10, "fast": 10}
    first = found.frame[(found.frame["persona"] == "fast") & (found.frame["lane"] == "customers do")]
    assert "ad" in set(first["item"])
    assert "site" not in set(first["item"])
    assert "fast" in found._repr_html_()
    with pytest.raises(MiningError, match="Did you mean 'fast'"):
        found.plot("fst")


def test_owners_are_inferred_where_nobody_wrote_them_down() -> None:
    journeys = told(
        *crowd(
            (10, "ad > offer > won"),
        ),
        teams={"offer": "Inside sales", "won": "Inside sales"},
    )
    stages = {"Find": ["ad"], "Buy": ["offer", "won"]}
    row = cell(map_journey(journeys, stages=stages, lanes=["owner"]), "Buy", "owner", "Inside sales")
    assert row["mark"] == "inferred"


def test_the_picture_is_escaped_and_the_same_every_time() -> None:
    hostile = '<script>alert("x")</script>'
    journeys = told(*crowd((10, f"ad > {hostile.replace('>', '›')} > won")))
    found = map_journey(journeys, DESIGN)
    assert "<script" not in found._repr_html_()
    assert found._repr_html_() == map_journey(journeys, DESIGN)._repr_html_()
    assert found.lanes == DEFAULT_LANES
    assert repr(found) == "<JourneyMap of 10 journeys: 2 stages (typed) by 4 lanes>"


def test_row_order_does_not_matter() -> None:
    frame = sales(60, np.random.default_rng(0)).assign(team=None)
    one = map_journey(logged(frame), lanes=LANES).frame
    two = map_journey(logged(frame.sample(frac=1, random_state=1).reset_index(drop=True)), lanes=LANES).frame
    pd.testing.assert_frame_equal(one, two)


def test_an_unknown_lane_is_refused() -> None:
    with pytest.raises(MiningError, match="Did you mean 'waits'"):
        map_journey(told("a: ad > offer"), DESIGN, lanes=["wait"])


def test_a_map_in_other_words_holds_the_same_numbers():
    grid = map_journey(told(*(f"c{at}: site > call > won" for at in range(9))), lanes=["customers do", "outcome"])
    other = grid.renamed({"outcome": "Ergebnis", "go on": "weiter", "site": "never"})
    assert other.lanes == ("customers do", "Ergebnis")
    assert "weiter" in set(other.frame["item"])
    assert "site" in set(other.frame["item"])
    assert other.frame["value"].equals(grid.frame["value"])
