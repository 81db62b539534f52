"""What the blocks of one repository are called in another: their names are keyed where they are encrypted.

Where both name alike (neither is encrypted) there is nothing to do. Else the name in the target is learnt by having the
plain bytes; or without reading them, from a snapshot that both have: it lists the same files in the same blocks.
"""

from __future__ import annotations

from thoth_storage.repository.columns import unpack_u32
from thoth_storage.repository.manifest import Block, Body
from thoth_storage.repository.present import keep
from thoth_storage.repository.vault import Vault

__all__ = ["BlockNames"]

Manifest = tuple[Body, list[Block]]
_PROBE = b"thoth_storage"


class BlockNames:
    """Names in the target by names in the source."""

    def __init__(self, source: Vault, target: Vault) -> None:
        self.same = source.cipher.name(_PROBE) == target.cipher.name(_PROBE)
        self._cipher = target.cipher
        self._names: dict[bytes, bytes] = {}

    def get(self, digest: bytes) -> bytes | None:
        """The name in the target, if it is known without the plain bytes."""
        return digest if self.same else self._names.get(digest)

    def name(self, digest: bytes, plain: bytes | memoryview) -> bytes:
        """The name in the target of a block that was read and has the name ``digest`` in the source."""
        return digest if self.same else self._cipher.name(plain)

    def note(self, digest: bytes, name: bytes) -> None:
        """Remember it for the snapshots that follow."""
        if not self.same:
            self._names.pop(digest, None)
            self._names[digest] = name

    def pair(self, mine: Manifest, theirs: Manifest) -> None:
        """Learn from one snapshot as both sides hold it. Files that are not the same in both are left out; a pair that
        contradicts itself, or what is known, is no pair."""
        others = {file.path: file for file in theirs[0].files}
        found: dict[bytes, bytes] = {}
        for file in mine[0].files:
            other = others.get(file.path)
            if other is None or (other.size, other.mtime_ns) != (file.size, file.mtime_ns):
                continue
            here, there = (
                _rows(blocks, table) for blocks, table in ((file.blocks, mine[1]), (other.blocks, theirs[1]))
            )
            if [block.plain for block in here] != [block.plain for block in there]:
                continue
            for one, two in zip(here, there, strict=True):
                if found.setdefault(one.digest, two.digest) != two.digest:
                    return
        if len(set(found.values())) == len(found) and all(self._names.get(d, n) == n for d, n in found.items()):
            self._names.update(found)

    def done(self, table: list[Block]) -> None:
        """A snapshot with these blocks of the source is through."""
        if self.same:
            return
        for block in table:
            name = self._names.pop(block.digest, None)
            if name:
                self._names[block.digest] = name
        keep(self._names, len(table))


def _rows(packed: bytes, table: list[Block]) -> list[Block]:
    if len(packed) % 4:
        return []
    return [table[row] for row in unpack_u32(packed) if row < len(table)]
