"""Progress that people see and notebooks' stored outputs do not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

__all__ = ["follow", "is_watched"]

_Thing = TypeVar("_Thing")


def is_watched(progress: bool | None = None) -> bool:
    """Say whether somebody watches: as asked, else at a terminal and in a notebook that a person has open."""
    return progress if progress is not None else sys.stderr.isatty() or "JPY_SESSION_NAME" in os.environ


def follow(things: Iterable[_Thing], unit: str, total: int | None = None) -> Iterator[_Thing]:
    """Go through things and show how far it is, from two seconds on."""
    yield from tqdm(things, total=total, delay=2, disable=not is_watched(), leave=False, unit=f" {unit}")
