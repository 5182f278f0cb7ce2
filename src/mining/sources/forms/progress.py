"""Say how far the reading of a big file has come, to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["tell", "watched"]

_watcher: ContextVar[Callable[[str, int, int], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Callable[[str, int, int], None]) -> Iterator[None]:
    """Tell a watcher of every file that is read inside: its name, the bytes parsed and the bytes there are.

    Examples
    --------
    >>> heard = []
    >>> with watched(lambda file, done, total: heard.append(done / total)):
    ...     tell("calls.csv", 50, 100)
    >>> heard
    [0.5]
    """
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def tell(file: str, done: int, total: int) -> None:
    """Tell the watcher, if there is one."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(file, done, total)
