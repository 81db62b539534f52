"""Large calls in pieces: Chroma holds the GIL for all of a write, and fails reads and writes above what SQLite
takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

from chromadb.api.types import GetResult
from chromadb.errors import InternalError, NotFoundError

from thoth_storage.store.vectors import heads, readable

__all__ = ["check_slices", "get_all", "in_slices", "is_too_large", "weight"]

SLICE = 500
"""Rows in one call of Chroma: a quarter of a second in which no other thread runs, two thirds of one where 10,000 rows
are there. By slices 5,000 rows take Chroma 5 to 10 % longer."""
_PAGE = 5000
"""Rows or ids of one read, where a single one is too large: Chroma fails above 32,766 with metadata."""
_FEW = 10
"""Ids that Chroma is asked for together with a filter. It takes 25 ms for each where the filter finds 20,000 rows;
above that number a read waits for writers instead."""
_FILTERS = ("where", "where_document")
_CHOICE = ("ids", "limit", "offset", *_FILTERS)
_COLUMNS = ("ids", "embeddings", "metadatas", "documents", "uris")


def in_slices(call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """A write, in slices where it has many ids; gives what Chroma gives for all at once. A row that Chroma refuses is
    found before the first slice is written, so that a refused call has changed nothing."""
    ids = arguments.get("ids")
    if ids is None or len(ids) <= SLICE or arguments.get("limit") is not None:
        return call(**readable(arguments))
    check_slices(call, arguments)
    results = [call(**readable({**arguments, **part})) for part in _parts(arguments, SLICE)]
    if all(isinstance(each, dict) for each in results):
        return {"deleted": sum(each["deleted"] for each in results)}
    return results[-1]


def check_slices(call: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Raise what Chroma raises for a row of a large write, before any is written."""
    odd = _odd_row(arguments)
    if odd is not None:
        call(**{**arguments, **_rows(arguments, [0, odd])})  # the words of the refusal are Chroma's
    for part in _parts(arguments, SLICE):
        # Chroma looks at all rows before it looks for the collection.
        with suppress(NotFoundError):
            call(**heads({**arguments, **part, "collection_id": uuid4()}))


def _odd_row(arguments: dict[str, Any]) -> int | None:
    """A row that Chroma refuses only when it has the collection: one without an id, or of another dimension than the
    first."""
    for number, name in enumerate(arguments["ids"]):
        if name == "":
            return number
    vectors = arguments.get("embeddings")
    if vectors is not None:
        for number, vector in enumerate(vectors):
            if len(vector) != len(vectors[0]):
                return number
    return None


def weight(arguments: dict[str, Any]) -> tuple[int, int]:
    """The rows of a write, and roughly its bytes: those of its documents and vectors."""
    rows = len(arguments.get("ids") or ())
    vectors = arguments.get("embeddings")
    size = 4 * rows * len(vectors[0]) if rows and vectors is not None and len(vectors) else 0
    return rows, size + sum(len(text) for text in arguments.get("documents") or () if text)


def is_too_large(error: InternalError) -> bool:
    """Whether a read failed for its size alone."""
    return "too many SQL variables" in str(error)


def is_slow(arguments: dict[str, Any]) -> bool:
    """Whether Chroma would look through all that a filter finds once for each of the ids: seconds for a thousand."""
    filtered = any(arguments.get(name) is not None for name in _FILTERS)
    return filtered and len(arguments.get("ids") or ()) > _FEW


def get_all(get: Callable[..., GetResult], arguments: dict[str, Any]) -> GetResult:
    """A read of any number of rows, in Chroma's order: which rows those are, then what is asked of them, by pages. The
    caller keeps writers out, so that all of it is of one state."""
    plain = {name: value for name, value in arguments.items() if name not in _CHOICE}
    # A row that is not there: tells the columns, and whether Chroma takes the limit.
    whole = get(**{**arguments, **dict.fromkeys(_FILTERS), "ids": [""]})
    found = get(**{**arguments, "ids": None, "limit": None, "offset": None, "include": []})["ids"]
    if arguments.get("ids") is not None:
        wanted = frozenset(arguments["ids"])
        found = [each for each in found if each in wanted]
    skip, room = arguments.get("offset") or 0, arguments.get("limit")
    found = found[skip : None if room is None else skip + room]
    for start in range(0, len(found), _PAGE):
        page = get(**{**plain, "ids": found[start : start + _PAGE]})
        for column in _COLUMNS:
            values = page[column]  # type: ignore[literal-required]
            if values is not None:
                whole[column].extend(values)  # type: ignore[literal-required]
    return whole


def _rows(arguments: dict[str, Any], rows: list[int]) -> dict[str, Any]:
    """The columns of a call, those rows of them."""
    columns = {name: arguments[name] for name in _COLUMNS if arguments.get(name) is not None}
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def _parts(arguments: dict[str, Any], size: int) -> Iterator[dict[str, Any]]:
    """The columns of a call, so many rows at a time."""
    columns = {name: arguments[name] for name in _COLUMNS if arguments.get(name) is not None}
    for start in range(0, len(arguments["ids"]), size):
        yield {name: values[start : start + size] for name, values in columns.items()}
