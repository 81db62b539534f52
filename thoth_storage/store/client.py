"""chromadb's own client, on a store that lives at a URL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from chromadb.api.client import Client
from chromadb.config import DEFAULT_DATABASE, DEFAULT_TENANT

from thoth_storage.errors import InvalidArgumentError, StorageError
from thoth_storage.store.background import LOOK, CheckpointPolicy, Repeater
from thoth_storage.store.endings import remember_to_close
from thoth_storage.store.status import StoreStatus

if TYPE_CHECKING:
    from uuid import UUID

    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

    from thoth_storage.repository import Snapshot
    from thoth_storage.store.live import LiveStore
    from thoth_storage.store.trust import Trust

__all__ = ["LiveClient"]


class LiveClient(Client):
    """What ``thoth_storage.PersistentClient`` gives: all that chromadb's client can do, and the verbs of a store at a
    URL.

    Safe to share between threads; writers wait for each other and for the moment that a checkpoint takes to copy; reads
    go on. A write is durable at the URL when it returns; with ``durability="checkpoint"`` after ``checkpoint`` or
    ``close``.
    """

    def __init__(
        self,
        live: LiveStore,
        trust: Trust,
        settings: Settings,
        tenant: str = DEFAULT_TENANT,
        database: str = DEFAULT_DATABASE,
        policy: CheckpointPolicy | None = None,
        refresh: float | None = None,
    ) -> None:
        self.live = self._live = live
        self._trust = trust
        self._last_error: str | None = None
        self._jobs: list[tuple[str, Callable[[], object], float]] = []
        self._repeaters: list[Repeater] = []
        settings.persist_directory = str(live.path)
        settings.is_persistent = True
        super().__init__(tenant=str(tenant), database=str(database), settings=settings)
        live.attach(self._server)
        remember_to_close(self)
        if policy:
            self._jobs.append(("checkpoint", lambda: self._checkpoint_if_due(policy), LOOK))
        if refresh is not None:
            self._jobs.append(("refresh", self._follow, refresh))
        self._begin_repeating()

    # The store at its URL.

    @property
    def url(self) -> str:
        """Where the store lives, without secrets."""
        return self._live.url

    def checkpoint(self, name: str | None = None, tags: Iterable[str] = ()) -> Snapshot:
        """Store the state as a snapshot, while reads go on: an opening begins with it, and ``restore`` can go back to
        it.

        With ``durability="checkpoint"`` this makes durable what was written, and raises ConflictError if another
        process wrote meanwhile: nothing is lost, the state is then kept as a snapshot of the name that the error tells.
        PermissionError_ in mode "r".
        """
        if isinstance(tags, str):
            raise InvalidArgumentError(f"tags are a list of strings, not the string {tags!r:.80}")
        return self._live.checkpoint(name, ["checkpoint", *tags])

    def refresh(self) -> bool:
        """Apply what others wrote since; whether there was anything. Readers see no gap.

        With ``durability="checkpoint"`` it raises ConflictError while there are writes that no checkpoint has.
        """
        return self._live.refresh()

    def restore(self, wanted: str | None = "latest", at: datetime | None = None) -> Snapshot:
        """Go back to a snapshot (``"latest"``, id, unique beginning of an id, name), or to the state at the time
        ``at``.

        It is an entry of the log, so all that have the store open follow. What was written since the last checkpoint is
        kept as a snapshot first, so this can be undone. Searches under way end on the old state, later ones see the
        new; Collection objects go on working. In mode "r" it is this reader's alone, and ``at`` means the newest
        checkpoint that is not later. With ``durability="checkpoint"`` the restored state is at the URL after
        ``checkpoint`` or ``close``. Raises NotFoundError.
        """
        if at is not None and wanted not in (None, "latest"):
            raise InvalidArgumentError(f"both a snapshot ({wanted!r:.80}) and a time were given", hint="give one")
        return self._live.restore(wanted or "latest", at)

    def snapshots(self) -> list[Snapshot]:
        """All snapshots at the URL, newest first."""
        self._live.check_open()
        return self._live.repository.snapshots()

    def status(self) -> StoreStatus:
        """How the store is doing. Asks the URL for what others have stored; a failure of that is told, not raised."""
        live, error = self._live, self._last_error
        behind = None
        if not self._closed:
            try:
                behind = live.behind()
            except StorageError as failure:
                error = f"{type(failure).__name__}: {failure}"
        now = live.pending.now
        return StoreStatus(
            url=live.url,
            mode=live.mode,
            checkpoint=live.base,
            position=live.position,
            behind=behind,
            local_path=str(live.path),
            local_bytes=live.local_bytes(),
            pending=now.rows if now else 0,
            pending_bytes=now.size if now else 0,
            pause=live.pause,
            last_error=error,
        )

    def close(self) -> None:
        """Make a last checkpoint and give back directory, threads, connections and descriptors. Repeatable.

        With ``durability="checkpoint"``, where that fails the error is raised and the client stays open, so that
        nothing is lost: try again. After a ConflictError it is closed, as its state is kept under the name that the
        error tells.
        """
        for each in self._repeaters:
            each.stop()
        try:
            self._live.close(super().close)
        except BaseException:
            if not self._closed:
                self._begin_repeating()
            raise
        self._closed = True

    def discard(self) -> None:
        """Close, and let go of what is not yet durable at the URL, as after a bulk load that failed half-way."""
        for each in self._repeaters:
            each.stop()
        self._live.discard(super().close)
        self._closed = True

    def abandon(self) -> None:
        """In a forked child: the store is the parent's, and nothing of it may be touched here."""
        self._live.abandon()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"mode={self._live.mode!r}, checkpoint={(self._live.base or 'none')[:12]}"
        return f"thoth_storage.PersistentClient({self.url!r}, {state})"

    # chromadb's verbs to which an embedding function is passed: the one that the caller passes is trusted.

    def create_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        schema = kwargs.get("schema") or (args[0] if args else None)
        with self._trust.passing(_function(args, kwargs, 3), schema):
            return super().create_collection(name, *args, **kwargs)

    def get_or_create_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        schema = kwargs.get("schema") or (args[0] if args else None)
        with self._trust.passing(_function(args, kwargs, 3), schema):
            return super().get_or_create_collection(name, *args, **kwargs)

    def get_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        with self._trust.passing(_function(args, kwargs, 0)):
            return super().get_collection(name, *args, **kwargs)

    def get_collection_by_id(self, id: UUID, *args: Any, **kwargs: Any) -> Collection:  # noqa: A002 - Chroma's name
        with self._trust.passing(_function(args, kwargs, 0)):
            return super().get_collection_by_id(id, *args, **kwargs)

    # Background.

    def _begin_repeating(self) -> None:
        self._repeaters = [Repeater(name, work, seconds, self._failed) for name, work, seconds in self._jobs]

    def _failed(self, error: str) -> None:
        self._last_error = error

    def _follow(self) -> None:
        self._live.refresh()
        self._last_error = None

    def _checkpoint_if_due(self, policy: CheckpointPolicy) -> None:
        now = self._live.pending.now
        if now and policy.is_due(*now):
            self._live.sync("policy")
            self._last_error = None


def _function(args: tuple[Any, ...], kwargs: dict[str, Any], place: int) -> object:
    """The embedding function that a call passes, by name, by place, or in a configuration."""
    if "embedding_function" in kwargs:
        passed = kwargs["embedding_function"]
    else:
        passed = args[place] if len(args) > place else None
    configuration = kwargs.get("configuration") or (args[1] if place and len(args) > 1 else None)
    if passed is None and isinstance(configuration, dict):
        passed = configuration.get("embedding_function")
    return passed
