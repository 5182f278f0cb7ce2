"""Rules as a design: each means what Declare says, checked against its definition on every short path."""

from itertools import product

import pandas as pd
import pytest

from mining import MiningError, compare, discover, read_design
from mining._alignments import align
from tests.telling import told


def first(path, word):
    return path.index(word) if word in path else len(path)


def pending(path):
    """Tell whether an `a` is open that no `b` closed, and whether one was opened twice."""
    is_open, twice = False, False
    for word in path:
        twice = twice or (word == "a" and is_open)
        is_open = word == "a" or (is_open and word != "b")
    return is_open, twice


def covered(path):
    """Tell whether each `b` has an `a` of its own since the `b` before."""
    since, fine = False, True
    for word in path:
        fine = fine and (word != "b" or since)
        since = word == "a" or (since and word != "b")
    return fine


MEANING = {
    "begins(a)": lambda path: path[:1] == ("a",),
    "ends(a)": lambda path: path[-1:] == ("a",),
    "happens(a)": lambda path: "a" in path,
    "never(a)": lambda path: "a" not in path,
    "once(a)": lambda path: path.count("a") <= 1,
    "exactly once(a)": lambda path: path.count("a") == 1,
    "response(a, b)": lambda path: not pending(path)[0],
    "precedence(a, b)": lambda path: first(path, "a") <= first(path, "b"),
    "succession(a, b)": lambda path: not pending(path)[0] and first(path, "a") <= first(path, "b"),
    "alternate response(a, b)": lambda path: pending(path) == (False, False),
    "alternate precedence(a, b)": covered,
    "next(a, b)": lambda path: all(path[at + 1 : at + 2] == ("b",) for at, word in enumerate(path) if word == "a"),
    "just before(a, b)": lambda path: all(
        at > 0 and path[at - 1] == "a" for at, word in enumerate(path) if word == "b"
    ),
    "if so(a, b)": lambda path: "a" not in path or "b" in path,
    "together(a, b)": lambda path: ("a" in path) == ("b" in path),
    "apart(a, b)": lambda path: not ("a" in path and "b" in path),
    "not after(a, b)": lambda path: "a" not in path or "b" not in path[path.index("a") :],
    "either(a, b)": lambda path: "a" in path or "b" in path,
}
PATHS = [path for length in range(6) for path in product("abc", repeat=length)]


@pytest.mark.parametrize("rule", MEANING)
def test_a_rule_allows_exactly_what_it_means(rule):
    rules = [rule, "not after(b, z)", "not after(c, z)"]  # which bring b and c in, and forbid nothing where z is not
    found = align(read_design({"rules": rules}).net, PATHS).cost
    assert [cost == 0 for cost in found] == [MEANING[rule](path) for path in PATHS]


def test_what_the_rules_do_not_speak_of_is_ignored_unless_said():
    journeys = told("Ann: form > mail > call", "Bob: form > mail", "Cid: call > form > chat > call")
    lenient = compare(journeys, read_design({"rules": ["response(form, call)"]}))
    assert lenient.journeys["verdict"].tolist().count("conforming") == 2
    strict = compare(journeys, read_design({"rules": ["response(form, call)"], "others": "added"}))
    assert set(strict.frame.loc[strict.frame["deviation"] == "added", "step"]) == {"mail", "chat"}


def test_rules_that_were_found_are_a_design(tmp_path):
    journeys = told(*(f"{at}: form > call > won" for at in range(120)), "x: won > form")
    rules = discover(journeys).rules.frame
    design = read_design({"rules": rules.to_dict("records")})
    assert compare(journeys, design).journeys["verdict"].value_counts()["conforming"] == 120
    rules.to_csv(tmp_path / "rules.csv", index=False)
    assert read_design(tmp_path / "rules.csv").activities == design.activities


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ([], "no rules"),
        (["form then call"], "Write `response"),
        (["respons(form, call)"], "Did you mean 'response'"),
        (["response(form)"], "2 different activities"),
        (["response(form, form)"], "2 different activities"),
        (["begins(form)", "begins(call)"], "cannot all be kept"),
        ([["a"]], "Rule 1 is"),
        ([f"together(a{at}, b{at})" for at in range(8)], "more than 5,000 states"),
        ([{"rule": "response", "activity": "a", "other_activity": float("nan")}], "2 different activities"),
    ],
)
def test_bad_rules_get_one_clear_message(given, hint):
    with pytest.raises(MiningError, match=hint):
        read_design({"rules": given})


def test_stages_and_rules_are_not_mixed():
    with pytest.raises(MiningError, match="both stages and rules"):
        read_design({"rules": ["happens(a)"], "stages": [{"stage": "A", "steps": ["a"]}]})
    assert isinstance(read_design({"rules": ["happens(a)"]}).frame, pd.DataFrame)
