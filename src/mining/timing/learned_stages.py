"""Learned stages: the parts of the way, where nobody drew them and the log names none."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from mining._engine import CodedLog, follows
from mining._errors import MiningError
from mining._statistics import wilson
from mining.journeys import Journeys
from mining.journeys.groups import customer_of
from mining.timing.clustering import clustered_quantiles
from mining.timing.editable_stages import Stages
from mining.timing.partitions import Partition, Tried, learn_partition

__all__ = ["learn_stages", "name_stages", "partition_of"]

_LONG: Final = 40  # letters of two activities that still stand in one name
_MORE: Final = "…"
_NOTHING: Final = "everything"
_KNOWN: Final[WeakKeyDictionary[CodedLog, Partition]] = WeakKeyDictionary()


def learn_stages(journeys: Journeys, n_stages: int | None = None) -> Stages:
    """Learn stages from a log that names none: parts of the way, in order, each with its activities.

    Activities are put on a line so that steps go forward along it (least squares on what follows what), and the line is
    cut where that sorts steps best: a step inside a stage counts 1, one to a later stage a half, one to an earlier
    stage minus a half, all less what they would count were the touchpoints of each journey in any order. The sum, as a
    share of all steps, is the score; 0 is one stage. Repeats at once and the order of rows change nothing, journeys
    that stop early or begin late do little.

    What is learned from one half of the cases is judged by the other, and the other way round. Chosen is the number, up
    to seven, with the best score among those where the score would lose 0.003 or more were any two neighbours one
    stage, and where of the journeys that begin on one side of a cut and end on the other at least three in five go
    forward (lower end of the 95 % interval). **One stage is a possible answer**: there is no order to tell, or there
    are too few journeys (fewer than six that pass a cut) to tell it from. Of more than five hundred activities the
    rarest join the stage they happen in.

    A stage is called by its activities that most journeys have, in their order: two where their names are short, else
    one, and ``…`` where there are more. All of it is a proposal: rename, move, or edit ``.stages`` or the saved file.
    Another log has other stages: to compare periods or groups, learn once and give all of them the same `to_design`.

    Parameters
    ----------
    journeys : Journeys
        What to learn from.
    n_stages : int, optional
        How many stages, at least one; by default as many as the log bears out. Fewer, where it has fewer activities.

    Returns
    -------
    Stages
        ``.stages``, ``.frame`` (a row per activity), ``.steps`` (how many stay, go forward and backward) and ``.tried``
        (numbers of stages).

    Raises
    ------
    MiningError
        Where there are no journeys, or for a number below one.

    References
    ----------
    Nguyen, H., Dumas, M., ter Hofstede, A. H. M., La Rosa, M., Maggi, F. M. (2017). Mining business process stages from
    event logs (cuts of the flow graph, judged by modularity). Newman, M. E. J., Girvan, M. (2004). Finding and
    evaluating community structure in networks (modularity). Jiang, X., Lim, L.-H., Yao, Y., Ye, Y. (2011). Statistical
    ranking and combinatorial Hodge theory (the line).

    Examples
    --------
    `journeys` are those of the example company (`mining.examples`).

    >>> from mining.timing import learn_stages
    >>> learn_stages(journeys)
    <Stages: 7 of 38 activities; 71% within, 24% forward, 4% backward (inferred)>
    """
    if n_stages is not None and n_stages < 1:
        raise MiningError.refused(
            f"There cannot be {n_stages} stages.", "Ask for one or more, or leave the number out."
        )
    log = journeys.log
    if not log.n_touchpoints:
        raise MiningError.empty("Every stage", "there are no journeys to learn from.")
    found = partition_of(log) if n_stages is None else learn_partition(log, n_stages)
    words, places = log.words["activity"].astype(str), found.places
    names = name_stages(log, found)
    order = np.lexsort((places.mean, found.of_activity))
    stages: dict[str, list[str]] = {name: [] for name in names}
    for code in order[found.of_activity[order] >= 0].tolist():
        stages[names[found.of_activity[code]]].append(str(words[code]))
    counted = follows(log).astype({"activity": "str", "next_activity": "str"})
    counted = counted[counted["activity"] != counted["next_activity"]].reset_index(drop=True)
    return Stages(stages, _tried_frame(found), journeys.case, _activity_frame(log, found), counted)


def partition_of(log: CodedLog) -> Partition:
    """Learn the stages of a log, once: one report asks for them several times."""
    found = _KNOWN.get(log)
    if found is None:
        found = _KNOWN[log] = learn_partition(log)
    return found


def name_stages(log: CodedLog, found: Partition) -> tuple[str, ...]:
    """Call each stage by its activities that most journeys have, in the order in which they come.

    Parameters
    ----------
    log : CodedLog
        The log.
    found : Partition
        Its stages.

    Returns
    -------
    tuple of str
        All different; "everything" where the log has no touchpoint.
    """
    words, places = log.words["activity"].astype(str), found.places
    names: list[str] = []
    for stage in range(found.n_stages):
        inside = np.flatnonzero(found.of_activity == stage)
        common = inside[np.lexsort((places.mean[inside], -places.n_journeys[inside]))]
        most = common[:2] if sum(len(words[code]) for code in common[:2]) <= _LONG else common[:1]
        in_order = most[np.argsort(places.mean[most], kind="stable")]
        name = " · ".join([*(str(words[code]) for code in in_order), *([_MORE] if len(most) < len(inside) else [])])
        names.append(name if name not in names else f"{name} ({stage + 1})")
    return tuple(names) or (_NOTHING,)


def _tried_frame(found: Partition) -> pd.DataFrame:
    counts = {"n_stages": "int64", "n_forward": "int64", "n_backward": "int64"}
    frame = pd.DataFrame(found.tried, columns=list(Tried._fields)).astype(counts)
    frame["worth"] = frame["worth"].where(frame["n_stages"] > 1)
    total = frame["n_forward"] + frame["n_backward"]
    low, high = wilson(frame["n_forward"], total)
    share = frame["n_forward"] / total.where(total > 0)
    frame = frame.assign(forward_share=share, low=low, high=high, is_chosen=frame["n_stages"] == found.n_stages)
    return frame.astype({"score": float, "worth": float, "forward_share": float})


def _activity_frame(log: CodedLog, found: Partition) -> pd.DataFrame:
    places, codes, breadth = found.places, log.codes["activity"].astype(np.int64), len(log.words["activity"])
    at = np.flatnonzero(codes >= 0)
    lengths = np.repeat(log.lengths, log.lengths)
    place = (np.arange(log.n_touchpoints) - np.repeat(log.first, log.lengths) + 0.5) / lengths
    spread = clustered_quantiles(place[at], codes[at], np.repeat(customer_of(log), log.lengths)[at], breadth)
    frame = pd.DataFrame(
        {
            "activity": log.words["activity"],
            "n_touchpoints": places.n_touchpoints,
            "n_journeys": places.n_journeys,
            "median_place": spread.median,
            "low": spread.low,
            "high": spread.high,
        }
    ).astype({"activity": "str"})
    return frame[places.n_touchpoints > 0].reset_index(drop=True)
