"""What sets a persona apart, and the name it gets for that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._statistics import SMALLEST_CELL, wilson
from mining.personas.traits import Traits

__all__ = ["name_personas", "profile"]

Labels = npt.NDArray[np.int64]
_APART: Final = 0.15
_LIFTED: Final = 1.25
_LONGEST: Final = 3
_SPOKEN: Final = ("channel", "activity", "step", "attribute", "people", "tempo")


def profile(traits: Sequence[Traits], labels: Labels, number: int) -> pd.DataFrame:
    """Compare the share of customers that have a trait inside each persona with the share outside it.

    These shares describe; they are no test, since the personas were made of the same touchpoints.

    Parameters
    ----------
    traits : sequence of Traits
        Answers of every customer.
    labels : ndarray of int64
        Persona of every customer.
    number : int
        How many personas.

    Returns
    -------
    DataFrame
        persona, kind, feature, words, inside, outside (shares, 0 to 1), lift (inside by outside, where nobody outside
        has it by half a customer outside), low, high (Wilson, of inside), n (customers inside of whom it is known).
        Strongest difference first within each persona; cells of fewer than five customers are left out.
    """
    member = (labels[None, :] == np.arange(number)[:, None]).astype(float)
    frame = pd.concat([_compared(part, member) for part in traits if part.features], ignore_index=True)
    frame = frame[frame["n"] >= SMALLEST_CELL]
    difference = -(frame["inside"] - frame["outside"]).abs().round(12)
    order = np.lexsort((frame["feature"].astype(object), difference, frame["persona"]))
    return frame.iloc[order].reset_index(drop=True)


def name_personas(compared: pd.DataFrame, number: int) -> list[str]:
    """Name each persona by at most three traits of different kinds that it has more often than the others.

    Parameters
    ----------
    compared : DataFrame
        See `profile`.
    number : int
        How many personas.

    Returns
    -------
    list of str
        Such as ``"chat and social, industry retail, quick"``; no two alike.
    """
    telling = compared[
        (compared["low"] > compared["outside"])
        & (compared["inside"] - compared["outside"] >= _APART)
        & (compared["lift"] >= _LIFTED)
    ]
    names: list[str] = []
    for persona in range(number):
        name = _name(telling[telling["persona"] == persona]) or "nothing that stands out"
        names.append(f"{name} ({persona})" if name in names else name)
    return names


def _compared(traits: Traits, member: npt.NDArray[np.float64]) -> pd.DataFrame:
    known = (~np.isnan(traits.holds)).astype(float)
    holds = np.nan_to_num(traits.holds)
    n, k = member @ known, member @ holds
    others, k_others = known.sum(axis=0) - n, holds.sum(axis=0) - k
    inside = np.divide(k, n, out=np.full(k.shape, np.nan), where=n > 0)
    outside = np.divide(k_others, others, out=np.full(k.shape, np.nan), where=others > 0)
    floor = np.divide(0.5, others, out=np.full(k.shape, np.nan), where=others > 0)
    low, high = wilson(k, n)
    return pd.DataFrame(
        {
            "persona": np.repeat(np.arange(len(member)), len(traits.features)),
            "kind": traits.kind,
            "feature": traits.features * len(member),
            "words": traits.words * len(member),
            "inside": inside.ravel(),
            "outside": outside.ravel(),
            "lift": (inside / np.maximum(outside, floor)).ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "n": n.ravel().astype(np.int64),
        }
    )


def _name(telling: pd.DataFrame) -> str:
    # Ways of contact and deeds say the same where each deed has its channel; the shorter words win.
    kinds = set(telling["kind"])
    shunned = {"activity", "step"} if "channel" in kinds else {"step"} if "activity" in kinds else set()
    parts: list[str] = []
    strongest = list(telling.loc[~telling["kind"].isin(shunned), "kind"].drop_duplicates())[:_LONGEST]
    for kind in sorted(strongest, key=_SPOKEN.index):
        words = [str(word) for word in telling.loc[telling["kind"] == kind, "words"]]
        parts.append(" and ".join(_unlike(words)[: 2 if kind in {"channel", "activity"} else 1]))
    return ", ".join(parts)


def _unlike(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for word in words:
        if word.removeprefix("mainly ") not in {known.removeprefix("mainly ") for known in kept}:
            kept.append(word)
    return sorted(kept[:2], key=lambda word: not word.startswith("mainly "))
