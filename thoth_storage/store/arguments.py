"""What callers pass, checked before anything is stored: of a call that fails on its thousandth document nothing stays.

Chroma checks too, but a slice at a time, and takes some slips for something else: a string for a list of its letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from chromadb.api.types import validate_metadata

from thoth_storage.errors import InvalidArgumentError

__all__ = ["as_filter", "as_ids", "as_metadatas", "as_texts", "as_vectors", "check_count"]


def as_texts(documents: Sequence[str]) -> list[str]:
    """A list of texts that can be stored as UTF-8."""
    texts = _as_list("documents", documents)
    for number, text in enumerate(texts):
        _check_text(f"document {number}", text)
    return texts


def as_ids(ids: Sequence[str]) -> list[str]:
    """A list of ids, none of them empty."""
    found = _as_list("ids", ids)
    for number, each in enumerate(found):
        _check_text(f"id {number}", each)
        if not each:
            raise InvalidArgumentError(f"id {number} is empty")
    return found


def as_metadatas(metadatas: Sequence[Mapping[str, Any] | None]) -> list[dict[str, Any] | None]:
    """Dictionaries of values that Chroma stores; None for an empty one, which Chroma would refuse."""
    found = []
    for number, metadata in enumerate(_as_list("metadatas", metadatas)):
        if metadata is not None and not isinstance(metadata, Mapping):
            raise InvalidArgumentError(f"metadata {number} is {type(metadata).__name__}, a mapping is expected")
        found.append(dict(metadata) if metadata else None)
        try:
            validate_metadata(found[-1])  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(f"metadata {number} cannot be stored: {error}") from error
    return found


def as_vectors(vectors: Any) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Vectors of one dimension, all their values finite: a search for NaN finds everything at a distance of NaN."""
    try:
        with np.errstate(over="ignore"):  # what overflows is infinite, and told below
            found = [np.asarray(vector, dtype=np.float32) for vector in vectors]
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"these are no embeddings: {error}") from error
    for number, vector in enumerate(found):
        if vector.ndim != 1 or not vector.size:
            raise InvalidArgumentError(
                f"embedding {number} has the shape {vector.shape}, a list of numbers is expected"
            )
        if vector.size != found[0].size:
            raise InvalidArgumentError(f"embedding {number} has {vector.size} dimensions, embedding 0 {found[0].size}")
        if not np.isfinite(vector).all():
            raise InvalidArgumentError(f"embedding {number} has a value that is no finite number")
    return found


def as_filter(where: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A filter for Chroma, which refuses an empty one."""
    if where is not None and not isinstance(where, Mapping):
        raise InvalidArgumentError(f"a filter is a mapping such as {{'file_path': 'a.md'}}, not {type(where).__name__}")
    return dict(where) if where else None


def check_count(count: int, **lists: Sequence[Any] | None) -> None:
    """Every list that was given has an entry for each of ``count`` documents."""
    for name, values in lists.items():
        if values is not None and len(values) != count:
            raise InvalidArgumentError(f"there are {count} documents but {len(values)} {name}")


def _as_list(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Mapping):
        raise InvalidArgumentError(f"{name} are a list, not one {type(values).__name__}", hint=f"pass [{name[:-1]}]")
    try:
        return list(values)
    except TypeError as error:
        raise InvalidArgumentError(f"{name} are a list, not {type(values).__name__}") from error


def _check_text(what: str, text: Any) -> None:
    if not isinstance(text, str):
        raise InvalidArgumentError(f"{what} is {type(text).__name__}, a string is expected")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"{what} has half a surrogate pair, which is no text: {error}") from error
