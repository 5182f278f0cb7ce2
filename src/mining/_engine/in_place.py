"""A linked log that stays where it is: the questions go there as SQL, and only their answers come here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mining._engine import questions

__all__ = ["CARRIED", "LogInPlace"]

# What the questions look at beyond case, activity, time and order.
CARRIED: Final = ("customer", "channel", "department", "team", "actor", "actor_kind", "touchpoint_kind")
_HOUR: Final = 3_600_000_000
_DAY: Final = 86_400_000_000
_COUNTED: Final = (
    "n_touchpoints", "n_activities", "n_channels", "n_actors", "n_teams", "n_departments", "channel_switches",
    "handoffs",
)  # fmt: skip


class LogInPlace(ABC):
    """What the back ends that are asked in SQL have in common: the questions, and the spelling of their answers.

    A back end says how a question is put to it and what its keys stand for; answers are those of `mining._engine` on
    codes, column by column.

    Attributes
    ----------
    has_parts : bool
        Whether a silence cuts cases into journeys, so that journey ids end in ``/1``, ``/2`` ...
    """

    has_parts: bool
    steps_question: str = questions.STEPS
    ranked_steps_question: Final = questions.STEPS

    @abstractmethod
    def ask(self, question: str) -> pd.DataFrame:
        """Put a question to the engine; its answer is small enough to come here."""

    @abstractmethod
    def spelled_cases(self, keys: pd.Series[Any]) -> pd.Series[str]:
        """Spell case keys out as the ids of the cases."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what was linked and of every connection that was opened for it."""

    @cached_property
    def activities(self) -> npt.NDArray[np.object_]:
        """Activities in use, sorted: an activity's code is its place here."""
        return self.ask(questions.ACTIVITIES)["activity"].to_numpy(object)

    @cached_property
    def aside(self) -> dict[str, int]:
        """Count the rows of the source, and those in no journey by the first thing they lack."""
        counts = self.ask(questions.ASIDE).iloc[0]
        return {name: int(counts[name]) for name in ("n_rows", "no_case", "no_time", "no_activity")}

    @cached_property
    def size(self) -> tuple[int, int]:
        """How many touchpoints in how many journeys."""
        counts = self.ask(questions.SIZE).iloc[0]
        return int(counts["n_touchpoints"]), int(counts["n_journeys"])

    def follows(self) -> pd.DataFrame:
        """Count direct successions alone: the frame of `mining._engine.follows`; nothing needs to be linked for it."""
        found = self.ask(questions.FOLLOWS)
        return pd.DataFrame(
            {
                "activity": self._spelled(found["activity_code"]),
                "next_activity": self._spelled(found["next_code"]),
                "n_steps": found["n_steps"].astype("int64"),
            }
        )

    def steps(self) -> pd.DataFrame:
        """Measure steps: the frame of `mining._engine.steps`."""
        found = self.ask(self.steps_question)
        return pd.DataFrame(
            {
                "activity": self._spelled(found["activity_code"]),
                "next_activity": self._spelled(found["next_code"]),
                "n_steps": found["n_steps"].astype("int64"),
                "n_journeys": found["n_journeys"].astype("int64"),
                "wait_mean_hours": found["mean_us"].astype(float) / _HOUR,
                "wait_median_hours": found["median_us"].astype(float) / _HOUR,
                "wait_p90_hours": found["most_us"].astype(float) / _HOUR,
            }
        )

    def ends(self) -> pd.DataFrame:
        """Count activities, starts and ends: the frame of `mining._engine.ends`."""
        found = self.ask(questions.ENDS)
        counts = found[["n_touchpoints", "n_journeys", "n_starts", "n_ends"]].astype("int64")
        return pd.DataFrame({"activity": self._spelled(found["activity_code"])}).join(counts)

    def variants(self) -> pd.DataFrame:
        """Count variants: the frame of `mining._engine.variants`."""
        found = self.ask(questions.VARIANTS)
        words = self.activities
        paths = [tuple(words[np.asarray(path, np.int64)]) for path in found["path"]]
        return pd.DataFrame(
            {"variant": pd.Series(paths, dtype=object), "n_journeys": found["n_journeys"].astype("int64")}
        )

    def open_ends(self) -> pd.Series[int]:
        """Count the journeys that may still be running, as `Journeys.unfinished` marks them, by their last activity."""
        found = self.ask(questions.OPEN_ENDS)
        counts: pd.Series[int] = found["n_unfinished"].astype("int64").set_axis(self._spelled(found["last_code"]))
        return counts

    def durations(self) -> pd.DataFrame:
        """Tell when journeys started and ended: columns started, ended, duration_days of `mining._engine.portraits`."""
        found = self.ask(questions.DURATIONS)
        return _times(found).set_axis(self._journey_ids(found), axis="index")

    def portraits(self) -> pd.DataFrame:
        """Describe journeys: the frame of `mining._engine.portraits`."""
        found = self.ask(questions.PORTRAITS)
        described = pd.concat(
            [
                found[["customer"]].astype("str"),
                found[list(_COUNTED)].astype("int64"),
                _times(found),
                pd.DataFrame(
                    {
                        "first_activity": self._spelled(found["first_code"]),
                        "last_activity": self._spelled(found["last_code"]),
                        "first_channel": found["first_channel"],
                        "last_channel": found["last_channel"],
                    }
                ).astype("str"),
            ],
            axis="columns",
        )
        return described.set_axis(self._journey_ids(found), axis="index")

    def _spelled(self, codes: pd.Series[Any]) -> pd.Series[str]:
        return pd.Series(self.activities[codes.to_numpy(np.int64)], dtype="str")

    def _journey_ids(self, found: pd.DataFrame) -> pd.Index[str]:
        ids = self.spelled_cases(found["case_key"]).astype("str")
        if self.has_parts:
            ids = ids + "/" + found["part"].astype("int64").astype("str")
        index: pd.Index[str] = pd.Index(ids.to_numpy(object), name="journey_id")
        return index


def _times(found: pd.DataFrame) -> pd.DataFrame:
    started, ended = (found[name].to_numpy(np.int64) for name in ("started", "ended"))
    return pd.DataFrame(
        {
            "started": pd.to_datetime(started, unit="us", utc=True).as_unit("us"),
            "ended": pd.to_datetime(ended, unit="us", utc=True).as_unit("us"),
            "duration_days": (ended - started) / _DAY,
        }
    )
