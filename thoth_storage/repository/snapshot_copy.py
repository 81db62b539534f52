"""Copies one snapshot: finds what the target lacks, moves it, commits; begun anew where a prune gets ahead, of the
source or of the target."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from heapq import nsmallest
from typing import NamedTuple

import msgspec

from thoth_storage.errors import AlreadyExistsError, ConflictError, CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.block_names import BlockNames
from thoth_storage.repository.checks import checked_blocks, checked_files
from thoth_storage.repository.fetch import fetch_frames
from thoth_storage.repository.index import Index, program
from thoth_storage.repository.labels import Labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import MAGIC, Block, Body, Header, to_body, version_of
from thoth_storage.repository.marks import OvertakenError, commit
from thoth_storage.repository.meanwhile import ATTEMPTS, look_again, outrun
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.partials import Notes
from thoth_storage.repository.present import Present
from thoth_storage.repository.ranges import batches
from thoth_storage.repository.records import read_blocks, read_header, read_snapshot
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.transcoding import Transcoder, with_bases
from thoth_storage.repository.vault import Vault

__all__ = ["Mover"]

_ATTEMPTS = 3
_LONG = 60.0
"""As for a backup: seconds after which a look for prunes before the commit is worth its requests."""
_NEAR = 16
"""Manifests of the target that are read for one snapshot at most, as a backup reads the newest: the nearest in time."""
_IDLE = 4
"""So many in a row that had nothing of what is missing, and no more are read."""


class _Manifest(NamedTuple):
    """A snapshot of the source, with its blocks where they are now."""

    header: Header
    body: Body
    blocks: list[Block]


class Mover:
    """``copy`` one snapshot after another. ``mine`` and ``theirs``: the keys of all snapshots that source and target
    have at the begin. What was done is told by ``copied``, ``blocks``, ``read`` and ``stored``."""

    def __init__(
        self,
        source: Vault,
        target: Vault,
        labels: Labels,
        mine: list[SnapshotKey],
        theirs: list[SnapshotKey],
        progress: ProgressCallback | None,
    ) -> None:
        self._source = source
        self._target = target
        self._labels = labels
        self._names = BlockNames(source, target)
        common = {key.key for key in mine}
        # Where names differ, only a snapshot that both have tells anything without being read.
        self._theirs = theirs if self._names.same else [key for key in theirs if key.key in common]
        self._present: Present | None = None
        self._progress = progress
        self._done = self._total = self._files = self._files_total = self._under_way = 0
        self.copied: list[SnapshotKey] = []
        self.blocks = self.read = self.stored = 0

    def copy(self, key: SnapshotKey) -> bool:
        """Copy a snapshot; False where somebody else did so meanwhile. Raises NotFoundError for one that was forgotten,
        CorruptionError for one that is damaged, FormatError; ConflictError."""
        # The moves each time: a long copy meets repacks of the source.
        index = Index(self._source)
        notes = Notes(self._target)
        done = self._done
        present = self._present = self._present or Present(self._target)
        for _ in range(ATTEMPTS):
            manifest = self._read_manifest(key, index)
            files = len(manifest.body.files)
            self._files_total += files
            try:
                is_new = self._store(key, manifest, present, notes)
            except CorruptionError as error:
                self._begin_anew(done, files)
                index = look_again(self._source, key, index, error)
                present.look()  # what was stored until now is noted, and need not be stored again
                continue
            notes.remove()
            self._files += files
            self.tell()
            return is_new
        raise outrun(self._source)

    def _read_manifest(self, key: SnapshotKey, index: Index) -> _Manifest:
        header, body = read_snapshot(self._source, key)
        moves = load_moves(self._source, index)
        blocks = checked_blocks(body, url=self._source.url, key=key.key, moves=moves)
        checked_files(body, blocks, url=self._source.url, key=key.key)
        return _Manifest(header, body, blocks)

    def _store(self, key: SnapshotKey, manifest: _Manifest, present: Present, notes: Notes) -> bool:
        """Store what the target lacks, and commit; anew where prunes of the target get ahead."""
        done = self._done
        for _ in range(_ATTEMPTS):
            try:
                return self._attempt(key, manifest, present, notes)
            except OvertakenError as error:
                overtaken = error
                self._begin_anew(done, 0)
                present.look()
        raise ConflictError(
            f"{_ATTEMPTS} attempts to copy the snapshot {key.id} were overtaken by prunes",
            url=self._target.url,
            hint="let one prune end, then copy again",
        ) from overtaken

    def _begin_anew(self, done: int, files: int) -> None:
        self._done = self._total = done
        self._files_total -= files
        self._under_way = 0

    def tell(self) -> None:
        """Tell how far it is. The total grows, since what a snapshot needs shows when its turn comes."""
        if self._progress:
            stored = self.stored + self._under_way
            self._progress(Progress("copy", self._done, self._total, self._files, self._files_total, stored))

    def _attempt(self, key: SnapshotKey, manifest: _Manifest, present: Present, notes: Notes) -> bool:
        began = time.monotonic()
        table = self._look_up(key, manifest, present)
        missing = [block for row, block in enumerate(manifest.blocks) if row not in table]
        self._total += sum(block.plain for block in missing)
        self.tell()
        with PackWriter(self._target) as writer:
            rows = {block.place: row for row, block in enumerate(manifest.blocks) if row not in table}
            store = Transcoder(self._target, self._names, present, writer, rows)
            self._move(missing, store, writer, notes)
            writer.finish()
        self.stored += writer.stored
        self.blocks += store.stored
        self._under_way = 0
        blocks = [table.get(row) or store.found[row] for row in range(len(manifest.blocks))]
        # Those that were stored just now too: a prune without grace takes what no snapshot names yet.
        relied = {link.pack for block in blocks for link in block.chain}
        header = self._header(manifest.header, writer.stored)
        old = manifest.body
        body = to_body(old.files, old.folders, blocks, mode=old.mode, contents=old.contents)
        record = self._target.seal(MAGIC, header, body, version=version_of(body))
        late = time.monotonic() - began > _LONG
        try:
            commit(self._target, key, record, relied, present.heeded, late=late)
        except AlreadyExistsError:
            try:
                self._check_same(key, header)
            except NotFoundError as error:
                raise OvertakenError("another copy of the snapshot was taken back", url=self._target.url) from error
            # What was stored here is nobody's, and prune will take it: the next snapshot builds on the other's.
            present.drop(writer.packs)
            present.look()
            present.read(key)
            return False
        self.copied.append(key)
        present.done(key, blocks)
        self._names.done(manifest.blocks)
        return True

    def _move(self, missing: list[Block], store: Transcoder, writer: PackWriter, notes: Notes) -> None:
        asked = with_bases(missing)
        self.read += sum(each.end - each.start for batch in batches(asked) for each in (*batch.links, *batch.roots))
        rest = {block.place for block in missing}
        # Closed at once on an error, so that nothing more is stored.
        with closing(fetch_frames(self._source, asked, store.use)) as results:
            for fetched in results:
                if fetched.error:
                    raise fetched.error
                notes.take(store.take_stored())
                if fetched.block.place in rest:
                    self._done += fetched.block.plain
                    self._under_way = writer.stored
                    self.tell()

    def _look_up(self, key: SnapshotKey, manifest: _Manifest, present: Present) -> dict[int, Block]:
        """By row, what the target has already: as far as is known, then from the manifests nearest to this one, as long
        as they help."""
        table: dict[int, Block] = {}
        rest = self._find(range(len(manifest.blocks)), manifest, present, table)
        idle = 0
        for near in nsmallest(_NEAR, self._theirs, lambda each: abs(each.time - key.time)):
            if not rest or idle == _IDLE:
                break
            if present.is_read(near):
                continue
            self._learn(near, present)
            before = len(rest)
            rest = self._find(rest, manifest, present, table)
            idle = 0 if len(rest) < before else idle + 1
        return table

    def _find(self, rows: Iterable[int], manifest: _Manifest, present: Present, table: dict[int, Block]) -> list[int]:
        """Put what is known into ``table``, and give the rows that are not."""
        rest = []
        for row in rows:
            block = manifest.blocks[row]
            found = present.get(self._names.get(block.digest), block.plain)
            if found:
                table[row] = found
            else:
                rest.append(row)
        return rest

    def _learn(self, near: SnapshotKey, present: Present) -> None:
        theirs = present.read(near)
        if theirs is None or self._names.same:
            return
        try:
            self._names.pair(read_blocks(self._source, near, load_moves(self._source, Index(self._source))), theirs)
        except (CorruptionError, FormatError, NotFoundError):
            return  # without it, more is read

    def _header(self, header: Header, stored: int) -> Header:
        tags = self._labels.tags(header.id, header.tags)
        return msgspec.structs.replace(header, tags=tags, added=stored, program=program())

    def _check_same(self, key: SnapshotKey, header: Header) -> None:
        """Whether what another copy has committed meanwhile is this snapshot."""
        there = read_header(self._target, key)
        if (there.files, there.size) != (header.files, header.size):
            raise ConflictError(
                f"the target has another snapshot under the key of {key.id}", url=self._target.url, key=key.key
            )
