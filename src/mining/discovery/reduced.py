"""Nets without the silent steps that change nothing, so that nets of all miners are compared alike."""

from __future__ import annotations

from mining._alignments import Net, Transition

__all__ = ["reduced_net"]


def reduced_net(net: Net) -> Net:
    """Leave out silent steps from one place to the next where no choice hangs on them; the language stays the same.

    References
    ----------
    Murata, T. (1989). Petri nets: properties, analysis and applications (fusion of series places).
    """
    while (pair := _fusible(net)) is not None:
        net = _fused(net, *pair)
    return _numbered(net)


def _fusible(net: Net) -> tuple[int, int] | None:
    """Find a place that can go, and the one that stands for it."""
    makers, takers = _around(net)
    for at, step in enumerate(net.transitions):
        if step.label is not None or len(step.before) != 1 or len(step.after) != 1 or step.before == step.after:
            continue
        one, other = step.before[0], step.after[0]
        # A step that takes or gives both would need two tokens of one place afterwards.
        if makers[one] & makers[other] or takers[one] & takers[other]:
            continue
        if takers[one] == {at} and one not in net.final and not {one, other} <= set(net.initial):
            return one, other
        if makers[other] == {at} and other not in net.initial and not {one, other} <= set(net.final):
            return other, one
    return None


def _around(net: Net) -> tuple[list[set[int]], list[set[int]]]:
    """List the steps that put tokens into each place, and those that take them."""
    makers, takers = ([set[int]() for _ in range(net.n_places)] for _ in range(2))
    for at, step in enumerate(net.transitions):
        for place in step.before:
            takers[place].add(at)
        for place in step.after:
            makers[place].add(at)
    return makers, takers


def _fused(net: Net, gone: int, kept: int) -> Net:
    def moved(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(kept if place == gone else place for place in places)

    steps = [Transition(step.label, moved(step.before), moved(step.after)) for step in net.transitions]
    lasting = tuple(step for step in steps if step.label is not None or step.before != step.after)
    return Net(net.n_places, tuple(dict.fromkeys(lasting)), moved(net.initial), moved(net.final))


def _numbered(net: Net) -> Net:
    sides = [places for step in net.transitions for places in (step.before, step.after)]
    used = sorted({place for places in (net.initial, net.final, *sides) for place in places})
    number = {place: at for at, place in enumerate(used)}

    def renamed(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(number[place] for place in places)

    steps = tuple(Transition(step.label, renamed(step.before), renamed(step.after)) for step in net.transitions)
    return Net(len(used), steps, renamed(net.initial), renamed(net.final))
