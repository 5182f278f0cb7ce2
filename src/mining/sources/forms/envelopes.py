"""Take the records out of the envelopes that interfaces wrap them in: pages, counts, side-loaded lists."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["opened_envelope"]

# Keys that hold the records whatever these are; the first that is there counts.
_GENERIC: Final = (
    *("results", "data", "value", "items", "records", "rows", "entries", "elements", "objects", "resources", "docs"),
    *("hits", "result", "response", "body", "d"),
)
_PAGING: Final = frozenset(
    {
        *("next", "next_page", "nextpage", "nextpagetoken", "nextrecordsurl", "next_cursor", "after_cursor"),
        *("cursor", "previous", "previous_page", "prev", "before_cursor", "paging", "pagination", "pages"),
        *("page", "per_page", "page_size", "pagesize", "has_more", "hasmore", "more", "offset", "limit"),
        *("start", "end_of_stream", "done", "links", "_links", "meta", "metadata", "info", "@odata.context"),
        *("@odata.nextlink", "additional_data"),
    }
)
_BESIDE: Final = frozenset(
    {
        *("count", "total", "total_count", "totalcount", "totalsize", "total_results", "size", "@odata.count"),
        *("took", "timed_out", "end_time", "start_time", "success", "status", "ok", "error", "errors"),
        *("message", "code", "url", "self", "kind", "etag", "version", "exported_at", "generated_at"),
        *("related_objects", "schema", "nextlink"),
    }
)
_IDENTITY: Final = frozenset({"id", "_id", "uuid", "guid", "key", "number", "sys_id"})


def opened_envelope(document: object, *, is_one_of_many: bool = False) -> dict[str, list[Any]] | None:
    """Take the lists of records out of an envelope.

    Parameters
    ----------
    document : object
        What JSON says.
    is_one_of_many : bool
        Whether it stands among others of its kind, where it is a record unless it speaks of further pages.

    Returns
    -------
    dict of list, optional
        The records under an empty name where there is one list, further lists under their keys. None for a record.

    Examples
    --------
    >>> opened_envelope({"results": [{"id": "1"}], "paging": {"next": {}}})
    {'': [{'id': '1'}]}
    >>> opened_envelope({"id": "1", "comments": [{"id": "2"}]}) is None
    True
    """
    if not isinstance(document, dict) or any(key.lower() in _IDENTITY for key in document):
        return None
    lists = {key: value for key, value in document.items() if _is_records(value)}
    scalars = {key for key, value in document.items() if not isinstance(value, (dict, list)) and not _says_list(value)}
    says_more = {key for key in scalars if key.lower() not in _PAGING | _BESIDE}
    if is_one_of_many and (says_more or not any(key.lower() in _PAGING for key in document)):
        return None
    main = next((key for key in _GENERIC if key in lists), None)
    if main is not None:
        return {"": lists.pop(main), **lists}
    if says_more:
        return None
    if lists:
        return {"": next(iter(lists.values()))} if len(lists) == 1 else lists
    within = (opened_envelope(document[key]) for key in _GENERIC if isinstance(document.get(key), dict))
    return next((inner for inner in within if inner is not None), None)


def _is_records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _says_list(value: object) -> bool:
    """Recognise ``"type": "conversation.list"``."""
    return isinstance(value, str) and (value == "list" or value.endswith(".list"))
