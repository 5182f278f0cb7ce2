"""Behind the map: the touchpoints that a line was counted from, listed without saying whose they are, or summed up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from mining._errors import MiningError
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.maps.grounds import GROUNDS, Ground
from mining.maps.phrases import MASKED
from mining.maps.scene import Flags, Floats, Integers, Scene, scene_of
from mining.sources.people.pseudonyms import disguised
from mining.timing.stages import Staged
from mining.timing.steps_taken import HOUR

if TYPE_CHECKING:
    from mining._engine import CodedLog
    from mining.design import Design

__all__ = ["Records", "Summary", "listed", "refused"]

_WORDS: Final = ("activity", "channel", "team", "actor_kind", "source", "source_table")
_COLUMNS: Final = [
    "item", "unit", "value", "journey", "customer", "month", "activity", "channel", "team", "actor_kind", "wait_hours",
    "source", "source_table", "source_file", "source_row",
]  # fmt: skip
_MOST: Final = 3


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """What a map was drawn from: the journeys themselves, not a copy, and where each touchpoint and journey belongs."""

    journeys: Journeys
    staged: Staged
    design: Design | None
    group: Integers
    known: dict[tuple[int, str, tuple[tuple[str, int], ...]], dict[int, Summary]] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: Scene, group: Integers) -> Records:
        """Keep what tells the cells apart in the smallest numbers that hold it."""
        staged = Staged(scene.staged.names, _small(scene.staged.of), scene.staged.mark)
        return cls(scene.journeys, staged, scene.design, _small(group))

    def scene(self, number: int) -> Scene:
        """Give the journeys of one group."""
        staged = Staged(self.staged.names, self.staged.of.astype(np.int64), self.staged.mark)
        return scene_of(self.journeys, staged, self.design, self.group == number)

    def summed_up(self, number: int, asked: Mapping[str, Mapping[str, int]]) -> dict[str, dict[int, Summary]]:
        """Sum up what is behind the cells of one group: lane to stage number to summary; each lane's items are given.

        It is worked out once, however often and in whichever language the map is drawn.
        """
        keys = {lane: (number, lane, tuple(sorted(items.items()))) for lane, items in asked.items()}
        fresh = {lane: key for lane, key in keys.items() if key not in self.known}
        if fresh:
            scene = self.scene(number)
            self.known.update({key: summed_up(scene, lane, asked[lane]) for lane, key in fresh.items()})
        return {lane: self.known[key] for lane, key in keys.items()}


class Summary(NamedTuple):
    """How many touchpoints, journeys and customers a cell rests on, in which months, and the commonest activities."""

    n_touchpoints: int
    n_journeys: int
    n_customers: int
    first_month: str
    last_month: str
    activities: tuple[tuple[str, int], ...]


def listed(scene: Scene, lane: str, stage: int, items: Mapping[str, int]) -> pd.DataFrame:
    """List the touchpoints behind the lines of one cell; see `JourneyMap.behind`.

    Raises
    ------
    MiningError
        Where they are those of fewer than five customers.
    """
    parts = [
        _rows(scene, ground, item, ground.stage == stage)
        for item in items
        for ground in _grounds(scene, lane, item, items)
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        raise MiningError.empty("What is behind the cell", "the records say nothing of it.")
    return pd.concat(parts, ignore_index=True)[_COLUMNS]


def _grounds(scene: Scene, lane: str, item: str, items: Mapping[str, int]) -> Iterator[Ground]:
    for ground in GROUNDS[lane](scene, {item: items[item]}):
        if ground.items is None or item in ground.items:
            yield ground


def _rows(scene: Scene, ground: Ground, item: str, here: Flags) -> pd.DataFrame:
    at = ground.positions[here]
    if not len(at):
        return pd.DataFrame(columns=_COLUMNS)
    customer = scene.customer[at]
    if len(np.unique(customer)) < SMALLEST_CELL:
        raise refused()
    log = scene.journeys.log
    words = {field: _unless_few(log.spelled(field, at), customer) for field in _WORDS}
    names = _names(log)
    rows = pd.DataFrame(
        {
            "unit": ground.unit[here],
            "value": ground.value(item)[here],
            "journey": names["journey"].to_numpy(object)[log.journey_of[at]],
            "customer": names["customer"].to_numpy(object)[log.codes["customer"][at]],
            "month": pd.Series(log.time[at].view("datetime64[us]")).dt.strftime("%Y-%m"),
            **words,
            "wait_hours": _waits(log, at),
            **_places(scene.journeys, at),
            "at": at,
        }
    )
    # In the order of the pseudonyms, or the order would say whose they are.
    rows = rows.sort_values(["journey", "at"], ignore_index=True)
    unit = pd.factorize(rows["unit"])[0] + 1
    rows = rows.assign(item=item, unit=unit).astype(dict.fromkeys(("item", "journey", "customer", "month"), "str"))
    return rows[_COLUMNS]


def refused() -> MiningError:
    """Build the error for a cell that too few are behind."""
    return MiningError.refused(
        f"Fewer than {SMALLEST_CELL} customers are behind this cell:", "it is masked, and so is what it rests on."
    )


def _names(log: CodedLog) -> dict[str, pd.Series[str]]:
    """Name journeys and customers by pseudonyms."""
    journey = disguised(pd.Series(log.cases, dtype="str")).take(log.case).reset_index(drop=True)
    if log.part is not None:
        journey = journey + "/" + pd.Series(log.part).astype("str")
    customer = disguised(pd.Series(log.words["customer"], dtype="str"))
    return {"journey": journey, "customer": pd.concat([customer, pd.Series([None], dtype="str")], ignore_index=True)}


def _unless_few(words: pd.Series[str], customer: Integers) -> pd.Series[str]:
    """Mask the words that fewer than five of the customers behind the cell have."""
    n = pd.Series(customer).groupby(words.to_numpy()).nunique()
    return words.mask(words.isin(n.index[n < SMALLEST_CELL]), MASKED)


def _waits(log: CodedLog, at: Integers) -> Floats:
    following = np.minimum(at + 1, log.n_touchpoints - 1)
    hours = np.maximum(log.time[following] - log.end_time[at], 0) / HOUR
    return np.where(np.isin(at, log.last), np.nan, hours)


def _places(journeys: Journeys, at: Integers) -> dict[str, object]:
    """Tell file and row; of a log that was opened as columns its own row, for no frame is made for this."""
    rows = journeys.log.rows[at]
    if "frame" not in vars(journeys.touchpoints):
        return {"source_file": pd.Series([None] * len(at), dtype="str"), "source_row": rows.astype(np.int64) + 1}
    told = journeys.touchpoints.frame[["source_file", "source_row"]].iloc[rows]
    return {"source_file": told["source_file"].to_numpy(object), "source_row": told["source_row"].to_numpy()}


def summed_up(scene: Scene, lane: str, items: Mapping[str, int]) -> dict[int, Summary]:
    """Sum up what is behind each cell of a lane; cells of fewer than five customers are left out."""
    log = scene.journeys.log
    grounds = [each for each in GROUNDS[lane](scene, items) if each.items is None or set(items) & set(each.items)]
    if not grounds:
        return {}
    is_there = np.zeros((scene.n_stages, log.n_touchpoints), bool)
    for ground in grounds:
        is_there[ground.stage, ground.positions] = True
    stage, at = np.nonzero(is_there)
    rows = pd.DataFrame(
        {"stage": stage, "journey": log.journey_of[at], "customer": scene.customer[at],
         "activity": log.codes["activity"][at], "time": log.time[at]}
    )  # fmt: skip
    whole = rows.groupby("stage").agg(
        n=("time", "size"), journeys=("journey", "nunique"), customers=("customer", "nunique"),
        first=("time", "min"), last=("time", "max"),
    )  # fmt: skip
    each = rows.groupby(["stage", "activity"])["customer"].agg(["size", "nunique"]).reset_index()
    each = each[each["nunique"] >= SMALLEST_CELL].sort_values(
        ["stage", "size", "activity"], ascending=[True, False, True]
    )
    words = log.words["activity"]
    common: dict[int, list[tuple[str, int]]] = {}
    for number, code, n in each[["stage", "activity", "size"]].to_numpy(np.int64):
        common.setdefault(int(number), []).append((str(words[code]), int(n)))
    whole = whole[whole["customers"] >= SMALLEST_CELL]
    return {
        int(number): Summary(
            int(n),
            int(journeys),
            int(customers),
            _month(first),
            _month(last),
            tuple(common.get(int(number), ())[:_MOST]),
        )
        for number, (n, journeys, customers, first, last) in zip(whole.index, whole.to_numpy(np.int64), strict=True)
    }


def _month(moment: int) -> str:
    return f"{pd.Timestamp(moment, unit='us'):%Y-%m}"


def _small(numbers: Integers) -> Integers:
    return numbers.astype(np.min_scalar_type(-max(int(numbers.max(initial=0)), 1) - 1))
