"""Write a mapping as YAML that people edit: values quoted where they must be, evidence as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

__all__ = ["STATE", "Node", "Page", "flow", "sayable"]

_PLAIN = re.compile(r"[^\W_][\w ./()+-]*(?<! )")
_WIDE = 44  # where comments begin, at the least
Node = str | Mapping[str, "Node"] | list["Node"]
# What every touchpoint says that is the change of a record's state.
STATE: Node = {"touchpoint_kind": "state", "channel": "crm", "direction": "none"}


def flow(node: Node) -> str:
    """Write a node on one line.

    Examples
    --------
    >>> flow({"column": "Direction", "values": {"In: 1": "inbound"}})
    "{column: Direction, values: {'In: 1': inbound}}"
    """
    if isinstance(node, str):
        return _scalar(node)
    if isinstance(node, list):
        return f"[{', '.join(flow(item) for item in node)}]"
    return f"{{{', '.join(f'{_scalar(key)}: {flow(value)}' for key, value in node.items())}}}"


def _scalar(text: str) -> str:
    if not text.isprintable():
        return json.dumps(text)  # line ends, direction marks and the like are written by their number
    if _PLAIN.fullmatch(text):
        return text
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def sayable(word: str) -> bool:
    """Say whether a word of a small vocabulary may be shown: it is short and holds no address and no number to dial."""
    return "@" not in word and sum(letter.isdigit() for letter in word) < 6 and 0 < len(word) <= 60


class Page:
    """Lines of YAML, written from the top."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def put(self, depth: int, key: str, node: Node | None = None, comment: str = "", *, live: bool = True) -> None:
        """Write a key, with its value on the same line; one that is not live is a comment to uncomment."""
        text = f"{_scalar(key)}:" if node is None else f"{_scalar(key)}: {flow(node)}"
        self.item(depth, text, comment, live=live)

    def item(self, depth: int, text: str, comment: str = "", *, live: bool = True) -> None:
        """Write a line of YAML."""
        line = "  " * depth + ("" if live else "# ") + text
        self.lines.append(f"{line.ljust(_WIDE)}  # {_clean(comment)}" if comment else line)

    def say(self, depth: int, text: str) -> None:
        """Write a comment on a line of its own."""
        self.lines.append("  " * depth + f"# {_clean(text)}")

    def skip(self) -> None:
        """Leave a line empty."""
        self.lines.append("")

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines) + "\n"


def _clean(text: str) -> str:
    """Keep a comment on its line, whatever a header holds."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
