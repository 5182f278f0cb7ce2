"""Pseudonyms: ids become keyed tokens, so that nobody without the key can tell whose touchpoints these are."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mining._errors import MiningError
from mining._fields import CASES
from mining._files import write_once
from mining.sources.relations import Relations

if TYPE_CHECKING:
    from mining.sources.people.glued import People

__all__ = ["Key", "Pseudonyms", "disguised", "load_key", "pseudonymise"]

# A campaign is the company's own doing and its name is what a reader needs; nobody hides behind it.
_KEPT: Final = frozenset({"campaign"})
_TOUCHPOINTS: Final = ("touchpoint_id", "twin")
_OWNERS: Final = tuple(kind for kind in CASES if kind not in _KEPT)
_LETTERS: Final = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype="S1")
_TEXT: Final = pa.large_string()
_BYTES: Final = 10
_NUMBERED: Final = re.compile(r"[a-z]+#\d+")  # given by order of appearance to a key that nobody owns
_MADE: Final = r"[^:]+:[a-z2-7]{16}|[a-z]+#\d+"
_VARIABLE: Final = "MINING_KEY"
_SHORTEST: Final = 16
_LENGTH: Final = 32


class Key(bytes):
    """A secret that shows itself nowhere."""

    def __repr__(self) -> str:
        return "Key(hidden)"

    __str__ = __repr__


def load_key(project: str | None = None) -> Key:
    """Load the secret that pseudonyms are made with; the first time, draw one and keep it on this machine.

    The environment variable ``MINING_KEY`` wins (64 hexadecimal digits, or a passphrase of at least 16 characters);
    else the file ``crm-journey-mining/key`` in the user's configuration folder, which nobody but the user may read.
    Whoever keeps the key gets the same pseudonyms again; whoever loses it can never link new ones to old ones.

    Parameters
    ----------
    project : str, optional
        Pseudonyms of different projects cannot be linked with one another.

    Returns
    -------
    Key
        32 bytes.

    Raises
    ------
    MiningError
        When the key is too short, damaged, can be read by others, or can be kept nowhere.
    """
    told = os.environ.get(_VARIABLE, "")
    secret = _of_text(told.strip()) if told.strip() else _of_file(_place())
    return Key(hashlib.blake2b((project or "").encode(), key=secret, digest_size=_LENGTH).digest())


def _of_text(told: str) -> bytes:
    if re.fullmatch(r"[0-9a-fA-F]{64}", told):
        return bytes.fromhex(told)
    if len(told) < _SHORTEST:
        raise MiningError.refused(
            f"The key in {_VARIABLE} has fewer than {_SHORTEST} characters:",
            "it could be guessed. Give 64 hexadecimal digits, or a longer passphrase.",
        )
    # Slow on purpose: a passphrase can be guessed by trying, random bytes cannot.
    return hashlib.scrypt(told.encode(), salt=b"crm-journey-mining pseudonyms", n=2**14, r=8, p=1, dklen=_LENGTH)


def _place() -> Path:
    if sys.platform == "win32":
        folder = os.environ.get("APPDATA", "")
    else:
        folder = os.environ.get("XDG_CONFIG_HOME", "")
    try:
        root = Path(folder) if Path(folder).is_absolute() else Path.home() / ".config"
    except RuntimeError as error:
        raise _homeless("a home folder that this user does not have") from error
    return root / "crm-journey-mining" / "key"


def _homeless(where: str) -> MiningError:
    return MiningError.refused(
        f"The key of the pseudonyms cannot be kept in {where}:",
        f"set {_VARIABLE} (64 hexadecimal digits, or a passphrase), or read with the ids as they are.",
    )


def _of_file(path: Path) -> bytes:
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Of several processes that come first, one wins, and all read what it wrote.
            write_once(path, secrets.token_hex(_LENGTH).encode() + b"\n")
        rights = stat.S_IMODE(path.stat().st_mode)
        if sys.platform != "win32" and rights & 0o077:
            raise MiningError.refused(
                f"The key '{path}' can be read by others on this machine (its rights are {rights:o}):",
                f"close it with `chmod 600 '{path}'`, and draw a new one by deleting it where others may have read it.",
            )
        told = path.read_bytes().strip()
    except OSError as error:
        raise _homeless(f"'{path.parent}' ({error.strerror})") from error
    if not re.fullmatch(rb"[0-9a-f]{64}", told):
        raise MiningError.refused(f"The key '{path}' is damaged:", "put its copy back, or delete it to draw a new one.")
    return bytes.fromhex(told.decode())


def pseudonymise(
    frame: pd.DataFrame, objects: Mapping[str, pd.DataFrame], key: bytes
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Put keyed tokens in the place of the ids of customers, deals, tickets, ..., of touchpoints and of who acted.

    Parameters
    ----------
    frame : DataFrame
        Canonical touchpoints.
    objects : dict of DataFrame
        Object type to attributes, indexed by object id.
    key : bytes
        The secret, see `load_key`.

    Returns
    -------
    frame : DataFrame
        With tokens in the columns of ids.
    objects : dict of DataFrame
        With tokens as index, and as `account` of a customer.
    """
    names = Pseudonyms(key)
    return names.frame(frame), names.objects(objects)


class Pseudonyms:
    """Keyed tokens in the place of ids.

    ``hubspot:1201`` becomes ``hubspot:`` and 16 letters: 80 bits of keyed BLAKE2b, so that among a million ids the odds
    of any two getting the same token are 4 in 10 to the 13th. The same id under the same key is the same token in every
    column, table and run; without the key tokens can be neither undone nor tried out. A touchpoint's id keeps its
    source, table and ``@2``, and gets 13 letters: 64 bits of keyed SipHash (3 in 10 to the 8th among a million), some
    times as fast where every id is distinct. Campaigns, teams, stages and activities keep their names, and what has a
    running number instead of an id (``phone#000123``) keeps it. No row changes its place.

    Parameters
    ----------
    key : bytes
        The secret, see `load_key`.

    References
    ----------
    Aumasson, J.-P. et al. (2013). BLAKE2: simpler, smaller, fast as MD5.
    Aumasson, J.-P., Bernstein, D. J. (2012). SipHash: a fast short-input PRF.

    Examples
    --------
    >>> names = Pseudonyms(bytes(32))
    >>> names.ids(pd.Series(["hubspot:1201", "phone#000123"], dtype="str")).tolist()
    ['hubspot:...', 'phone#000123']
    """

    def __init__(self, key: bytes) -> None:
        self._key = Key(key)
        self._known: dict[str, str] = {}

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rename the ids in canonical touchpoints."""
        columns = {name: self.ids(frame[name]) for name in _OWNERS if name in frame}
        columns |= {name: self.touchpoints(frame[name]) for name in _TOUCHPOINTS if name in frame}
        if "actor" in frame:
            # An actor bears no source: one who is called the same in two systems stays one.
            columns["actor"] = self._renamed(frame["actor"], "actor:")
        return frame.assign(**columns)

    def objects(self, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Rename the ids in tables of objects, by type."""
        return {kind: self._table(kind, table) for kind, table in tables.items()}

    def relations(self, relations: Relations) -> Relations:
        """Rename the ids in relations of touchpoints and objects."""
        further, objects = relations.further, relations.objects
        further = further.assign(
            touchpoint_id=self.touchpoints(further["touchpoint_id"]),
            object_id=self._typed(further["object_id"], further["object_type"]),
        )
        ends = {f"{end}_id": self._typed(objects[f"{end}_id"], objects[f"{end}_type"]) for end in ("source", "target")}
        return replace(relations, further=further, objects=objects.assign(**ends))

    def people(self, people: People) -> People:
        """Rename the ids in what was made of people: pairs to look at, and customers without the doubtful links."""
        ends = {end: self.ids(people.review[end]) for end in ("id", "other_id") if end in people.review}
        customers, apart = people.customers, people.apart
        if customers is not None:
            named = self.ids(pd.Series(customers, dtype="str"))
            customers = named.astype("object").where(named.notna(), None).to_numpy(dtype=object)
        if apart is not None:
            apart = self._table("customer", apart)
        alike = {end: self.ids(people.likeness[end]) for end in ("id", "other_id") if end in people.likeness}
        review, likeness = people.review.assign(**ends), people.likeness.assign(**alike)
        return replace(people, review=review, likeness=likeness, customers=customers, apart=apart)

    def ids(self, column: pd.Series[str]) -> pd.Series[str]:
        """Rename a column of object ids."""
        return self._renamed(column, "")

    def touchpoints(self, column: pd.Series[str]) -> pd.Series[str]:
        """Rename a column of touchpoint ids."""
        known = column.dropna()
        words = known.to_numpy(dtype=object, copy=True)
        turns = np.full(len(words), "", dtype=object)
        # Rows of one touchpoint with several customers share the token and keep their @2, @3.
        for place in np.flatnonzero(known.str.contains("@", regex=False)):
            own, at, turn = words[place].rpartition("@")
            if turn.isdecimal():
                words[place], turns[place] = own, at + turn
        # Source and table stand before the second colon.
        heads = [word[: word.find(":", word.find(":") + 1) + 1] for word in words]
        parts = [pa.array(heads, type=_TEXT), _letters_of(words, self._key), pa.array(turns, type=_TEXT)]
        made = pd.array(pc.binary_join_element_wise(*parts, pa.scalar("", _TEXT)), dtype="str")
        return pd.Series(made, index=known.index, name=column.name, dtype="str").reindex(column.index)

    def _table(self, kind: str, table: pd.DataFrame) -> pd.DataFrame:
        table = table.copy()
        if kind not in _KEPT:
            table.index = pd.Index(self.ids(table.index.to_series()), name=table.index.name)
        if "account" in table:
            table["account"] = self.ids(table["account"])
        return table

    def _typed(self, column: pd.Series[str], kinds: pd.Series[str]) -> pd.Series[str]:
        return self.ids(column).mask(kinds.isin(_KEPT), column)

    def _renamed(self, column: pd.Series[str], head: str) -> pd.Series[str]:
        codes, words = pd.factorize(column.astype("str"), use_na_sentinel=True)
        wanted = [f"{head}{word}" for word in words]
        fresh = [word for word in wanted if word not in self._known and not _NUMBERED.fullmatch(word)]
        self._known.update(zip(fresh, _tokens(fresh, self._key), strict=True))
        made = pa.array([self._known.get(word, word) for word in wanted], type=_TEXT)
        cells = pd.array(made.take(pa.array(codes, mask=codes < 0)), dtype="str")
        return pd.Series(cells, index=column.index, name=column.name)


def _tokens(words: Iterable[str], key: bytes) -> list[str]:
    """Make the token of each word: its source, and letters for the whole of it."""
    seeded = hashlib.blake2b(key=key, digest_size=_BYTES, person=b"object id")
    digests, heads = bytearray(), []
    for word in words:
        hashed = seeded.copy()
        hashed.update(word.encode())
        digests += hashed.digest()
        source, colon, _ = word.partition(":")
        heads.append(source if colon else "id")
    bits = np.unpackbits(np.frombuffer(bytes(digests), dtype=np.uint8)).reshape(-1, 5)
    fives = (bits @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)).reshape(len(heads), _BYTES * 8 // 5)
    return [f"{head}:{letters.decode()}" for head, letters in zip(heads, _spelled(fives), strict=True)]


def _letters_of(words: npt.NDArray[np.object_], key: bytes) -> Any:
    """Make 13 letters for the whole of each word, without a Python step per word."""
    secret = hashlib.blake2b(key=key, digest_size=12, person=b"touchpoint id").digest()
    hashed = pd.util.hash_array(words, hash_key=base64.b64encode(secret).decode(), categorize=False)
    fives = np.empty((len(words), 13), dtype=np.uint8)
    for place in range(13):
        fives[:, place] = (hashed >> np.uint64(5 * place)) & np.uint64(31)
    return pa.array(_spelled(fives)).cast(_TEXT)


def _spelled(fives: npt.NDArray[np.uint8]) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(_LETTERS[fives]).view(f"S{fives.shape[1]}").ravel()


def disguised(ids: pd.Series[str]) -> pd.Series[str]:
    """Name things in an output whose reader need not know whose they are: pseudonyms stay, other ids become some.

    Parameters
    ----------
    ids : Series of str
        Ids, in any order; missing ones stay missing.

    Returns
    -------
    Series of str
        As they are where all are pseudonyms already, so that they are found again; else keyed tokens, the same for the
        same id whenever the key is the same.
    """
    known = ids.dropna()
    if known.str.fullmatch(_MADE).all():
        return ids
    return Pseudonyms(load_key()).ids(ids)
