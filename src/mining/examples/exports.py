"""The exports of the fictional company, written to a folder, with the truth beside them."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from mining._errors import MiningError
from mining.examples.hubspot import hubspot_tables
from mining.examples.phone import save_calls
from mining.examples.plan import SMALL, World, happened
from mining.examples.planted import truth_of
from mining.examples.sheets import Dirt, save
from mining.examples.truth import Truth
from mining.examples.web import web_events
from mining.examples.zendesk import zendesk_tables

__all__ = ["write_exports"]

_FEWEST = 10


def write_exports(
    folder: Path | str,
    *,
    customers: int = 400,
    seed: int = 7,
    null: bool = False,
    ideal: bool = False,
    progress: bool = False,
) -> Truth:
    """Write the exports of the fictional company Acme, and the truth that was planted in them.

    The same arguments give the same bytes. Customers make one to three journeys between 2024-01-01 and 2026-06-30, more
    than 100 days apart and without a gap of 45 days inside; the last ones may be cut off by the end. The null twin has
    the same files, dirt and identities, but one behaviour, one journey per customer and nothing else to be found.

    Parameters
    ----------
    folder : path-like
        Where to write; made where it is missing. It gets the folders ``hubspot``, ``zendesk``, ``web`` and ``phone``;
        the truth goes beside it, as ``<folder>-truth.json``.
    customers : int
        How many customers the company has, 10 at least.
    seed : int
        Seed of everything that is drawn.
    null : bool
        Whether to write the twin without structure.
    ideal : bool
        Whether who is won depends on who it is: referred companies buy more often, those of up to twenty people less
        often, and nothing else of them matters.
    progress : bool
        Whether to show progress on standard error.

    Returns
    -------
    Truth
        What was planted, counted from what was generated.

    Raises
    ------
    MiningError
        If there are too few customers to plant anything.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as somewhere:
    ...     truth = write_exports(f"{somewhere}/acme", customers=50, seed=1)
    >>> len(truth.personas)
    50
    """
    if customers < _FEWEST:
        raise MiningError.refused(f"{customers} customers are too few:", f"ask for {_FEWEST} or more.")
    folder = Path(folder)
    world = happened(customers, seed, null=null, ideal=ideal)
    dirts = [
        _write_system(folder, world, place, name)
        for place, name in enumerate(tqdm(("hubspot", "zendesk", "web", "phone"), disable=not progress))
    ]
    truth = truth_of(world, dirts)
    if ideal:
        truth.about["ideal"] = {"lead_source": "Referral", "not company_size up to": SMALL}
    truth.save(folder.parent / f"{folder.name}-truth.json")
    return truth


def _write_system(folder: Path, world: World, place: int, name: str) -> Dirt:
    """Let one system write down what it saw."""
    dirt = Dirt(world.random(100 + place), name)
    if name == "phone":
        save_calls(folder / name / "calls.csv", world, dirt)
    elif name == "web":
        events, ragged = web_events(world, dirt)
        save(folder / name / "web_events.csv", events, last_lines=ragged)
    else:
        tables = hubspot_tables(world, dirt) if name == "hubspot" else zendesk_tables(world, dirt)
        for table, rows in tables.items():
            save(folder / name / f"{table}.csv", rows)
    return dirt
