"""The work plan: pain points as work, with whose it is, what it would gain and how that will be measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2s
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._errors import MiningError
from mining._files import write_table
from mining._statistics import SMALLEST_CELL
from mining.journeys import Journeys
from mining.journeys.groups import group_of
from mining.maps.evidence import Evidence
from mining.maps.kept import read_kept
from mining.maps.metrics import metric_said
from mining.maps.pain_list import touchpoints_at
from mining.maps.pain_points import PainPoints
from mining.maps.progress import PlanChanges, changes
from mining.maps.touched import Found

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["WorkPlan", "make_plan"]

_LOSES: Final = ("long wait that goes with losses", "drop-off")  # what is counted there are customers lost
_PLACES: Final = ("persona", "channel", "product")
_COLUMNS: Final = [
    "rank", "rank_low", "rank_high", "pain_id", "what", "where", "stage",
    *(f"{name}{part}" for name in _PLACES for part in ("", "_share")), "owner", "owner_mark",
    "gain_customers", "gain_low", "gain_high", "gain_days", "days_low", "days_high",
    "gain_money", "money_low", "money_high", "currency",
    "metric", "baseline", "baseline_low", "baseline_high", "n", "target", "target_is", "mark",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class WorkPlan:
    """What to do, worst pain first; see `make_plan`."""

    frame: pd.DataFrame
    tested: pd.DataFrame
    n_journeys: int

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        owners = self.frame.loc[self.frame["owner"] != "", "owner"].nunique()
        return f"<WorkPlan: {len(self.frame)} pieces of work for {owners} owners, out of {self.n_journeys:,} journeys>"

    def metrics(self, language: str = "en") -> list[str]:
        """Say how each piece of work will be measured.

        Parameters
        ----------
        language : str
            ``en``, ``he`` or ``fa``.

        Returns
        -------
        list of str
            In the order of ``.frame``.

        Raises
        ------
        MiningError
            For another language.
        """
        return [
            metric_said(kind, where, language)
            for kind, where in zip(self.frame["what"], self.frame["where"], strict=True)
        ]

    def save(self, path: Path | str) -> Path:
        """Keep the plan as a table, the whole file or none; no text in it is run as a formula.

        Parameters
        ----------
        path : Path or str
            The file, ending in ``.csv``, ``.xlsx`` or ``.parquet``.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        MiningError
            For another ending.
        """
        return write_table(path, self.frame)

    def compared_with(self, earlier: WorkPlan | Path | str) -> PlanChanges:
        """Tell what changed since an earlier plan, made of earlier journeys.

        Parameters
        ----------
        earlier : WorkPlan, Path or str
            The plan, or the file it was kept in by `save`.

        Returns
        -------
        PlanChanges
            Each pain of either plan: before, now, the difference with its interval, and the verdict.

        Raises
        ------
        MiningError
            For a file that is missing or holds no plan.
        """
        if isinstance(earlier, WorkPlan):
            return changes(earlier.frame, earlier.tested, self.frame, self.tested)
        table = read_kept(earlier)
        if not {"pain_id", "baseline", "baseline_low", "baseline_high"} <= set(table.columns):
            raise MiningError.refused(f"'{Path(earlier).name}' holds no plan:", "give a file that `save` wrote.")
        return changes(table, self.tested.head(0), self.frame, self.tested)

    def plot(self) -> Picture:
        """Draw what each piece of work would gain, with its interval."""
        from mining._draw import draw_bars

        return draw_bars(
            self.frame.assign(label=self.frame["what"] + ": " + self.frame["where"]),
            "label",
            "gain_customers",
            low="gain_low",
            high="gain_high",
            title="What each piece of work would gain",
            unit="customers",
            note="Customers touched beyond a fair comparison, 95 % interval; n: what the baseline rests on.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shown = ["rank", "what", "where", "owner", "gain_customers", "metric", "baseline", "target"]
        return html_table(self.frame[shown], caption=repr(self)[1:-1], rows=20)


def make_plan(
    pains: PainPoints, *, personas: Any = None, product: str = "product", worth: str | None = None
) -> WorkPlan:
    """Make a list of work out of pain points.

    The gain is what would change if the place came to the level of its comparison, and if the pain were its cause,
    which nobody has measured: an upper bound to plan by, and to measure afterwards.

    Parameters
    ----------
    pains : PainPoints
        As `find_pain_points` made them.
    personas : str, Series or personas, optional
        Groups of customers to name the most touched of.
    product : str
        The attribute of the CRM's objects, or the field, that tells products; nothing is said where there is none.
    worth : str, optional
        What a customer is worth, with its currency (``"1200 EUR"``). Money is told only then, and only where customers
        are lost.

    Returns
    -------
    WorkPlan
        ``.frame``, worst first: rank with rank_low and rank_high (95 % of a hundred draws of customers), pain_id (the
        same in every plan), what, where, stage; persona, channel and product most touched there, each with its share
        (of the journeys or touchpoints there that name one, 0..1; empty and NaN below five); owner, owner_mark (typed
        or inferred); gain_customers with gain_low and gain_high (customers beyond the comparison); gain_days with
        days_low and days_high (days waited beyond the promise or beyond what half of the customers wait, of all
        customers together; NaN where the pain is none of waiting); gain_money with money_low and money_high, currency
        (NaN, empty without `worth`); metric (in words), baseline (0..1) with baseline_low and baseline_high (95 %), n
        (what it is a share of), target (0..1, the level of the comparison), target_is (what it is compared with), mark
        (measured or inferred).

    Raises
    ------
    MiningError
        For pain points without their journeys, and a worth that is no sum of money.

    References
    ----------
    Efron, B. (1979). Bootstrap methods: another look at the jackknife.

    Examples
    --------
    `journeys` and `design` are those of the example company (`mining.examples`).

    >>> mining.find_pain_points(journeys, design).plan().frame[["what", "rank_low", "rank_high", "baseline", "target"]]
                                  what  rank_low  rank_high  baseline    target
    0                        ping-pong         1          3  1.000000  0.000000
    1  long wait that goes with losses         1          3  0.589404  0.164474
    2                       SLA missed         2          4  0.408088  0.100000
    3          sent to another channel         3          4  0.450450  0.094708
    """
    frame, draws = pains.frame, pains.draws
    found = draws.found
    sum_of_money, currency = _money(worth)
    order = pains.stability
    low, high = order["severity_low"].to_numpy(float), order["severity_high"].to_numpy(float)
    days_low, days_high = np.quantile(draws.days_drawn, [0.025, 0.975], axis=0)
    price = np.where(frame["kind"].isin(_LOSES), sum_of_money, np.nan)
    metric = list(map(metric_said, frame["kind"], frame["where"]))
    plan = frame.assign(
        rank_low=order["rank_low"],
        rank_high=order["rank_high"],
        pain_id=_ids(frame),
        what=frame["kind"],
        gain_customers=frame["severity"],
        gain_low=low,
        gain_high=high,
        gain_days=draws.days,
        days_low=days_low,
        days_high=days_high,
        gain_money=frame["severity"] * price,
        money_low=low * price,
        money_high=high * price,
        currency=pd.Series(np.where(np.isnan(price), "", currency), index=frame.index, dtype="str"),
        metric=pd.Series(metric, index=frame.index, dtype="str"),
        baseline=frame["share"],
        baseline_low=frame["low"],
        baseline_high=frame["high"],
        n=_rests_on(frame["kind"], pd.Series([each.among for each in found.pains], frame.index, dtype="int64")),
        target=frame["comparison"],
        target_is=frame["compared_with"],
        **_places(found, personas, product),
    )
    tested = pains.tested[["kind", "where", "share", "n"]].assign(pain_id=_ids(pains.tested))
    tested = tested.assign(n=_rests_on(tested["kind"], tested["n"]))
    return WorkPlan(plan[_COLUMNS], tested, pains.n_journeys)


def _rests_on(kind: pd.Series[str], n: pd.Series[int]) -> pd.Series[int]:
    """Count what a share is a share of: of long waits the longer half of those that were compared."""
    return n.where(kind != "long wait that goes with losses", n // 2).astype("int64")


def _ids(frame: pd.DataFrame) -> pd.Series[str]:
    """Give each pain an id by what and where it is: a kept table may have other words, so that none is run."""
    keys = (frame["kind"] + "\x1f" + frame["where"]).tolist()
    return pd.Series([blake2s(key.encode(), digest_size=6).hexdigest() for key in keys], frame.index, dtype="str")


def _money(worth: str | None) -> tuple[float, str]:
    if worth is None:
        return float("nan"), ""
    number, _, currency = str(worth).strip().partition(" ")
    try:
        value = float(number.replace(",", ""))
    except ValueError:
        value = -1.0
    if not (0 < value < np.inf and currency.strip()):
        raise MiningError.refused(f"'{worth}' is no sum of money:", 'give a number and its currency, as in "1200 EUR".')
    return value, currency.strip()


def _places(found: Found, personas: Any, product: str) -> dict[str, pd.Series[Any]]:
    """Name the persona, channel and product most touched by each pain."""
    journeys = found.scene.journeys
    groups = {
        "persona": None if personas is None else group_of(journeys, personas),
        "product": _products(journeys, product),
    }
    rows = [dict(_place(each, found, groups)) for each in found.pains]
    names = [*_PLACES, *(f"{name}_share" for name in _PLACES)]
    table = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(_PLACES, "str"))
    return {name: table[name] for name in names}


_Groups = tuple[list[str], npt.NDArray[np.int64]]


def _products(journeys: Journeys, product: str) -> _Groups | None:
    try:
        return group_of(journeys, product)
    except MiningError:
        return None


def _place(each: Evidence, found: Found, groups: dict[str, _Groups | None]) -> Iterator[tuple[str, str | float]]:
    scene, log = found.scene, found.scene.journeys.log
    here = touchpoints_at(each, scene)
    if each.kind == "drop-off":
        here = scene.staged.of == scene.staged.names.index(each.stage)
    words, codes = log.words["channel"].astype(str).tolist(), log.codes["channel"][here]
    touched = np.flatnonzero(log.any_in_journey(here))
    for name in _PLACES:
        if name == "channel":
            most, share = _most(words, codes)
        else:
            group = groups[name]
            most, share = ("", float("nan")) if group is None else _most(group[0], group[1][touched])
        yield name, most
        yield f"{name}_share", share


def _most(words: list[str], codes: npt.NDArray[Any]) -> tuple[str, float]:
    known = codes[codes >= 0]
    if len(known) == 0:
        return "", float("nan")
    counted = np.bincount(known)
    most = int(counted.argmax())
    return (words[most], float(counted[most] / len(known))) if counted[most] >= SMALLEST_CELL else ("", float("nan"))
