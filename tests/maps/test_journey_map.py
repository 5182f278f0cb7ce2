from __future__ import annotations

import csv
import html
import re
import zipfile
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from mining._errors import MiningError
from mining.design import read_design
from mining.maps import DEFAULT_LANES, LANES, map_journey
from mining.personas import Personas, find_ideal_customers, find_ideal_each
from mining.sources.touchpoints import Touchpoints
from mining.timing.stages import stage_touchpoints
from tests.personas.ideal_planted import buyers
from tests.personas.planted import four_kinds
from tests.telling import canonical, told
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


def test_without_any_stage_they_are_learned() -> None:
    staged = stage_touchpoints(told(*crowd((20, "x > y > z"))))
    assert staged.mark == "inferred"
    assert staged.names == ("x", "y", "z")
    assert staged.of.tolist() == [0, 1, 2] * 20


def test_two_journeys_are_too_few_to_tell_stages_from() -> None:
    staged = stage_touchpoints(told("a: x > y > z", "b: x > y > z"))
    assert (staged.names, staged.mark) == (("x · y · …",), "inferred")
    assert staged.of.tolist() == [0] * 6


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


def shop_map(**more):
    journeys = told(
        *(f"c{k}: ad > site > call > won" for k in range(8)),
        *(f"d{k}: ad > site > call > lost" for k in range(6)),
        channels={"ad": "ads", "site": "web", "call": "phone", "won": "crm", "lost": "crm"},
        actors={"ad": "customer", "site": "customer", "call": "employee", "won": "employee", "lost": "employee"},
        teams={"call": "Desk"},
    )
    stages = {"Find <b>": ["ad", "site"], "Buy": ["call", "won", "lost"]}
    return map_journey(journeys, stages=stages, lanes=LANES, **more)


def test_every_lane_says_something_or_that_there_is_no_data():
    found = shop_map().frame
    assert set(found["lane"]) >= {"customers do", "systems", "owner", "objections"}
    assert found.loc[found["lane"] == "objections", "item"].tolist() == ["no data", "no data"]
    systems = found[found["lane"] == "systems"]
    assert systems["item"].tolist() == ["told", "told"]
    assert (systems["value"] == 1).all()


def test_lanes_that_say_nothing_are_left_out_and_named():
    found = shop_map().without_silent_lanes()
    assert {"feeling", "sla", "objections"} <= set(found.silent)
    assert not {"feeling", "sla", "objections"} & set(found.lanes)
    assert "Nothing is recorded of: " in found.plot().html
    assert "gefühl" in found.renamed({"feeling": "gefühl"}).plot().html
    assert found.without_silent_lanes().silent == found.silent


def test_reasons_of_the_lost_are_objections_and_of_missed_calls_are_none():
    frame = told(*(f"c{k}: ad > lost" for k in range(9))).touchpoints.frame
    frame["outcome"] = np.where(frame["activity"] == "lost", "lost", "no_answer")
    frame["reason"] = np.where(frame["activity"] == "lost", "too dear", "busy")
    frame.loc[frame["customer"] == "c0", "reason"] = "<script>"
    journeys = Touchpoints(frame=frame, objects={}, quality=None).by("customer")
    found = map_journey(journeys, stages={"All": ["ad", "lost"]}, lanes=["objections"])
    assert found.frame[["item", "value", "n"]].head(1).to_numpy().tolist() == [["too dear", 8 / 9, 9]]
    assert "busy" not in set(found.frame["item"])
    assert "<script>" not in found._repr_html_()


def test_lanes_that_people_write_are_shown_as_typed(tmp_path):
    given = {"mood": {"Buy": ["hopeful", "<i>tired</i>"], "Find <b>": "curious"}}
    (tmp_path / "notes.yml").write_text('mood: {Buy: [hopeful, "<i>tired</i>"], "Find <b>": curious}', encoding="utf-8")
    (tmp_path / "notes.csv").write_text(
        "lane,stage,text\nmood,Buy,hopeful\nmood,Buy,<i>tired</i>\nmood,Find <b>,curious\nmood,Buy,\n", encoding="utf-8"
    )
    maps = [shop_map(notes=notes) for notes in (given, tmp_path / "notes.yml", tmp_path / "notes.csv")]
    for found in maps:
        pd.testing.assert_frame_equal(found.frame, maps[0].frame)
        assert found.lanes[-1] == "mood"
        typed = found.frame[found.frame["lane"] == "mood"]
        assert set(typed["mark"]) == {"typed"}
        assert "✎" in found.plot().html
        assert "<i>tired" not in found.plot().html


@pytest.mark.parametrize(
    ("notes", "told_so"),
    [
        ({"mood": {"Bye": "x"}}, "Did you mean 'Buy'"),
        ({"owner": {"Buy": "x"}}, "is computed"),
        ({"mood": "x"}, "has no stages"),
        ({"mood": {"Buy": {"x": "y"}}}, "no text for"),
        ("nowhere.yml", "nowhere"),
    ],
)
def test_notes_that_fit_nowhere_are_refused(notes, told_so):
    with pytest.raises(MiningError, match=told_so):
        shop_map(notes=notes)


def test_what_happens_in_several_stages_is_a_step_of_the_one_where_most_do_it(tmp_path):
    journeys = told(*(f"c{k}: call > won > call" for k in range(9)), *(f"d{k}: call > won" for k in range(9)))
    design = read_design({"stages": [{"stage": "Buy", "steps": ["call"]}, {"stage": "Keep", "steps": ["won"]}]})
    found = map_journey(journeys, design, lanes=["customers do", "we do"])
    assert read_design(found.save(tmp_path / "map.csv")).activities == ("call", "won")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_map_kept_as_a_table_is_read_back_as_a_design(tmp_path, suffix):
    found = shop_map(notes={"mood": {"Buy": "=1+1"}})
    design = read_design(found.save(tmp_path / f"map{suffix}"))
    assert [stage.name for stage in design.stages] == ["Find <b>", "Buy"]
    assert set(design.activities) == {"ad", "site", "call", "won", "lost"}
    assert design.stages[1].owner == "Desk"
    table = found.grid()
    assert table["lane"].tolist()[:3] == ["steps", "channels", "owner"]
    assert "ad 100 % (78-100) (n = 14), measured" in table.set_index("lane").loc["customers do (in words)", "Find <b>"]


def test_a_map_is_a_picture_and_a_page_of_its_own(tmp_path):
    found = shop_map()
    picture = found.save(tmp_path / "map.svg").read_text(encoding="utf-8")
    ET.fromstring(picture)
    assert "<b>" not in picture
    page = found.save(tmp_path / "map.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "<b>" not in page
    with pytest.raises(MiningError, match=r"\.svg, \.png, \.html, \.csv or \.xlsx"):
        found.save(tmp_path / "map.pdf")
    with pytest.raises(MiningError, match="persona"):
        found.picture("nobody")


def test_hostile_labels_are_harmless_in_every_export(tmp_path):
    hostile = ["<script>alert(1)</script>", '"onload="x', "\u202egnp.exe", "=cmd|' /C calc'!A0", "x" * 10_000]
    journeys = told_as(hostile)
    found = map_journey(journeys, stages={hostile[0]: hostile[:3], hostile[3]: hostile[3:]}, lanes=LANES)
    for suffix in (".svg", ".html", ".csv", ".xlsx"):
        path = found.save(tmp_path / f"map{suffix}")
        text = path.read_bytes().decode("utf-8", "replace") if suffix != ".xlsx" else sheet_of(path)
        assert "\u202e" not in text
        if suffix in {".svg", ".html"}:
            assert "<script" not in text
            assert 'onload="' not in text.replace("&quot;", "")
            assert len(text) < 60_000
        if suffix == ".svg":
            ET.fromstring(text)
        if suffix == ".csv":
            assert all(not cell.startswith("=") for row in csv.reader(text.splitlines()) for cell in row)
        if suffix == ".xlsx":
            assert "<f>" not in text


def told_as(words):
    rows = [
        (f"c{k}", word, pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours=k + at))
        for k in range(8)
        for at, word in enumerate(words)
    ]
    frame = canonical(pd.DataFrame(rows, columns=["customer", "activity", "timestamp"]))
    return Touchpoints(frame=frame, objects={}, quality=None).by("customer")


def sheet_of(path):
    with zipfile.ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def grouped_map(seed, apart, n=160):
    random = np.random.default_rng(seed)
    group = random.permutation(["left", "right"] * (n // 2))
    asks = random.random(n) < np.where(group == "right", 0.3 + apart, 0.3)
    paths = [f"c{k}: ad > {'chat > ' if asks[k] else ''}site > {random.choice(['won', 'lost'])}" for k in range(n)]
    journeys = told(*paths)
    stages = {"Find": ["ad", "chat", "site"], "Buy": ["won", "lost"]}
    by = pd.Series(group, index=[f"c{k}" for k in range(n)])
    return map_journey(journeys, by=by, stages=stages, lanes=["customers do", "we do", "outcome"])


def test_a_difference_that_was_planted_is_marked_and_nothing_else():
    found = grouped_map(0, 0.5)
    rows = found.differences[found.differences["is_found"]]
    assert set(rows["item"]) == {"chat"}
    right = rows.set_index("persona").loc["right"]
    assert right["low"] < right["difference"] < right["high"]
    assert right["difference"] == pytest.approx(right["share"] - right["share_others"])
    assert right["n"] + right["n_others"] == 160
    assert "▲" in found.plot("right").html
    assert "▼" in found.plot("left").html
    assert "tested" in found.plot("right").html


def test_groups_drawn_by_chance_are_marked_in_hardly_any_map():
    marked = sum(grouped_map(seed, 0.0).differences["is_found"].any() for seed in range(60))
    assert marked <= 8  # 3 expected; binomial band at 99 %


def test_personas_are_told_apart_by_what_did_not_make_them_alone():
    journeys, _ = four_kinds(400, seed=3)
    personas = Personas(random_state=0).fit(journeys)
    found = map_journey(journeys, by=personas, lanes=["we do", "outcome"])
    assert set(found.differences["lane"]) <= {"outcome"}
    assert map_journey(journeys, lanes=["outcome"]).differences.empty


def test_who_buys_stands_on_top_of_the_map() -> None:
    journeys = buyers(600)
    found = find_ideal_customers(journeys)
    drawn = map_journey(journeys, ideal=found)
    assert "industry: retail (×" in drawn.ideal["all"]
    assert f"Ideal customer, of all values looked at: {found.headline}." in drawn.plot().html
    picture = drawn.picture()
    assert len(re.findall('class="note"', picture.svg)) > 1  # a long note is broken into lines
    chance = buyers(600, seed=1, strength=0.0)
    assert "no attribute taken alone tells" in map_journey(chance, ideal=find_ideal_customers(chance)).plot().html
    assert "Ideal customer" not in map_journey(journeys).plot().html


def test_who_buys_is_said_of_each_group() -> None:
    journeys = buyers(900)
    each = find_ideal_each(journeys, "country")
    drawn = map_journey(journeys, by="country", ideal=each)
    assert set(drawn.ideal) == set(each.parts)
    for group in drawn.personas:
        assert each[group].headline in html.unescape(drawn.plot(group).html)
