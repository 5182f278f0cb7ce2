"""Personas: groups of customers alike in behaviour, or the honest answer that there are none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.journeys import FINAL_OUTCOMES
from mining.personas.asked import Asked
from mining.personas.attributes import attribute_table
from mining.personas.cards import Cards, cards_of
from mining.personas.encoder import BLOCKS
from mining.personas.engines import ENGINES, agreement_table, grouped_by
from mining.personas.fitting import Wish, find_personas
from mining.personas.grouping import silhouettes
from mining.personas.naming import matched_personas, new_names
from mining.personas.profile import profile
from mining.personas.seen import Seen, customers_of, look
from mining.personas.shift import Shift, shift_of
from mining.personas.traits import portray, traits_of

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Personas"]

_FEWEST = 20


class Personas(Asked):
    """Group customers by how they behave, if the data bears it out.

    All journeys of a customer are read together, each only up to its first outcome: who groups customers by how it
    ended finds the ending. A journey that names no customer stands for one. A customer of whom nothing is left before
    the outcome is in no persona (label -1).

    Customers are seen from several perspectives of equal weight: path (activities and pairs of successive ones),
    channels, tempo, people met, and attributes; the perspectives that the groups do not show in are then weighed down.
    One persona, "no distinct personas", is a possible answer and the one given unless a grouping is clearer than in
    journeys recombined from all customers, comes back at both ends of the journeys, and is foretold by half of the
    customers for the other half. Attributes alone never make personas; customers that only look alike are segments.

    Parameters
    ----------
    n_personas : int, optional
        How many, where that is decided elsewhere; by default as many as the evidence bears.
    max_personas : int, default 8
        Most to look for.
    random_state : int, default 0
        Seed of the sample that the evidence rests on, of its references and of the stability.
    features : collection of str, optional
        Perspectives: any of path, channels, tempo, people, attributes; by default all.
    attributes : sequence of str, optional
        Attributes of customers to use. By default numbers and those of at most 20 values, except where the name speaks
        of an outcome (status, stage, churn ...).
    outcomes : collection of str, default ("won", "lost", "solved", "disqualified")
        Outcomes that end what is seen of a journey.
    engine : str, default "centres"
        What groups the customers once their number is known: ``centres`` (Ward's tree, then nearest centres,
        columns measured by their spread inside personas),
        ``kmeans`` (in small batches, for a million customers), ``gaussian`` (a mixture with widths of its own per
        persona), ``ward``, ``density`` (HDBSCAN: customers in no dense place are in no persona), ``medoids`` (each
        persona round a real customer), ``chains`` (a mixture of Markov chains with channels, tempo and attributes), or
        ``auto``: the one whose groups half of the customers best foretell for the other half.

    Attributes
    ----------
    n_personas_ : int
        How many there are; 1 where there is nothing to tell apart.
    labels_ : Series of int
        Persona of each customer, 0 for the largest, -1 for none; indexed by customer.
    portraits_ : DataFrame
        One row per customer, from before the outcome: n_journeys, n_touchpoints, median_gap_hours,
        duration_hours, touchpoints_per_journey, n_actors, n_teams, handoffs, inbound_share, ``activity: x`` and
        ``channel: x`` (shares), ``attribute: x``.

    engine_ : str
        Which engine grouped them.

    Examples
    --------
    >>> from mining.personas import Personas
    >>> Personas(max_personas=5)
    Personas(max_personas=5)
    """

    def __init__(
        self,
        *,
        n_personas: int | None = None,
        max_personas: int = 8,
        random_state: int = 0,
        features: Collection[str] | None = None,
        attributes: Sequence[str] | None = None,
        outcomes: Collection[str] = FINAL_OUTCOMES,
        engine: str = "centres",
    ) -> None:
        self.n_personas = n_personas
        self.max_personas = max_personas
        self.random_state = random_state
        self.features = features
        self.attributes = attributes
        self.outcomes = outcomes
        self.engine = engine

    @property
    def engine_(self) -> str:
        """Which engine grouped the customers."""
        check_is_fitted(self, "labels_")
        return self._found.engine

    def fit(self, journeys: Journeys, y: object = None) -> Self:  # noqa: ARG002
        """Find the personas of the customers of some journeys.

        Parameters
        ----------
        journeys : Journeys
            Under any case notion.
        y : None
            Ignored; there for scikit-learn.

        Returns
        -------
        Personas
            Itself.

        Raises
        ------
        MiningError
            For fewer than 20 customers, or a parameter out of range.
        """
        wish = Wish(
            BLOCKS if self.features is None else tuple(self.features),
            self.n_personas,
            self.max_personas,
            self.engine,
            self.random_state,
        ).checked()
        seen = look(journeys, self.outcomes)
        if seen.n_customers < _FEWEST:
            raise MiningError.refused(
                f"Personas of {seen.n_customers} customers with touchpoints before the outcome",
                f"cannot be told from chance: {_FEWEST} are needed.",
            )
        table = attribute_table(journeys, seen.customers, self.attributes)
        self._found = find_personas(seen, table, wish)
        labels, self.n_personas_ = self._found.grouped.labels, self._found.grouped.number
        self._stability, self._evidence = self._found.stability, self._found.evidence.frame
        self.portraits_ = portray(seen, table)
        self.labels_ = _with_hidden(labels, seen)
        self._profile = profile(traits_of(seen, self.portraits_), labels, self.n_personas_)
        self._names = self._named()
        return self

    def predict(self, journeys: Journeys) -> pd.Series:
        """Put customers into the personas found, each into the most probable one (with centres: the nearest).

        Parameters
        ----------
        journeys : Journeys
            Of customers old or new.

        Returns
        -------
        Series of int
            Persona of each customer; -1 where nothing is seen before the outcome, and where a customer is farther from
            every persona than the farthest customer it was found with. Indexed by customer.
        """
        seen, table, points = self._asked_of(journeys)
        return _with_hidden(self._found.grouped.assigned(points, seen, table), seen)

    def membership(self, journeys: Journeys) -> pd.DataFrame:
        """Tell how probable each persona is for each customer.

        Parameters
        ----------
        journeys : Journeys
            Of customers old or new.

        Returns
        -------
        DataFrame
            Indexed by customer, sorted: persona (as `predict` gives it), probability (of that persona; missing where it
            fits none), then one column per persona with its probability, 0 to 1, each row summing to one. With
            ``gaussian`` and ``chains`` they are the model's; otherwise those of round personas of one width.
        """
        seen, table, points = self._asked_of(journeys)
        found = self._found.grouped.membership(points, seen, table)
        own = self._found.grouped.assigned(points, seen, table)
        frame = pd.DataFrame(found, index=pd.Index(seen.customers, dtype="str", name="customer"))
        frame.insert(0, "persona", own)
        frame.insert(1, "probability", np.where(own >= 0, found[np.arange(len(own)), own], np.nan))
        return frame.sort_index()

    def rename(self, names: Mapping[str, str]) -> Self:
        """Give personas the names that people use for them.

        Parameters
        ----------
        names : mapping of str to str
            Name by name as it stands in ``.frame``; those left out stay.

        Returns
        -------
        Personas
            Itself.

        Raises
        ------
        MiningError
            For a name that no persona has, an empty one, or one for two personas.
        """
        check_is_fitted(self, "labels_")
        self._names = new_names(names, self._names)
        return self

    def keep_names(self, earlier: Personas, journeys: Journeys) -> pd.DataFrame:
        """Take over the names of an earlier fit for the personas that are still the same.

        Two personas are the same where, of all customers of these journeys whom either the one holds or the earlier fit
        would put into the other, at least half are in both; each earlier persona is matched once.

        Parameters
        ----------
        earlier : Personas
            Fitted, with names as people gave them.
        journeys : Journeys
            Those that these personas were found with.

        Returns
        -------
        DataFrame
            One row per persona: persona, earlier (name of the nearest earlier one), n_shared (customers in both;
            missing for fewer than five), jaccard (0 to 1), is_same (whether it bears that name now).

        References
        ----------
        Hennig, C. (2007). Cluster-wise assessment of cluster stability: below one half a cluster is dissolved.
        Kuhn, H. W. (1955). The Hungarian method for the assignment problem.
        """
        check_is_fitted(self, "labels_")
        found = matched_personas(self, earlier, journeys)
        kept = found["earlier"][found["is_same"]].to_dict()
        own = [f"{name} ({place})" if name in kept.values() else name for place, name in enumerate(self._names)]
        self._names = [kept.get(place, name) for place, name in enumerate(own)]
        return found

    def cards(self, journeys: Journeys) -> Cards:
        """Write a card per persona: what sets it apart, a real journey, tempo, waits, outcome, where to talk to it.

        Parameters
        ----------
        journeys : Journeys
            Whole journeys of the customers, with what came from the outcome on.

        Returns
        -------
        Cards
            ``.frame`` as a table, ``.plot(language)`` side by side in English, Hebrew or Persian.
        """
        check_is_fitted(self, "labels_")
        return cards_of(self, journeys)

    def shift(self, journeys: Journeys, every: str = "quarter") -> Shift:
        """Tell whether the shares of personas among new customers change over time.

        Parameters
        ----------
        journeys : Journeys
            Of the customers; each counts in the period in which its first journey begins.
        every : str
            month, quarter or year.

        Returns
        -------
        Shift
            ``.frame``, ``.p_value`` and ``.sentence``.

        Raises
        ------
        MiningError
            For another period, and where no customer is in a persona.
        """
        check_is_fitted(self, "labels_")
        return shift_of(self, journeys, every, self.random_state)

    def sampled(self) -> tuple[npt.NDArray[np.float64], Seen]:
        """Give the customers that the evidence rests on: where they stand, and what is seen of them.

        Returns
        -------
        space : ndarray of float
            Customers by directions of the portrait; at most some thousands of customers, drawn by chance.
        seen : Seen
            The same customers' touchpoints before their outcome.
        """
        check_is_fitted(self, "labels_")
        return self._found.sample.points, self._found.sample.seen

    def plot_silhouette(self) -> Picture:
        """Draw how clearly customers lie in their persona, a curve per persona, its clearest customers first.

        A picture, not a judge: groups of one kind of customer have silhouettes too; what there is to judge by stands in
        ``.evidence``.

        Returns
        -------
        Picture
            Of the customers that the evidence rests on: how much nearer each is to the centre of its persona than to
            the next one (-1 to 1; below 0 it is nearer to another).

        Raises
        ------
        MiningError
            Where there is one persona.

        References
        ----------
        Rousseeuw, P. J. (1987). Silhouettes: a graphical aid to the interpretation and validation of cluster analysis.
        """
        from mining._draw import draw_curve

        points, seen = self.sampled()
        if self.n_personas_ == 1:
            raise MiningError.empty("A picture of silhouettes", "there is one persona, and nothing to lie between.")
        labels = self.labels_.reindex(pd.Index(seen.customers, dtype="str")).to_numpy(np.int64)
        inside = labels >= 0
        scaled, own = points[inside] * self._found.grouped.around.scale, labels[inside]
        frame = pd.DataFrame({"silhouette": silhouettes(scaled, own, self.n_personas_).round(3), "of": own})
        frame = frame.sort_values(["of", "silhouette"], ascending=[True, False], kind="stable")
        n = frame.groupby("of")["of"].transform("size")
        frame["share of its customers"] = (frame.groupby("of").cumcount() + 1) / n
        names = pd.Series(self._names, dtype="str")
        return draw_curve(
            frame[n >= SMALLEST_CELL].assign(persona=frame["of"].map(names), n=n),
            "share of its customers",
            "silhouette",
            group="persona",
            title="How clearly customers lie in their persona",
            note="At the top: at its centre; at 0: between two; below 0: nearer to another. A picture, not a judge.",
        )

    def main_channels(self) -> dict[str, str]:
        """Tell in which channel each activity mostly happens, as far as it was seen before the outcome.

        Returns
        -------
        dict of str to str
            By activity; without those that never name a channel.
        """
        seen = self.sampled()[1]
        activity, channel = seen.codes("activity"), seen.codes("channel")
        known = (activity >= 0) & (channel >= 0)
        n = len(seen.log.words["channel"]) if known.any() else 1
        counted = np.bincount(activity[known] * n + channel[known], minlength=len(seen.log.words["activity"]) * n)
        most = counted.reshape(-1, n)
        ways = {str(seen.log.words["activity"][at]): most[at] for at in np.flatnonzero(most.sum(axis=1))}
        return {word: str(seen.log.words["channel"][int(row.argmax())]) for word, row in ways.items()}

    def agreement(self) -> pd.DataFrame:
        """Tell how far other engines group the customers alike: what they agree on does not hang on the method.

        Returns
        -------
        DataFrame
            One row per engine: engine, n_personas, n_unassigned (of `n_customers`), then one column per engine with the
            adjusted Rand index of the two groupings (1: the same; 0: as by chance).

        References
        ----------
        Hubert, L., Arabie, P. (1985). Comparing partitions.
        """
        check_is_fitted(self, "labels_")
        points, seen, table = self._found.sample
        number = self._found.evidence.number
        return agreement_table({
            name: grouped_by(name, points, number, of=(seen, table)).labels for name in ENGINES
        })  # fmt: skip

    def _asked_of(self, journeys: Journeys) -> tuple[Seen, pd.DataFrame, npt.NDArray[np.float64]]:
        check_is_fitted(self, "labels_")
        seen = look(journeys, self.outcomes)
        known = [
            name.removeprefix("attribute: ") for name in map(str, self.portraits_) if name.startswith("attribute: ")
        ]
        table = attribute_table(journeys, seen.customers, known)
        return seen, table, self._found.points(seen, table)

    def persona_of(self, journeys: Journeys) -> pd.Series:
        """Name the persona of each journey's customer.

        Customers that the personas were found with keep their persona; others are put to the nearest centre.

        Parameters
        ----------
        journeys : Journeys
            Which journeys.

        Returns
        -------
        Series of category
            Names in the order of the personas, indexed by journey_id; missing for customers in no persona and for
            personas of fewer than five customers.
        """
        check_is_fitted(self, "labels_")
        customers = pd.Index(customers_of(journeys.log), dtype="str")
        new = ~customers.isin(self.labels_.index)
        labels = self.labels_
        if new.any():
            labels = pd.concat(
                [labels, self.predict(journeys.keep(new)).loc[lambda row: ~row.index.isin(labels.index)]]
            )
        codes = labels.reindex(customers).to_numpy(np.int64)
        masked = np.flatnonzero(self._sizes() < SMALLEST_CELL)
        codes = np.where(np.isin(codes, masked), -1, codes).astype(np.int64)
        named = pd.Categorical.from_codes(codes, pd.Index(self._names, dtype="str"), ordered=True)
        return pd.Series(named, index=pd.Index(journeys.log.journey_ids, name="journey_id"), name="persona")


def _with_hidden(labels: npt.NDArray[np.int64], seen: Seen) -> pd.Series:
    ids = np.concatenate([seen.customers, seen.hidden])
    whole = np.concatenate([labels, np.full(len(seen.hidden), -1, np.int64)])
    return pd.Series(whole, index=pd.Index(ids, dtype="str", name="customer"), name="persona").sort_index()
