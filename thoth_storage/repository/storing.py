"""Stores the blocks of all files that are not stored yet, in full or as deltas, and gives the manifest."""

from __future__ import annotations

import os
from collections.abc import Iterable

from thoth_storage.repository.columns import pack_u32
from thoth_storage.repository.cutting import Cut, cut_files
from thoth_storage.repository.encoding import Changed, DeltaWriter
from thoth_storage.repository.known import Known
from thoth_storage.repository.manifest import Block, Body, FileEntry, to_body
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.partials import Notes
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.scan import Source
from thoth_storage.repository.vault import Vault

__all__ = ["Stored", "store_files"]


class Stored:
    """The block table of a snapshot as it grows: each digest once, each row filled when its block is stored."""

    def __init__(self, known: Known, writer: PackWriter, notes: Notes) -> None:
        self._known = known
        self._writer = writer
        self._notes = notes
        self._rows: dict[bytes, int] = {}
        self.blocks: list[Block] = []

    def row(self, cut: Cut) -> tuple[int, bool]:
        """The row of a block, and whether it is to be made a delta: then the row is filled later, by ``fill``."""
        found = self._rows.get(cut.digest)
        if found is not None:
            return found, False
        row = self._rows[cut.digest] = len(self.blocks)
        if cut.data is not None and cut.previous:
            self.blocks.append(cut.previous)
            return row, True
        self.blocks.append(
            self._known.blocks[cut.digest] if cut.frame is None else self._writer.add(cut.digest, cut.frame, cut.plain)
        )
        self._note()
        return row, False

    def fill(self, ready: Iterable[Changed]) -> None:
        """Store blocks that were made into deltas."""
        for changed in ready:
            base = changed.base if changed.is_delta else None
            self.blocks[changed.row] = self._writer.add(changed.digest, changed.frame, len(changed.data), base)
            self._note()

    def relied(self) -> set[str]:
        """All packs that the snapshot needs: a prune may be after those too that were just stored."""
        return {link.pack for block in self.blocks for link in block.chain}

    def _note(self) -> None:
        done = self._writer.take_stored()
        if done:
            self._notes.take(done)


def store_files(
    source: Source,
    known: Known,
    writer: PackWriter,
    vault: Vault,
    notes: Notes,
    staging: str | os.PathLike[str] | None,
    progress: ProgressCallback | None,
) -> tuple[Body, set[str]]:
    """The manifest's body, and the packs that it relies on."""
    entries: list[FileEntry] = []
    table = Stored(known, writer, notes)
    mine: list[int] = []
    done = 0

    def tell() -> None:
        if progress:
            progress(Progress("backup", done, source.size, len(entries), len(source.files), writer.stored))

    tell()
    with cut_files(source, known, vault) as segments, DeltaWriter(vault, staging) as deltas:
        for file, cuts, last in segments:
            for cut in cuts:
                row, changed = table.row(cut)
                if changed:
                    assert cut.data is not None
                    assert cut.previous
                    offset = len(mine) * vault.settings.block_size
                    table.fill(deltas.add(row, cut.digest, cut.data, cut.previous, file.path, offset))
                mine.append(row)
                done += cut.plain
            if last:
                entries.append(FileEntry(file.path, file.size, file.mode, file.mtime_ns, pack_u32(mine)))
                mine = []
            tell()
        table.fill(deltas.rest())
    writer.finish()
    tell()
    return to_body(entries, source.folders, table.blocks, mode=source.mode), table.relied()
