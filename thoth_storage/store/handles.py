"""Collection objects that outlive the state they were made from.

A Collection knows its collection by a random id. Where a restore, a refresh or a reset puts another state in place, the
collection of that name may have another id there, and objects that the program holds are to find it all the same.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter, deque
from contextlib import suppress
from typing import Any
from uuid import UUID

from chromadb.api import ServerAPI
from chromadb.errors import ChromaError

from thoth_storage.store.plain_server import unhooked

__all__ = ["Handles"]

_FIELDS = ("collection_id", "id")
"""What the methods of chromadb's server call the id of the collection that is meant."""


class Handles:
    """The ids that this process was told, and what each means now. Used under the writers' lock where it changes.

    An id is known by its name for as long as the program has an object of it: each Collection has the model that Chroma
    told, and none outlives it.
    """

    def __init__(self) -> None:
        self._names: dict[UUID, tuple[str, str, str]] = {}
        self._means: dict[UUID, UUID] = {}
        self._objects: Counter[UUID] = Counter()
        """How many models of an id there are."""
        self._gone: deque[UUID] = deque()
        """Those of them that went since. The garbage collector may come amid anything, so it takes no lock."""
        self._telling = threading.Lock()
        self.settled = threading.RLock()
        """Held from before another state comes in place until ``rebind`` has been through it."""

    def note(self, model: Any) -> None:
        """Chroma told about a collection."""
        weakref.finalize(model, self._gone.append, model.id).atexit = False
        with self._telling:
            self._objects[model.id] += 1
            self._names[model.id] = (model.name, model.tenant, model.database)
            self._sweep()

    def _sweep(self) -> None:
        while self._gone:
            gone = self._gone.popleft()
            self._objects[gone] -= 1
            if not self._objects[gone]:
                del self._objects[gone]
                self._names.pop(gone, None)

    def renamed(self, collection: UUID, name: str) -> None:
        """``collection`` is an id of the state that is in place."""
        with self._telling:
            for known, told in self._names.items():
                if collection in (known, self._means.get(known)):
                    self._names[known] = (name, *told[1:])

    def forget(self, name: str, tenant: str, database: str) -> None:
        """A collection was deleted: its objects are to fail, also if another gets its name."""
        for each, told in self.names().items():
            if told == (name, tenant, database):
                self._names.pop(each, None)
                self._means.pop(each, None)

    def names(self) -> dict[UUID, tuple[str, str, str]]:
        """What each id is called that the program has an object of."""
        with self._telling:
            self._sweep()
            return dict(self._names)

    def remember(self, names: dict[UUID, tuple[str, str, str]], *, anyway: bool = False) -> None:
        """Take back what was forgotten since; and with ``anyway`` what was renamed."""
        with self._telling:
            self._sweep()
            known = {each: told for each, told in names.items() if self._objects[each]}
            self._names = {**self._names, **known} if anyway else {**known, **self._names}

    def translate(self, arguments: dict[str, Any]) -> None:
        """Put the id that is right now into the arguments of a call."""
        if not self._means:
            return
        for field in _FIELDS:
            if field in arguments:
                arguments[field] = self._means.get(arguments[field], arguments[field])

    def rebind(self, server: ServerAPI) -> None:
        """Another state is in place: find every collection anew, by its id or else by its name."""
        means: dict[UUID, UUID] = {}
        self._means = {}
        server = unhooked(server)  # our own hooks would see to the state first, and that is what is being done
        for known, told in self.names().items():
            found = _find(server, known, *told)
            if found is None:
                continue
            if found.id != known:
                means[known] = found.id
            with self._telling:
                if self._objects[found.id]:  # also of one that was deleted, and is back with this state
                    self._names[found.id] = (found.name, found.tenant, found.database)
        self._means = means


def _find(server: ServerAPI, known: UUID, name: str, tenant: str, database: str) -> Any:
    """What Chroma tells of the collection; None where it is not there."""
    by_id = getattr(server, "get_collection_by_id", None)  # since chromadb 1.5.7
    if by_id:
        with suppress(ChromaError, ValueError):
            return by_id(known, tenant, database)
    with suppress(ChromaError, ValueError):
        return server.get_collection(name, tenant, database)
    return None
