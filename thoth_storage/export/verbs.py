"""Export and import: opens the two ends, and moves rows between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from thoth_storage import config, registry
from thoth_storage.errors import ConfigurationError, InvalidArgumentError
from thoth_storage.export import manifest as manifests
from thoth_storage.export.moving import MoveReport, Source, move
from thoth_storage.export.parquet import check_installed
from thoth_storage.repository.reports import ProgressCallback
from thoth_storage.store.chroma_server import ServerPlace, is_server, reading_server, writing_server
from thoth_storage.store.portable_store import StoreState, reading_store, writing_store
from thoth_storage.urls import url_of

__all__ = ["ServerOptions", "export_store", "import_store"]

_TENANT, _DATABASE = "default_tenant", "default_database"


@dataclass(frozen=True)
class ServerOptions:
    """How to come into a Chroma server; what is left out comes from the configuration. ``token`` may be a reference,
    such as ``file:///run/secrets/token``."""

    tenant: str | None = None
    database: str | None = None
    token: str | None = None


def export_store(
    url: Any,
    out: Any,
    *,
    collections: Sequence[str] = (),
    snapshot: str | None = None,
    overwrite: bool = False,
    merge: bool = False,
    tenant: str = _TENANT,
    database: str = _DATABASE,
    storage_options: Mapping[str, Any] | None = None,
    out_options: Mapping[str, Any] | None = None,
    server: ServerOptions | None = None,
    progress: ProgressCallback | None = None,
) -> MoveReport:
    """Write the collections of the store at ``url``, all or those named, to ``out``: a folder at any URL that is made
    an export of Parquet files, or a Chroma server, ``chroma+http://host:port``.

    All of it is of one state: the newest when this began, or that of ``snapshot``. ``overwrite`` replaces an earlier
    export in the folder; ``merge`` writes into collections that the server has already, where rows replace those with
    the same id. ``tenant`` and ``database`` are the store's.

    Raises NotFoundError, AlreadyExistsError, ConfigurationError (also where pyarrow is missing), UnavailableError, and
    what opening the store raises.
    """
    if is_server(out):
        if overwrite:
            raise InvalidArgumentError("a Chroma server is not overwritten", hint="merge writes into its collections")
        place = _server(out, server)
        with (
            reading_store(url, tenant, database, snapshot, storage_options=storage_options) as (source, state),
            writing_server(place, merge=merge) as target,
        ):
            return _told(move(source, target, collections, progress), state)
    if merge:
        raise InvalidArgumentError("rows are not merged into a folder", hint="overwrite replaces an earlier export")
    check_installed()
    from thoth_storage.export.folder import FolderWriter

    target_url, carried = url_of(out)
    backend = registry.open_backend(target_url, **{**carried, **(out_options or {})})
    try:
        with reading_store(url, tenant, database, snapshot, storage_options=storage_options) as (source, state):
            told = manifests.Source(state.url, tenant, database, state.checkpoint, state.position)
            writer = FolderWriter(backend, told, overwrite=overwrite)
            try:
                return _told(move(source, writer, collections, progress), state)
            except BaseException:
                writer.clear()
                raise
    finally:
        backend.close()


def import_store(
    source: Any,
    url: Any,
    *,
    collections: Sequence[str] = (),
    merge: bool = False,
    durability: str = "checkpoint",
    tenant: str = _TENANT,
    database: str = _DATABASE,
    storage_options: Mapping[str, Any] | None = None,
    source_options: Mapping[str, Any] | None = None,
    server: ServerOptions | None = None,
    progress: ProgressCallback | None = None,
) -> MoveReport:
    """Read the collections of an export, or of a Chroma server, all or those named, into the store at ``url``, which is
    made if it is not there.

    A collection that is there already is refused, unless ``merge``: then rows replace those with the same id. With
    ``durability="checkpoint"`` all of it becomes visible at once when it is done, and nothing where it fails; with
    "log" it is written as it comes, beside other writers, and is done again with ``merge`` after a failure.

    Raises NotFoundError, AlreadyExistsError, ConflictError, CorruptionError and FormatError that name the file,
    UnavailableError, and what opening the store raises.
    """
    with (
        _reading(source, source_options, server) as rows,
        writing_store(
            url, tenant, database, merge=merge, durability=durability, storage_options=storage_options
        ) as target,
    ):
        return move(rows, target, collections, progress)


@contextmanager
def _reading(source: Any, options: Mapping[str, Any] | None, server: ServerOptions | None) -> Iterator[Source]:
    if is_server(source):
        with reading_server(_server(source, server)) as reader:
            yield reader
        return
    check_installed()
    from thoth_storage.export.folder import FolderReader

    url, carried = url_of(source)
    backend = registry.open_backend(url, **{**carried, **(options or {})})
    try:
        yield FolderReader(backend)
    finally:
        backend.close()


def _server(url: str, options: ServerOptions | None) -> ServerPlace:
    options = options or ServerOptions()
    token = options.token or config.get("chroma_token")
    headers: dict[str, str] = {}
    if token:
        name = config.get("chroma_token_header")
        value = _secret(token)
        headers[name] = f"Bearer {value}" if name.lower() == "authorization" else value
    return ServerPlace.parse(
        url,
        options.tenant or config.get("chroma_tenant"),
        options.database or config.get("chroma_database"),
        headers,
    )


def _secret(token: str) -> str:
    if "://" not in token:
        return token
    found = registry.resolve_key(token)
    if isinstance(found, bytes):
        found = found.decode("utf-8", "replace")
    if not isinstance(found, str) or not found.strip():
        raise ConfigurationError("the reference to the server's token leads to no text")
    return found.strip()


def _told(report: MoveReport, state: StoreState) -> MoveReport:
    others = [f"the database {name!r} is not among it" for name in state.databases]
    return replace(report, checkpoint=state.checkpoint, position=state.position, notes=(*report.notes, *others))
