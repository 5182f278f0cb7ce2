"""Process trees: what the inductive miner finds, as plain records."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from mining._errors import MiningError
from mining._pm4py.quickening import quickened

__all__ = ["Operator", "Tree", "discover_tree", "discover_tree_of_steps", "ids_of", "silent_import"]

Operator = Literal["step", "silent", "sequence", "choice", "parallel", "loop"]
_OPERATORS: Final[dict[str, Operator]] = {"->": "sequence", "X": "choice", "+": "parallel", "*": "loop"}
_SIGNS: Final = {operator: sign for sign, operator in _OPERATORS.items()}


@dataclass(frozen=True)
class Tree:
    """A process model as a tree.

    Attributes
    ----------
    operator : str
        step (an activity), silent (nothing happens), sequence, choice (one of its parts), parallel (all of them, in any
        order) or loop (the first part, then any number of times one of the others and the first again).
    label : str
        The activity of a step, else empty.
    parts : tuple of Tree
        In order.
    """

    operator: Operator
    label: str = ""
    parts: tuple[Tree, ...] = ()

    def __str__(self) -> str:
        if self.operator == "step":
            return f"'{self.label}'"
        if self.operator == "silent":
            return "tau"
        return f"{_SIGNS[self.operator]}( {', '.join(map(str, self.parts))} )"


def discover_tree(variants: pd.DataFrame, noise_threshold: float = 0.0, *, successions_only: bool = False) -> Tree:
    """Discover a process tree from variants with the inductive miner.

    Parameters
    ----------
    variants : DataFrame
        variant (tuple of activities) and n_journeys, as `mining._engine.variants` gives them.
    noise_threshold : float
        0 keeps all behaviour; higher values leave out, in the parts that cannot be taken apart as they are, successions
        rarer than this share of the most frequent one.
    successions_only : bool
        Look at direct successions alone: fast on any log, but no promise to fit it, and no noise filter.

    Returns
    -------
    Tree
        The same for the same variants, whatever their order.

    References
    ----------
    Leemans, S. J. J., Fahland, D., van der Aalst, W. M. P. (2013). Discovering block-structured process models from
    event logs containing infrequent behaviour.
    Leemans, S. J. J., Fahland, D., van der Aalst, W. M. P. (2018). Scalable process discovery and conformance checking.
    """
    ids = ids_of(label for variant in variants["variant"] for label in variant)
    coded = sorted(
        (tuple(ids[label] for label in variant), int(n))
        for variant, n in zip(variants["variant"], variants["n_journeys"], strict=True)
    )
    return _decoded(_mined(coded, noise_threshold, successions_only), {code: label for label, code in ids.items()})


def discover_tree_of_steps(steps: pd.DataFrame, ends: pd.DataFrame) -> Tree:
    """Discover a process tree from direct successions alone: in no time on any log, but without a promise to fit it.

    Parameters
    ----------
    steps : DataFrame
        activity, next_activity, n_steps, as `mining.Journeys.steps` gives them.
    ends : DataFrame
        activity, n_starts, n_ends, as `mining.Journeys.ends` gives them.

    Returns
    -------
    Tree
        The same for the same counts, whatever their order.

    References
    ----------
    Leemans, S. J. J., Fahland, D., van der Aalst, W. M. P. (2018). Scalable process discovery and conformance checking.
    """
    with silent_import():
        from pm4py.objects.dfg.obj import DFG
    ids = ids_of(ends["activity"])
    graph = DFG()
    rows = zip(steps["activity"], steps["next_activity"], steps["n_steps"], strict=True)
    graph.graph.update(dict(sorted(((ids[one], ids[other]), int(n)) for one, other, n in rows)))
    for count, name in ((graph.start_activities, "n_starts"), (graph.end_activities, "n_ends")):
        counted = zip(ends["activity"], ends[name], strict=True)
        count.update(dict(sorted((ids[label], int(n)) for label, n in counted if n)))
    return _decoded(_of_successions(graph, has_empty=False), {code: label for label, code in ids.items()})


def ids_of(labels: Iterable[str]) -> dict[str, str]:
    """Give labels ids in the order of the labels: commas and the like in labels change pm4py's answers."""
    known = sorted(set(labels))
    width = len(str(len(known)))
    return {label: f"a{place:0{width}d}" for place, label in enumerate(known)}


def _mined(coded: Sequence[tuple[tuple[str, ...], int]], noise: float, successions_only: bool) -> Any:
    with silent_import():
        from pm4py.algo.discovery.inductive import algorithm
        from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureUVCL
        from pm4py.objects.process_tree.utils.generic import fold
        from pm4py.util.compression.util import discover_dfg_uvcl
    # pm4py adds up nothing here: its own entry point for variants is broken, so its miners are called directly.
    log: Counter[tuple[str, ...]] = Counter()
    for variant, n in coded:
        log[variant] += n
    if successions_only:
        return _of_successions(discover_dfg_uvcl(log), has_empty=() in log)
    given = {"noise_threshold": noise}
    # With nothing to leave out, the plain miner keeps its promise that every journey fits.
    miner = algorithm.IMFUVCL if noise > 0 else algorithm.IMUVCL
    with quickened():
        return fold(miner(given).apply(IMDataStructureUVCL(log), given))


def _of_successions(graph: Any, *, has_empty: bool) -> Any:
    with silent_import():
        from pm4py.algo.discovery.inductive import algorithm
        from pm4py.algo.discovery.inductive.dtypes.im_dfg import InductiveDFG
        from pm4py.algo.discovery.inductive.dtypes.im_ds import IMDataStructureDFG
        from pm4py.objects.process_tree.utils.generic import fold
    given = {"noise_threshold": 0.0}  # this miner has no filter
    successions = IMDataStructureDFG(InductiveDFG(dfg=graph, skip=has_empty))
    try:
        with quickened():
            return fold(algorithm.IMD(given).apply(successions, given))
    except IndexError as error:
        # It loses the starts of a part that is only ever reached from inside a loop, and then looks for the first one.
        raise MiningError.refused(
            "These successions", "are more than pm4py's miner of successions can take apart: mine the variants instead."
        ) from error


def _decoded(tree: Any, labels: dict[str, str]) -> Tree:
    """Turn pm4py's tree into records, with the labels back in and unordered parts by label."""
    if tree.operator is None:
        return Tree("step", labels[tree.label]) if tree.label is not None else Tree("silent")
    operator = _OPERATORS[str(tree.operator)]
    parts = tuple(_decoded(child, labels) for child in tree.children)
    if operator in {"choice", "parallel"}:
        parts = tuple(sorted(parts, key=_first_label))
    elif operator == "loop":
        parts = parts[:1] + tuple(sorted(parts[1:], key=_first_label))
    return Tree(operator, "", parts)


def _first_label(tree: Tree) -> tuple[str, ...]:
    return tuple(sorted(_labels(tree)))


def _labels(tree: Tree) -> Iterator[str]:
    if tree.operator == "step":
        yield tree.label
    for part in tree.parts:
        yield from _labels(part)


@contextmanager
def silent_import() -> Iterator[None]:
    """Keep progress bars off: pm4py looks at the environment once, while it is imported."""
    name = "PM4PY_SHOW_PROGRESS_BAR"
    before = os.environ.get(name)
    os.environ[name] = "False"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
