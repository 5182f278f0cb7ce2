"""Progress: what changed between two plans, and whether it is told apart from chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from mining._statistics import share_difference, wilson

if TYPE_CHECKING:
    from mining._draw import Picture

__all__ = ["PlanChanges", "changes"]

_KEPT: Final = ["pain_id", "what", "where", "value", "low", "high", "n", "is_listed"]
_COLUMNS: Final = [
    "pain_id", "what", "where", "before", "before_low", "before_high", "n_before", "now", "now_low", "now_high",
    "n_now", "difference", "low", "high", "verdict", "standing",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class PlanChanges:
    """Each pain of either plan, then and now; see `WorkPlan.compared_with`.

    ``.frame``: pain_id, what, where, before (0..1) with before_low and before_high, n_before, now with now_low and
    now_high, n_now, difference (now - before) with low and high (95 %), verdict (better, worse, not told apart, not
    measured), standing (still listed, new, no longer listed). A pain that only one plan lists is looked up among what
    the other tested; NaN where it was not.
    """

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        counted = self.frame["verdict"].value_counts()
        said = ", ".join(f"{counted[word]} {word}" for word in sorted(counted.index))
        return f"<PlanChanges of {len(self.frame)} pains: {said or 'none in either plan'}>"

    def plot(self) -> Picture:
        """Draw by how much each share changed, with its interval."""
        from mining._draw import draw_bars

        frame = self.frame[self.frame["difference"].notna()]
        return draw_bars(
            frame.assign(label=frame["what"] + ": " + frame["where"], n=frame["n_now"]),
            "label",
            "difference",
            low="low",
            high="high",
            title="What changed since",
            unit="%",
            note="Share now less share before, 95 % interval; below nought is better.",
        )

    def _repr_html_(self) -> str:
        from mining._draw import html_table

        shown = ["what", "where", "before", "now", "difference", "verdict", "standing"]
        return html_table(self.frame[shown], caption=repr(self)[1:-1], rows=20)


def changes(
    before: pd.DataFrame, tested_before: pd.DataFrame, now: pd.DataFrame, tested_now: pd.DataFrame
) -> PlanChanges:
    """Set two plans side by side.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions, method 10: from the
    intervals of the two shares, which here allow for customers that come more than once.
    """
    one, two = _all_of(before, tested_before), _all_of(now, tested_now)
    both = one.merge(two, on="pain_id", how="outer", suffixes=("_before", "_now"), sort=True)
    listed_before = both["is_listed_before"].eq(True)
    listed_now = both["is_listed_now"].eq(True)
    both = both[listed_before | listed_now]
    share, other = both["value_now"], both["value_before"]
    difference, low, high = share_difference(
        (share, both["low_now"], both["high_now"]), (other, both["low_before"], both["high_before"])
    )
    verdict = np.select(
        [np.isnan(difference), high < 0, low > 0], ["not measured", "better", "worse"], default="not told apart"
    )
    standing = np.select(
        [listed_before[both.index] & listed_now[both.index], listed_now[both.index]],
        ["still listed", "new"],
        default="no longer listed",
    )
    frame = pd.DataFrame(
        {
            "pain_id": both["pain_id"],
            "what": both["what_now"].fillna(both["what_before"]),
            "where": both["where_now"].fillna(both["where_before"]),
            "before": other,
            "before_low": both["low_before"],
            "before_high": both["high_before"],
            "n_before": both["n_before"].fillna(0).astype("int64"),
            "now": share,
            "now_low": both["low_now"],
            "now_high": both["high_now"],
            "n_now": both["n_now"].fillna(0).astype("int64"),
            "difference": difference,
            "low": low,
            "high": high,
            "verdict": pd.Series(verdict, index=both.index, dtype="str"),
            "standing": pd.Series(standing, index=both.index, dtype="str"),
        }
    )
    frame = frame.sort_values(["difference", "what", "where"], ascending=[False, True, True], ignore_index=True)
    return PlanChanges(frame[_COLUMNS])


def _all_of(plan: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """List what a plan lists and what was tested beside it, each place once."""
    own = plan.rename(columns={"baseline": "value", "baseline_low": "low", "baseline_high": "high"})
    low, high = wilson((tested["share"] * tested["n"]).fillna(0.0), tested["n"])
    rest = tested.rename(columns={"kind": "what", "share": "value"}).assign(low=low, high=high, is_listed=False)
    parts = [part[_KEPT] for part in (own.assign(is_listed=True), rest) if len(part)]
    if not parts:
        return own.assign(is_listed=True)[_KEPT]
    return pd.concat(parts, ignore_index=True).drop_duplicates("pain_id")
