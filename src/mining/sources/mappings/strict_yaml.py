"""Read YAML as plain text nodes: no guessed types, no duplicate keys, no aliases, no tags."""

from __future__ import annotations

from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mining._errors import MappingError

__all__ = ["read_yaml"]

_LIMIT = 1_000_000
_DEEPEST = 40


def read_yaml(text: str, name: str) -> Any:
    r"""Read one YAML document into dicts, lists and strings.

    ``No`` stays ``No`` and ``007`` stays ``007``: the schema casts, not the reader. Duplicate keys, anchors, aliases
    and tags are refused.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What to call it in an error.

    Returns
    -------
    dict, list or str

    Raises
    ------
    MappingError
        When the text is no YAML, too large or too deep, or uses what is refused.

    Examples
    --------
    >>> read_yaml("open: No\nid: 007", "mine.yml")
    {'open': 'No', 'id': '007'}
    """
    if len(text) > _LIMIT:
        raise MappingError.refused(f"'{name}' has {len(text):,} characters;", "a mapping has at most 1,000,000.")
    try:
        _refuse_sharing(text, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise MappingError.refused(f"'{name}' is no YAML:", " ".join(str(error).split())) from error
    except RecursionError as error:
        raise MappingError.refused(f"'{name}' is nested too deeply.", "Flatten it.") from error
    return None if node is None else _plain(node, name, 0)


def _refuse_sharing(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise MappingError.refused(f"'{name}' is nested too deeply.", "Flatten it.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise MappingError.refused(f"'{name}' line {line} uses an anchor, alias or tag.", "Write the value out.")


def _plain(node: Node, name: str, depth: int) -> Any:
    if isinstance(node, ScalarNode):
        return str(node.value)
    if isinstance(node, SequenceNode):
        return [_plain(item, name, depth + 1) for item in node.value]
    assert isinstance(node, MappingNode)  # noqa: S101  YAML has three kinds of node
    plain: dict[str, Any] = {}
    for key, value in node.value:
        word = _plain(key, name, depth + 1)
        if not isinstance(word, str) or word in plain:
            line = key.start_mark.line + 1
            raise MappingError.refused(f"'{name}' line {line} has the key '{word}' twice.", "Keep one of them.")
        plain[word] = _plain(value, name, depth + 1)
    return plain
