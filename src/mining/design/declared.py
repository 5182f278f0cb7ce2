"""Declarative rules as a design: what must hold, whatever else happens."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from mining._alignments import Net, Transition
from mining._errors import DesignError, nearest
from mining.design.drawn import Drawn

__all__ = ["read_rules"]

_MOST_STATES: Final = 5_000
_CALLED: Final = re.compile(r"([^()]+)\((.*)\)", re.DOTALL)
_STOP: Final = -1  # a state that nothing leads out of

# Of each rule, what its states do on its first activity (a), its second (b) and any other; and in which it may end.
# A rule speaks of every activity of the design: "right after" means among them.
_MACHINES: Final[dict[str, tuple[dict[str, tuple[int, ...]], tuple[int, ...]]]] = {
    "begins": ({"a": (1, 1), "b": (_STOP, 1), "-": (_STOP, 1)}, (1,)),
    "ends": ({"a": (1, 1), "b": (0, 0), "-": (0, 0)}, (1,)),
    "happens": ({"a": (1, 1), "b": (0, 1), "-": (0, 1)}, (1,)),
    "never": ({"a": (_STOP,), "b": (0,), "-": (0,)}, (0,)),
    "once": ({"a": (1, _STOP), "b": (0, 1), "-": (0, 1)}, (0, 1)),
    "exactly once": ({"a": (1, _STOP), "b": (0, 1), "-": (0, 1)}, (1,)),
    "response": ({"a": (1, 1), "b": (0, 0), "-": (0, 1)}, (0,)),
    "precedence": ({"a": (1, 1), "b": (_STOP, 1), "-": (0, 1)}, (0, 1)),
    "succession": ({"a": (1, 1, 1), "b": (_STOP, 2, 2), "-": (0, 1, 2)}, (0, 2)),
    "alternate response": ({"a": (1, _STOP), "b": (0, 0), "-": (0, 1)}, (0,)),
    "alternate precedence": ({"a": (1, 1), "b": (_STOP, 0), "-": (0, 1)}, (0, 1)),
    "next": ({"a": (1, _STOP), "b": (0, 0), "-": (0, _STOP)}, (0,)),
    "just before": ({"a": (1, 1), "b": (_STOP, 0), "-": (0, 0)}, (0, 1)),
    "if so": ({"a": (1, 1, 2), "b": (2, 2, 2), "-": (0, 1, 2)}, (0, 2)),
    "together": ({"a": (1, 1, 3, 3), "b": (2, 3, 2, 3), "-": (0, 1, 2, 3)}, (0, 3)),
    "apart": ({"a": (1, 1, _STOP), "b": (2, _STOP, 2), "-": (0, 1, 2)}, (0, 1, 2)),
    "not after": ({"a": (1, 1), "b": (0, _STOP), "-": (0, 1)}, (0, 1)),
    "either": ({"a": (1, 1), "b": (1, 1), "-": (0, 1)}, (1,)),
}
_ALONE: Final = ("begins", "ends", "happens", "never", "once", "exactly once")
_CALLED_TOO: Final = {
    "init": "begins", "end": "ends", "existence": "happens", "absence": "never", "absence2": "once",
    "atmostone": "once", "exactlyone": "exactly once", "chain response": "next", "chainresponse": "next",
    "chain precedence": "just before", "chainprecedence": "just before", "alternateresponse": "alternate response",
    "alternateprecedence": "alternate precedence", "responded existence": "if so", "respondedexistence": "if so",
    "coexistence": "together", "co-existence": "together", "noncoexistence": "apart", "not coexistence": "apart",
    "not co-existence": "apart", "nonsuccession": "not after", "not succession": "not after", "choice": "either",
}  # fmt: skip


class _Rule(NamedTuple):
    name: str
    activity: str
    other: str

    def then(self, state: int, word: str) -> int:
        letter = "a" if word == self.activity else "b" if word == self.other else "-"
        return _MACHINES[self.name][0][letter][state]

    def may_end(self, state: int) -> bool:
        return state in _MACHINES[self.name][1]


def read_rules(given: object, name: str) -> Drawn:
    """Make a design of declarative rules.

    Parameters
    ----------
    given : list
        Each ``"response(Form sent, Call made)"`` or a mapping with rule, activity and other_activity, as the rows of
        `mining.discovery.rules.Rules.frame` are. Names: those of `find_rules` (begins, ends, happens, once, response,
        precedence, succession, next, together, apart), further never, exactly once, alternate response, alternate
        precedence, just before, if so, not after, either; the names of Declare are known too.
    name : str
        What to call the design.

    Returns
    -------
    Drawn
        Its net allows exactly what keeps all rules, with the activities that the rules speak of.

    Raises
    ------
    DesignError
        For an unknown rule, a missing activity, rules that cannot all be kept, or too many of them.

    References
    ----------
    Pesic, M., van der Aalst, W. M. P. (2006). A declarative approach for flexible business processes management.
    De Leoni, M., Maggi, F. M., van der Aalst, W. M. P. (2015). An alignment-based framework to check the conformance
    of declarative process models and to preprocess event-log data.
    """
    if not isinstance(given, list | tuple) or not given:
        raise DesignError("The design has no rules. Write `rules:` with at least one `- response(Form sent, Call)`.")
    rules = list(dict.fromkeys(_rule(entry, at) for at, entry in enumerate(given, start=1)))
    words = list(dict.fromkeys(word for rule in rules for word in rule[1:] if word))
    return Drawn(name, _net(rules, words), {})


def _rule(entry: object, at: int) -> _Rule:
    if isinstance(entry, str):
        told = _CALLED.fullmatch(entry.strip())
        if told is None:
            raise DesignError(f"Rule {at} is '{entry}'. Write `response(Form sent, Call made)`.")
        kind, activities = told.group(1), [word.strip().strip("'\"") for word in told.group(2).split(",")]
    elif isinstance(entry, Mapping):
        kind = str(entry.get("rule") or "")
        given = (entry.get("activity"), entry.get("other_activity"))
        activities = [str(word) for word in given if isinstance(word, str) and word]
    else:
        raise DesignError(f"Rule {at} is {entry!r}. Write `response(Form sent, Call made)`.")
    kind = " ".join(kind.strip().casefold().replace("_", " ").split())
    kind = _CALLED_TOO.get(kind, kind)
    if kind not in _MACHINES:
        known = sorted(_MACHINES)
        raise DesignError(f"Rule {at} is a '{kind}'.{nearest(kind, known)} Known are: {', '.join(known)}.")
    wanted = 1 if kind in _ALONE else 2
    if len(activities) != wanted or not all(activities) or len(set(activities)) != wanted:
        raise DesignError(
            f"Rule {at}, '{kind}', speaks of {wanted} {'activity' if wanted == 1 else 'different activities'}, "
            f"not of {activities}. An activity with a comma in its name is written as a mapping."
        )
    return _Rule(kind, activities[0], activities[1] if wanted == 2 else "")


def _net(rules: Sequence[_Rule], words: Sequence[str]) -> Net:
    start = (0,) * len(rules)
    places, waiting = {start: 0}, deque([start])
    moves: list[tuple[int, str, int]] = []
    while waiting:
        here = waiting.popleft()
        for word in words:
            then = tuple(rule.then(state, word) for rule, state in zip(rules, here, strict=True))
            if _STOP in then:
                continue
            if then not in places:
                if len(places) == _MOST_STATES:
                    raise DesignError(
                        f"{len(rules)} rules make more than {_MOST_STATES:,} states, too many to be compared exactly. "
                        "Keep the rules that matter."
                    )
                places[then] = len(places)
                waiting.append(then)
            moves.append((places[here], word, places[then]))
    ends = [at for held, at in places.items() if all(map(_may_end, rules, held))]
    alive = _alive(moves, ends)
    if 0 not in alive:
        raise DesignError("The rules cannot all be kept by any journey. Take out the one that contradicts the others.")
    last = len(places)
    steps = [Transition(word, (one,), (two,)) for one, word, two in moves if one in alive and two in alive]
    steps += [Transition(None, (at,), (last,)) for at in ends]
    return Net(last + 1, tuple(steps), (0,), (last,))


def _may_end(rule: _Rule, state: int) -> bool:
    return rule.may_end(state)


def _alive(moves: Sequence[tuple[int, str, int]], ends: Sequence[int]) -> set[int]:
    back: dict[int, set[int]] = {}
    for one, _, two in moves:
        back.setdefault(two, set()).add(one)
    seen, waiting = set(ends), list(ends)
    while waiting:
        for state in back.get(waiting.pop(), set()) - seen:
            seen.add(state)
            waiting.append(state)
    return seen
