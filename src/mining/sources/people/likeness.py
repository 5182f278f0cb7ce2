"""People who are probably the same although no exact key says so: names, addresses and numbers that are alike."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pandas as pd

from mining._errors import MiningError
from mining.sources.mappings.links import natural
from mining.sources.people.comparable import comparable
from mining.sources.people.identity import LARGEST, Verdicts
from mining.sources.people.linkage import EVIDENCE, scored

__all__ = ["Likeness", "link_alike"]

_SMALLEST = 50  # records below which nothing can be learned
_REVIEW = {"id": "str", "other_id": "str", "probability": "float64", "evidence": "str"}


@dataclass(frozen=True, eq=False)
class Likeness:
    """Which records are probably one person, how probably, and why.

    Nothing is decided for good: `clusters` follows from the pairs at any threshold, and `without` takes pairs back.

    Attributes
    ----------
    review : DataFrame
        Most probable first: `id`, `other_id`, `probability` (0 to 1), `evidence` (what agrees and what does not, in
        words, without any value).
    threshold : float
        Probability from which a pair is taken as one person.
    lowest : float
        Probability below which pairs are not listed; between the two they are doubtful.
    ids : tuple of str
        Every record's id, in the order in which ids stand for a person.
    refused : frozenset of (id, id)
        Pairs that are two people, whatever the model says.
    unlike : frozenset of (id, id)
        Pairs that share a telephone number and are improbable all the same: a family, or a desk.
    notes : tuple of str
        What could not be compared.
    """

    review: pd.DataFrame
    threshold: float
    lowest: float
    ids: tuple[str, ...]
    refused: frozenset[tuple[str, str]] = frozenset()
    unlike: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = field(default=())

    @property
    def certain(self) -> pd.DataFrame:
        """Pairs at or above the threshold."""
        return self.review.loc[self.review["probability"] >= self.threshold].reset_index(drop=True)

    @property
    def doubtful(self) -> pd.DataFrame:
        """Pairs below the threshold that a person should look at."""
        return self.review.loc[self.review["probability"] < self.threshold].reset_index(drop=True)

    def clusters(self, threshold: float | None = None) -> dict[str, str]:
        """Give every id the id that stands for its person.

        Pairs join from the most probable down. A pair is passed over where it would make one person of a refused pair,
        or of more than 50 ids.

        Parameters
        ----------
        threshold : float, optional
            Probability from which pairs join; without it that of the likeness.

        Returns
        -------
        dict
            Id to the first id of its person, for all ids.
        """
        from_here = self.threshold if threshold is None else threshold
        people = _People(self.ids, self.refused)
        pairs = self.review.loc[self.review["probability"] >= from_here, ["id", "other_id", "probability"]]
        for one, other, _ in sorted(
            pairs.itertuples(index=False, name=None), key=lambda pair: (-pair[2], natural(pair[0]), natural(pair[1]))
        ):
            people.join(one, other)
        return people.named()

    def without(self, pairs: Iterable[tuple[str, str]]) -> Likeness:
        """Refuse pairs: they are two people, also where others would join them.

        Parameters
        ----------
        pairs : iterable of (id, id)
            In either order.

        Returns
        -------
        Likeness
        """
        refused = self.refused | {(one, other) for one, other in pairs}
        either = refused | {(other, one) for one, other in refused}
        listed = zip(self.review["id"], self.review["other_id"], strict=True)
        kept = [pair not in either for pair in listed]
        return replace(self, review=self.review.loc[kept].reset_index(drop=True), refused=frozenset(refused))

    @property
    def verdicts(self) -> Verdicts:
        """What recognising people by their keys should know: who is alike, and whom no shared number makes one."""
        alike = tuple((name, person) for name, person in self.clusters().items() if name != person)
        return Verdicts(alike, tuple(sorted(self.refused | self.unlike)))

    @property
    def summary(self) -> str:
        """One sentence on what was found."""
        return (
            f"{len(self.ids):,} records: {len(self.certain):,} pairs are one person with a probability of "
            f"{self.threshold:.0%} or more, {len(self.doubtful):,} are doubtful."
        )

    def __repr__(self) -> str:
        return f"Likeness: {self.summary}"

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        table = self.review.head(10).to_html(index=False, border=0, float_format="{:.3f}".format)
        return f"<p><b>Likeness</b> {html.escape(self.summary)}</p>{table}<ul>{notes}</ul>"


class _People:
    """Sets of ids that grow by joining."""

    def __init__(self, ids: Iterable[str], refused: frozenset[tuple[str, str]]) -> None:
        self.place = {name: number for number, name in enumerate(ids)}
        self.person = dict(zip(self.place, self.place, strict=True))
        self.members = {name: [name] for name in self.place}
        self.foes: dict[str, set[str]] = {}
        for one, other in refused:
            self.foes.setdefault(one, set()).add(other)
            self.foes.setdefault(other, set()).add(one)

    def join(self, one: str, other: str) -> None:
        """Make one person of two, unless that must not be."""
        first, second = self.person[one], self.person[other]
        if first == second or len(self.members[first]) + len(self.members[second]) > LARGEST:
            return
        hostile = set().union(*(self.foes.get(name, set()) for name in self.members[first]))
        if hostile & set(self.members[second]):
            return
        kept, gone = (first, second) if self.place[first] < self.place[second] else (second, first)
        self.members[kept] += self.members.pop(gone)
        self.person.update(dict.fromkeys(self.members[kept], kept))

    def named(self) -> dict[str, str]:
        """Give every id its person's."""
        return dict(self.person)


def link_alike(
    people: pd.DataFrame,
    threshold: float = 0.95,
    *,
    lowest: float = 0.5,
    region: str | None = None,
    random_state: int = 7,
) -> Likeness:
    """Find records that are probably the same person.

    Records are compared by what they hold of name, e-mail address, telephone number, company and country; how telling
    each agreement and disagreement is, is learned from the records themselves (Fellegi-Sunter model, expectation
    maximisation, rare names telling more than common ones). Only records that share an address, a mailbox name, a
    number, or most of a name are compared. The order of the rows does not matter, but for which id stands for a
    person: the first. Names in different scripts are not compared letter by letter.

    Parameters
    ----------
    people : DataFrame
        Index: unique ids. Columns, as many as there are: `first`, `last`, `email`, `phone`, `company`, `country`. A
        whole name may stand in `first`.
    threshold : float
        Probability from which a pair is one person.
    lowest : float
        Probability from which a pair is listed as doubtful.
    region : str, optional
        Country (two letters) of telephone numbers without a dialling code.
    random_state : int
        Seed of the random pairs that chance agreement is learned from.

    Returns
    -------
    Likeness

    Raises
    ------
    MiningError
        When there are fewer than 50 records, too little to compare them by, or splink is not installed.

    References
    ----------
    Fellegi, I. and Sunter, A., "A Theory for Record Linkage", Journal of the American Statistical Association, 1969.
    Linacre, R. et al., "Splink: Free software for probabilistic record linkage at scale", International Journal of
    Population Data Science, 2022.
    """
    if not 0 < lowest <= threshold <= 1:
        raise MiningError.refused(
            f"`lowest` is {lowest} and `threshold` {threshold};", "both are probabilities, and lowest <= threshold."
        )
    if not people.index.is_unique:
        raise MiningError.refused("Some ids stand in several rows of `people`;", "give one row for each id.")
    records, notes = comparable(people, region)
    if len(people) < _SMALLEST:
        raise MiningError.refused(
            f"{len(people)} records are too few to learn from what the same person's look like (50 are needed).",
            'Recognise them by exact keys (`identity="exact"`).',
        )
    if len({"whole", "email", "phone"} & set(records)) < 2:
        raise MiningError.refused(
            "There is too little to compare people by: at least two of name, e-mail and telephone are needed,",
            "each for 5 % of the records. Name their columns under `keys` of the mapping's customer.",
        )
    found = scored(records, lowest, random_state)
    is_likely = found["match_probability"] >= lowest
    strangers = found.loc[~is_likely, ["id_l", "id_r"]].itertuples(index=False, name=None)
    unlike = frozenset((min(pair), max(pair)) for pair in strangers)
    review = _review(found.loc[is_likely], records)
    return Likeness(review, threshold, lowest, tuple(map(str, people.index)), unlike=unlike, notes=notes)


def _review(found: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Say in words what agrees, and put the pairs in order."""
    place = {name: number for number, name in enumerate(records["id"])}
    compared = [name for name in EVIDENCE if f"gamma_{name}" in found]
    rows = []
    for one, other, probability, *levels in found.itertuples(index=False, name=None):
        first, second = sorted((str(one), str(other)), key=place.__getitem__)
        told = [EVIDENCE[name].get(int(level)) for name, level in zip(compared, levels, strict=True)]
        rows.append((first, second, round(float(probability), 6), ", ".join(filter(None, told))))
    rows.sort(key=lambda row: (-row[2], place[row[0]], place[row[1]]))
    return pd.DataFrame(rows, columns=list(_REVIEW)).astype(_REVIEW)
