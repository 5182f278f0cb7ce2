"""What is behind the map: exactly the touchpoints that each line counts, without saying whose they are."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mining
from mining._errors import MiningError
from mining.design import read_design
from mining.examples import write_bundled
from mining.journeys import Journeys
from mining.maps import LANES, JourneyMap, map_journey
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told

DESIGN = read_design(
    {"stages": [
        {"stage": "Find", "owner": "Marketing", "steps": ["ad", "site", "rated"]},
        {"stage": "Buy", "steps": ["offer", {"step": "won", "within": "5h", "after": "offer"}, "lost"]},
    ]}
)  # fmt: skip


def shop(n: int = 120, seed: int = 3) -> Journeys:
    """Customers who come once or twice, with every field that a lane looks at."""
    random = np.random.default_rng(seed)
    rows = []
    for customer in range(n):
        moment = pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(days=int(random.integers(0, 200)))
        for _ in range(int(random.integers(1, 3))):
            end = str(random.choice(["won", "lost"]))
            path = ["ad", *(["site"] * int(random.integers(0, 4))), "rated", "offer", "offer", end]
            for activity in path[: int(random.integers(2, len(path) + 1))]:
                moment += pd.Timedelta(hours=float(random.exponential(6)))
                ours = activity in {"offer", "won", "lost"}
                rows.append(
                    {
                        "customer": f"Jane Doe {customer}", "activity": activity, "timestamp": moment,
                        "channel": str(random.choice(["web", "phone", "email"])),
                        "direction": "outbound" if ours else "inbound", "touchpoint_kind": "interaction",
                        "actor_kind": "employee" if ours else "customer",
                        "actor": f"agent {random.integers(0, 4)}" if ours else None,
                        "team": str(random.choice(["Desk", "Field"])) if ours else None,
                        "outcome": activity if activity in {"won", "lost"} else None,
                        "reason": str(random.choice(["too dear", "too slow"])) if activity == "lost" else None,
                        "score": float(random.integers(0, 5)) / 4 if activity == "rated" else np.nan,
                        "source": str(random.choice(["crm", "web"])), "source_table": "events",
                        "source_file": "events.csv", "source_row": len(rows) + 1,
                    }
                )  # fmt: skip
            moment += pd.Timedelta(days=150)
    return Touchpoints(frame=canonical(pd.DataFrame(rows)), objects={}, quality=None).by("customer", gap="90D")


def differing(grid: JourneyMap, persona: str | None = None) -> list[tuple[str, str, str]]:
    """Count and measure every line of one map anew from what is behind it; name those that come out otherwise."""
    whose = grid.personas[0] if persona is None else persona
    lines = grid.frame[(grid.frame["persona"] == whose) & (grid.frame["n"] > 0) & (grid.frame["unit"] != "text")]
    assert len(lines)
    wrong = []
    for line in lines.to_dict("records"):
        place = line["stage"], line["lane"], line["item"]
        rows = grid.behind(*place, persona=persona)
        each = rows.drop_duplicates("unit")["value"]
        again = each.median() if line["unit"] in {"hours", "people per journey"} else each.mean()
        # What is still open makes kept shares Kaplan and Meier's: their n alone can be counted anew.
        same = np.isnan(line["value"]) or np.isclose(again, line["value"]) or each.isna().any()
        if rows["unit"].nunique() != line["n"] or not same:
            wrong.append(place)
    return wrong


@pytest.fixture(scope="module")
def grid() -> JourneyMap:
    return map_journey(shop(), DESIGN, lanes=LANES)


def test_behind_every_line_are_as_many_as_its_n_and_they_give_its_value(grid: JourneyMap) -> None:
    shown = set(grid.frame.loc[grid.frame["n"] > 0, "lane"])
    assert shown == set(LANES)
    assert differing(grid) == []


def test_the_same_holds_for_each_group_and_for_the_example(example: dict[str, object]) -> None:
    by = pd.Series(np.where(np.arange(120) % 3, "many", "few"), index=[f"Jane Doe {at}" for at in range(120)])
    grouped = map_journey(shop(), DESIGN, lanes=LANES, by=by)
    assert [differing(grouped, name) for name in grouped.personas] == [[], []]
    assert differing(map_journey(example["journeys"], example["design"], lanes=LANES)) == []  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("example")
    write_bundled(folder)
    sources = ["hubspot", "zendesk", "acme-web", "acme-phone"]
    journeys = mining.read_crm(folder / "exports" / "acme", sources=sources).by("customer", gap="90D")
    return {"journeys": journeys, "design": read_design(folder / "designs" / "acme.yaml")}


def test_nobody_is_named_and_everything_leads_back_to_its_row(grid: JourneyMap) -> None:
    rows = grid.behind("Find", "channels", "web")
    assert not rows.astype("str").apply(lambda column: column.str.contains("Jane|agent").any()).any()
    assert rows["journey"].str.fullmatch(r"id:[a-z2-7]{16}/[12]").all()
    assert rows["month"].str.fullmatch(r"\d{4}-\d{2}").all()
    told_of = grid.records.journeys.touchpoints.frame.set_index("source_row")  # type: ignore[union-attr]
    again = told_of.loc[rows["source_row"]]
    assert again["activity"].tolist() == rows["activity"].tolist()
    assert (again["channel"].to_numpy() == "web").tolist() == (rows["value"] == 1).tolist()
    pd.testing.assert_frame_equal(rows, map_journey(shop(), DESIGN, lanes=LANES).behind("Find", "channels", "web"))


def test_waits_until_the_next_touchpoint_end_with_the_journey(grid: JourneyMap) -> None:
    rows = grid.behind("Find", "waits")
    assert set(rows["item"]) == {"between touchpoints", "to the next stage"}
    assert np.allclose(rows["value"], rows["wait_hours"])
    every = grid.behind("Buy", "systems", "crm")
    assert every.groupby("journey")["wait_hours"].apply(lambda hours: hours.isna().sum()).eq(1).all()


def test_ids_that_are_pseudonyms_already_are_found_again_in_the_journeys() -> None:
    frame = shop().touchpoints.frame
    names = {name: f"crm:{'abcdefgh' * 2}"[:-4] + f"{at:04d}".translate(str.maketrans("0189", "wxyz")) for at, name in
             enumerate(sorted(set(frame["customer"])))}  # fmt: skip
    again = Touchpoints(frame=frame.assign(customer=frame["customer"].map(names)), objects={}, quality=None)
    journeys = again.by("customer", gap="90D")
    rows = map_journey(journeys, DESIGN).behind("Find", "channels", "web")
    assert set(rows["journey"]) <= set(journeys.log.journey_index)


def test_words_that_few_of_the_customers_have_are_masked() -> None:
    journeys = told(*(f"c{k}: ad > site > won" for k in range(20)), "d: ad > secret wish > won", "e: ad > won")
    stages = {"All": ["ad", "site", "secret wish", "won"]}
    rows = map_journey(journeys, stages=stages).behind("All", "customers do", "site")
    assert "secret wish" not in set(rows["activity"])
    assert (rows["activity"] == "fewer than 5").sum() == 1
    assert rows["unit"].nunique() == 22


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        (("Fnd", "waits"), "Did you mean 'Find'"),
        (("Find", "wait"), "Did you mean 'waits'"),
        (("Find", "waits", "to the next stag"), "Did you mean 'to the next stage'"),
        (("Find", "customers do", "secret wish"), "no line 'secret wish'"),
        (("Find", "customers do", "fewer than 5"), "it is masked"),
        (("Find", "feeling"), "nothing is recorded there"),
        (("Find", "mood"), "written by people"),
        (("Find", "objections"), "nothing is recorded there"),
    ],
)
def test_what_is_masked_missing_or_written_by_people_is_refused(place: tuple[str, ...], hint: str) -> None:
    journeys = told(*(f"c{k}: ad > won" for k in range(20)), "d: ad > secret wish > won")
    stages = {"Find": ["ad", "secret wish"], "Buy": ["won"]}
    notes = {"mood": {"Find": "hopeful"}}
    found = map_journey(journeys, stages=stages, lanes=LANES, notes=notes)
    with pytest.raises(MiningError, match=hint):
        found.behind(*place)


def test_cells_of_few_customers_are_refused_though_they_have_many_contacts() -> None:
    journeys = told(*(f"c{k}: ad > ad > ad > ad > won" for k in range(3)))
    found = map_journey(journeys, stages={"Find": ["ad"], "Buy": ["won"]})
    assert (found.frame["n"] > 0).any()
    for lane in ("customers do", "channels"):
        with pytest.raises(MiningError, match="it is masked"):
            found.behind("Find", lane)
    assert "touchpoints in" not in found.plot().html


def test_a_map_in_other_words_leads_to_the_same_touchpoints(grid: JourneyMap) -> None:
    spoken = grid.renamed({"waits": "Warten", "to the next stage": "zur nächsten Stufe", "behind it": "dahinter"})
    one = grid.behind("Find", "waits", "to the next stage")
    for place in (("Find", "Warten", "zur nächsten Stufe"), ("Find", "waits", "to the next stage")):
        pd.testing.assert_frame_equal(one, spoken.behind(*place))
    assert "dahinter" in spoken.plot().html


def test_a_map_holds_its_journeys_and_no_copy_and_is_kept_without_them(grid: JourneyMap) -> None:
    journeys = shop(2_000)
    map_journey(journeys, DESIGN)  # what the log itself works out once is not the map's
    tracemalloc.start()
    found = map_journey(journeys, DESIGN, by="channel")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.records is not None
    assert found.records.journeys is journeys
    assert kept < 40 * journeys.log.n_touchpoints
    assert len(pickle.dumps(grid)) < 200_000
    for again in (pickle.loads(pickle.dumps(grid)), copy.copy(grid)):
        assert again.frame.equals(grid.frame)
        with pytest.raises(MiningError, match="kept without its journeys"):
            again.behind("Find", "waits")
        assert "measured as" in again.plot().html
        assert "touchpoints in" not in again.plot().html


def test_every_cell_unfolds_what_it_rests_on_and_nobodys_touchpoints(grid: JourneyMap) -> None:
    html = grid.plot(figures={"waits": ("#waits", "Where they wait")}).html
    counted = grid.frame[grid.frame["n"] > 0].groupby(["lane", "stage"]).ngroups
    assert html.count("<details") == counted
    assert "<script" not in html
    assert "Jane" not in html
    assert '<a href="#waits"' in html
    rows = grid.behind("Find", "channels")
    n_journeys, n_customers = rows["journey"].nunique(), rows["customer"].nunique()
    n = len(rows[rows["item"] == "web"])
    assert f"{n:,} touchpoints in {n_journeys} journeys of {n_customers} customers, 2025-01 to" in html
    assert html == grid.plot(figures={"waits": ("#waits", "Where they wait")}).html
    with pytest.raises(MiningError, match="off the page"):
        grid.plot(figures={"waits": ("https://example.org", "x")})


def test_of_a_log_opened_as_columns_no_frame_is_made(tmp_path: Path) -> None:
    shop().to_parquet(tmp_path / "log.parquet")
    journeys = Journeys.open(tmp_path / "log.parquet")
    found = map_journey(journeys, DESIGN, lanes=LANES)
    assert differing(found) == []
    rows = found.behind("Find", "channels", "web")
    stored = pd.read_parquet(tmp_path / "log.parquet")
    assert stored["activity"].iloc[rows["source_row"] - 1].tolist() == rows["activity"].tolist()
    assert "frame" not in vars(journeys.touchpoints)


def test_a_log_without_any_group_or_stage_touched_is_drawn_too() -> None:
    found = map_journey(told("a: ad > won"), DESIGN, lanes=LANES)
    assert "<details" not in found.without_silent_lanes().plot().html or "touchpoints in" not in found.plot().html
