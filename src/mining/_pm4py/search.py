"""Alignments by searching, path by path, for models too large for a table of their states."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from mining._alignments import Net
from mining._pm4py.tree import ids_of, silent_import

__all__ = ["search_costs"]

_MOVE = 10_000  # what pm4py charges for a deviation; silent steps cost one


def search_costs(net: Net, variants: Iterable[Sequence[str]], *, seconds: float) -> list[int | None]:
    """Count the fewest deviations of each path from a model by A*, as long as time is left.

    Parameters
    ----------
    net : Net
        A model with one marking to start from and one to end in.
    variants : iterable of sequences of str
        Paths, those that matter most first.
    seconds : float
        For all together; a path may take a quarter of it.

    Returns
    -------
    list of int or None
        Per path; None where time was up.

    References
    ----------
    van Dongen, B. F. (2018). Efficiently computing alignments: using the extended marking equation.
    """
    with silent_import():
        from pm4py.algo.conformance.alignments.petri_net.variants import state_equation_a_star as search
        from pm4py.objects.log.obj import Event, Trace
    paths = [tuple(variant) for variant in variants]
    ids = ids_of(
        [*(step.label for step in net.transitions if step.label), *(label for path in paths for label in path)]
    )
    drawn, start, end = _drawn(net, ids)
    keys = search.Parameters
    until, costs = time.monotonic() + seconds, list[int | None]()
    for path in paths:
        left = until - time.monotonic()
        if left <= 0:
            costs.append(None)
            continue
        trace = Trace([Event({"concept:name": ids[label]}) for label in path])
        asked = {keys.PARAM_MAX_ALIGN_TIME_TRACE: min(left, seconds / 4)}
        with warnings.catch_warnings():
            # It builds its equations as numpy matrices.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            found = search.apply(trace, drawn, start, end, parameters=asked)
        costs.append(int(found["cost"]) // _MOVE if found is not None else None)
    return costs


def _drawn(net: Net, ids: dict[str, str]) -> tuple[Any, Any, Any]:
    with silent_import():
        from pm4py.objects.petri_net.obj import Marking, PetriNet
        from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to
    drawn = PetriNet("net")
    places = [PetriNet.Place(f"p{number}") for number in range(net.n_places)]
    drawn.places.update(places)
    for number, step in enumerate(net.transitions):
        transition = PetriNet.Transition(f"t{number}", None if step.label is None else ids[step.label])
        drawn.transitions.add(transition)
        for place in step.before:
            add_arc_from_to(places[place], transition, drawn)
        for place in step.after:
            add_arc_from_to(transition, places[place], drawn)
    start, end = Marking(), Marking()
    for marking, told in ((start, net.initial), (end, net.final)):
        for place in told:
            marking[places[place]] += 1
    return drawn, start, end
