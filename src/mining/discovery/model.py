"""Models: the process behind the paths, with choices, parallel parts and loops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._alignments import AlignmentLimit, Net, explore
from mining._alignments.states import STATE_LIMIT
from mining._pm4py import Tree, discover_tree
from mining._statistics import SMALLEST_CELL
from mining.discovery.diagram import diagram_of
from mining.discovery.exports import save_tree
from mining.discovery.shapes import bpmn_of, net_of
from mining.discovery.spoken import listing

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["Model", "find_model", "is_sound", "within_budget"]

# The miner's time grows with the square of a path's length and with the length of all paths together: these keep it
# under about half a minute.
LONGEST_PATH: Final = 2_000
MOST_TOUCHPOINTS: Final = 200_000


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A process model discovered from variants.

    Attributes
    ----------
    tree : Tree
        The model as a process tree; `text` spells it out.
    net : Net
        The same as a Petri net of plain records.
    frame : DataFrame
        The same as BPMN, one row per element: name, kind (start, task, exclusive, parallel, end), role (split, option,
        join, repeat; loop for a task that may be done several times in a row; or empty), label, n_journeys (that do
        the task) and share.
    flows : DataFrame
        The arrows of the BPMN diagram: source, target.
    n_journeys, of_journeys : int
        Journeys that the model was discovered from, of how many.
    noise_threshold : float
        Share of the most frequent succession under which a succession was left out; NaN where the model rests on direct
        successions alone: every path was too long to be mined whole, or it was chosen so.
    """

    tree: Tree
    net: Net
    frame: pd.DataFrame
    flows: pd.DataFrame
    n_journeys: int
    of_journeys: int
    noise_threshold: float

    def __repr__(self) -> str:
        tasks = int((self.frame["kind"] == "task").sum())
        return f"<Model of {tasks} activities, discovered from {self.n_journeys:,} of {self.of_journeys:,} journeys>"

    @property
    def text(self) -> str:
        """The process tree as text: ``->`` sequence, ``X`` choice, ``+`` parallel, ``*`` loop, ``tau`` nothing."""
        return str(self.tree)

    @cached_property
    def sound(self) -> bool | None:
        """Whether the model can always end and each of its activities can happen; None where nobody can tell."""
        return is_sound(self.net)

    @property
    def sentence(self) -> str:
        """What the model rests on, in a sentence."""
        part = listing(self.of_journeys, "journey")
        if self.n_journeys < self.of_journeys:
            part = f"{self.n_journeys:,} of {part}, the commonest paths that are short enough to be mined"
        how = (
            "direct successions alone"
            if np.isnan(self.noise_threshold)
            else f"noise threshold {self.noise_threshold:g}"
        )
        return f"Discovered from {part} ({how})."

    def save(self, path: Path | str) -> Path:
        """Write the model as a file that other tools open, whole or not at all.

        Parameters
        ----------
        path : Path or str
            Ends in ``.pnml`` (a Petri net with its final marking), ``.bpmn`` (BPMN 2.0) or ``.ptml`` (a process tree).
            All three allow the same paths; counts are not written.

        Returns
        -------
        Path
            The file written. The same model gives the same bytes.

        Raises
        ------
        MiningError
            For another ending, or for an activity with a character that XML cannot hold.
        """
        return save_tree(self.tree, path)

    def plot(self, *, min_journeys: int = SMALLEST_CELL, across: bool = False) -> Picture:
        """Draw the model as a BPMN-like diagram: gateways say in words what they do.

        Parameters
        ----------
        min_journeys : int
            Activities of fewer journeys are hidden; so are the rarest of a model too large to be read.
        across : bool
            From left to right instead of downwards.
        """
        from mining._draw import draw_flow

        tasks = self.frame[self.frame["kind"] == "task"]
        counts = {str(label): int(n) for label, n in zip(tasks["label"], tasks["n_journeys"], strict=True)}
        nodes, edges, remark = diagram_of(self.tree, counts, self.n_journeys, min_journeys)
        note = " ".join(part for part in (self.sentence, remark) if part)
        return draw_flow(nodes, edges, title="The process behind the paths", note=note, max_edges=400, across=across)

    def _repr_html_(self) -> str:
        return f"{self.plot()._repr_html_()}<p><code>{escape(self.text)}</code></p>"


def find_model(variants: pd.DataFrame, noise_threshold: float) -> Model:
    """Discover a model from variants (variant, n_journeys), the commonest first; NaN looks at successions alone."""
    used = within_budget(variants["variant"])
    mined = variants[used] if used.any() else variants
    alone = bool(np.isnan(noise_threshold)) or not used.any()
    tree = discover_tree(mined, noise_threshold, successions_only=alone)
    nodes, flows = bpmn_of(tree)
    n = int(mined["n_journeys"].sum())
    held = pd.Series({label: int(mined["n_journeys"][has].sum()) for label, has in _having(mined["variant"]).items()})
    nodes["n_journeys"] = nodes["label"].map(held.astype(float)).astype(float).where(nodes["kind"] == "task")
    nodes["share"] = nodes["n_journeys"] / n
    noise = float("nan") if alone else noise_threshold
    return Model(tree, net_of(tree), nodes, flows, n, int(variants["n_journeys"].sum()), noise)


def within_budget(
    variants: Iterable[tuple[str, ...]], longest: int = LONGEST_PATH, most: int = MOST_TOUCHPOINTS
) -> npt.NDArray[np.bool_]:
    """Mark the commonest paths that can be mined and aligned in reasonable time: short ones, up to a total length."""
    length = np.array([len(variant) for variant in variants], np.int64)
    short = length <= longest
    return np.asarray(short & (np.cumsum(np.where(short, length, 0)) <= most))


def is_sound(net: Net, *, state_limit: int = STATE_LIMIT) -> bool | None:
    """Tell whether a net can end from every state it can reach and each of its labels can happen.

    A net with too many states, or endlessly many, is not explored to its end: None.

    References
    ----------
    van der Aalst, W. M. P. (1998). The application of Petri nets to workflow management.
    """
    try:
        graph = explore(net, state_limit=state_limit)
    except AlignmentLimit:
        return None
    return bool((graph.distance[:, graph.final] < graph.far).all()) and graph.labels == net.labels


def _having(variants: pd.Series) -> dict[str, npt.NDArray[np.bool_]]:
    found: dict[str, npt.NDArray[np.bool_]] = {}
    for place, variant in enumerate(variants):
        for label in set(variant):
            found.setdefault(label, np.zeros(len(variants), bool))[place] = True
    return found
