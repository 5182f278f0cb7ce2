"""Likeness: people without a common key, made of syllables, with the truth known."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd
import pytest

from mining._errors import MiningError
from mining.sources import read_crm
from mining.sources.people.identity import LARGEST, Identity, Verdicts, resolve
from mining.sources.people.keys import is_blocked, normaliser
from mining.sources.people.likeness import Likeness, link_alike

needs_splink = pytest.mark.skipif(
    importlib.util.find_spec("splink") is None,
    reason="needs the extra `identity` (splink), which is not installed",
)

# Syllables, so that no name is anybody's.
SYLLABLES = {
    "en": "ba ko mi ran tel su dor vi lan pe gri sha nou fe ja ker lo win bes tor",
    "he": "בר קו מי רן טל שו דור וי לן פא גרי שא נו פה יא קר לו וין בס תור",
    "fa": "با کو می ران تل سو دور وی لان په گری شا نو فه یا کر لو وین بس تور",
}
TIMES = (1, 1, 1, 2, 2, 3)  # how many records are kept of a person


class Town:
    """A seeded town: people, some of them families, and the records that companies keep of them."""

    def __init__(self, seed: int, *, surnames: int = 400, first_names: int = 150) -> None:
        self.chance = random.Random(seed)
        self.first = {script: [self.word(script, 2) for _ in range(first_names)] for script in SYLLABLES}
        self.last = {script: [self.word(script, 3) for _ in range(surnames)] for script in SYLLABLES}
        self.rows: list[dict[str, object]] = []
        self.n_people = 0

    def word(self, script: str, size: int) -> str:
        return "".join(self.chance.choices(SYLLABLES[script].split(), k=size))

    def pick(self, words: list[str]) -> str:
        """Few names are common, many are rare."""
        return words[min(int(self.chance.expovariate(4 / len(words))), len(words) - 1)]

    def number(self) -> str:
        return f"+97258{self.chance.randrange(10**7):07d}"

    def settle(
        self, families: int, *, sizes: tuple[int, ...] = (1, 1, 1, 2, 3), records: tuple[int, ...] = TIMES
    ) -> None:
        for _ in range(families):
            script = self.chance.choice(list(SYLLABLES))
            last, shared = self.pick(self.last[script]), self.number()
            for _ in range(self.chance.choice(sizes)):
                self.n_people += 1
                person = {
                    "first": self.pick(self.first[script]),
                    "last": last,
                    "email": f"c{self.n_people:05d}{self.word('en', 2)}@mail.example",
                    "phone": shared if self.chance.random() < 0.3 else self.number(),
                    "company": f"company {self.chance.randrange(300)}",
                }
                self.keep(person, self.chance.choice(records))

    def keep(self, person: dict[str, str], times: int) -> None:
        for turn in range(times):
            row: dict[str, object] = {**person, "truth": self.n_people}
            if turn and self.chance.random() < 0.2:
                row["first"], row["last"] = row["last"], row["first"]
            for name in ("first", "last"):
                if self.chance.random() < 0.08:
                    row[name] = self.typo(str(row[name]))
            for name, share in (("email", 0.25), ("phone", 0.35), ("company", 0.3)):
                if self.chance.random() < share:
                    row[name] = None
            if row["email"] and self.chance.random() < 0.08:
                row["email"] = self.typo(str(row["email"]).partition("@")[0]) + "@mail.example"
            system = self.chance.choice(["crm", "desk", "web"])
            self.rows.append({"id": f"{system}:{len(self.rows)}", **row})

    def typo(self, text: str) -> str:
        place = self.chance.randrange(len(text) - 1)
        return self.chance.choice(
            [
                text[:place] + text[place + 1 :],
                text[:place] + text[place + 1] + text[place] + text[place + 2 :],
                text[:place] + text[place] + text[place:],
            ]
        )

    def people(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows).set_index("id")


def exact(people: pd.DataFrame, verdicts: Verdicts | None = None) -> Identity:
    keys = []
    for kind in ("email", "phone"):
        normal = normaliser(kind, "IL")
        told = people[kind].dropna().map(normal)
        keys += [(name, f"\0{kind}:{key}") for name, key in told.items() if not is_blocked(key)]
    return resolve(list(people.index), keys, {}, [], sources=["crm", "desk", "web"], verdicts=verdicts)


def pairs(groups: Iterable[object]) -> int:
    return sum(n * (n - 1) // 2 for n in Counter(groups).values())


def pairwise(final: Mapping[str, str], truth: pd.Series) -> tuple[float, float]:
    """Share of the pairs found that are true, and share of the true ones that are found."""
    person = [final[name] for name in truth.index]
    hits = pairs(zip(person, truth, strict=True))
    return hits / max(pairs(person), 1), hits / max(pairs(truth), 1)


@pytest.fixture(scope="module")
def town() -> pd.DataFrame:
    town = Town(11)
    town.settle(1_500)
    return town.people()


@pytest.fixture(scope="module")
def alike(town: pd.DataFrame) -> Likeness:
    return link_alike(town.drop(columns="truth"))


@needs_splink
def test_likeness_finds_more_of_the_same_people_than_exact_keys_and_errs_less(
    town: pd.DataFrame, alike: Likeness
) -> None:
    precision, recall = pairwise(alike.clusters(), town["truth"])
    exact_precision, exact_recall = pairwise(exact(town).canonical, town["truth"])
    assert precision >= 0.98
    assert recall >= exact_recall + 0.1
    assert precision > exact_precision  # families share numbers, and their names tell them apart
    # A looser threshold finds more and errs more; that is what the doubtful pairs are for.
    looser = pairwise(alike.clusters(alike.lowest), town["truth"])
    assert looser[1] >= recall
    assert looser[0] <= precision


@needs_splink
def test_exact_keys_and_likeness_together_find_most(town: pd.DataFrame, alike: Likeness) -> None:
    both = exact(town, alike.verdicts)
    precision, recall = pairwise(both.canonical, town["truth"])
    assert both.glued_by["likeness"] > 0
    assert both.n_glued == sum(both.glued_by.values())
    assert precision >= 0.98
    assert recall >= pairwise(alike.clusters(), town["truth"])[1]


@needs_splink
def test_a_probability_means_what_it_says(town: pd.DataFrame, alike: Likeness) -> None:
    truth = town["truth"]
    right = truth[alike.certain["id"]].to_numpy() == truth[alike.certain["other_id"]].to_numpy()
    assert right.mean() >= alike.threshold


@needs_splink
@pytest.mark.parametrize("seed", [1, 2])
def test_strangers_of_common_names_are_not_linked(seed: int) -> None:
    crowd = Town(seed, surnames=25, first_names=25)
    crowd.settle(1_200, sizes=(1,), records=(1,))
    people = crowd.people()
    assert people[["first", "last"]].duplicated().sum() > 200
    found = link_alike(people.drop(columns="truth"))
    linked = sum(person != name for name, person in found.clusters().items())
    assert linked <= 0.01 * len(people)


@needs_splink
def test_families_who_share_a_number_are_not_one_person() -> None:
    crowd = Town(5, surnames=60)
    crowd.settle(400, sizes=(3,), records=(1, 2))
    people = crowd.people()
    precision, _ = pairwise(link_alike(people.drop(columns="truth")).clusters(), people["truth"])
    assert precision >= 0.97


@needs_splink
def test_neither_the_order_of_rows_nor_chance_matters(town: pd.DataFrame) -> None:
    few = town.drop(columns="truth").head(600)
    one, again, shuffled = link_alike(few), link_alike(few), link_alike(few.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(one.review, again.review)
    pd.testing.assert_frame_equal(one.review, shuffled.review)


@needs_splink
def test_the_evidence_is_told_in_words_without_any_value(town: pd.DataFrame, alike: Likeness) -> None:
    text = alike.review.to_csv(index=False) + repr(alike) + alike._repr_html_()
    assert "@" not in text
    assert "+972" not in text
    assert not [name for name in town["last"].unique() if len(name) > 3 and name in text]
    words = set(", ".join(alike.review["evidence"]).split(", "))
    assert {"same name", "similar name", "same number", "same address", "other address"} <= words
    assert alike.review["probability"].between(alike.lowest, 1).all()
    assert alike.review["probability"].is_monotonic_decreasing


@needs_splink
def test_columns_that_say_nothing_are_left_out_and_spellings_do_not_matter(town: pd.DataFrame) -> None:
    few = town.drop(columns="truth").head(400)
    plain = link_alike(few)
    loud = few.assign(
        first=few["first"].str.upper(),
        last="\u200f" + few["last"] + " ",
        email=few["email"].str.upper(),
        phone=few["phone"].str.replace("+972", "0"),
        country=None,
    )
    pd.testing.assert_frame_equal(plain.review, link_alike(loud, region="IL").review)


@needs_splink
def test_a_whole_name_in_one_column_is_as_good_as_its_parts(town: pd.DataFrame) -> None:
    few = town.drop(columns="truth").head(400)
    whole = few.assign(first=few["first"] + " " + few["last"], last=None)
    pd.testing.assert_frame_equal(link_alike(few).review, link_alike(whole).review)


@needs_splink
def test_too_few_records_or_columns_are_refused(town: pd.DataFrame) -> None:
    with pytest.raises(MiningError, match="40 records are too few"):
        link_alike(town.head(40))
    with pytest.raises(MiningError, match="too little to compare people by"):
        link_alike(town[["first", "last"]])
    with pytest.raises(MiningError, match="too little to compare people by"):
        link_alike(town[["first", "last"]].assign(email=None, phone=""))
    with pytest.raises(MiningError, match="several rows"):
        link_alike(pd.concat([town, town]))
    with pytest.raises(MiningError, match="lowest <= threshold"):
        link_alike(town, 0.4)


def test_without_the_extra_it_says_how_to_get_it(town: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(MiningError, match=r"pip install 'crm-journey-mining\[identity\]'"):
        link_alike(town.head(100))


def test_the_engine_is_loaded_only_when_it_is_needed() -> None:
    program = "import sys, mining.sources.people.likeness; print('splink' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


# --- what follows from the pairs


def likeness(*rows: tuple[str, str, float], n_ids: int = 6) -> Likeness:
    review = pd.DataFrame([(*row, "same name") for row in rows], columns=["id", "other_id", "probability", "evidence"])
    return Likeness(review, 0.9, 0.5, tuple(f"crm:{place}" for place in range(1, n_ids + 1)))


def test_pairs_join_from_the_most_probable_down() -> None:
    found = likeness(("crm:2", "crm:3", 0.99), ("crm:1", "crm:2", 0.95), ("crm:4", "crm:5", 0.6))
    assert len(found.certain) == 2
    assert len(found.doubtful) == 1
    assert found.clusters() == {"crm:1": "crm:1", "crm:2": "crm:1", "crm:3": "crm:1"} | {
        f"crm:{place}": f"crm:{place}" for place in (4, 5, 6)
    }
    assert found.clusters(0.5)["crm:5"] == "crm:4"
    assert set(found.clusters(1.0).values()) == set(found.ids)


def test_a_refused_pair_stays_apart_whatever_lies_between() -> None:
    found = likeness(("crm:1", "crm:2", 0.99), ("crm:2", "crm:3", 0.97), ("crm:1", "crm:3", 0.96))
    apart = found.without([("crm:3", "crm:1")])
    assert len(apart.review) == 2
    assert apart.clusters() == {"crm:1": "crm:1", "crm:2": "crm:1"} | {
        f"crm:{place}": f"crm:{place}" for place in (3, 4, 5, 6)
    }
    assert found.clusters()["crm:3"] == "crm:1"  # the likeness itself is as it was
    again = apart.without([("crm:1", "crm:2")])
    assert again.clusters()["crm:3"] == "crm:2"


def test_a_chain_of_likeness_does_not_make_a_crowd_one_person() -> None:
    size = 3 * LARGEST
    chain = [(f"crm:{place}", f"crm:{place + 1}", 0.99) for place in range(1, size)]
    largest = Counter(likeness(*chain, n_ids=size).clusters().values()).most_common(1)[0][1]
    assert largest <= LARGEST


@needs_splink
def test_people_of_an_export_who_are_alike_become_one_and_can_be_taken_apart(town: pd.DataFrame) -> None:
    people = town.reset_index(drop=True)
    ids = pd.Series([str(1_000 + row) for row in range(len(people))], dtype="str")
    contacts = people.rename(columns={"first": "firstname", "last": "lastname"}).assign(id=ids).fillna("")
    forms = pd.DataFrame({"contact_id": ids, "form_id": "f", "timestamp": "2025-01-01 10:00:00"})
    tables = {"contact": contacts.drop(columns="truth").add_prefix("property_").rename(columns={"property_id": "id"})}
    tables["contact_form_submission"] = forms
    found = {how: read_crm(tables, "hubspot", identity=how) for how in ("none", "exact", "likely")}
    customers = {how: touchpoints.frame["customer"].nunique() for how, touchpoints in found.items()}
    assert customers["none"] == len(people)
    hits = {
        how: pairwise(dict(enumerate(found[how].frame["customer"])), people["truth"]) for how in ("exact", "likely")
    }
    assert hits["likely"][1] > hits["exact"][1] + 0.1
    assert hits["likely"][0] > 0.98
    told = found["likely"]
    assert {"id", "other_id", "probability", "evidence"} == set(told.people.likeness)
    apart = told.without_doubtful().frame["customer"].nunique()
    assert apart == found["exact"].without_doubtful().frame["customer"].nunique() > customers["likely"]
    shown = told.frame.to_csv() + told.people.likeness.to_csv() + told.objects["customer"].to_csv()
    assert not any(name in shown for name in people["email"].dropna().head(200))
    assert not any(f",{name}," in shown for name in people["last"].head(200))
