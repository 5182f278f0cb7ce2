"""The files that come with the project, every one of them written by the generator."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mining.examples.exports import write_exports
from mining.examples.localised import write_variants
from mining.examples.truth import Truth

__all__ = ["write_bundled", "write_design"]

_CUSTOMERS = 360
_SEED = 7


def write_design(path: Path | str) -> Path:
    """Write the journey that Acme designed, as YAML.

    Parameters
    ----------
    path : path-like
        The file to write.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     write_design(f"{somewhere}/acme.yaml").read_text(encoding="utf-8").splitlines()[0]
    'name: The journey we designed'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((files("mining.examples") / "acme.yaml").read_bytes())
    return path


def write_bundled(data: Path | str) -> Truth:
    """Write everything the project bundles about Acme: exports, variants, truth and design.

    Parameters
    ----------
    data : path-like
        The project's data folder; ``exports`` and ``designs`` in it are written.

    Returns
    -------
    Truth
        What was planted in ``exports/acme``.
    """
    data = Path(data)
    truth = write_exports(data / "exports" / "acme", customers=_CUSTOMERS, seed=_SEED)
    write_variants(data / "exports", seed=_SEED)
    write_design(data / "designs" / "acme.yaml")
    return truth
