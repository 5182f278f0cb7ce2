"""An object-centric Petri net: one net per type of object, joined by the activities that they share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

import pandas as pd

from mining._alignments import Net
from mining._engine import variants
from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL, wilson
from mining.discovery.diagram import diagram_of
from mining.discovery.lifelines import Lifelines, find_lifelines
from mining.discovery.model import Model, find_model
from mining.discovery.spoken import listing

if TYPE_CHECKING:
    from mining._draw import Picture
    from mining.sources.touchpoints import Touchpoints

__all__ = ["ObjectNet", "find_object_net"]

_ARCS: Final = ["object_type", "place", "marking", "leads", "transition", "activity", "arc"]
_VARIABLE: Final = "Where a path says 0..n, a touchpoint takes any number of objects."
# Parts of all types together that can be read; where there are more, what few objects of each type do is hidden.
_MOST_NODES: Final = 40
_SHARES: Final = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class ObjectNet:
    """What objects of several types do together, as a model: each type goes its own way through shared activities.

    Attributes
    ----------
    frame : DataFrame
        One row per object type and activity, by name: object_type, activity, arc (single: each touchpoint takes one
        object of the type; variable: any number of them), n_touchpoints (of the activity), n_single (of them about
        exactly one object of the type), share (of the one in the other, 0..1), share_low, share_high (Wilson, 95 %),
        objects_max (most that one touchpoint is about), in_net (whether the net of the type still has it).
    arcs : DataFrame
        The joined net, one row per arc: object_type (of its place), place (number within the type), marking (start, end
        or inner), leads (to the transition or from it), transition (number within the joined net: an activity has one
        for all types), activity (missing where the transition is silent), arc (single or variable).
    models : dict of Model
        Object type to the model of what such objects go through.
    single_threshold : float
        Share of single touchpoints below which an arc is variable.
    """

    frame: pd.DataFrame
    arcs: pd.DataFrame
    models: dict[str, Model]
    single_threshold: float

    @property
    def nets(self) -> dict[str, Net]:
        """Object type to its accepting net: sound, as everything that the inductive miner finds."""
        return {kind: model.net for kind, model in self.models.items()}

    @property
    def shared(self) -> list[str]:
        """Activities in the nets of several types, sorted: there objects of these types meet."""
        n_types = self.frame[self.frame["in_net"]].groupby("activity", sort=True).size()
        return [str(activity) for activity in n_types.index[n_types > 1]]

    @property
    def sentence(self) -> str:
        """How the nets are joined, in a sentence."""
        several = self.frame[self.frame["arc"] == "variable"]
        held = listing(len(self.models), "object type")
        joint = listing(len(self.shared), "shared activity", "shared activities")
        return f"{held}, {joint}, {listing(len(several), 'variable arc')}."

    def __repr__(self) -> str:
        return f"<ObjectNet of {self.sentence[:-1]}>"

    def plot(self, *, min_objects: int = SMALLEST_CELL, across: bool = False) -> Picture:
        """Draw the net as a BPMN-like diagram: one colour per type, activities shared, variable arcs named.

        Parameters
        ----------
        min_objects : int
            Activities that fewer objects of a type go through are hidden in the part of that type; so are the rarest of
            all parts where together they are too large to be read.
        across : bool
            From left to right instead of downwards.
        """
        from mining._draw import draw_flow

        for share in _SHARES:
            parts = [self._part(kind, max(min_objects, share * self.models[kind].n_journeys)) for kind in self.models]
            nodes = pd.concat([part[0] for part in parts], ignore_index=True).drop_duplicates("name", ignore_index=True)
            if len(nodes) <= _MOST_NODES:
                break
        edges = pd.concat([part[1] for part in parts], ignore_index=True)
        note = " ".join([self.sentence, _VARIABLE, *(part[2] for part in parts if part[2])])
        title = "What objects of each type do together"
        return draw_flow(nodes, edges, title=title, note=note, max_edges=400, across=across)

    def _repr_html_(self) -> str:
        trees = [f"<p>{escape(kind)}: <code>{escape(model.text)}</code></p>" for kind, model in self.models.items()]
        return self.plot()._repr_html_() + "".join(trees)

    def _part(self, kind: str, least: float) -> tuple[pd.DataFrame, pd.DataFrame, str]:
        model = self.models[kind]
        tasks = model.frame[model.frame["kind"] == "task"]
        counts = {str(label): int(n) for label, n in zip(tasks["label"], tasks["n_journeys"], strict=True)}
        nodes, edges, _ = diagram_of(model.tree, counts, model.n_journeys, math.ceil(least))
        mine = self.frame[self.frame["object_type"] == kind].set_index("activity")
        done = nodes["kind"] == "activity"
        remark = f"Of the type {kind}: {done.sum()} of {len(counts)} activities." if done.sum() < len(counts) else ""
        names = ("a:" + nodes["label"]).where(done, f"g:{kind}:" + nodes["name"])
        new = dict(zip(nodes["name"], names, strict=True))
        several = {f"a:{activity}" for activity in mine.index[mine["arc"] == "variable"]}
        edges = edges.assign(source=edges["source"].map(new), target=edges["target"].map(new), group=kind)
        either = edges["source"].isin(several) | edges["target"].isin(several)
        edges["label"] = [f"{kind[:18]} 0..n" if one else "" for one in either]
        label = nodes["label"].where(~nodes["label"].isin(["Start", "End"]) | done, nodes["label"] + f": {kind}")
        n = nodes["label"].map(mine["n_touchpoints"].astype(float)).where(done)
        return nodes.assign(name=names, label=label, n=n, share=float("nan")), edges, remark


def find_object_net(
    touchpoints: Touchpoints,
    noise_threshold: float = 0.2,
    *,
    object_types: Iterable[str] | None = None,
    single_threshold: float = 0.8,
    doubtful: bool = False,
) -> ObjectNet:
    """Discover an object-centric Petri net: the inductive miner's model of each type, joined by their activities.

    Paths are counted first and each distinct one is mined once. Objects still under way count as far as they went.

    Parameters
    ----------
    touchpoints : Touchpoints
        From `mining.read_crm` or an object-centric log.
    noise_threshold : float
        0 keeps all behaviour, up to below 1; see `mining.discover`.
    object_types : iterable of str, optional
        The types to look at; all, where not given.
    single_threshold : float
        An arc is single where at least this share of the touchpoints of an activity is about exactly one object of the
        type, 0 to 1.
    doubtful : bool
        Whether to keep what may be no act of anybody, which `Touchpoints.by` leaves out too.

    Returns
    -------
    ObjectNet

    Raises
    ------
    FieldError
        For a type of object that no touchpoint is about.
    MiningError
        Where no touchpoint is about any object, or for a threshold that is none.

    References
    ----------
    van der Aalst, W. M. P., Berti, A. (2020). Discovering object-centric Petri nets.
    """
    if not 0 <= noise_threshold < 1:
        raise MiningError.refused(f"A noise threshold of {noise_threshold}", "makes no sense: give 0 up to below 1.")
    if not 0 <= single_threshold <= 1:
        raise MiningError.refused(f"The share {single_threshold}", "is none: give one from 0 to 1.")
    found = find_lifelines(touchpoints, object_types, doubtful=doubtful)
    models = {kind: find_model(variants(log)[0], noise_threshold) for kind, log in found.logs.items()}
    frame = pd.concat([_frame(found, kind, models[kind], single_threshold) for kind in models], ignore_index=True)
    return ObjectNet(frame, _joined(models, frame), models, single_threshold)


def _frame(found: Lifelines, kind: str, model: Model, threshold: float) -> pd.DataFrame:
    told = found.touched(kind)
    share = told["n_single"] / told["of_touchpoints"]
    low, high = wilson(told["n_single"], told["of_touchpoints"])
    arcs = ["variable" if part < threshold else "single" for part in share]
    return pd.DataFrame(
        {
            "object_type": pd.Series([kind] * len(told), dtype="str"),
            "activity": told["activity"],
            "arc": pd.Series(arcs, dtype="str"),
            "n_touchpoints": told["of_touchpoints"],
            "n_single": told["n_single"],
            "share": share,
            "share_low": low,
            "share_high": high,
            "objects_max": told["objects_max"],
            "in_net": told["activity"].isin(model.net.labels),
        }
    )


def _joined(models: dict[str, Model], frame: pd.DataFrame) -> pd.DataFrame:
    several = set(frame.loc[frame["arc"] == "variable", ["object_type", "activity"]].itertuples(index=False, name=None))
    number = {label: at for at, label in enumerate(sorted({label for m in models.values() for label in m.net.labels}))}
    rows, silent = [], len(number)
    for kind, model in models.items():
        marking = dict.fromkeys(model.net.initial, "start") | dict.fromkeys(model.net.final, "end")
        for move in model.net.transitions:
            at = silent if move.label is None else number[move.label]
            silent += move.label is None
            arc = "variable" if (kind, move.label) in several else "single"
            for leads, places in (("to", move.before), ("from", move.after)):
                rows += [(kind, place, marking.get(place, "inner"), leads, at, move.label, arc) for place in places]
    texts = dict.fromkeys(("object_type", "marking", "leads", "activity", "arc"), "str")
    return pd.DataFrame(rows, columns=_ARCS).astype(texts)
