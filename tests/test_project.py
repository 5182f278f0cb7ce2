"""The files that set the project up say the same thing: what is needed, what is pinned, how it is run."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
NAMED = {"pm4py", "jupyterlab", "pandas", "seaborn", "scikit-learn", "nbval"}
COMMANDS = ("python run.py report", "python run.py test")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pinned(lines: str) -> list[Requirement]:
    """Return the pins of a lock, hashes and comments left away."""
    return [Requirement(line.rstrip(" \\")) for line in lines.splitlines() if line[:1].isalnum()]


PROJECT = tomllib.loads(text("pyproject.toml"))
ENVIRONMENT = yaml.safe_load(text("environment.yml"))
LOCK, CONSTRAINTS = text("requirements.lock"), text("constraints.txt")
SPARK_LOCK, BROWSER_LOCK = text("requirements-spark.lock"), text("requirements-browser.lock")


@pytest.fixture
def run(monkeypatch):
    """The set-up script as a module, forbidden to start anything."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "call", lambda *command, **_: pytest.fail(f"it started {command}"))
    return module


def wanted() -> list[Requirement]:
    named = {**PROJECT["project"]["optional-dependencies"], **PROJECT["dependency-groups"]}
    groups = [
        PROJECT["project"]["dependencies"],
        *(group for name, group in named.items() if name not in {"spark", "browser"}),
        PROJECT["build-system"]["requires"],
    ]
    return [Requirement(line) for group in groups for line in group]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda requirement: requirement.name)
def test_all_that_pyproject_asks_for_is_pinned_within_its_bounds(requirement):
    pins = [pin for pin in pinned(LOCK) if canonicalize_name(pin.name) == canonicalize_name(requirement.name)]
    assert pins
    assert all(str(next(iter(pin.specifier)).version) in requirement.specifier for pin in pins)


@pytest.mark.parametrize(
    ("lock", "least"), [(LOCK, 100), (SPARK_LOCK, 1), (BROWSER_LOCK, 0)], ids=["everybody", "spark", "browser"]
)
def test_the_locks_pin_every_version_with_its_hashes(lock, least):
    entries = re.findall(r"^\w[^#]*?(?=^ +#|^\w|\Z)", lock, flags=re.MULTILINE)
    assert len(entries) == len(pinned(lock)) > least
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert all([specifier.operator for specifier in pin.specifier] == ["=="] for pin in pinned(lock))


def test_spark_is_pinned_apart_and_nobody_else_installs_it():
    (wished,) = map(Requirement, PROJECT["project"]["optional-dependencies"]["spark"])
    assert PROJECT["dependency-groups"]["spark"] == PROJECT["project"]["optional-dependencies"]["spark"]
    pins = {canonicalize_name(pin.name): pin for pin in pinned(SPARK_LOCK)}
    assert str(next(iter(pins["pyspark"].specifier)).version) in wished.specifier
    assert not pins.keys() & {canonicalize_name(pin.name) for pin in pinned(LOCK)}


@pytest.mark.parametrize("python", ["3.11.7", "3.12.1", "3.13.0", "3.14.0"])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_lock_pins_one_version_for_every_python_and_platform(python, platform):
    machine = {"python_full_version": python, "python_version": python[:4], "sys_platform": platform}
    here = [canonicalize_name(pin.name) for pin in pinned(LOCK) if not pin.marker or pin.marker.evaluate(machine)]
    assert len(here) == len(set(here))
    assert {canonicalize_name(requirement.name) for requirement in wanted()} <= set(here)


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-spark.lock", "requirements-browser.lock", "constraints.txt"]
)
def test_pins_say_how_they_are_made_and_name_no_host(name):
    assert text(name).startswith("# Made by `python run.py lock`")
    assert "://" not in text(name)


def test_constraints_are_the_lock_without_its_hashes():
    assert "--hash" not in CONSTRAINTS
    assert [str(pin) for pin in pinned(CONSTRAINTS)] == [str(pin) for pin in pinned(LOCK)]


def test_conda_users_get_the_named_packages_at_the_pinned_versions():
    *from_conda, by_pip = ENVIRONMENT["dependencies"]
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert [re.split(r"[<>=]", line)[0] for line in from_conda] == ["python", "pip"]
    first, *packages, last = by_pip["pip"]
    assert (first, last) == ("-c constraints.txt", "-e .")
    assert set(packages) == NAMED
    assert {Requirement(line).name for line in PROJECT["project"]["dependencies"]} >= NAMED


def test_every_file_means_the_same_pythons(run):
    python = next(line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python>"))
    known = re.findall(r"Python :: (3\.\d+)", str(PROJECT["project"]["classifiers"]))
    named = [f"{major}.{minor}" for major, minor in (run.OLDEST, run.NEWEST)]
    supported = SpecifierSet(python.removeprefix("python"))
    assert [known[0], known[-1]] == named
    assert all(version in supported for version in known)
    assert f"3.{run.NEWEST[1] + 1}" not in supported
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + named[0].replace(".", "")
    assert f"{named[0]} to {named[1]}" in text("run.py")
    assert Marker(f"python_version >= '{named[0]}'").evaluate()


def test_the_licence_is_whole_and_the_same_everywhere():
    licence = text("LICENSE")
    assert licence.splitlines()[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert "END OF TERMS AND CONDITIONS" in licence
    assert PROJECT["project"]["license"] == "AGPL-3.0-or-later"


def test_the_readme_and_the_clean_clone_run_the_same_command():
    script = [line for line in text(".ci/run").splitlines() if line.strip()]
    assert script[0] == "#!/usr/bin/env bash"
    assert script[-1] == COMMANDS[1]
    assert os.access(ROOT / ".ci" / "run", os.X_OK) or sys.platform == "win32"
    lines = [line.strip().removeprefix("$ ") for line in text("README.md").splitlines()]
    assert [command for command in COMMANDS if command not in lines] == []


# --- run.py


def test_the_set_up_needs_python_alone():
    tree = ast.parse(text("run.py"), feature_version=(3, 6))  # an old Python must get as far as the friendly message
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    assert len(text("run.py").splitlines()) <= 210


def test_an_older_or_newer_python_is_told_what_to_do():
    start = "import sys; sys.version_info = {}; exec(compile(open('run.py').read(), 'run.py', 'exec'))"
    for version in ((3, 9, 1), (3, 99, 0)):
        command = [sys.executable, "-c", start.format(version)]
        old = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert old.returncode == 1
        assert f"needs Python 3.11 to 3.14, and this is Python 3.{version[1]}" in old.stderr
        assert "Traceback" not in old.stderr


def test_tasks_explain_themselves(run, capsys):
    assert run.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [task for task in run.TASKS if f"  {task} " not in shown] == []
    assert run.main([]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tset"], "Did you mean 'test'"),
        (["zzz"], "There is: report"),
        (["test", "tests/draw"], "takes nothing after it"),
    ],
)
def test_a_task_that_is_not_there_is_refused_with_the_nearest(run, capsys, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        run.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def place(run, folder: Path, monkeypatch) -> list[tuple[str, ...]]:
    """Put the script into a folder of its own and write down what it would run."""
    for name in ("requirements.lock", "requirements-spark.lock", "requirements-browser.lock", "pyproject.toml"):
        (folder / name).write_text(name, encoding="utf-8")
    paths = {"ROOT": folder, "LOCK": folder / "requirements.lock", "VENV": folder / ".venv"}
    paths |= {"SPARK_LOCK": folder / "requirements-spark.lock", "BROWSER_LOCK": folder / "requirements-browser.lock"}
    paths |= {"STAMP": folder / ".venv" / "made-from.txt", "PYTHON": Path(sys.executable)}
    for name, path in paths.items():
        monkeypatch.setattr(run, name, path)
    ran = []

    def call(*command: object, cwd: Path | None = None) -> int:
        ran.append(tuple(map(str, command)))
        if "venv" in command:
            run.VENV.mkdir()
        if "--target" in command:
            Path(command[-1]).mkdir(parents=True, exist_ok=True)
        return 0

    monkeypatch.setattr(run, "call", call)
    return ran


@pytest.mark.parametrize("uv", [None, "/somewhere/uv"])
def test_an_environment_is_made_once(run, tmp_path, monkeypatch, uv):
    ran = place(run, tmp_path, monkeypatch)
    monkeypatch.setattr(run.shutil, "which", lambda *_, **__: uv)
    run.set_up()
    made, locked, project = ran
    assert "venv" in made
    assert made[0] == "uv" if uv else made[1] == "-m"
    assert locked[-3:] == ("--require-hashes", "-r", str(run.LOCK))
    assert {"--no-deps", "--no-build-isolation", "-e"} <= set(project)
    run.set_up()
    assert len(ran) == 3


def test_a_half_made_or_outdated_environment_is_made_anew(run, tmp_path, monkeypatch):
    ran = place(run, tmp_path, monkeypatch)
    run.VENV.mkdir()
    (run.VENV / "left-over").touch()
    run.set_up()
    assert len(ran) == 3
    assert not (run.VENV / "left-over").exists()
    run.LOCK.write_text("another", encoding="utf-8")
    run.set_up()
    assert len(ran) == 6
    monkeypatch.setattr(run, "PYTHON", tmp_path / "gone")
    run.set_up()
    assert len(ran) == 9


def test_a_changed_pyproject_installs_the_project_alone(run, tmp_path, monkeypatch):
    ran = place(run, tmp_path, monkeypatch)
    run.set_up()
    (tmp_path / "pyproject.toml").write_text("another", encoding="utf-8")
    run.set_up()
    assert len(ran) == 4
    assert ran[-1][-2:] == ("-e", ".")


def test_a_failing_step_says_which_and_leaves_no_stamp(run, tmp_path, monkeypatch, capsys):
    place(run, tmp_path, monkeypatch)
    monkeypatch.setattr(run, "call", lambda *command, cwd=None: 7 if "--require-hashes" in command else 0)
    with pytest.raises(SystemExit) as stopped:
        run.set_up()
    assert stopped.value.code == 7
    assert "install requirements.lock" in capsys.readouterr().err
    assert not run.STAMP.exists()


def test_spark_is_installed_beside_the_environment_once_and_only_where_there_is_java(run, tmp_path, monkeypatch):
    ran = place(run, tmp_path, monkeypatch)
    monkeypatch.setattr(run, "steps", lambda commands: len(ran))
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: None)
    assert run.test() == 0
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: "/somewhere/java" if name == "java" else None)
    assert run.test() == 1
    assert {"--require-hashes", "--no-deps", str(run.SPARK_LOCK)} < set(ran[0])
    assert ran[0][-2:] == ("--target", str(run.VENV / "spark"))
    assert run.test() == 1
    run.SPARK_LOCK.write_text("another", encoding="utf-8")
    assert run.test() == 2


def test_axe_is_installed_beside_the_environment_only_where_there_is_a_browser(run, tmp_path, monkeypatch):
    ran = place(run, tmp_path, monkeypatch)
    monkeypatch.setattr(run, "steps", lambda commands: len(ran))
    monkeypatch.setattr(run.shutil, "which", lambda name, **_: "/usr/bin/chromium" if name == "chromium" else None)
    assert run.test() == 1
    assert ran[0][-2:] == ("--target", str(run.VENV / "browser"))
    assert {"--require-hashes", "--no-deps", str(run.BROWSER_LOCK)} < set(ran[0])
    assert run.test() == 1


def test_all_steps_run_and_the_first_bad_exit_code_comes_back(run, monkeypatch, capsys):
    monkeypatch.setattr(run, "call", lambda *command, cwd=None: {"one": 0, "two": 3, "three": 4}[command[0]])
    assert run.steps({"first": "one", "second": "two", "third": "three"}) == 3
    assert re.search(r"FAILED in \d+ s: second, third\.\n$", capsys.readouterr().out)
    assert run.steps({"first": "one"}) == 0
    assert re.search(r"All passed in \d+ s: first\.\n$", capsys.readouterr().out)


@pytest.mark.skipif(not os.environ.get("CI"), reason="installs everything from the package index: set CI=1")
def test_the_pip_section_of_the_conda_environment_installs_in_a_clean_environment(tmp_path):
    (section,) = [entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict)]
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    wanted = tmp_path / "conda.txt"
    wanted.write_text("\n".join(section).replace("constraints.txt", str(ROOT / "constraints.txt")), encoding="utf-8")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)]
    done = subprocess.run(install, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    program = "import mining, pm4py; print(mining.discover.__name__)"
    assert "discover" in subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True).stdout
