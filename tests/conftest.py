"""What every test stands on: no network, no window, no progress bars, and the real logs where there are any."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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


# Python and Spark's JVM talk over the loopback: let through while a test holds a session, and later only to the port
# where the JVM is told what Python has forgotten.
_LOOPBACK = ("127.0.0.1", "localhost")
_spark_talks = {"freely": False, "to": -1}


class NetworkError(BaseException):
    """A test tried to reach the network; no ``except Exception`` of the code under test may hide it."""


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _CALLS and event not in _LOOKUPS:
        return
    target = arguments[1] if event in _CALLS else arguments[0]
    is_local_file = event in _CALLS and not isinstance(target, tuple)  # a Unix socket's address is a path
    # Windows has no socket pairs, so event loops make theirs over the loopback.
    is_own_pair = sys.platform == "win32" and event in _CALLS and isinstance(target, tuple) and target[0] == "127.0.0.1"
    if not is_local_file and not is_own_pair and not _is_spark(event, arguments):
        message = f"Tests never reach the network, and this one asked for {event} {target!r}."
        raise NetworkError(message)


def _is_spark(event: str, arguments: tuple[object, ...]) -> bool:
    target = arguments[1] if event in _CALLS else arguments[:2]
    if event not in ("socket.connect", "socket.bind", "socket.getaddrinfo") or not isinstance(target, tuple):
        return False
    return target[0] in _LOOPBACK and (_spark_talks["freely"] or target[1] == _spark_talks["to"])


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


def _spark_is_there() -> str:
    """Say what Spark lacks on this machine; find pyspark beside the environment, where `run.py` puts it."""
    java = shutil.which("java")
    if java is None:
        return "Spark needs Java 17, and there is no java on the PATH"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < 17:
        return f"Spark needs Java 17, and java is {version[0] if version else 'silent about its version'}"
    import pandera.pandas  # noqa: F401  # would import all of pyspark, with its warnings, once that can be found

    sys.path.append(str(Path(sys.prefix) / "spark"))
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return "pyspark is not installed: `python run.py test` does that where there is Java"
    return ""


@pytest.fixture(scope="session")
def _spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    lacking = _spark_is_there()
    if lacking:
        pytest.skip(lacking)
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.memory": "768m",
        "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "Asia/Jerusalem", "spark.sql.adaptive.enabled": "false",
        # Compiling a question takes longer than asking it of thirty rows.
        "spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.codegen.wholeStage": "false",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),  # or it would lie where the tests are run
    }  # fmt: skip
    _spark_talks["freely"] = True
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    _spark_talks["to"] = session.sparkContext._gateway.gateway_parameters.port
    yield session
    _spark_talks["freely"] = True
    session.stop()


@pytest.fixture
def spark(_spark_session: Any) -> Iterator[Any]:
    """Give a session of Spark on this machine; skip where there is no Java 17 or no pyspark."""
    _spark_talks["freely"] = True
    yield _spark_session
    _spark_talks["freely"] = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the benchmarks out unless they are asked for by their mark."""
    if "bench" in config.option.markexpr:
        return
    benches = [item for item in items if item.get_closest_marker("bench")]
    if benches:
        config.hook.pytest_deselected(items=benches)
        items[:] = [item for item in items if item not in set(benches)]
