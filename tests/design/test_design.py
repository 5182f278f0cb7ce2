"""Designs are read as they are written, or refused with one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from mining._alignments import align
from mining._errors import DesignError
from mining.design import Design, read_design
from tests.telling import told

SHOP = {
    "name": "Shop",
    "stages": [
        {
            "stage": "Before",
            "steps": [{"step": "ad", "instead": ["post"], "optional": True, "repeatable": True}, "site"],
        },
        {"stage": "Talk", "order": "any", "steps": ["call", "mail"]},
        {"stage": "Deal", "owner": "Sales", "steps": [{"step": "won", "within": "5D", "after": "call"}]},
        {"stage": "Help", "optional": True, "repeatable": True, "steps": ["ask", "answer"]},
    ],
    "ignore": ["letter"],
}


def one(**step: object) -> dict[str, object]:
    return {"stages": [{"stage": "Only", "steps": ["first", {"step": "second", **step}]}]}


def test_the_table_has_a_row_per_step_with_what_it_promises() -> None:
    frame = read_design(SHOP).frame.set_index("step")
    assert list(frame.index) == ["ad", "site", "call", "mail", "won", "ask", "answer"]
    assert frame.loc["won", ["stage", "owner", "within_hours", "after"]].tolist() == ["Deal", "Sales", 120.0, "call"]
    assert frame.loc["ad", ["instead", "optional", "repeatable"]].tolist() == ["post", True, True]
    assert frame["stage_optional"].tolist() == [False] * 5 + [True] * 2
    assert frame.loc["call", "order"] == "any"


def test_a_promise_counts_from_the_step_before_unless_told() -> None:
    design = read_design(
        {"stages": [{"stage": "A", "steps": ["a"]}, {"stage": "B", "steps": [{"step": "b", "within": "1h"}]}]}
    )
    assert design.frame["after"].tolist()[1] == "a"


def test_activities_know_their_step_and_stage() -> None:
    design = read_design(SHOP)
    assert design.stage_of["post"] == "Before"
    assert design.step_of["post"] == "ad"
    assert design.activities[:2] == ("ad", "post")
    assert design.case == "customer"


@pytest.mark.parametrize(
    "path",
    [
        "site call mail won",
        "site mail call won",
        "ad site call mail won",
        "post ad ad site call mail won",
        "site call mail won ask answer ask answer",
    ],
)
def test_what_the_design_means_costs_nothing(path: str) -> None:
    assert align(read_design(SHOP).net, [tuple(path.split())]).cost.tolist() == [0]


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("site site call mail won", 1),
        ("site call won", 1),
        ("site call mail won ask", 1),
        ("call mail site won", 2),
        ("site ad call mail won", 1),
        ("site call mail won ask answer won", 1),
    ],
)
def test_what_the_design_does_not_mean_costs(path: str, cost: int) -> None:
    assert align(read_design(SHOP).net, [tuple(path.split())]).cost.tolist() == [cost]


def test_repeatable_steps_beside_each_other_do_not_mix() -> None:
    steps = [{"step": "a", "repeatable": True}, {"step": "b", "repeatable": True}]
    net = read_design({"stages": [{"stage": "Only", "steps": steps}]}).net
    assert align(net, [("a", "a", "b", "b"), ("a", "b", "a", "b")]).cost.tolist() == [0, 1]


def test_a_repeatable_stage_does_not_open_the_stage_before() -> None:
    stages = [
        {"stage": "One", "repeatable": True, "steps": ["a"]},
        {"stage": "Two", "repeatable": True, "steps": ["b"]},
    ]
    net = read_design({"stages": stages}).net
    assert align(net, [("a", "a", "b", "b"), ("a", "b", "a", "b")]).cost.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "The design has no stages"),
        ({"stages": []}, "The design has no stages"),
        ({"stage": []}, "The design says 'stage'. Did you mean 'stages'?"),
        ({"stages": ["A"]}, "not `key: value` pairs"),
        ({"stages": [{"stage": "A", "steps": []}]}, "Stage 'A' has no steps"),
        ({"stages": [{"steps": ["a"]}]}, "Stage 1 has no name"),
        ({"stages": [{"stage": "A", "steps": [{"channels": ["web"]}]}]}, "Stage 'A', step 1 has no name"),
        ({"stages": [{"stage": "A", "step": ["a"]}]}, "Stage 1 says 'step'. Did you mean 'steps'?"),
        ({"stages": [{"stage": "A", "steps": ["a", "a"]}]}, "The step 'a' stands twice"),
        ({"stages": [{"stage": "A", "steps": ["a"]}] * 2}, "The stage 'A' stands twice"),
        ({"stages": [{"stage": "A", "order": "some", "steps": ["a"]}]}, "has the order 'some'"),
        ({**SHOP, "case": "custmer"}, "There is no case notion 'custmer'. Did you mean 'customer'?"),
        ({**SHOP, "ignore": ["site"]}, "'site' is a step and is ignored"),
        ({**SHOP, "name": ["Shop"]}, "for 'name'"),
        (one(instead=["first"]), "The step 'first' stands twice"),
        (one(chanels=["web"]), "says 'chanels'. Did you mean 'channels'?"),
        (one(channels=["fone"]), "There is no channel 'fone'. Did you mean 'phone'?"),
        (one(actor="client"), "There is no actor 'client'"),
        (one(optional="perhaps"), "'perhaps' for 'optional'. Write true or false"),
        (one(within="48"), "Step 'second', within: The span '48'"),
        (one(within=48), "Step 'second', within: The span 48"),
        (one(within="48h", after="frst"), "counts `after` 'frst', which is no step. Did you mean 'first'?"),
        (one(within="48h", after="second"), "counts `after` itself"),
        (one(after="first"), "says `after` but not `within`"),
        (one(channels={"web": 1}), "Write a list of words"),
        ({"stages": [{"stage": "A", "steps": [{"step": "a", "within": "1h"}]}]}, "no step before it"),
        (
            {"stages": [{"stage": "A", "order": "any", "steps": ["a", {"step": "b", "within": "1h"}]}]},
            "any order: say `after`",
        ),
    ],
)
def test_each_mistake_has_its_message(document: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError) as raised:
        read_design(document)
    assert message in str(raised.value)


def test_files_are_read_as_text_and_keys_stand_once(tmp_path: Path) -> None:
    file = tmp_path / "design.yaml"
    file.write_text("name: No\nstages:\n  - stage: 010\n    steps: [yes, 1:30]\n", "utf-8")
    design = read_design(file)
    assert (design.name, design.stages[0].name, design.activities) == ("No", "010", ("yes", "1:30"))
    assert read_design(str(file)) == design
    file.write_text("name: a\nname: b\nstages: []\n", "utf-8")
    with pytest.raises(DesignError, match="twice"):
        read_design(file)
    file.write_bytes("name: é".encode("latin-1"))
    with pytest.raises(DesignError, match="UTF-8"):
        read_design(file)
    with pytest.raises(DesignError, match=r"Did you mean 'design\.yaml'"):
        read_design(tmp_path / "desing.yaml")


def test_words_of_both_sides_are_laid_beside_each_other_and_none_is_guessed() -> None:
    frame = read_design(SHOP).check(told("Ann: Site > call > letter", "Bob: Site > blink")).set_index("activity")
    assert frame.loc["Site", ["role", "n_journeys", "nearest"]].tolist() == ["not in the design", 2, "site"]
    assert frame.loc["site", ["role", "n_journeys", "nearest"]].tolist() == ["step", 0, "Site"]
    assert frame.loc["letter", "role"] == "ignored"
    assert frame.loc["call", "n_journeys"] == 1
    assert frame.loc["blink", "nearest"] != frame.loc["blink", "nearest"]
    assert list(frame.index[-2:]) == ["Site", "blink"]


def test_a_design_shows_itself() -> None:
    hostile = {"stages": [{"stage": "<b>A</b>", "steps": ["<script>alert(1)</script>", "won"]}]}
    design = read_design(hostile)
    for shown in (design._repr_html_(), design.plot().svg):
        assert "<script" not in shown
        assert "alert(1)" in shown
    assert repr(read_design(SHOP)) == "<Design 'Shop' by customer: 4 stages, 7 steps>"
    assert isinstance(design, Design)


def test_the_fictional_company_has_a_design() -> None:
    file = Path(__file__).parents[2] / "data" / "designs" / "acme.yaml"
    if not file.is_file():
        pytest.skip("the example's design is not there")
    design = read_design(file)
    assert len(design.steps) == 18
    path = (
        "Page viewed,Form submitted,Needs call,Demo,Deal created,Deal: Qualified,Deal: Quote sent,Deal: Won,"
        "Onboarding call,App used,Ticket opened,Support reply,Ticket: solved,Renewal call"
    )
    assert align(design.net, [tuple(path.split(","))]).cost.tolist() == [0]
