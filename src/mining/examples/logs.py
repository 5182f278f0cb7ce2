"""Seeded clean logs of any size, in order of time: to try and to measure with, nothing is planted in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

__all__ = ["ACTIVITIES", "touchpoints", "write_csv", "write_log", "write_parquet"]

_Integers = npt.NDArray[np.integer[Any]]
STAGES: Final = {
    "marketing": ["ad seen", "ad clicked", "site visited", "blog read", "social post seen", "event attended"],
    "consideration": [
        "form sent", "newsletter opened", "mail link clicked", "chatbot asked", "webinar attended", "prices viewed",
        "demo asked for", "brochure loaded",
    ],
    "sales": [
        "lead assigned", "called", "call received", "met", "demo given", "offer sent", "offer revised",
        "objection raised", "followed up", "contract sent",
    ],
    "closing": ["contract signed", "deal lost", "payment received", "invoice sent"],
    "delivery": ["kick-off call", "account activated", "training done", "first use"],
    "support": [
        "ticket opened", "ticket answered", "ticket escalated", "ticket solved", "survey answered", "complained",
    ],
    "loyalty": ["renewal offered", "renewed", "left", "recommended"],
}  # fmt: skip
REACHES: Final = (1.0, 0.9, 0.85, 0.75, 0.6, 0.5, 0.35)  # how many of the journeys that come so far touch a stage
TOUCHES: Final = (1.3, 1.8, 2.6, 1.0, 1.0, 1.9, 0.6)  # touchpoints in it beyond the first, on average
ACTIVITIES: Final = [activity for activities in STAGES.values() for activity in activities]
CHANNELS: Final = ["web", "social", "email", "ads", "chatbot", "phone", "branch", "app", "partner"]
DEPARTMENTS: Final = ["marketing", "sales", "service", "support", "finance", "success"]
_START: Final = 1_672_531_200  # 2023-01-01
_DAY: Final = 86_400


def _pool(random: np.random.Generator, n: int) -> list[npt.NDArray[np.uint8]]:
    """Draw the paths that journeys share: stage by stage, common activities first."""
    paths = []
    for _ in range(n):
        path: list[int] = []
        number = 0
        for place, activities in enumerate(STAGES.values()):
            if random.random() < REACHES[place]:
                weight = 1 / np.arange(1, len(activities) + 1) ** 0.8
                touches = 1 + random.poisson(TOUCHES[place])
                path += list(number + random.choice(len(activities), touches, p=weight / weight.sum()))
            number += len(activities)
            if place == 3 and random.random() < 0.45:
                break
        paths.append(np.array(path, np.uint8))
    return paths


def write_log(path: Path, n: int, random_state: int = 7) -> Path:
    """Write a clean log: canonical headers, ISO times.

    Parameters
    ----------
    path : Path
        Ends in ``.csv`` or ``.parquet``.
    n : int
        About how many touchpoints.
    random_state : int
        The same number draws the same log.

    Returns
    -------
    Path
        The file written.
    """
    path = Path(path)
    table = touchpoints(n, random_state)
    (write_parquet if path.suffix == ".parquet" else write_csv)(table, path)
    return path


def touchpoints(n: int, random_state: int = 7) -> pa.Table:
    """About `n` touchpoints in journeys of eleven: 20,000 paths of very unequal frequency, one journey in seven strays.

    Columns: record, customer, activity, channel, actor, department (dictionary-encoded) and timestamp (seconds).
    """
    random = np.random.default_rng(random_state)
    pool = _pool(random, 20_000)
    length = np.array([len(path) for path in pool])
    weight = 1 / np.arange(1, len(pool) + 1) ** 1.05
    weight /= weight.sum()
    drawn = random.choice(len(pool), int(n / (weight * length).sum() * 1.03) + 20, p=weight)
    drawn = drawn[: int(np.searchsorted(np.cumsum(length[drawn]), n)) + 1]
    sizes = length[drawn]
    first = np.cumsum(sizes) - sizes
    total = int(sizes.sum())
    starts = np.cumsum(length) - length
    place = np.arange(total) - np.repeat(first, sizes)
    activity = np.concatenate(pool)[np.repeat(starts[drawn], sizes) + place]
    strays = np.flatnonzero(random.random(len(drawn)) < 0.15)
    at = first[strays] + (random.random(len(strays)) * sizes[strays]).astype(np.int64)
    activity[at] = random.integers(0, len(ACTIVITIES), len(strays))
    journey = np.repeat(np.arange(len(drawn), dtype=np.int32), sizes)
    time = _times(random, activity, first, sizes)
    order = np.argsort(time, kind="stable")
    activity, journey, time = activity[order], journey[order], time[order]
    customer = random.integers(0, max(1, int(len(drawn) * 0.7)), len(drawn)).astype(np.int32)
    return _table(random, journey=journey, customer=customer[journey], activity=activity, time=time)


def _times(
    random: np.random.Generator, activity: _Integers, first: _Integers, sizes: _Integers
) -> npt.NDArray[np.int64]:
    """Draw lognormal waits whose scale depends on the step, and starts spread over two years."""
    scale = random.normal(10.5, 1.3, (len(ACTIVITIES), len(ACTIVITIES))).astype(np.float32)
    wait = scale[np.append(0, activity[:-1]), activity]
    wait += random.standard_normal(len(activity), np.float32)
    wait = np.exp(wait).clip(1, 60 * _DAY).astype(np.int64)
    wait[first] = 0
    since = np.cumsum(wait)
    begins = _START + (random.random(len(sizes)) * 730 * _DAY).astype(np.int64)
    moments: npt.NDArray[np.int64] = since + np.repeat(begins - since[first], sizes)
    return moments


def _table(
    random: np.random.Generator, *, journey: _Integers, customer: _Integers, activity: _Integers, time: _Integers
) -> pa.Table:
    likely = random.dirichlet(np.full(len(CHANNELS), 0.4), len(ACTIVITIES)).cumsum(axis=1).astype(np.float32)
    chance = random.random(len(activity), np.float32)
    channel = np.zeros(len(activity), np.int8)
    for place in range(len(CHANNELS) - 1):
        channel += chance > likely[activity, place]
    stage = np.repeat(np.arange(len(STAGES)), [len(activities) for activities in STAGES.values()])
    department = np.array([0, 0, 1, 4, 5, 3, 2], np.int8)[stage[activity]]
    strays = np.flatnonzero(random.random(len(activity), np.float32) < 0.1)
    department[strays] = random.integers(0, len(DEPARTMENTS), len(strays))
    actor = department.astype(np.int16) * 50 + np.minimum(49, random.geometric(0.08, len(activity)) - 1).astype(
        np.int16
    )
    return pa.table(
        {
            "record": _coded(journey, _ids("J", int(journey.max()) + 1)),
            "customer": _coded(customer, _ids("C", int(customer.max()) + 1)),
            "activity": _coded(activity.astype(np.int8), ACTIVITIES),
            "timestamp": pa.array(time.astype("datetime64[s]")),
            "channel": _coded(channel, CHANNELS),
            "actor": _coded(actor, [f"agent {number:03d}" for number in range(300)]),
            "department": _coded(department, DEPARTMENTS),
        }
    )


def _ids(letter: str, n: int) -> pa.Array:
    return pa.array(np.char.add(letter, np.char.zfill(np.arange(n).astype("U8"), 8)))


def _coded(codes: _Integers, words: list[str] | pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(words) if isinstance(words, list) else words)


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a clean CSV: canonical headers, ISO times."""
    plain = pa.table(
        {
            name: column.cast(pa.string()) if name != "timestamp" else pa.compute.strftime(column, "%Y-%m-%d %H:%M:%S")
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )
    options = pa.csv.WriteOptions(quoting_style="none")
    pa.csv.write_csv(plain, path, options)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write Parquet, a million rows to a group."""
    pa.parquet.write_table(table, path, compression="zstd", row_group_size=1_000_000)
