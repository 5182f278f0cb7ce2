"""Labels of a design and of a log are matched by suggestion, taken over by the user, and saved."""

from itertools import product

import pandas as pd
import pytest

from mining import MiningError, compare, read_design, read_xes
from mining._alignments import align
from mining.design.matching import likeness
from tests.design.test_design import SHOP
from tests.telling import told

STORIES = ("Ann: Request SUBMITTED by customer > Request approved > Paid", "Bob: Request SUBMITTED by customer > Paid")


def test_what_means_the_same_is_suggested_and_nothing_else():
    table = read_design("submit request > [approve request] > Paid > Ship").match(told(*STORIES)).set_index("label")
    assert table["match"].to_dict() == {
        "submit request": "suggested", "approve request": "suggested", "Paid": "same", "Ship": "none",
    }  # fmt: skip
    assert table.loc["submit request", "activity"] == "Request SUBMITTED by customer"
    assert table.loc["approve request", "activity"] == "Request approved"
    assert table["n_journeys"].tolist() == [2, 1, 2, 0]
    assert table.loc["Paid", "score"] == 1


def test_likeness_looks_at_words_not_at_letters():
    table = likeness(["Call made", "Mail sent"], ["made a call", "Mali went", "sent mails"])
    assert table[0].argmax() == 0
    assert table[1].tolist() == [0, 0, table[1, 2]]
    assert table[1, 2] > 0.9
    assert likeness([], ["a"]).shape == (0, 1)


def test_a_design_takes_the_names_of_the_log():
    design = read_design("submit request > [approve request] > Paid")
    table = design.match(told(*STORIES))
    taken = design.relabel(table)
    assert compare(told(*STORIES), taken).journeys["verdict"].tolist() == ["conforming", "conforming"]
    edited = table.assign(activity=table["activity"].where(table["label"] != "approve request"))
    assert design.relabel(edited).activities[1] == "approve request"
    several = design.relabel({"Paid": ["Paid", "Paid late"]})
    assert several.steps[-1].instead == ("Paid late",)


def test_promises_follow_the_name_and_twins_are_refused():
    design = read_design({"stages": [{"stage": "A", "steps": ["a", {"step": "b", "within": "1h"}]}]})
    assert design.relabel({"a": "x"}).steps[1].after == "x"
    with pytest.raises(MiningError, match="Two steps would both be 'x'"):
        design.relabel({"a": "x", "b": "x"})
    with pytest.raises(MiningError, match="no step 'c'"):
        design.relabel({"c": "x"})
    with pytest.raises(MiningError, match="no column 'label'"):
        design.relabel(pd.DataFrame({"activity": ["a"]}))


def test_a_drawn_design_takes_names_too():
    design = read_design("->( 'a', X( 'b', 'c' ) )").relabel({"a": ["start", "begin"], "b": "end", "c": "end"})
    assert sorted(design.activities) == ["begin", "end", "start"]
    assert align(design.net, [("begin", "end"), ("start", "end"), ("a", "b")]).cost.tolist() == [0, 0, 4]


def test_a_drawing_of_a_university_is_laid_beside_its_own_log(real_data):
    folder = real_data("bpic2020")
    design = read_design(folder / "declaration_documents.bpmn", with_lanes=True)
    journeys = read_xes(folder / "BPI_2020_DomesticDeclarations.xes.gz")
    table = design.match(journeys).set_index("label")
    assert table.loc["Supervisor: approve", "activity"] == "Declaration FINAL_APPROVED by SUPERVISOR"
    assert table.loc["Employee: submit travel request", "activity"] == "Declaration SUBMITTED by EMPLOYEE"
    taken = design.relabel(table.reset_index())
    assert compare(journeys, taken).frame["n_journeys"].max() > 8_000


def test_a_design_is_the_same_after_it_was_saved(tmp_path):
    design = read_design({**SHOP, "others": "ignored"})
    for name in ("shop.yaml", "shop.csv", "shop.bpmn", "shop.pnml"):
        again = read_design(design.save(tmp_path / name))
        words = ("ad", "post", "site", "call", "mail", "won", "ask", "answer")
        journey = ("ad", "site", "mail", "call", "won", "ask", "answer")
        paths = [journey, *((*journey[:at], one, *journey[at:]) for at in range(8) for one in words)]
        paths += [journey[:at] + journey[at + 1 :] for at in range(7)] + list(product(words[:4], repeat=2))
        assert align(again.net, paths).cost.tolist() == align(design.net, paths).cost.tolist(), name
        if name == "shop.yaml":
            assert (again.stages, again.ignore, again.others_ignored) == (design.stages, design.ignore, True)
        if name == "shop.csv":
            pd.testing.assert_frame_equal(again.frame, design.frame)
        if name == "shop.bpmn":
            assert again.frame.set_index("step").loc["won", "owner"] == "Sales"


def test_only_what_a_file_can_hold_is_written(tmp_path):
    with pytest.raises(MiningError, match=r"End its name in \.yaml"):
        read_design("a > b").save(tmp_path / "a.docx")
    drawn = read_design("->( 'a', 'b' )")
    with pytest.raises(MiningError, match=r"Save it as \.pnml"):
        drawn.save(tmp_path / "a.yaml")
    assert read_design(drawn.save(tmp_path / "a.pnml")).activities == ("a", "b")


def test_hostile_names_survive_every_file(tmp_path):
    hostile = ["=cmd|' /C calc'!A1", "<script>alert(1)</script>", "a\nb", "no", "1:30", "~", "ציון: 5", "x, y; z"]
    design = read_design({"stages": [{"stage": "Sta: ge", "steps": [{"step": word} for word in hostile]}]})
    for name in ("shop.yaml", "shop.pnml"):
        again = read_design(design.save(tmp_path / name))
        assert set(again.activities) == {" ".join(word.split()) if "pnml" in name else word for word in hostile}


def test_a_design_of_milestones_ignores_the_rest():
    journeys = told("Ann: ad > letter > call > won", "Bob: ad > won > call")
    lenient = compare(journeys, read_design("ad > call > won", others="ignored"))
    assert lenient.journeys["verdict"].tolist() == ["conforming", "deviating"]
    assert compare(journeys, read_design("ad > call > won")).journeys["verdict"].tolist() == ["deviating"] * 2
    with pytest.raises(MiningError, match="Did you mean 'ignored'"):
        read_design("ad > call", others="ignore")


BRANCHES = {
    "stages": [
        {"stage": "Buy", "steps": ["order", {"step": "adviser", "personas": ["Careful"]}, "pay"]},
        {
            "stage": "Help",
            "personas": ["Careful", "Busy"],
            "steps": [{"step": "call", "within": "1D", "after": "adviser"}],
        },
    ]
}


def test_what_is_meant_for_some_may_be_left_out_by_the_others():
    design = read_design(BRANCHES)
    assert design.personas == ("Careful", "Busy")
    paths = [("order", "pay"), ("order", "adviser", "pay", "call"), ("order", "pay", "call")]
    assert align(design.net, paths).cost.tolist() == [0, 0, 0]
    careful, busy = design.of("Careful"), design.of("Busy")
    assert align(careful.net, paths).cost.tolist() == [2, 0, 1]
    assert align(busy.net, paths).cost.tolist() == [1, 1, 0]
    assert busy.steps[-1].within is None
    assert careful.steps[-1].within == pd.Timedelta("1D")
    with pytest.raises(MiningError, match="Did you mean 'Busy'"):
        design.of("Bussy")


def test_a_word_that_nothing_records_is_taken_out():
    stories = ("Ann: ask > answer", "Bob: ask > answer")
    drawn = read_design("->( 'Start', 'Ask', 'answer', 'End' )").relabel({"Start": None, "Ask": "ask", "End": None})
    assert drawn.activities == ("ask", "answer")
    assert set(compare(told(*stories), drawn).journeys["verdict"]) == {"conforming"}
    line = read_design({"stages": [{"stage": "S", "steps": ["a", {"step": "b", "within": "2 h", "after": "a"}, "c"]}]})
    left = line.relabel({"a": None})
    assert left.activities == ("b", "c")
    assert (left.steps[0].within, left.steps[0].after) == (None, None)
    with pytest.raises(MiningError, match="Nothing is left"):
        read_design("a > b").relabel({"a": None, "b": None})
    with pytest.raises(MiningError, match="or None for none"):
        line.relabel({"a": []})
