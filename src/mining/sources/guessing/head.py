"""Draft the top of a mapping: its name, and what the data does not say: zone, order of day and month, country."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mining.sources.catalogue import known_systems
from mining.sources.fold import fold
from mining.sources.forms.files import Folder
from mining.sources.guessing.columns import ENTITIES, ColumnGuess
from mining.sources.guessing.lexicon import is_rtl
from mining.sources.guessing.tables import READS, TableGuess
from mining.sources.guessing.wording import Page

__all__ = ["draft_head"]

_ZONES = {"": "Europe/Berlin", "hebrew": "Asia/Jerusalem", "persian": "Asia/Tehran"}
_REGIONS = {"": "US", "hebrew": "IL", "persian": "IR"}


def draft_head(folder: Folder, guesses: Sequence[TableGuess], known: Sequence[str], page: Page) -> None:
    """Write everything that stands above the objects."""
    reads = any(guess.kind in READS for guess in guesses)
    page.say(0, "A guess, to be edited: what a column means was told from its header, its content and its place.")
    page.say(0, "The number before each piece of evidence orders guesses, 0 to 1; it is no probability.")
    for system in known:
        page.say(0, f"The files look like {system}: prefer its mapping, sources=['{system}'] or --source {system}.")
    if not reads:
        page.say(0, "NO JOURNEY CAN BE MADE OF THIS: no table says when anything happened and to whom.")
        page.say(0, "What it still can be: objects with attributes, beside another export that has touchpoints.")
    page.put(0, "system", _system(folder, guesses))
    dates = [(guess, column) for guess in guesses for column in guess.columns if _is_used_date(guess, column)]
    _zone(dates, page)
    _order(dates, page)
    _region(guesses, page)
    _missing(guesses, page)
    files = {guess.name: re.sub(r"([*?[])", r"[\1]", guess.name) for guess in guesses if set(guess.name) & set("*?[")}
    if files:
        page.put(0, "files", dict(files))


def _system(folder: Folder, guesses: Sequence[TableGuess]) -> str:
    name = guesses[0].name if len(folder.files) == 1 else folder.name
    plain = re.sub(r"[^a-z0-9]+", "_", fold(name)).strip("_")
    # A name that is a system of the catalogue would be taken for it.
    return f"my_{plain}" if plain in known_systems() else plain or "mine"


def _is_used_date(guess: TableGuess, column: ColumnGuess) -> bool:
    return guess.kind in READS and column.facts.kind == "date" and column.role not in {"birth", "synced", "valid_to"}


def _zone(dates: Sequence[tuple[TableGuess, ColumnGuess]], page: Page) -> None:
    naive = [f"{guess.name}.{column.header}" for guess, column in dates if column.facts.naive]
    if naive:
        told = f"{len(naive)} date columns name no zone ({naive[0]}, ...), so UTC is assumed: say where the clock hung"
        page.put(0, "timezone", _home(dates, _ZONES), told, live=False)


def _home(columns: Iterable[tuple[TableGuess, ColumnGuess]], places: Mapping[str, str]) -> str:
    """Choose an example to uncomment by the letters of the headers."""
    letters = "".join(column.header for _, column in columns)
    script = "hebrew" if any("\u0590" <= letter <= "\u05ff" for letter in letters) else ""
    return places[script or ("persian" if is_rtl(letters) else "")]


def _order(dates: Sequence[tuple[TableGuess, ColumnGuess]], page: Page) -> None:
    """Ask for the order of day and month where nothing proves it; a mixed column is named."""
    open_ = [(guess, column) for guess, column in dates if column.facts.order == "open"]
    for guess, column in open_[:1]:
        first, second = re.split(r"[-/.]", column.facts.example)[:2]
        page.say(0, f"{guess.name}.{column.header} does not prove its order: {column.facts.example} is")
        page.put(0, "dayfirst", "true", f"day {int(first)} of month {int(second)}, or", live=False)
        page.put(
            0,
            "dayfirst",
            "false",
            f"day {int(second)} of month {int(first)}. Reading stops until one is said",
            live=False,
        )
    for guess, column in dates:
        if column.facts.order == "mixed":
            page.say(0, f"{guess.name}.{column.header} holds both orders of day and month: split the export")
    for order in ("day", "month"):
        proven = [f"{guess.name}.{column.header}" for guess, column in dates if column.facts.order == order]
        if proven:
            page.say(0, f"The {order} comes first in {', '.join(proven)}: proven by values above 12 in the same table.")


def _region(guesses: Sequence[TableGuess], page: Page) -> None:
    """Ask for the country of telephone numbers without a dialling code."""
    columns = [c for guess in guesses if guess.kind != "none" for c in guess.all("phone") if c.facts.kind == "phone"]
    bare = sum(not str(word).startswith(("+", "00")) for column in columns for word in column.facts.coded.words)
    if bare:
        home = _home(((guess, column) for guess in guesses for column in guess.columns), _REGIONS)
        told = f"{bare:,} telephone numbers have no dialling code and name nobody: say of which country they are"
        page.put(0, "region", home, told, live=False)


def _missing(guesses: Sequence[TableGuess], page: Page) -> None:
    """List the placeholders that were found; one that stands in a column of ids may be an id and is asked about."""
    counts: dict[str, int] = {}
    risky: set[str] = set()
    for guess in guesses:
        for column in guess.columns:
            for word, n in column.facts.placeholders.items():
                counts[word] = counts.get(word, 0) + n
                is_id = column.role in {*ENTITIES, "own"} and guess.kind != "none" and word.isalpha()
                risky |= {word} if is_id else set()
    order = sorted(counts, key=lambda word: (-counts[word], word))
    sure = [word for word in order if word not in risky]
    if sure:
        page.put(0, "missing", list(sure), ", ".join(f"{counts[word]:,}" for word in sure) + " cells")
    for word in (word for word in order if word in risky):
        page.put(0, "missing", [word], f"{counts[word]:,} cells, some in a column of ids: may be one", live=False)
