"""Which model to believe: candidates of several miners, the best compromises among them, and one with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mining._alignments import Net
from mining._errors import MiningError
from mining._progress import follow
from mining.discovery.candidates import TREES, Candidate, Measures, find_candidate_models, measure
from mining.discovery.exports import save_net
from mining.discovery.model import within_budget
from mining.discovery.ranking import AXES, balance_of, chosen_of, fits_of, undominated
from mining.discovery.samples import Sample, sides
from mining.discovery.spoken import listing
from mining.journeys import Journeys

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Candidates", "find_candidates"]

# Touchpoints of distinct paths that candidates are discovered from: all of them together take seconds, not minutes.
_MOST: Final = 20_000
_LONGEST: Final = 500


@dataclass(frozen=True, eq=False, repr=False)
class Candidates:
    """Models of several miners, measured alike.

    Each is discovered from the journeys of four customers in five, chosen by a hash of the customer's id; those of the
    fifth are held out. The chosen one was chosen by these figures, which flatter it a little for that.

    Attributes
    ----------
    frame : DataFrame
        One row per candidate: miner (inductive; inductive of successions; partial orders; split; heuristics), threshold
        (the miner's own: noise for the inductive miner, filter for partial orders, eta for the split miner, dependency
        for heuristics; NaN where there is none), fitness (of journeys held out, by alignment), fitness_in_sample,
        precision (escaping edges, in sample), generalisation (how often each activity of the model was done),
        simplicity (few arcs per node), all 0..1 and NaN where not measured; is_sound (missing where nobody can tell),
        is_pareto (no other is as good in fitness, precision, generalisation and simplicity and better in one), chosen,
        n_journeys (discovered from), n_held_out, remark.
    nets : tuple of Net or None
        The models, row by row.
    of_journeys : int
        How many journeys there are; those on paths too long or too rare to be mined in time are on neither side.

    References
    ----------
    Buijs, J. C. A. M., van Dongen, B. F., van der Aalst, W. M. P. (2014). Quality dimensions in process discovery: the
    importance of fitness, precision, generalization and simplicity.
    De Weerdt, J., De Backer, M., Vanthienen, J., Baesens, B. (2011). A robust F-measure for evaluating discovered
    process models.
    """

    frame: pd.DataFrame
    nets: tuple[Net | None, ...]
    of_journeys: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"<Candidates: {len(self)} models, {int(self.frame['is_pareto'].sum())} of them the best compromises>"

    @property
    def noise_threshold(self) -> float | None:
        """The inductive miner's threshold to use; NaN for successions alone, None where no tree was measured."""
        balance = balance_of(self.frame)
        trees = self.frame["miner"].isin(TREES).to_numpy() & ~np.isnan(balance)
        chosen = trees & self.frame["chosen"].to_numpy()
        if not trees.any():
            return None
        best = np.where(chosen if chosen.any() else trees, balance, -1).argmax()
        return float(self.frame["threshold"].to_numpy()[best])

    @property
    def sentence(self) -> str:
        """Which model was chosen, and why."""
        sound, front = (int(self.frame[name].fillna(False).sum()) for name in ("is_sound", "is_pareto"))
        start = f"Of {listing(len(self), 'candidate')} {sound} are sound and {front} not outdone in every respect."
        if not self.frame["chosen"].any():
            return f"{start} None could be measured, so none was chosen."
        place = int(self.frame["chosen"].to_numpy().argmax())
        best, balance = self.frame.iloc[place], balance_of(self.frame)
        held = int(best["n_held_out"])
        where = listing(held, "journey held out", "journeys held out") if held else "those it was discovered from"
        return (
            f"{start} Chosen: {_named(best)}, with fitness {fits_of(self.frame)[place]:.2f} on {where} and precision "
            f"{float(best['precision']):.2f}, whose balance, {balance[place]:.2f}, is the best{self._rival(place)}"
        )

    def save(self, path: Path | str, row: int) -> Path:
        """Write one of the models as a Petri net, whole or not at all.

        Parameters
        ----------
        path : Path or str
            Ends in ``.pnml``.
        row : int
            Which row of `frame`.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        MiningError
            For another ending, a row that is not there or that has no model, or an activity with a character that XML
            cannot hold.
        """
        net = self.nets[row] if 0 <= row < len(self) else None
        if net is None:
            raise MiningError.refused(f"Row {row} of the candidates", "has no model: take one with a simplicity.")
        return save_net(net, path)

    def plot(self) -> Picture:
        """Draw the balance of fitness and precision of each model that was measured, the best first."""
        from mining._draw import draw_bars

        marks = np.select([self.frame["chosen"], self.frame["is_pareto"]], [" (chosen)", ""], " (outdone)")
        names = [f"{_named(row)}{mark}" for (_, row), mark in zip(self.frame.iterrows(), marks, strict=True)]
        told = pd.DataFrame({"model": names, "balance": balance_of(self.frame)}).dropna()
        left = len(self) - len(told)
        note = "Harmonic mean of fitness (of journeys held out, where there are any) and precision."
        return draw_bars(
            told.sort_values("balance", ascending=False, kind="stable"), "model", "balance",
            title="Which model to believe", note=f"{note} Not measured: {left}." if left else note,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        figures = dict.fromkeys([*AXES, "fitness_in_sample"], "{:.2f}")
        return html_table(self.frame, formats=figures, caption=escape(self.sentence))

    def _rival(self, place: int) -> str:
        """Own up to a better balance among models that are no process trees."""
        balance = balance_of(self.frame)
        top = int(np.where(self.frame["is_pareto"], balance, -1).argmax())
        if self.frame["miner"].iloc[place] not in TREES:
            return "; no process tree is among the best compromises."
        if balance[top] <= balance[place] + 1e-9:
            return " of all."
        return (
            f" of those that are process trees, and so can be drawn; the {_named(self.frame.iloc[top])} "
            f"reaches {balance[top]:.2f}."
        )


def find_candidates(journeys: Journeys) -> Candidates:
    """Discover models with several miners and choose among them by evidence.

    Inductive miner (without and with noise filters, and of successions alone), partially ordered models, split miner
    and heuristics miner. Only the commonest paths are used, up to a total length, so that it takes seconds. Among the
    sound models that no other outdoes, process trees are preferred (they can be drawn), and of them the one
    with the highest harmonic mean of held-out fitness and precision; equal ones by simplicity, then generalisation.

    Parameters
    ----------
    journeys : Journeys
        The order of rows does not matter.

    Returns
    -------
    Candidates
    """
    variants, variant_of = journeys.variants()
    used = within_budget(variants["variant"], _LONGEST, _MOST)
    training, held_out = (
        Sample.of(variants, np.where(used, np.bincount(variant_of[side], minlength=len(variants)), 0))
        for side in sides(journeys)
    )
    if not training.paths:
        training, held_out = held_out, training
    found = list(find_candidate_models(training.frame)) if training.paths else []
    # Miners and thresholds often agree: what is the same net is measured once.
    told = {one.net: one for one in reversed(found)}
    measured = {
        net: measure(one, training, held_out)
        for net, one in follow(told.items(), "models", len(told))
        if net is not None
    }
    frame = _judged(found, [measured[one.net] if one.net else measure(one, training, held_out) for one in found])
    frame.insert(len(frame.columns) - 1, "n_journeys", training.n)
    frame.insert(len(frame.columns) - 1, "n_held_out", held_out.n)
    return Candidates(frame, tuple(one.net for one in found), len(journeys))


def _judged(found: list[Candidate], measures: list[Measures]) -> pd.DataFrame:
    rows = [(one.miner, one.threshold, *told) for one, told in zip(found, measures, strict=True)]
    frame = pd.DataFrame(rows, columns=["miner", "threshold", *Measures._fields]).astype(
        {"miner": "str", "threshold": "float64", "is_sound": "boolean", "remark": "str"}
        | dict.fromkeys([*AXES, "fitness_in_sample"], "float64")
    )
    frame.insert(8, "is_pareto", undominated(frame))
    frame.insert(9, "chosen", chosen_of(frame))
    return frame


def _named(row: pd.Series) -> str:
    threshold = float(row["threshold"])
    name = f"{row['miner']} miner" if row["miner"] != TREES[1] else "inductive miner of successions alone"
    return name if np.isnan(threshold) else f"{name} at threshold {threshold:g}"
