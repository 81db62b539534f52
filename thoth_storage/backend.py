"""The contract: a flat map from key to bytes below one URL.

Everything above (snapshots, the write log, the live store) is built on these seven verbs and nothing else, so
a new service is one small class. The verbs are stated as obligations; ``thoth_storage.testing.BackendSuite``
checks each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

__all__ = ["Backend", "Capabilities", "ObjectInfo"]


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing tells of one object.

    ``size`` is in bytes. ``mtime`` is when the *service* stored the object, by its own clock, in UTC (ages are
    reckoned from it, so the local clock must not come in); None where a service does not tell.
    """

    key: str
    size: int
    mtime: datetime | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend claims beyond the plain verbs. The defaults claim nothing, so that silence is honest.

    ``atomic_create``: of N concurrent callers of ``create`` exactly one wins, across threads, processes and
    machines. The write log stands on this claim; the conformance suite races it.

    ``process_local``: other processes do not see what is stored here (a dict in memory, say).
    """

    atomic_create: bool = False
    process_local: bool = False


@runtime_checkable
class Backend(Protocol):
    """A flat map from key to bytes below one URL.

    Safe to share between threads, to use after a fork, and to pickle into another process. Nothing is
    cached: each call tells what is stored now. Every failure is a ``StorageError``. Keys obey
    ``thoth_storage.keys.check_key``, and no key may be a folder of another (``a`` beside ``a/b``): file systems
    cannot hold both.
    """

    @property
    def url(self) -> str:
        """Where this is, fit to be shown: without secrets."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this backend claims; data, known without a request."""
        ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes ``[start, end)`` of an object, with the clipping of a slice: past the end there is nothing.

        Raises NotFoundError when there is no such object, whatever the range.
        """
        ...

    def put(self, key: str, data: bytes) -> None:
        """Store an object, replacing an older one. A reader sees the old object or the new one, never a part.

        When this returns, the object is as durable as the service makes anything. Safe to repeat.
        """
        ...

    def create(self, key: str, data: bytes) -> None:
        """Store an object that must not exist yet; AlreadyExistsError if it does, and it is left as it is.

        Of N concurrent callers one wins, if ``capabilities.atomic_create``. A create that stored its object
        reports success, even if the service's first reply was lost.
        """
        ...

    def head(self, key: str) -> ObjectInfo:
        """Size and time of one object. Raises NotFoundError."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """All objects whose key starts with ``prefix`` (any string, not only a folder), in key order.

        An object stored before the call began is listed. A missing bucket is a NotFoundError, not an empty
        listing; an empty or fresh prefix of an existing one is empty.
        """
        ...

    def delete(self, *keys: str) -> None:
        """Remove objects, in batches where the service can. Removing what is not there is no error."""
        ...

    def close(self) -> None:
        """Give back connections. Repeating it is harmless, and a later call of another verb reconnects."""
        ...
