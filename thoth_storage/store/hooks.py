"""Stands where every call of chromadb's client and Collection passes: at the methods of the server object.

The program's objects stay chromadb's own, so what it can do with them, and what other libraries do, stays as it is. The
hooks see that writers come one at a time and only where they may, that a state that is replaced is left alone until its
last reader is gone, and that stored settings are not acted upon unchecked.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import chromadb
from chromadb.api import ServerAPI
from chromadb.config import DEFAULT_DATABASE, DEFAULT_TENANT
from chromadb.errors import ChromaError, InternalError, NotFoundError

from thoth_storage.errors import CapabilityError
from thoth_storage.store.batches import get_all, in_slices, is_slow, is_too_large, weight
from thoth_storage.store.gate import Gate
from thoth_storage.store.handles import Handles
from thoth_storage.store.index_reads import IndexReads
from thoth_storage.store.journal import Journal
from thoth_storage.store.recording import LOGGED
from thoth_storage.store.surface import MUTATIONS, READS, unknown_methods
from thoth_storage.store.trust import Trust
from thoth_storage.store.vectors import check_vectors, readable

__all__ = ["Keeper", "hook"]

_MODELS = {"get_collection", "get_collection_by_id", "create_collection", "get_or_create_collection", "_fork"}
_SLICED = {"_add", "_upsert", "_update", "_delete"}


class Keeper(Protocol):
    """Who answers for the store."""

    @property
    def journal(self) -> Journal | None:
        """Where writes go, if each is logged."""

    @property
    def is_whole(self) -> bool:
        """Whether a reader who is inside sees no half of a write that failed. If not, ``before_read`` mends that."""

    def check_open(self) -> None:
        """Raises StorageError where it may not be read (any more)."""

    def before_read(self) -> None:
        """The same, and what is due before a read is done. The caller holds no lock that a writer waits for."""

    def check_writable(self) -> None:
        """Raises StorageError where it may not be changed."""

    def wrote(self, rows: int, size: int) -> None:
        """So many rows, of about that many bytes, are written. Called with the writers' lock."""


class _Hooks:
    def __init__(
        self, server: ServerAPI, keeper: Keeper, gate: Gate, trust: Trust, handles: Handles, index_reads: IndexReads
    ) -> None:
        self._index_reads = index_reads
        self._server = server
        self._keeper = keeper
        self._gate = gate
        self._trust = trust
        self._handles = handles

    def install(self) -> None:
        for name in unknown_methods(self._server):
            setattr(self._server, name, functools.partial(_refuse, name))
        for name in MUTATIONS:
            self._wrap(name, self._write)
        for name in READS:
            self._wrap(name, self._read)

    def _wrap(self, name: str, way: Callable[..., Any]) -> None:
        original = getattr(self._server, name, None)
        if original is None:
            return  # a chromadb that has it not yet
        signature = inspect.signature(original)

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            arguments = dict(signature.bind(*args, **kwargs).arguments) if args else kwargs
            return way(name, original, arguments)

        setattr(self._server, name, call)

    def _read(self, name: str, original: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        check_vectors(arguments)
        arguments = readable(arguments)
        while True:
            self._keeper.before_read()
            if name == "_get" and is_slow(arguments):
                return self._without_writers(get_all, original, arguments)
            try:
                with self._gate.reading():
                    self._keeper.check_open()  # it may have been closed while this waited
                    if self._keeper.is_whole:
                        return self._told(name, self._found(original, arguments))
            except InternalError as error:
                return self._again(name, original, arguments, error)

    def _found(self, original: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        meant = dict(arguments)
        self._handles.translate(meant)
        try:
            return original(**meant)
        except NotFoundError:
            # Another state may just have come in place, in which the collection has an id that is not known yet. What
            # is translated is what the program said: the id that it meant a moment ago is nobody's.
            with self._handles.settled:
                self._handles.translate(arguments)
                return original(**arguments)

    def _again(self, name: str, original: Callable[..., Any], arguments: dict[str, Any], error: InternalError) -> Any:
        """A read that may succeed with no writer about."""
        too_large = name == "_get" and is_too_large(error)
        # Chroma fails a search that meets the first write to an empty collection, before there is an index.
        too_early = name == "_query" and "Nothing found on disk" in str(error)
        if not (too_large or too_early):
            raise error
        return self._without_writers(get_all if too_large else _call, original, arguments)

    def _without_writers(self, way: Callable[..., Any], original: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        with self._gate.writers:
            if not self._keeper.is_whole:
                self._keeper.before_read()
            return self._alone_with(way, original, arguments)

    def _alone_with(self, way: Callable[..., Any], original: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        with self._gate.reading():
            self._keeper.check_open()
            self._handles.translate(arguments)  # it may have been made anew while this waited
            return way(original, arguments)

    def _write(self, name: str, original: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        check_vectors(arguments)
        journal = self._keeper.journal
        if journal and name in LOGGED:
            found = self._existing(name, arguments)
            if found is not None:
                return found
            self._keeper.check_writable()
            self._trust.check(arguments)
            return self._told(name, journal.write(name, arguments))
        with self._gate.writing():
            found = self._existing(name, arguments)
            if found is not None:
                return found
            self._keeper.check_writable()
            self._trust.check(arguments)
            self._keeper.wrote(*weight(arguments))
            with self._gate.reading():
                self._handles.translate(arguments)
                if name in _SLICED:
                    where = (arguments.get("tenant", DEFAULT_TENANT), arguments.get("database", DEFAULT_DATABASE))
                    self._index_reads.before_write(self._server, arguments["collection_id"], *where)
                    return in_slices(original, arguments)
                result = original(**arguments)
                self._note_change(name, arguments)
                return self._told(name, result)

    def _existing(self, name: str, arguments: dict[str, Any]) -> Any:
        """The collection that a get-or-create gets: nothing is changed by that, so readers may and no checkpoint is
        due."""
        if name != "get_or_create_collection" and not (name == "create_collection" and arguments.get("get_or_create")):
            return None
        try:
            return self._server.get_collection(
                **{each: arguments[each] for each in ("name", "tenant", "database") if each in arguments}
            )
        except (ChromaError, ValueError):
            return None  # it is not there, or the name is none; what is to be said of that, creating it says

    def _told(self, name: str, result: Any) -> Any:
        """What Chroma tells of collections, with what must not be acted upon taken out."""
        for model in [result] if name in _MODELS else result if name == "list_collections" else ():
            self._handles.note(model)
            self._trust.disarm(model)
        return result

    def _note_change(self, name: str, arguments: dict[str, Any]) -> None:
        if name == "delete_collection":
            told = inspect.signature(ServerAPI.delete_collection).bind(self._server, **arguments)
            told.apply_defaults()
            self._handles.forget(*(told.arguments[each] for each in ("name", "tenant", "database")))
        elif name == "_modify" and arguments.get("new_name"):
            self._handles.renamed(arguments["id"], arguments["new_name"])


def hook(
    server: ServerAPI, keeper: Keeper, gate: Gate, trust: Trust, handles: Handles, index_reads: IndexReads
) -> None:
    """Put the hooks on ``server``. Raises ConfigurationError for a chromadb that has not the methods that they need."""
    _Hooks(server, keeper, gate, trust, handles, index_reads).install()


def _call(original: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return original(**arguments)


def _refuse(name: str, *_args: Any, **_kwargs: Any) -> NoReturn:
    raise CapabilityError(
        f"chromadb {chromadb.__version__} has a method {name!r} of which it is not known whether it changes the store",
        hint="pip install --upgrade thoth-storage, or an older chromadb",
    )
