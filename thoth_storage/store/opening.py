"""Opens a store at a URL as a Chroma client: the files come while chromadb is being imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from thoth_storage import config
from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, InvalidArgumentError, NotFoundError, StorageError
from thoth_storage.log import Log, look
from thoth_storage.registry import open_backend
from thoth_storage.repository import Progress, Repository
from thoth_storage.store.background import CheckpointPolicy
from thoth_storage.store.cache import CacheDirectory
from thoth_storage.store.hydration import Hydrator
from thoth_storage.store.line import Line
from thoth_storage.telemetry import ThreadPool

if TYPE_CHECKING:
    from chromadb.config import Settings

    from thoth_storage.store.client import LiveClient
    from thoth_storage.store.start import Start

__all__ = ["PersistentClient"]

_log = logging.getLogger(__name__)


def PersistentClient(  # noqa: N802 - chromadb's name
    url: Any = None,
    settings: Settings | None = None,
    tenant: str = "default_tenant",
    database: str = "default_database",
    *,
    storage_options: Mapping[str, Any] | None = None,
    encryption_key: object = None,
    cache_dir: str | os.PathLike[str] | None = None,
    cache_limit: int | None = None,
    memory_budget: int | None = None,
    mode: str = "rw",
    refresh: float | None = None,
    durability: str | None = None,
    policy: CheckpointPolicy | None = None,
    allow_embedding_functions: Iterable[str] = (),
    progress: Callable[[Progress], None] | None = None,
) -> LiveClient:
    """``chromadb.PersistentClient`` for a store that lives at a URL: change that one line of a program.

    What is left out comes from the configuration (``thoth_storage.config``: variables, ``thoth-storage.toml``, or the
    default that is told here). ``url`` as everywhere, with ``storage_options`` for its file system and
    ``encryption_key`` as for ``Repository.open``. ``settings``, ``tenant`` and ``database`` are chromadb's.
    ``mode="r"``: nothing is written, and a store that is not there is NotFoundError; ``"rw"`` makes it. ``refresh``:
    seconds between two looks for what others wrote; 0 for a look before each read; None for none but those that
    writing takes. ``durability``: "log", a write returns when it is in the shared log at the URL; or "checkpoint", for
    bulk loads: writes are durable after ``checkpoint`` or ``close``, and one writer at a time can publish. ``policy``:
    when to make checkpoints by itself; with a log, else after 20,000 rows or 64 MiB: whoever opens it has to replay so
    much at most, which takes some ten seconds. ``cache_dir``: where the local directory
    is made; ``cache_limit``: bytes that such directories may take there while no process uses them; ``memory_budget``:
    bytes that this store may take on this machine. ``allow_embedding_functions``: names of functions that a stored
    configuration may bring to life, beside those that run here without a network. ``progress``: told how far the
    download is.

    Raises NotFoundError, CapabilityError for a backend that can have no log, CapacityError with the figures,
    CorruptionError, and what ``Repository.open`` raises.
    """
    where = config.store_settings(url, storage_options)
    durability = config.get("durability", where.url) if durability is None else durability
    if refresh is None and not (mode == "rw" and durability == "checkpoint"):  # such a client follows nobody
        refresh = config.get("refresh", where.url)
    cache_limit = config.get("cache_limit", where.url) if cache_limit is None else cache_limit
    memory_budget = config.get("memory_budget", where.url) if memory_budget is None else memory_budget
    _check_words(mode, refresh, durability, policy)
    allowed = frozenset(
        [allow_embedding_functions] if isinstance(allow_embedding_functions, str) else allow_embedding_functions
    )
    logs = durability == "log" and mode == "rw"

    def begin() -> _Begun:
        backend = where.url if isinstance(where.url, Backend) else open_backend(where.url, **where.storage_options)
        if logs:
            Log(backend, "").check_writable()
        key = config.encryption_key(where.url) if encryption_key is None else encryption_key
        repository = Repository.open(backend, create=mode == "rw", encryption_key=key)
        try:
            hydrator = Hydrator(
                repository, config.cache_root(cache_dir, where.url), cache_limit, memory_budget, progress
            )
            return _begin(hydrator, mode)
        except BaseException:
            repository.close()
            raise

    begun = _beside_imports(begin)
    try:
        from thoth_storage.store.client import LiveClient
        from thoth_storage.store.live import LiveStore
        from thoth_storage.store.quiet import quiet_settings
        from thoth_storage.store.trust import Trust

        trust = Trust(allowed)
        live = LiveStore(
            begun.hydrator, begun.cache, begun.start, mode, trust, begun.log, logs=logs, fresh=refresh == 0
        )
        if policy is None and logs:
            policy = CheckpointPolicy(
                **{name: config.get(f"checkpoint_{name}", where.url) for name in ("rows", "bytes", "seconds")}
            )
        return LiveClient(live, trust, settings or quiet_settings(), tenant, database, policy, refresh or None)
    except BaseException:
        begun.undo()
        raise


@dataclass(frozen=True)
class _Begun:
    """What an opening has when it comes to Chroma: a directory with what it starts from."""

    hydrator: Hydrator
    cache: CacheDirectory
    start: Start
    log: Log | None

    def undo(self) -> None:
        self.cache.remove()
        self.hydrator.repository.close()


def _begin(hydrator: Hydrator, mode: str) -> _Begun:
    """A directory with the newest checkpoint, and what is to come on top of it."""
    from thoth_storage.store.log_opening import open_log
    from thoth_storage.store.start import Start, find_start

    repository = hydrator.repository
    log, line = open_log(repository), Line(repository)
    start = find_start(line, log) if log else Start(line.newest(), 0)
    if mode == "r" and not start.snapshot and not start.ahead:
        raise NotFoundError("the store has no checkpoint yet", url=repository.url, hint="write to it first")
    try:
        return _Begun(hydrator, hydrator.hydrate(start.snapshot), start, log)
    except CorruptionError as error:
        if log is None or start.snapshot is None:
            raise
        try:
            other = find_start(line, log, [start.snapshot])
        except StorageError:
            raise error from None
        if other.snapshot == start.snapshot or look(log.backend, other.position).last < start.position:
            raise
        _log.warning("the newest checkpoint is damaged, and an older one is used with the log: %s", error)
        return _Begun(hydrator, hydrator.hydrate(other.snapshot), other, log)


def _beside_imports(begin: Callable[[], _Begun]) -> _Begun:
    """What ``begin`` gives, run while chromadb is imported, which takes half a second."""
    with ThreadPool(1, thread_name_prefix="thoth-hydrate") as pool:
        running: Future[_Begun] = pool.submit(begin)
        try:
            import_module("thoth_storage.store.client")
        except BaseException:
            running.add_done_callback(lambda done: None if done.exception() else done.result().undo())
            raise
    return running.result()


def _check_words(mode: str, refresh: float | None, durability: str, policy: CheckpointPolicy | None) -> None:
    if mode not in ("rw", "r"):
        raise InvalidArgumentError(f"mode is {mode!r}", hint='use "rw" or "r"')
    if durability not in ("log", "checkpoint"):
        raise InvalidArgumentError(f"durability is {durability!r}", hint='use "log" or "checkpoint"')
    if refresh is not None and not refresh >= 0:
        raise InvalidArgumentError(f"refresh is {refresh!r}", hint="seconds, or 0 for a look before each read")
    if refresh is not None and mode == "rw" and durability == "checkpoint":
        raise InvalidArgumentError(
            "what is not published cannot follow others", hint='leave refresh out, or use mode="r" or durability="log"'
        )
    if policy is not None and mode == "r":
        raise InvalidArgumentError("a store in mode 'r' makes no checkpoints", hint="leave the policy out")
