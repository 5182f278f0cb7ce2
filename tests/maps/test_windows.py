"""Maps over time: journeys stand in the period they begin in, and only what was watched long enough is compared."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.journeys import Journeys
from mining.maps import JourneyMap, map_journey
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told

STAGES = {"Find": ["ad", "chat", "site"], "Buy": ["won", "lost"]}
LANES = ("customers do", "waits", "outcome")


def years(
    seed: int, apart: float = 0.0, *, n: int = 400, wait: float = 5.0, until: str = "2026-07-01", ends: float = 1.0
) -> Journeys:
    """Customers who begin on any day of 2024 and 2025; from 2025 on more of them chat."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(n):
        begins = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=float(random.uniform(0, 730)))
        chats = random.random() < 0.3 + (apart if begins.year == 2025 else 0.0)
        path = ["ad", *(["chat"] if chats else []), "site"]
        path += [str(random.choice(["won", "lost"]))] if random.random() < ends else []
        for place, activity in enumerate(path):
            moment = begins + pd.Timedelta(days=float(place * random.exponential(wait)))
            rows.append((f"c{customer}", activity, moment, activity if activity in {"won", "lost"} else None))
    # Somebody who says until when the log was kept.
    rows.append(("last", "ad", pd.Timestamp(until, tz="UTC"), None))
    frame = pd.DataFrame(rows, columns=["customer", "activity", "timestamp", "outcome"])
    frame = frame[frame["timestamp"] <= pd.Timestamp(until, tz="UTC")].reset_index(drop=True)
    return Touchpoints(frame=canonical(frame.assign(actor_kind="customer")), objects={}, quality=None).by("customer")


def over_time(journeys: Journeys, by: str = "year") -> JourneyMap:
    return map_journey(journeys, stages=STAGES, lanes=LANES, by=by)


def test_journeys_stand_in_the_period_in_which_they_begin() -> None:
    journeys = years(0)
    found = over_time(journeys, "quarter")
    assert found.personas == tuple(sorted(found.personas))
    assert found.personas[:2] == ("2024Q1", "2024Q2")
    began = journeys.portraits()["started"].dt.tz_localize(None).dt.to_period("Q").astype("str").value_counts()
    began = began[began >= 5]
    told_of = found.exposure.set_index("persona")["n_journeys"]
    assert told_of.dropna().to_dict() == began.to_dict()
    assert np.isnan(told_of["2026Q3"])
    assert over_time(journeys, "month").personas[0] == "2024-01"
    assert over_time(journeys).personas == ("2024", "2025", "2026")
    assert map_journey(journeys, stages=STAGES).exposure is None


def test_a_field_or_attribute_of_that_name_goes_before_the_period() -> None:
    attributes = {"quarter": ["north"] * 10 + ["south"] * 10}
    journeys = told(*(f"c{k}: ad > won" for k in range(20)), attributes=attributes)
    found = map_journey(journeys, stages={"Find": ["ad"], "Buy": ["won"]}, by="quarter")
    assert found.personas == ("north", "south")
    assert found.exposure is None


def test_what_changed_over_time_is_marked_and_nothing_else() -> None:
    found = over_time(years(1, apart=0.4))
    rows = found.differences[found.differences["is_found"]]
    assert set(rows["item"]) == {"chat"}
    assert rows.set_index("persona").loc["2025", "difference"] > 0.2
    assert "▲" in found.plot_side_by_side().html


def test_periods_of_one_process_are_marked_in_hardly_any_map() -> None:
    marked = sum(over_time(years(seed, n=160), "quarter").differences["is_found"].any() for seed in range(20))
    assert marked <= 4  # 1 expected; binomial band at 99 %


def test_a_period_whose_journeys_still_run_is_not_compared() -> None:
    # Who begins late has not had the time to chat, to win or to lose: no change, and none is found.
    marked = 0
    for seed in range(4):
        found = over_time(years(seed, n=300, wait=60, until="2025-12-31"), "quarter")
        told_of = found.exposure.set_index("persona")
        assert not told_of.loc["2025Q4", "is_compared"]
        assert "2025Q4" not in set(found.differences["persona"])
        assert told_of["watched_days"].is_monotonic_decreasing
        marked += int(found.differences["is_found"].any())
        assert "too young to be compared" in found.plot_side_by_side().html
    assert marked <= 1


def test_of_each_customer_the_first_journey_is_compared() -> None:
    # Customers come again in the second year, and do then what they never did before.
    seen = [(f"{who}{k}", "site", f"{year}-03-01") for who, year in (("c", 2024), ("d", 2025)) for k in range(0, 60, 2)]
    first = [(f"c{k}", "ad", "2024-03-01") for k in range(60)] + [(f"c{k}", "won", "2024-03-02") for k in range(60)]
    again = [(f"c{k}", "chat", "2025-03-01") for k in range(60)] + [(f"c{k}", "won", "2025-03-02") for k in range(60)]
    new = [(f"d{k}", "ad", "2025-03-01") for k in range(60)] + [(f"d{k}", "won", "2025-03-02") for k in range(60)]
    frame = pd.DataFrame([*seen, *first, *again, *new], columns=["customer", "activity", "timestamp"])
    frame = frame.assign(outcome=np.where(frame["activity"] == "won", "won", None), actor_kind="customer")
    journeys = Touchpoints(frame=canonical(frame), objects={}, quality=None).by("customer", gap="90D")
    found = over_time(journeys)
    assert len(journeys) == 180
    assert "chat" not in set(found.differences["item"])
    assert found.differences["n"].max() == 60


def test_maps_stand_side_by_side_and_are_read_across() -> None:
    found = over_time(years(2))
    html = found.plot_side_by_side().html
    assert html.count('scope="rowgroup"') == 2
    assert html.count('scope="col"') == 3
    assert all(f'data-period="{name}"' in html for name in found.personas)
    assert "may still run; watched for" in html
    assert 'scope="rowgroup"' in found.plot_side_by_side("Buy").html
    assert "Find" not in found.plot_side_by_side("Buy").html
    assert found.plot_side_by_side().html == html
    assert found._repr_html_().count("<table") == 3
    for stage in (None, "Buy"):
        ET.fromstring(found.picture_side_by_side(stage).svg)
    with pytest.raises(MiningError, match="Did you mean 'Buy'"):
        found.plot_side_by_side("Bye")


def test_groups_of_few_say_no_number() -> None:
    found = over_time(years(2))  # a single customer begins in 2026
    assert not re.search(r"(?<!\d)1 (customers|journeys)", found.plot_side_by_side().html)
    assert "fewer than 5 customers" in found.plot("2026").html


def test_hostile_names_of_groups_are_harmless_side_by_side() -> None:
    hostile = ['"><script>alert(1)</script>', "' onload='x", "\u202egnp.exe"]
    by = pd.Series(np.repeat(hostile, 8), index=[f"c{k}" for k in range(24)])
    journeys = told(*(f"c{k}: ad > won" for k in range(24)))
    found = map_journey(journeys, by=by, stages={"<b>Find": ["ad"], "Buy": ["won"]})
    html = found.plot_side_by_side().html
    assert "<script" not in html
    assert "<b>Find" not in html
    assert "\u202e" not in html
    assert "' onload='" not in html
    ET.fromstring(found.picture_side_by_side().svg)
