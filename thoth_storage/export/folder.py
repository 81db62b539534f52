"""A folder of Parquet files at any URL, written so that no half of one is ever taken for a whole."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, CorruptionError, NotFoundError, StorageError
from thoth_storage.export import manifest as manifests
from thoth_storage.export.columns import Metadata, Survey
from thoth_storage.export.manifest import MANIFEST_KEY, Collection, Manifest, Part, Source
from thoth_storage.export.parquet import Header, PartWriter, read_part
from thoth_storage.store.portable import Batch, CollectionInfo

__all__ = ["FolderReader", "FolderWriter"]

_log = logging.getLogger(__name__)
_PART = 32 * 2**20
"""Bytes from which on a part is closed: it is held in memory until then."""
_OURS = re.compile(r"collections/[^/]+/part-[0-9]+\.parquet")


class FolderWriter:
    """Writes an export into an empty folder, or with ``overwrite`` over an earlier export, whole or not. Where that
    fails, ``clear`` takes away what was written."""

    def __init__(self, backend: Backend, source: Source, *, overwrite: bool = False) -> None:
        self.where = backend.url
        self.notes: list[str] = []
        self._backend = backend
        self._source = source
        self._overwrite = overwrite
        self._written: list[str] = []
        self._collections: list[Collection] = []
        self._folders: set[str] = set()
        self._header: Header | None = None
        self._part: PartWriter | None = None
        self._parts: list[Part] = []
        self._folder = ""

    def check(self, _infos: Sequence[CollectionInfo]) -> None:
        """Raise AlreadyExistsError where something is there already; with ``overwrite`` where that is no export."""
        for each in self._backend.list():
            if not self._overwrite:
                raise AlreadyExistsError(
                    "there is something in the folder already",
                    url=self.where,
                    key=each.key,
                    hint="choose an empty one; --overwrite replaces an earlier export",
                )
            if each.key != MANIFEST_KEY and not _OURS.fullmatch(each.key):
                raise AlreadyExistsError(
                    "the folder has something that is no part of an export", url=self.where, key=each.key
                )
        if self._overwrite:
            self._backend.delete(MANIFEST_KEY)  # first: from now on this is no export
            self._backend.delete(*[each.key for each in self._backend.list()])

    def begin(self, info: CollectionInfo, metadatas: Callable[[], Iterable[Sequence[Metadata]]]) -> None:
        """What is written next is of that collection. All its metadata is looked at first: parts share one schema."""
        survey = Survey()
        for page in metadatas():
            survey.look(page)
        self._header = Header.of(info, survey.columns(), manifests.VERSION)
        self._folder = self._name(info.name)
        self._parts = []
        self._part = PartWriter(self._header)

    def write(self, batch: Batch) -> None:
        """Rows of the collection that was begun."""
        assert self._header
        if self._part is None:
            self._part = PartWriter(self._header)
        self._part.add(batch)
        if self._part.size >= _PART:
            self._store()

    def end(self) -> None:
        """The collection is whole."""
        assert self._header
        self._store()
        rows = sum(each.rows for each in self._parts)
        self._collections.append(Collection(self._header.name, self._header.dimension, rows, self._parts))

    def finish(self) -> None:
        """Make it an export."""
        manifest = Manifest(
            manifests.FORMAT,
            manifests.VERSION,
            datetime.now(UTC),
            f"thoth-storage {metadata.version('thoth-storage')}",
            metadata.version("chromadb"),
            self._source,
            self._collections,
        )
        self._backend.create(MANIFEST_KEY, manifests.encode(manifest))

    def clear(self) -> None:
        """Take away what an export that failed has written; best effort, as without a manifest it is none anyway."""
        with suppress(StorageError):
            self._backend.delete(*self._written)

    def _store(self) -> None:
        if self._part is None:
            return
        data, rows = self._part.finish(), self._part.rows
        self._part = None
        key = f"collections/{self._folder}/part-{len(self._parts):05}.parquet"
        self._written.append(key)
        self._backend.create(key, data)
        self._parts.append(Part(key, rows, len(data), manifests.hashed(data)))

    def _name(self, collection: str) -> str:
        """The collection's name, but for long ones and those that differ in case alone, which file systems may take
        for one."""
        name, number = collection[:80], len(self._folders)
        if len(collection) > 80 or name.casefold() in self._folders:
            name = f"{name}~{number}"
        self._folders.add(name.casefold())
        return name


class FolderReader:
    """Reads an export, and refuses one that is not whole."""

    def __init__(self, backend: Backend) -> None:
        """Raises NotFoundError, FormatError, CorruptionError."""
        self.where = backend.url
        self._backend = backend
        self.manifest = self._read_manifest()
        self._parts = {each.name: each.parts for each in self.manifest.collections}

    def collections(self) -> list[CollectionInfo]:
        """As their first parts tell of them. Raises CorruptionError where a part is missing or has another size."""
        sizes = {each.key: each.size for each in self._backend.list("collections/")}
        for each in self.manifest.collections:
            for part in each.parts:
                if sizes.get(part.key) != part.bytes:
                    there = f"has {sizes[part.key]} bytes" if part.key in sizes else "is not there"
                    raise self._damaged(f"a part of the export {there}, {part.bytes} are expected", part)
        return [self._read(each.name, each.parts[0])[0].info(each.rows) for each in self.manifest.collections]

    def metadatas(self, info: CollectionInfo) -> Iterator[list[Metadata]]:
        """The metadata of all rows, by pages."""
        for batch in self.batches(info):
            yield batch.metadatas

    def batches(self, info: CollectionInfo) -> Iterator[Batch]:
        """All rows. Raises CorruptionError that names the part."""
        for part in self._parts[info.name]:
            header, rows, batches = self._read(info.name, part)
            if rows != part.rows or header.info(info.rows) != info:
                raise self._damaged("a part of the export is not of the collection, or has other rows", part)
            try:
                yield from batches
            except CorruptionError as error:
                if error.key:
                    raise
                raise self._damaged(error.message, part) from error

    def _read(self, name: str, part: Part) -> tuple[Header, int, Iterator[Batch]]:
        try:
            data = self._backend.get(part.key)
        except NotFoundError as error:
            raise self._damaged("a part of the export is not there", part) from error
        if len(data) != part.bytes or manifests.hashed(data) != part.sha256:
            raise self._damaged("a part of the export is not what was written", part)
        try:
            header, rows, batches = read_part(data)
        except CorruptionError as error:
            raise self._damaged(error.message, part) from error
        if header.name != name:
            raise self._damaged(f"a part of {name!r:.80} is of {header.name!r:.80}", part)
        return header, rows, batches

    def _read_manifest(self) -> Manifest:
        try:
            data = self._backend.get(MANIFEST_KEY)
        except NotFoundError as error:
            if any(_OURS.fullmatch(each.key) for each in self._backend.list("collections/")):
                raise CorruptionError(
                    "the export has no manifest, so it was interrupted",
                    url=self.where,
                    key=MANIFEST_KEY,
                    hint="export again, with --overwrite",
                ) from error
            raise NotFoundError("there is no export", url=self.where, key=MANIFEST_KEY) from error
        return manifests.decode(data, url=self.where)

    def _damaged(self, why: str, part: Part) -> CorruptionError:
        return CorruptionError(why, url=self.where, key=part.key, hint="bring the file back, or export again")
