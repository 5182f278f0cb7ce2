"""Set this project up and run it with nothing but Python: python run.py report, python run.py test."""

import difflib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)
if not OLDEST <= sys.version_info[:2] <= NEWEST:
    sys.exit(
        "run.py needs Python 3.11 to 3.14, and this is Python {}.{} ({}).\n"
        "Install one from python.org or with `uv python install 3.13`, then start run.py with it, "
        "for example: python3.13 run.py report".format(*sys.version_info[:2], sys.executable)
    )
ROOT = Path(__file__).absolute().parent
LOCK, CONSTRAINTS = ROOT / "requirements.lock", ROOT / "constraints.txt"
SPARK_LOCK, BROWSER_LOCK = ROOT / "requirements-spark.lock", ROOT / "requirements-browser.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "made-from.txt"  # written last: an environment without it was never finished
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
CHECKS = {"lint": "python -m ruff check .", "format": "python -m ruff format --check .", "types": "python -m mypy"}
# The project's own pytest options are set aside: warnings inside Jupyter's machinery are not ours to mend.
NOTEBOOKS = (
    "python -m pytest -o addopts= -o filterwarnings=default --nbval --nbval-current-env"
    " --nbval-sanitize-with=notebooks/.nbval.cfg --nbval-cell-timeout=300 -n 2 --dist loadfile notebooks/"
)
# Times of execution would change in every commit, and `jupyter execute` cannot leave them out.
EXECUTE = "jupyter nbconvert --to notebook --inplace --execute --ExecutePreprocessor.record_timing=False"
COMPILE = "uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header"
COMPILED = {LOCK: "pyproject.toml --group dev --extra identity --extra papermill",
            SPARK_LOCK: "--group spark", BROWSER_LOCK: "--group browser --no-deps"}  # fmt: skip
NO_VENV = "On Debian and Ubuntu the package python3-venv may be missing; where uv is installed it is not needed."
OFFLINE = "Is the network there? Behind a company proxy set HTTPS_PROXY, and SSL_CERT_FILE (uv) or PIP_CERT (pip)."


def say(text):
    """Tell what is being done, at once and in order with what the children print."""
    print(f"run.py: {text}", flush=True)


def stop(text, code):
    """Say why it cannot go on, and end."""
    print(f"run.py: {text}", file=sys.stderr, flush=True)
    sys.exit(code)


def call(*command, cwd=None):
    """Run one command inside the environment, its output passed through; return its exit code."""
    foreign = {"PYTHONHOME", "PYTHONPATH", "MPLBACKEND", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"}
    env = {name: value for name, value in os.environ.items() if name not in foreign}
    env.update(VIRTUAL_ENV=str(VENV), PATH=os.pathsep.join([str(BIN), env.get("PATH", os.defpath)]))
    env.update(PM4PY_SHOW_PROGRESS_BAR="False", PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    env.setdefault("UV_SYSTEM_CERTS", "1")  # a company's proxy signs with the company's own certificate
    program = shutil.which(command[0], path=env["PATH"])
    if program is None:
        stop(f"There is no command '{command[0]}' in the environment or on the PATH.", 127)
    interrupted = False
    with subprocess.Popen([program, *map(str, command[1:])], cwd=cwd, env=env) as child:
        while child.returncode is None:
            try:
                child.wait()
            except KeyboardInterrupt:  # the child was told too and ends by itself (JupyterLab asks first)
                interrupted = True
    if interrupted:
        stop("Stopped before the end. The same command goes on from there.", 130)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def must(step, *command, hint=""):
    """Run one step of the set-up; where it fails, say which and how to go on."""
    code = call(*command, cwd=ROOT)
    if code:
        stop(f"Could not {step} (exit code {code}). {hint}\nNothing needs tidying up: repeat the same command.", code)


def keys():
    """Return two digests: of what the environment is made from, and of what installs the project into it."""
    place = f"{sys.implementation.cache_tag} {sys.platform} {ROOT}"  # scripts of a moved environment are broken
    contents = (LOCK.read_bytes() + place.encode(), (ROOT / "pyproject.toml").read_bytes())
    return [hashlib.sha256(content).hexdigest() for content in contents]


def made_from():
    """Return the digests the environment was made from: none where it is missing, broken or half made."""
    try:
        subprocess.run([PYTHON, "-c", ""], check=True, capture_output=True)
        return STAMP.read_text(encoding="utf-8").split()
    except (OSError, subprocess.CalledProcessError):
        return []


def remove_environment():
    """Remove what there is of an earlier environment, its stamp first."""
    try:
        STAMP.unlink(missing_ok=True)
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            say("The environment in .venv is unfinished or out of date: making it anew.")
            shutil.rmtree(VENV)
    except OSError as error:
        stop(f"Could not remove the old .venv: {error}\nClose what still uses it (JupyterLab, an editor), repeat.", 1)


def set_up():
    """Make .venv from the lock and install the project into it, unless that has been done."""
    wanted, made, uv = keys(), made_from(), shutil.which("uv")
    pip = ["uv", "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install"]
    if made[:1] != wanted[:1]:
        remove_environment()
        base = getattr(sys, "_base_executable", None) or sys.executable
        say(f"Making .venv with {'uv' if uv else 'venv and pip'} and {base}: once, a few minutes.")
        must("make .venv", *(["uv", "venv", "--python", base] if uv else [base, "-m", "venv"]), VENV, hint=NO_VENV)
        say("Installing the versions pinned in requirements.lock, each checked against its hash.")
        must("install requirements.lock", *pip, "--require-hashes", "-r", LOCK, hint=OFFLINE)
    if made != wanted:
        say("Installing the project itself.")
        must("install the project", *pip, "-q", "--no-deps", "--no-build-isolation", "-e", ".")
        unfinished = STAMP.with_suffix(".part")
        unfinished.write_text("\n".join(wanted), encoding="utf-8")
        unfinished.replace(STAMP)


def steps(commands):
    """Run every step, even after one has failed; say in one line how it went; return the first bad exit code."""
    started, failed = time.monotonic(), {}
    for name, command in commands.items():
        say(f"{name}: {command}")
        code = call(*command.split(), cwd=ROOT)
        failed.update({name: code} if code else {})
    took = f"in {time.monotonic() - started:.0f} s"
    for name in failed:
        say(f"{name} failed. To repeat it alone: python run.py exec {commands[name]}")
    say(f"FAILED {took}: {', '.join(failed)}." if failed else f"All passed {took}: {', '.join(commands)}.")
    return next(iter(failed.values()), 0)


def beside(name, lock, *programs):
    """Install what only some machines can use, once; not in the environment, where others would import it."""
    place, digest = VENV / name, hashlib.sha256(lock.read_bytes()).hexdigest()
    found = next(filter(shutil.which, programs), None)
    if found and not (place / digest).is_file():
        say(f"There is {found}: installing {name} for its tests. Once, a minute or two.")
        pinned = ("-q", "--upgrade", "--no-deps", "--require-hashes", "-r", lock, "--target", place)
        must(f"install {lock.name}", PYTHON, "-m", "pip", "install", *pinned, hint=OFFLINE)
        (place / digest).touch()


def test():
    """Run everything that must pass, on Spark too where there is Java, and in a browser where there is Chromium."""
    beside("spark", SPARK_LOCK, "java")
    beside("browser", BROWSER_LOCK, "chromium", "chromium-browser", "google-chrome")
    return steps({**CHECKS, "tests": "python -m pytest -n 2", "notebooks": NOTEBOOKS})


def lock():
    """Pin every version anew after a change to pyproject.toml (needs uv)."""
    for file, wanted in COMPILED.items():
        no_hosts = ("--no-emit-index-url", "--no-emit-find-links")
        must("pin the versions", *COMPILE.split(), *no_hosts, *wanted.split(), "-o", file.name, hint=OFFLINE)
        title = "# Made by `python run.py lock`: every version, with its hashes, for Python 3.11 to 3.14.\n"
        file.write_text(title + file.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    # pip refuses an editable install once a constraint bears a hash, and environment.yml has one: hence another file.
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    pins = "".join(line.rstrip(" \\") + "\n" for line in lines if line[:1].isalnum())
    title = "# Made by `python run.py lock`: the pins of requirements.lock without hashes, for environment.yml.\n"
    CONSTRAINTS.write_text(title + pins, encoding="utf-8", newline="\n")
    return 0


TASKS = {
    "report": ("make the report of the bundled example, or of your own: report my.yml",
               lambda *names: call("python", "-m", "mining", "report", *(names or ["--example"]))),
    "test": ("everything that must pass: lint, types, tests, notebooks", test),
    "check": ("lint and types alone", lambda: steps(CHECKS)),
    "lab": ("open the notebooks in JupyterLab", lambda *rest: call("jupyter", "lab", *rest, cwd=ROOT / "notebooks")),
    "notebooks": ("run the notebooks again and store what they show: all, or those named",
                  lambda *names: call(*EXECUTE.split(), *(names or sorted((ROOT / "notebooks").glob("*.ipynb"))))),
    "bench": ("measure", lambda *rest: call("python", "-m", "pytest", "tests/benches", "-m", "bench", *rest, cwd=ROOT)),
    "exec": ("run any command inside the environment: exec mining --help", lambda *rest: call(*(rest or ["python"]))),
    "lock": ("pin every version anew after a change to pyproject.toml (needs uv)", lock),
}  # fmt: skip


def main(arguments):
    """Run the task named first, with the arguments after it."""
    name, *rest = arguments or ["help"]
    if name in ("help", "-h", "--help"):
        print("\n".join([__doc__, "", "Tasks:", *(f"  {task:10} {meaning}" for task, (meaning, _) in TASKS.items())]))
        return 0 if arguments else 2
    if name not in TASKS:
        close = difflib.get_close_matches(name, TASKS, n=1)
        meant = f" Did you mean '{close[0]}'?" if close else ""
        stop(f"There is no task '{name}'.{meant} There is: {', '.join(TASKS)}.", 2)
    if rest and name in ("test", "check", "lock"):
        stop(f"The task {name} takes nothing after it. For one tool alone: python run.py exec pytest ...", 2)
    if name != "lock":
        set_up()
    return TASKS[name][1](*rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
