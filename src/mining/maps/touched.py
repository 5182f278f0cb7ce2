"""Whom a pain touches, customer by customer, and what would have been found among other customers like them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.stats import rankdata

from mining.journeys.groups import customer_of
from mining.maps.evidence import Evidence
from mining.maps.pain_kinds import CAME_BY, leavings, rated_last
from mining.maps.scene import Scene
from mining.timing.channels import starts_of
from mining.timing.losses import fates, first_waits
from mining.timing.people import returned
from mining.timing.steps_taken import HOUR, following, steps_taken

if TYPE_CHECKING:
    from mining.design import Design

__all__ = ["Draws", "Found", "drawn"]

_DRAWS: Final = 100
_SEED: Final = 7
_DAY: Final = 24.0
_SUMS: Final = ("is_there", "n", "hit", "other", "other_hit", "days")

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Found:
    """The pain points found, in their order, with what they were found in; `between` are waits past what lies there."""

    scene: Scene
    pains: tuple[Evidence, ...]
    between: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Draws:
    """A row per draw of customers, a column per pain: customers touched beyond the comparison, and days waited.

    `found` is what was drawn again; `days` are those of the customers as they are, NaN where the pain is none of
    waiting.
    """

    found: Found
    severity: Floats
    days_drawn: Floats
    days: Floats

    @property
    def ranks(self) -> npt.NDArray[np.int64]:
        """Rank of each pain in each draw, ties ranked alike."""
        return np.asarray(rankdata(-self.severity, axis=1, method="min"), np.int64)


def drawn(found: Found) -> Draws:
    """Draw customers with replacement, a hundred times, and measure the pains listed again.

    Whether each customer is at the place, and hurt there, is worked out once; a draw only counts some of them more
    often, so that pains which touch the same customers move together. Where that is not known customer by customer
    (deviations; promises without a design), the share is drawn as so many tosses of a coin. What is a pain at all is
    not decided anew.

    References
    ----------
    Efron, B. (1979). Bootstrap methods: another look at the jackknife.
    """
    pains, random = found.pains, np.random.default_rng(_SEED)
    n_customers = int(found.scene.customer.max(initial=-1)) + 1
    tables = [_touched(each, found) for each in pains]
    sums, whole = _sums(tables, n_customers, random)
    severity, days = np.empty((_DRAWS, len(pains))), np.full((_DRAWS, len(pains)), np.nan)
    for number, (each, table) in enumerate(zip(pains, tables, strict=True)):
        if table is None:
            severity[:, number] = _tossed(each, n_customers, random)
        else:
            severity[:, number] = _severity(each, sums[:, number], whole[number])
            days[:, number] = sums[:, number, _SUMS.index("days")]
    is_wait = np.array([table is not None and table["days"].notna().all() for table in tables], bool)
    total = whole[:, _SUMS.index("days")] if len(pains) else np.zeros(0)
    return Draws(found, severity, np.where(is_wait, days, np.nan), np.where(is_wait, total, np.nan))


def _sums(
    tables: Sequence[pd.DataFrame | None], n_customers: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Add up what is known of each pain over the customers of each draw, and over all."""
    breadth, shape = len(_SUMS), (len(tables), len(_SUMS))
    rows, columns, values = [], [], []
    for number, table in enumerate(tables):
        if table is None:
            continue
        for place, name in enumerate(_SUMS):
            rows.append(np.full(len(table), number * breadth + place))
            columns.append(table.index.to_numpy(np.int64))
            values.append(table[name].fillna(0.0).to_numpy(float))
    if not rows:
        return np.zeros((_DRAWS, *shape)), np.zeros(shape)
    where = np.concatenate(rows), np.concatenate(columns)
    each = coo_matrix((np.concatenate(values), where), shape=(len(tables) * breadth, n_customers)).tocsr()
    sums = np.empty((_DRAWS, *shape))
    for draw in range(_DRAWS):
        weight = np.bincount(random.integers(0, n_customers, n_customers), minlength=n_customers)
        sums[draw] = (each @ weight).reshape(shape)
    return sums, np.asarray(each.sum(axis=1)).reshape(shape)


def _severity(each: Evidence, sums: Floats, whole: Floats) -> Floats:
    """Move the pain's own figures by what the draws differ from all customers by."""
    there, n, hit, other, other_hit = (sums[:, place] for place in range(5))
    if whole[1] == 0:
        return np.full(len(sums), each.severity)
    share = each.share + hit / np.maximum(n, 1) - whole[2] / whole[1]
    comparison = each.comparison
    if whole[3] > 0:
        comparison = comparison + other_hit / np.maximum(other, 1) - whole[4] / whole[3]
    return np.asarray(each.n_customers * there / whole[0] * (share - comparison), float)


def _tossed(each: Evidence, n_customers: int, random: np.random.Generator) -> Floats:
    there = random.binomial(n_customers, min(each.n_customers / n_customers, 1.0), _DRAWS)
    share = random.binomial(each.among, min(max(each.share, 0.0), 1.0), _DRAWS) / max(each.among, 1)
    return np.asarray(there * (share - each.comparison), float)


def _touched(each: Evidence, found: Found) -> pd.DataFrame | None:
    """Tabulate per customer: is_there, n, hit (cases at the place), other, other_hit (in the comparison), days."""
    look = _LOOKS.get(each.kind)
    rows = None if look is None else look(each, found)
    return None if rows is None else _by_customer(rows)


def _by_customer(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum rows (customer, own: at the place, hit, and days where they are known) up to one per customer."""
    own, hit = rows["own"].to_numpy(bool), rows["hit"].to_numpy(bool)
    known = "days" in rows
    table = pd.DataFrame(
        {
            "customer": rows["customer"].to_numpy(np.int64),
            "n": own.astype(float),
            "hit": (own & hit).astype(float),
            "other": (~own).astype(float),
            "other_hit": (~own & hit).astype(float),
            "days": np.where(own, rows["days"], 0.0) if known else 0.0,
        }
    )
    summed = table.groupby("customer").sum()
    summed["is_there"] = (summed["n"] > 0).astype(float)
    return summed if known else summed.assign(days=np.nan)


def _waited(each: Evidence, found: Found) -> pd.DataFrame:
    journeys = found.scene.journeys
    taken = steps_taken(journeys.log, found.between)
    number = next(
        at for at, pair in enumerate(zip(taken.activity, taken.next_activity, strict=True)) if pair == each.pair
    )
    rows = first_waits(journeys, taken, fates(journeys))
    rows = rows[rows["pair"] == number]
    longer = (rows["hours"] - rows["hours"].median()).clip(lower=0)
    return rows.assign(own=rows["is_long"], hit=rows["is_lost"], days=longer / _DAY)


def _promised(each: Evidence, found: Found) -> pd.DataFrame | None:
    scene, design = found.scene, found.scene.design
    if design is None:
        return None
    log = scene.journeys.log
    after, step = (_holds(scene, design, name) for name in each.pair)
    limit = float(design.frame.set_index("step")["within_hours"][each.pair[1]])
    at = np.flatnonzero(after)
    until = np.full(log.n_touchpoints, scene.journeys.observed_until.value // 1_000)
    is_done = np.zeros(log.n_touchpoints, bool)
    start, then = following(log, after, step)
    until[start], is_done[start] = log.time[then], True
    hours = np.maximum(until[at] - log.end_time[at], 0) / HOUR
    late = hours > limit
    return pd.DataFrame(
        {
            "customer": customer_of(log)[log.journey_of[at]],
            "own": is_done[at] | late,  # what is still open in time says nothing yet
            "hit": late,
            "days": np.where(late & is_done[at], hours - limit, 0.0) / _DAY,
        }
    )[is_done[at] | late]


def _holds(scene: Scene, design: Design, step: str) -> Flags:
    log = scene.journeys.log
    wanted = [step, *(word for word, name in design.step_of.items() if name == step)]
    return np.append(np.isin(log.words["activity"].astype(str), wanted), False)[log.codes["activity"]]


def _redirected(each: Evidence, found: Found) -> pd.DataFrame:
    scene = found.scene
    rows, words = starts_of(scene.journeys), list(scene.journeys.log.words["channel"].astype(str))
    one, two = (words.index(channel) for channel in each.pair)
    third = each.compared_with.removeprefix(CAME_BY)
    rows = rows.assign(own=rows["channel"] == one, hit=rows["next"] == two)
    # Beside the mix of channels stand all others who went on anywhere.
    other = rows["channel"] == words.index(third) if third in words else rows["next"] >= 0
    return rows[rows["own"] | other]


def _returned(each: Evidence, found: Found) -> pd.DataFrame:
    log = found.scene.journeys.log
    rows = returned(log)
    one, two = sorted(np.flatnonzero(np.isin(log.words["team"].astype(str), each.pair)))
    rows = pd.DataFrame(rows.groupby(["one", "two", "customer"])["is_returned"].any().reset_index())
    own = (rows["one"] == one) & (rows["two"] == two)
    rows = rows.assign(own=own, hit=rows["is_returned"])
    return rows if np.isfinite(each.p) else rows[own]


def _left(each: Evidence, found: Found) -> pd.DataFrame:
    scene, (stage, channel) = found.scene, each.where.rsplit(", come by ", 1)
    rows = leavings(scene, scene.design)
    rows = rows[rows["stage"] == scene.staged.names.index(stage)]
    return rows.assign(own=scene.journeys.log.words["channel"][rows["channel"].to_numpy(np.int64)] == channel)


def _rated(each: Evidence, found: Found) -> pd.DataFrame:
    field, place = each.where.split(" ", 1)
    pairs = [other.pair for other in found.pains if other.kind == "ping-pong"]
    rows = rated_last(found.scene, pairs, field)
    return rows.assign(own=found.scene.journeys.log.words[field][rows["place"].to_numpy()] == place)


_LOOKS: Final[dict[str, Callable[[Evidence, Found], pd.DataFrame | None]]] = {
    "long wait that goes with losses": _waited,
    "SLA missed": _promised,
    "ping-pong": _returned,
    "sent to another channel": _redirected,
    "drop-off": _left,
    "low scores": _rated,
}
