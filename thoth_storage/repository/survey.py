"""What the snapshots need: the frames of each pack, by the places where they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from thoth_storage.errors import NotFoundError
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import NO_MOVES, Moves, Place
from thoth_storage.repository.packs import PACK_HEADER_SIZE
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.vault import Vault

__all__ = ["Survey"]


class Survey:
    """``live``: by pack, the frames that are needed, by offset. Manifests are read one at a time."""

    def __init__(self, vault: Vault, moves: Moves) -> None:
        self._vault = vault
        self._moves = moves
        self._seen: set[str] = set()
        self.live: dict[str, dict[int, Block]] = defaultdict(dict)
        self.moved: dict[Place, Place] = {}
        """Places that manifests name and that a repack moved, with where they are now: the moves still in use."""

    @property
    def snapshots(self) -> int:
        return len(self._seen)

    def add(self, keys: Iterable[SnapshotKey]) -> None:
        """Take in the manifests that were not yet. Raises CorruptionError, FormatError for one that cannot be read: it
        may need anything. One that was forgotten meanwhile needs nothing."""
        for key in keys:
            if key.key in self._seen:
                continue
            try:
                _, blocks = read_blocks(self._vault, key, NO_MOVES)
            except NotFoundError:
                continue
            self._seen.add(key.key)
            for link in {link.place: link for block in blocks for link in block.chain}.values():
                self._note(link)

    def unused(self, pack: str, size: int) -> int:
        """Bytes of a pack that nothing needs. Its header is not among them: no packing anew would save that."""
        return size - PACK_HEADER_SIZE - sum(block.stored for block in self.live.get(pack, {}).values())

    def move(self, places: dict[Place, Block]) -> Moves:
        """Take in what a repack has moved, and give all the moves that are in use from now on."""
        for (pack, offset), block in places.items():
            del self.live[pack][offset]
            if not self.live[pack]:
                del self.live[pack]
            self.live[block.pack][block.offset] = block
        there = {place: block.place for place, block in places.items()}
        self.moved = {place: there.get(now, now) for place, now in self.moved.items()}
        # All of them: a backup that commits meanwhile names the places that it found.
        self.moved.update(there)
        return Moves(self.moved)

    def _note(self, link: Block) -> None:
        pack, offset = self._moves.place(*link.place)
        if (pack, offset) != link.place:
            self.moved[link.place] = (pack, offset)
        self.live[pack][offset] = link._replace(pack=pack, offset=offset)
