"""Which collection has which id, remembered from one write to the next: to ask Chroma takes a millisecond."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from thoth_storage.store.plain_server import find, unhooked

__all__ = ["KnownCollections"]

_Target = tuple[str, str, str]


class KnownCollections:
    """Of the state that ``server`` has in place. Whoever changes what a name means calls ``forget``. Used under the
    writers' lock."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._place: str | None = None
        """Another state is in another directory. To hold on to its bindings would keep its files open."""
        self._ids: dict[_Target, UUID] = {}
        self._targets: dict[tuple[UUID, str, str], _Target] = {}

    def id_of(self, target: _Target) -> UUID:
        """``target`` is name, tenant and database. Raises chromadb's NotFoundError."""
        self._check()
        if target not in self._ids:
            self._ids[target] = unhooked(self._server).get_collection(*target).id
        return self._ids[target]

    def target_of(self, collection: UUID, tenant: str, database: str) -> _Target | None:
        """None for an id that no collection has."""
        self._check()
        asked = collection, tenant, database
        if asked not in self._targets:
            model = find(self._server, *asked)
            if model is None:
                return None
            self._targets[asked] = (model.name, model.tenant, model.database)
        return self._targets[asked]

    def forget(self) -> None:
        """Collections were made, renamed or deleted."""
        self._ids.clear()
        self._targets.clear()

    def _check(self) -> None:
        place = self._server.get_settings().persist_directory
        if place != self._place:
            self.forget()
            self._place = place
