"""Vectors on their way into Chroma: whether they are numbers at all, and in the form that it reads fastest.

Chroma's bindings read a vector one number at a time. An array of NumPy makes an object of its own type for each, a list
has Python's own: half the time, 15 us a vector of 384 numbers, which is more than all else that is done around a query.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thoth_storage.errors import InvalidArgumentError

__all__ = ["Readable", "check_vectors", "heads", "readable"]

_FIELDS = ("embeddings", "query_embeddings")


class Readable(Sequence[Any]):
    """The same vectors, each a list when it is its turn: all of them as lists would take eight times their memory."""

    def __init__(self, vectors: Sequence[Any]) -> None:
        self._vectors = vectors

    def __len__(self) -> int:
        return len(self._vectors)

    def __getitem__(self, which: Any) -> Any:
        found = self._vectors[which]
        return Readable(found) if isinstance(which, slice) else _as_list(found)

    def __iter__(self) -> Iterator[Any]:
        return map(_as_list, self._vectors)


def readable(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call of Chroma's server object, with vectors as it reads them fastest."""
    for field in _FIELDS:
        vectors = arguments.get(field)
        if vectors is not None:
            return {**arguments, field: Readable(vectors)}
    return arguments


def heads(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same call with the first number of each array alone, to have the rest of a row looked at: reading the vectors
    is what takes longest of that, and all numbers of an array are of one type."""
    vectors = arguments.get("embeddings")
    if vectors is None:
        return arguments
    return {**arguments, "embeddings": [each[:1] if isinstance(each, np.ndarray) else each for each in vectors]}


def check_vectors(arguments: dict[str, Any]) -> None:
    """Refuse vectors with NaN or infinity, which Chroma stores: it then finds them at a distance of NaN, or finds
    nothing else any more. And matrices, which the log would store as one long row."""
    for field in _FIELDS:
        for number, vector in enumerate(arguments.get(field) or ()):
            if isinstance(vector, np.ndarray) and vector.ndim != 1:
                raise _refused(number, f"is an array of shape {vector.shape}, not a vector")
            if vector is not None and not _is_finite(vector):
                raise _refused(number, "has a value that is no finite number")


def _refused(number: int, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"embedding {number} {why}", hint="nothing of this call was stored")


def _is_finite(vector: Any) -> bool:
    """Whether all values are finite numbers. They are where the sum of their squares is; where that overflows, they are
    looked at one by one. The sum is one short loop, which counts after a search has emptied the processor's caches: the
    long way then takes 60 us of a query's 2,700, not the 3 that it takes again and again."""
    with np.errstate(over="ignore"):
        finite = math.isfinite(np.dot(vector, vector))
    return finite or bool(np.isfinite(vector).all())


def _as_list(vector: Any) -> Any:
    return vector.tolist() if isinstance(vector, np.ndarray) else vector
