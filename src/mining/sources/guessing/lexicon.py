"""The words that headers and values of exports use, and what they tell: data in ``lexicon.yml``, read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import NamedTuple, TypeVar

from mining._errors import nearest
from mining.sources.fold import fold
from mining.sources.mappings.strict_yaml import read_yaml

__all__ = ["Lexicon", "Meaning", "is_rtl", "lexicon", "split_words"]

_SECTIONS = ("clocks", "roles", "things", "heads")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_HEBREW_PREFIXES = "הבלשמו"
_GLUED = 6  # the shortest word that may be two written as one: `enddate`
_ALONE = 3  # words this short mean something only by themselves: `in`, `out`
Phrase = tuple[str, ...]
_Form = TypeVar("_Form", str, Phrase)


class Meaning(NamedTuple):
    """A run of words of a header that the lexicon knows."""

    section: str
    word: str
    start: int
    end: int


def split_words(header: str) -> list[str]:
    """Split a header or value into folded words: at blanks, signs, underscores and inner capitals.

    Examples
    --------
    >>> split_words("CustomerID"), split_words("case:start_date")
    (['customer', 'id'], ['case', 'start', 'date'])
    """
    return _folded_words(_CAMEL.sub(" ", header))


def _folded_words(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(fold(text))]


def is_rtl(header: str) -> bool:
    """Say whether a header is Hebrew or Persian, where what a value is stands first, not last."""
    return any("\u0590" <= letter <= "\u06ff" for letter in header)


def _stem(word: str) -> str:
    plural = len(word) > _ALONE and word.isascii() and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural else word


@dataclass(frozen=True)
class Lexicon:
    """Phrases of every section, split into words.

    Attributes
    ----------
    phrases : dict
        Phrase to the meanings it has, as (section, word).
    exact : dict
        Folded whole header to its role.
    values : dict
        Vocabulary to phrase to the word of ours.
    whole : dict
        Vocabulary to folded whole value to the word of ours.
    fillers, negations : frozenset of str
        Words that say nothing; words that turn the meaning round.
    """

    phrases: Mapping[Phrase, tuple[tuple[str, str], ...]]
    exact: Mapping[str, str]
    values: Mapping[str, Mapping[Phrase, str]]
    whole: Mapping[str, Mapping[str, str]]
    fillers: frozenset[str]
    negations: frozenset[str]

    def words(self, header: str) -> list[str]:
        """Split a header into the words the lexicon knows, where it knows them in another form."""
        return [part for word in split_words(header) for part in _spelt(word, self._known)]

    @cached_property
    def _known(self) -> set[str]:
        return {word for phrase in self.phrases for word in phrase} | self.fillers

    def meanings(self, header: str) -> tuple[list[str], list[Meaning]]:
        """List the words of a header and what they mean; a run of words may have meanings in several sections."""
        words = self.words(header)
        found = [meaning for section in _SECTIONS for meaning in self._runs(words, section)]
        return words, sorted(found, key=lambda meaning: (meaning.start, meaning.end))

    def _runs(self, words: Sequence[str], section: str) -> Iterator[Meaning]:
        """Yield the longest runs of one section, from the left."""
        place = 0
        while place < len(words):
            for size in range(min(4, len(words) - place), 0, -1):
                named = dict(self.phrases.get(tuple(words[place : place + size]), ()))
                if section in named:
                    yield Meaning(section, named[section], place, place + size)
                    place += size - 1
                    break
            place += 1

    def means(self, word: str, vocabulary: str) -> str | None:
        """Say which word of ours a value means, or None; a negated value means nothing we know by its words alone.

        Examples
        --------
        >>> lexicon().means("Inbound Call", "channel"), lexicon().means("Inbound Call", "direction")
        ('phone', 'inbound')
        """
        whole = self.whole[vocabulary].get(fold(word))
        if whole is not None:
            return whole
        words = _folded_words(word)  # `iPhone` is no phone
        known = self.values[vocabulary]
        for size in range(min(4, len(words)), 0, -1):
            runs = [tuple(words[place : place + size]) for place in range(len(words) - size + 1)]
            found = {known[run] for run in runs if run in known and len("".join(run)) > _ALONE}
            if found:
                sure = len(found) == 1 and not (self.negations & set(words) and size < len(words))
                return found.pop() if sure else None
        return None

    def nearest(self, word: str, vocabulary: str) -> str:
        """Suggest the word of ours whose phrases are spelt most like a value, or nothing."""
        hint = nearest(word, self.whole[vocabulary])
        if not hint:
            return ""
        return self.whole[vocabulary].get(fold(hint.partition("'")[2].rpartition("'")[0]), "")


def _spelt(word: str, known: set[str]) -> list[str]:
    """Find the known form of a word: without a Hebrew article or a Persian ezafe, or as two words glued together."""
    if word in known:
        return [word]
    if word[:1] in _HEBREW_PREFIXES and word[1:] in known:
        return [word[1:]]
    if word.endswith("ی") and word[:-1] in known:
        return [word[:-1]]
    for place in range(2, len(word) - 1) if word.isascii() and len(word) >= _GLUED else ():
        if word[:place] in known and word[place:] in known and len(word[place:]) > 1:
            return [word[:place], word[place:]]
    return [word]


@cache
def lexicon() -> Lexicon:
    """Read the lexicon of the package."""
    text = (resources.files("mining.sources.guessing") / "lexicon.yml").read_text("utf-8")
    node = read_yaml(text, "lexicon.yml")
    phrases: dict[Phrase, list[tuple[str, str]]] = {}
    for section in _SECTIONS:
        for word, spellings in node[section].items():
            for spelling in spellings:
                phrases.setdefault(tuple(split_words(spelling)), []).append((section, word))
    values = {name: _turned(words, lambda text: tuple(_folded_words(text))) for name, words in node["values"].items()}
    whole = {name: _turned(words, fold) for name, words in node["values"].items()}
    return Lexicon(
        {phrase: tuple(found) for phrase, found in phrases.items()},
        {fold(spelling): role for role, spellings in node["exact"].items() for spelling in spellings},
        values,
        whole,
        frozenset(node["fillers"]),
        frozenset(node["negations"]),
    )


def _turned(words: Mapping[str, Sequence[str]], form: Callable[[str], _Form]) -> dict[_Form, str]:
    return {form(spelling): word for word, spellings in words.items() for spelling in spellings}
