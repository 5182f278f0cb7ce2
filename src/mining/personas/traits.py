"""What can be said of a customer in words: uses chat, does a demo, is in retail, is quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining.personas.attributes import is_measured
from mining.personas.blocks import BEHAVIOUR, Counts, channel_counts, path_counts
from mining.personas.seen import Seen

__all__ = ["Traits", "portray", "traits_of"]

Floats = npt.NDArray[np.float64]
_ACTIVITIES: Final = 60
_STEPS: Final = 120
_WIDE: Final = 0.6
# What a customer in the lowest, middle and highest third of a number is called.
_THIRDS: Final = {
    "median_gap_hours": ("quick", "of medium pace", "slow"),
    "duration_hours": ("short", "of medium length", "long"),
    "touchpoints_per_journey": ("few touchpoints", "some touchpoints", "many touchpoints"),
    "n_actors": ("few people", "some people", "many people"),
    "n_teams": ("few teams", "some teams", "many teams"),
    "handoffs": ("few hand-offs", "some hand-offs", "many hand-offs"),
    "inbound_share": ("contacted by us", "half contacted by us", "come by themselves"),
}


@dataclass(frozen=True, eq=False)
class Traits:
    """Traits of one kind: for each customer and trait 1 for yes, 0 for no, NaN for unknown."""

    kind: str
    features: list[str]
    words: list[str]
    holds: Floats


def portray(seen: Seen, table: pd.DataFrame) -> pd.DataFrame:
    """Describe each customer by one row of readable numbers, from what is seen before the outcome.

    Returns
    -------
    DataFrame
        Indexed by customer: n_journeys, n_touchpoints, median_gap_hours, duration_hours (mean of the journeys),
        touchpoints_per_journey, n_actors, n_teams, handoffs (per journey), inbound_share (0 to 1), ``activity: x``
        (share of touchpoints, the 60 most frequent activities), ``channel: x`` (share of contacts), and the attributes.
    """
    parts: dict[str, object] = {
        "n_journeys": np.bincount(seen.owner, minlength=seen.n_customers),
        "n_touchpoints": np.bincount(seen.customer_of, minlength=seen.n_customers),
    }
    for measure in BEHAVIOUR.values():
        parts |= measure(seen)
    activities, channels = _words(seen, "activity"), _words(seen, "channel")
    counts = path_counts(seen, activities)[0][:, : len(activities)]
    often = np.sort(np.argsort(-np.asarray(counts.sum(axis=0)).ravel(), kind="stable")[:_ACTIVITIES])
    size = np.asarray(counts.sum(axis=1)).ravel()
    parts |= _shares("activity", activities[often], counts[:, often], size)
    contacts = channel_counts(seen, channels)[:, : len(channels)]
    parts |= _shares("channel", channels, contacts, np.asarray(contacts.sum(axis=1)).ravel())
    index = pd.Index(seen.customers, dtype="str", name="customer")
    return pd.DataFrame(parts, index=index).join(table.set_axis(index).add_prefix("attribute: "))


def traits_of(seen: Seen, portraits: pd.DataFrame) -> list[Traits]:
    """Ask every customer the same questions, each answered by yes, no or unknown.

    Parameters
    ----------
    seen : Seen
        The customers.
    portraits : DataFrame
        See `portray`.

    Returns
    -------
    list of Traits
        Channels used and mainly used, activities done, steps taken, values of attributes, thirds of numbers.
    """
    return [
        _channels(portraits),
        _activities(portraits),
        _steps(seen),
        _attributes(portraits),
        _thirds(portraits, "tempo", ["median_gap_hours", "duration_hours", "touchpoints_per_journey"]),
        _thirds(portraits, "people", ["n_actors", "n_teams", "handoffs", "inbound_share"]),
    ]


def _words(seen: Seen, field: str) -> npt.NDArray[np.object_]:
    used = np.unique(seen.codes(field))
    return np.asarray(seen.log.words.get(field, np.array([], dtype=object))[used[used >= 0]])


def _shares(kind: str, words: npt.NDArray[np.object_], counts: Counts, total: Floats) -> dict[str, Floats]:
    shares = counts.toarray() / np.maximum(total, 1)[:, None]
    return {f"{kind}: {word}": shares[:, place] for place, word in enumerate(words)}


def _named(portraits: pd.DataFrame, kind: str) -> tuple[list[str], pd.DataFrame]:
    columns = [name for name in portraits.columns if name.startswith(f"{kind}: ")]
    return [name.removeprefix(f"{kind}: ") for name in columns], portraits[columns]


def _channels(portraits: pd.DataFrame) -> Traits:
    words, shares = _named(portraits, "channel")
    values = shares.to_numpy(float)
    mainly = (values > 0.5).astype(float)
    features = [*(f"uses {word}" for word in words), *(f"mainly uses {word}" for word in words)]
    spoken = [word.replace("_", " ") for word in words]
    return Traits(
        "channel", features, [*spoken, *(f"mainly {word}" for word in spoken)], np.hstack([values > 0, mainly])
    )


def _activities(portraits: pd.DataFrame) -> Traits:
    words, shares = _named(portraits, "activity")
    return Traits("activity", [f"does {word}" for word in words], words, (shares.to_numpy(float) > 0).astype(float))


def _steps(seen: Seen) -> Traits:
    activities = _words(seen, "activity")
    breadth = len(activities) + 2
    pairs = path_counts(seen, activities)[1]
    often = np.bincount(pairs.indices, minlength=pairs.shape[1])
    kept = np.sort(np.argsort(-often, kind="stable")[:_STEPS])
    kept = kept[often[kept] > 0]
    spelled = np.array([*activities, "", ""], dtype=object)
    words = [
        f"starts with {spelled[pair % breadth]}"
        if pair // breadth == breadth - 1
        else f"{spelled[pair // breadth]} then {spelled[pair % breadth]}"
        for pair in kept
    ]
    return Traits("step", words, words, (pairs[:, kept].toarray() > 0).astype(float))


def _attributes(portraits: pd.DataFrame) -> Traits:
    names, table = _named(portraits, "attribute")
    words = [name for name in names if not is_measured(table[f"attribute: {name}"])]
    features, spoken, columns = [], [], [np.zeros((len(table), 0))]
    for name in words:
        values = table[f"attribute: {name}"]
        known = values.notna().to_numpy()
        for value in sorted(set(values.dropna())):
            features.append(f"{name} is {value}")
            spoken.append(f"{name.replace('_', ' ')} {value}")
            columns.append(np.where(known, (values == value).fillna(False).to_numpy(bool), np.nan)[:, None])
    numbers = [name for name in names if name not in words]
    thirds = _thirds(table.rename(columns=lambda name: name.removeprefix("attribute: ")), "attribute", numbers)
    return Traits(
        "attribute", [*features, *thirds.features], [*spoken, *thirds.words], np.hstack([*columns, thirds.holds])
    )


def _thirds(table: pd.DataFrame, kind: str, names: list[str]) -> Traits:
    features, words, columns = [], [], [np.zeros((len(table), 0))]
    for name in names:
        values = table[name].to_numpy(float)
        known = ~np.isnan(values)
        if not known.any():
            continue
        low, high = np.quantile(values[known], [1 / 3, 2 / 3])
        plain = name.replace("_", " ")
        spoken = _THIRDS.get(name, (f"small {plain}", f"medium {plain}", f"large {plain}"))
        thirds = (values <= low, (values > low) & (values < high), values >= high)
        for word, third, side in zip(spoken, thirds, ("low", "medium", "high"), strict=True):
            # With ties a third can be wide; one that most customers are in says little and is left out.
            if 0 < third[known].mean() < _WIDE:
                features.append(f"{name} is {side}")
                words.append(word)
                columns.append(np.where(known, third, np.nan)[:, None])
    return Traits(kind, features, words, np.hstack(columns))
