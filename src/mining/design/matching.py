"""A design's words beside the log's: what means the same, said with how near it is and never decided in silence."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from mining._engine import ends
from mining._errors import DesignError, nearest

if TYPE_CHECKING:
    from mining.design.design import Design
    from mining.journeys import Journeys

__all__ = ["check_table", "likeness", "match_table", "read_matches"]

_NEAR: Final = 0.35  # below it a suggestion is no help
_OFTEN: Final = 0.1
_WORD: Final = re.compile(r"[^\W_]+")
_STEM: Final = 4  # letters that two forms of a word share at least ("submit", "submitted")
_TEXTS: Final = ("activity", "role", "stage", "step", "nearest")


def check_table(design: Design, journeys: Journeys) -> pd.DataFrame:
    """Lay both sides' words beside each other; see `Design.check`."""
    seen = ends(journeys.log).set_index("activity")[["n_touchpoints", "n_journeys"]]
    roles = dict.fromkeys(design.activities, "instead") | {step.name: "step" for step in design.steps}
    roles |= dict.fromkeys([*design.ignore, *design.ignored(map(str, seen.index))], "ignored")
    strangers = seen[~seen.index.isin(list(roles))].sort_values("n_touchpoints", ascending=False, kind="stable")
    unused = [word for word in roles if word not in seen.index]
    words = [*roles, *map(str, strangers.index)]
    near = {word: _closest(word, list(strangers.index)) for word in unused}
    near |= {str(word): _closest(str(word), unused) for word in strangers.index}
    frame = pd.DataFrame(
        {
            "activity": words,
            "role": [roles.get(word, "not in the design") for word in words],
            "stage": [design.stage_of.get(word) for word in words],
            "step": [design.step_of.get(word) for word in words],
            "n_touchpoints": seen["n_touchpoints"].reindex(words, fill_value=0).to_numpy(),
            "n_journeys": seen["n_journeys"].reindex(words, fill_value=0).to_numpy(),
            "nearest": [near.get(word) for word in words],
        }
    )
    return frame.astype(dict.fromkeys(_TEXTS, "str"))


def _closest(word: str, known: list[str]) -> str | None:
    folded = {name.casefold(): name for name in reversed(known)}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def match_table(design: Design, journeys: Journeys) -> pd.DataFrame:
    """Suggest for each word of the design the activity that may mean the same; see `Design.match`."""
    seen = ends(journeys.log).set_index("activity")["n_journeys"]
    known = [str(word) for word in seen.index]
    free = [word for word in known if word not in set(design.activities) | set(design.ignore)]
    wanting = [word for word in design.activities if word not in set(known)]
    score = likeness(wanting, free)
    # Each word gets an activity of its own where that is possible, so that two steps do not fight for the nearest one;
    # of equally near ones the more frequent is more likely meant.
    often = _OFTEN * seen.reindex(free).to_numpy(float) / max(float(seen.max()), 1.0)
    rows, columns = linear_sum_assignment(-(score + often)) if score.size else (np.array([], int), np.array([], int))
    found = {wanting[row]: (free[column], float(score[row, column])) for row, column in zip(rows, columns, strict=True)}
    found = {word: told for word, told in found.items() if told[1] >= _NEAR}
    others = {word: _others(free, score[row], found.get(word)) for row, word in enumerate(wanting)}
    told = []
    for word in design.activities:
        same = word in set(known)
        activity, near = (word, 1.0) if same else found.get(word, (None, float("nan")))
        kind = "same" if same else "suggested" if activity else "none"
        n = int(seen[activity]) if activity else 0
        told.append((word, design.stage_of[word], kind, activity, near, n, others.get(word, "")))
    names = ["label", "stage", "match", "activity", "score", "n_journeys", "others"]
    frame = pd.DataFrame(told, columns=names)
    return frame.astype(dict.fromkeys(("label", "stage", "match", "activity", "others"), "str"))


def _others(free: Sequence[str], row: npt.NDArray[np.float64], taken: tuple[str, float] | None) -> str:
    first = taken[0] if taken else None
    order = [at for at in np.argsort(-row, kind="stable") if row[at] >= _NEAR and free[at] != first]
    return " | ".join(free[at] for at in order[:2])


def likeness(ones: Sequence[str], others: Sequence[str]) -> npt.NDArray[np.float64]:
    """Tell how alike words are: the share of what they say that both say, rare words counting for more.

    Two forms of a word count as one where they begin alike; case, accents and punctuation count for nothing.

    Parameters
    ----------
    ones, others : sequence of str
        Labels of either side.

    Returns
    -------
    ndarray, len(ones) x len(others)
        0 (nothing in common) to 1.

    References
    ----------
    Dijkman, R., Dumas, M., van Dongen, B., Kaarik, R., Mendling, J. (2011). Similarity of business process models:
    metrics and evaluation.
    """
    sides = [[_words(label) for label in labels] for labels in (ones, others)]
    in_use = sorted({word for side in sides for label in side for word in label})
    stem = _stems(in_use)
    bags = [[Counter(stem[word] for word in label) for label in side] for side in sides]
    common = Counter(word for side in bags for bag in side for word in bag)
    n = sum(map(len, bags))
    weight = {word: float(np.log(1 + n / times)) for word, times in common.items()}
    table = np.zeros((len(ones), len(others)))
    for row, one in enumerate(bags[0]):
        for column, other in enumerate(bags[1]):
            both, either = (sum(weight[word] * k for word, k in bag.items()) for bag in (one & other, one | other))
            table[row, column] = both / either if either else 0.0
    return table


def _words(label: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", label.casefold())
    return _WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


def _stems(words: Sequence[str]) -> dict[str, str]:
    """Give each word the shortest one that begins as it does; words are sorted, so such ones stand together."""
    stem: dict[str, str] = {}
    for at, word in enumerate(words):
        stem[word] = word
        for before in reversed(words[max(at - 8, 0) : at]):
            shared = len(_shared(before, word))
            if shared >= max(_STEM, 0.7 * min(len(before), len(word))) and shared >= 0.45 * max(len(before), len(word)):
                stem[word] = stem[before]
                break
    return stem


def _shared(one: str, other: str) -> str:
    n = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:n]


def read_matches(
    design: Design, matches: Mapping[str, str | Sequence[str] | None] | pd.DataFrame
) -> dict[str, list[str]]:
    """Read which activities stand for which label; none for a label that nothing records.

    Raises
    ------
    DesignError
        For a label that the design has not, or a table without the two columns.
    """
    pairs: list[tuple[str, str | Sequence[str] | None]]
    if isinstance(matches, pd.DataFrame):
        missing = [name for name in ("label", "activity") if name not in matches]
        if missing:
            raise DesignError(f"The table of matches has no column '{missing[0]}'. `design.match(journeys)` makes one.")
        rows = matches.dropna(subset=["activity"])
        pairs = list(zip(rows["label"].astype("str"), rows["activity"].astype("str"), strict=True))
    else:
        pairs = list(matches.items())
    found: dict[str, list[str]] = {}
    for label, given in pairs:
        if label not in design.activities:
            raise DesignError(f"The design has no step '{label}'.{nearest(label, list(design.activities))}")
        words = [] if given is None else [given] if isinstance(given, str) else list(given)
        if (given is not None and not words) or not all(isinstance(word, str) and word.strip() for word in words):
            raise DesignError(
                f"'{label}' is matched with {given!r}. Name one activity, a list of them, or None for none."
            )
        found.setdefault(label, []).extend(word.strip() for word in words)
    return found
