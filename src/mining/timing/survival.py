"""Shares that are reached in time when some are still waiting: Kaplan and Meier's estimate, small and exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Survival", "kaplan_meier"]

_Z: Final = 1.959963984540054

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Survival:
    """Share not yet reached after each time at which something was reached."""

    time: Floats
    share: Floats
    variance: Floats  # Greenwood's sum, without the squared share in front

    def at(self, limit: float) -> tuple[float, float, float]:
        """Give the share not reached by a time, with Greenwood's 95 % interval on the log-log scale."""
        place = int(np.searchsorted(self.time, limit, side="right")) - 1
        if place < 0:
            return 1.0, float("nan"), float("nan")
        share, spread = float(self.share[place]), float(self.variance[place])
        if share <= 0.0 or share >= 1.0:
            return share, float("nan"), float("nan")
        half = _Z * np.sqrt(spread) / abs(np.log(share))
        return share, float(share ** np.exp(half)), float(share ** np.exp(-half))

    @property
    def median(self) -> float:
        """Time by which half is reached; NaN where observation ends before."""
        reached = np.flatnonzero(self.share <= 0.5)
        return float(self.time[reached[0]]) if len(reached) else float("nan")


def kaplan_meier(time: Floats, reached: npt.NDArray[np.bool_]) -> Survival:
    """Estimate the share not yet reached over time, when some were only seen to wait until a time.

    Parameters
    ----------
    time : ndarray of float
        When it was reached, or until when the waiting was seen.
    reached : ndarray of bool
        False: still waiting then (censored). At equal times what is reached comes first.

    Returns
    -------
    Survival
        One entry per distinct time at which something was reached.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations.
    Greenwood, M. (1926). The natural duration of cancer. Kalbfleisch, J. D., Prentice, R. L. (1980), log-log interval.

    Examples
    --------
    >>> import numpy as np
    >>> found = kaplan_meier(np.array([1.0, 2.0, 2.0, 3.0, 4.0]), np.array([True, True, False, False, True]))
    >>> found.time.tolist(), found.share.round(3).tolist()
    ([1.0, 2.0, 4.0], [0.8, 0.6, 0.0])
    """
    moments, events = np.unique(time[reached], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), moments, side="left")
    share = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    terms = np.where(left > 0, events / (at_risk * np.maximum(left, 1)), np.nan)
    return Survival(moments, np.asarray(share, float), np.asarray(np.cumsum(terms), float))
