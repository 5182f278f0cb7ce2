"""Customers of planted kinds, and of one kind only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mining.journeys import Journeys
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical

SCRIPTS = {
    "researcher": "ad site site blog email site demo quote won",
    "caller": "ad phone phone branch quote won",
    "social": "social chatbot site chatbot quote lost",
    "support": "email site demo quote won support support phone",
}
ORDERS = {
    "site first": "ad site demo call quote mail",
    "call first": "call quote ad mail site demo",
    "mail first": "mail demo site ad quote call",
}
CHANNELS = {
    "ad": "ads", "site": "web", "blog": "web", "email": "email", "demo": "meeting", "quote": "email", "phone": "phone",
    "branch": "branch", "social": "social", "chatbot": "chatbot", "support": "phone", "call": "phone", "mail": "email",
}  # fmt: skip


def noisy(script: Sequence[str], noise: float, random: np.random.Generator, known: Sequence[str]) -> list[str]:
    """Skip, repeat, insert and swap."""
    told: list[str] = []
    for activity in script:
        luck = random.random()
        if luck < noise * 0.4:
            continue
        told.append(activity)
        if luck > 1 - noise * 0.3:
            told.append(activity)
        elif luck > 1 - noise * 0.6:
            told.append(known[random.integers(len(known))])
    if len(told) > 2 and random.random() < noise:
        place = random.integers(len(told) - 1)
        told[place], told[place + 1] = told[place + 1], told[place]
    return told or [script[0]]


def journeys_of(
    paths: Sequence[Sequence[str]],
    *,
    gaps: Sequence[float] | None = None,
    channels: Sequence[Mapping[str, str]] | None = None,
    attributes: Mapping[str, Sequence[object]] | None = None,
    seed: int = 0,
) -> Journeys:
    """Put paths into a log: `gaps` are each customer's mean hours between touchpoints."""
    random = np.random.default_rng(seed)
    size = np.array([len(path) for path in paths])
    owner = np.repeat(np.arange(len(paths)), size)
    activity = [step for path in paths for step in path]
    mean = np.full(len(paths), 30.0) if gaps is None else np.asarray(gaps, float)
    hours = pd.Series(random.gamma(1.5, mean[owner] / 1.5)).groupby(owner).cumsum().to_numpy()
    lookup = [CHANNELS] * len(paths) if channels is None else channels
    spoken = {"won": "won", "lost": "lost"}
    frame = pd.DataFrame(
        {
            "customer": [f"c{place:05d}" for place in owner],
            "activity": activity,
            "timestamp": pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta((hours * 3600).round(), unit="s"),
            "channel": [lookup[place].get(step) for place, step in zip(owner, activity, strict=True)],
            "touchpoint_kind": ["state" if step in spoken else "interaction" for step in activity],
            "outcome": [spoken.get(step) for step in activity],
            "actor_kind": "customer",
        }
    )
    names = pd.Index([f"c{place:05d}" for place in range(len(paths))], dtype="str")
    objects = {"customer": pd.DataFrame(dict(attributes or {}), index=names)}
    return Touchpoints(frame=canonical(frame), objects=objects, quality=None).by("customer")  # type: ignore[arg-type]


def _steps(scripts: Mapping[str, str]) -> list[str]:
    return sorted({step for script in scripts.values() for step in script.split()} - {"won", "lost"})


def scripted(
    scripts: Mapping[str, str], n: int, noise: float, seed: int, *, weights: Sequence[float] | None = None
) -> tuple[list[list[str]], np.ndarray]:
    """Paths of customers that follow one of some scripts, and which."""
    random = np.random.default_rng(seed)
    known = _steps(scripts)
    truth = random.choice(len(scripts), n, p=weights)
    told = [noisy(list(scripts.values())[kind].split(), noise, random, known) for kind in truth]
    return told, truth


def four_kinds(n: int = 800, noise: float = 0.3, seed: int = 0) -> tuple[Journeys, np.ndarray]:
    """Customers of four kinds that do different things."""
    told, truth = scripted(SCRIPTS, n, noise, seed, weights=(0.4, 0.3, 0.2, 0.1))
    return journeys_of(told, seed=seed), truth


def three_orders(n: int = 600, noise: float = 0.2, seed: int = 0) -> tuple[Journeys, np.ndarray]:
    """Customers of three kinds that do the same things in another order."""
    told, truth = scripted(ORDERS, n, noise, seed)
    return journeys_of(told, seed=seed), truth


def one_script(n: int = 400, noise: float = 0.5, seed: int = 0, script: str = "researcher") -> Journeys:
    """Customers of one kind that follow one script with noise."""
    told, _ = scripted(SCRIPTS, n, noise, seed)
    random = np.random.default_rng(seed + 1)
    known = _steps(SCRIPTS)
    told = [noisy(SCRIPTS[script].split(), noise, random, known) for _ in range(n)]
    return journeys_of(told, seed=seed)


def one_chain(n: int = 400, seed: int = 0, looks: bool = True) -> Journeys:
    """Customers of one kind: one random Markov chain, uneven tempo, and looks that say nothing of behaviour."""
    random = np.random.default_rng(seed)
    known = ["ad", "site", "blog", "email", "demo", "phone", "branch", "quote"]
    chain = random.dirichlet(np.full(len(known) + 1, 0.6), len(known))
    chain[:, -1] = 0.12
    chain /= chain.sum(axis=1, keepdims=True)
    told = []
    for _ in range(n):
        step = int(random.choice(len(known), p=[0.5, 0.2, 0, 0.2, 0, 0.1, 0, 0]))
        path = [known[step]]
        while (step := int(random.choice(len(known) + 1, p=chain[step]))) < len(known) and len(path) < 60:
            path.append(known[step])
        told.append(path)
    kind = random.integers(0, 3, n)
    attributes = {
        "industry": np.where(random.random(n) < 0.8, np.array(["retail", "media", "health"])[kind], "other"),
        "size": np.exp(random.normal(np.array([2.0, 4.0, 6.0])[kind], 0.7)).round(),
    }
    return journeys_of(
        told, gaps=np.exp(random.normal(3.5, 0.8, n)), attributes=attributes if looks else None, seed=seed
    )


def three_tempos(n: int = 400, seed: int = 0) -> tuple[Journeys, np.ndarray]:
    """Customers of three kinds that do the same things within days, weeks and months."""
    told, _ = scripted({"researcher": SCRIPTS["researcher"]}, n, 0.3, seed)
    truth = np.random.default_rng(seed + 9).integers(0, 3, n)
    return journeys_of(told, gaps=np.array([2.0, 24.0, 240.0])[truth].tolist(), seed=seed), truth


def three_ways(n: int = 600, seed: int = 0) -> tuple[Journeys, np.ndarray]:
    """Customers of three kinds that do the same things, each kind mostly in a channel of its own."""
    told, _ = scripted({"researcher": SCRIPTS["researcher"]}, n, 0.3, seed)
    truth = np.random.default_rng(seed + 9).integers(0, 3, n)
    ways = [CHANNELS, dict.fromkeys(CHANNELS, "phone") | {"quote": "email"}, dict.fromkeys(CHANNELS, "chat")]
    return journeys_of(told, channels=[ways[kind] for kind in truth], seed=seed), truth


def two_kinds(n: int = 120, seed: int = 0) -> tuple[Journeys, np.ndarray]:
    """Customers of two kinds that hardly overlap, without outcomes."""
    told, truth = scripted({"site": "ad site site demo quote", "call": "phone branch phone phone"}, n, 0.1, seed)
    return journeys_of(told, seed=seed), truth
