"""What every test stands on: no network, no window, no progress bars, and the real logs where there are any."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

os.environ["MPLBACKEND"] = "agg"
os.environ["PM4PY_SHOW_PROGRESS_BAR"] = "False"
os.environ["MINING_KEY"] = "ab" * 32  # or the tests would make a key in the user's home

# A busy machine is no fault of the code: examples are limited in number, not in time.
# A run in CI draws the same examples every time, so that a red run can be repeated; at home each run draws new ones.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

_CALLS = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"}
_LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request"}


class NetworkError(BaseException):
    """A test tried to reach the network; no ``except Exception`` of the code under test may hide it."""


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _CALLS and event not in _LOOKUPS:
        return
    target = arguments[1] if event in _CALLS else arguments[0]
    is_local_file = event in _CALLS and not isinstance(target, tuple)  # a Unix socket's address is a path
    # Windows has no socket pairs, so event loops make theirs over the loopback.
    is_own_pair = sys.platform == "win32" and event in _CALLS and isinstance(target, tuple) and target[0] == "127.0.0.1"
    if not is_local_file and not is_own_pair:
        message = f"Tests never reach the network, and this one asked for {event} {target!r}."
        raise NetworkError(message)


sys.addaudithook(_refuse_network)


@pytest.fixture(autouse=True)
def _ids_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare ids as the exports have them; what happens to them by default has tests of its own."""
    monkeypatch.setattr("mining.sources.read.DEFAULT", "keep")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Find a public event log by its folder's name; skip where this machine has none of them."""

    def folder(name: str) -> Path:
        place = os.environ.get("MINING_DATA")
        if not place:
            pytest.skip("needs the public event logs: MINING_DATA, the folder they lie in, is not set")
        found = Path(place) / name
        if not found.exists():
            pytest.fail(f"MINING_DATA is set, but there is no '{name}' in {place}", pytrace=False)
        return found

    return folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the benchmarks out unless they are asked for by their mark."""
    if "bench" in config.option.markexpr:
        return
    benches = [item for item in items if item.get_closest_marker("bench")]
    if benches:
        config.hook.pytest_deselected(items=benches)
        items[:] = [item for item in items if item not in set(benches)]
