"""What the snapshots need: the frames of each pack, by the places where they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import closing

from thoth_storage.errors import NotFoundError
from thoth_storage.repository.ahead import ahead
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import NO_MOVES, Moves, Place
from thoth_storage.repository.packs import PACK_HEADER_SIZE
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.vault import Vault

__all__ = ["Survey"]


class Survey:
    """``live``: by pack, the frames that are needed, by offset.

    A manifest is read once, whatever is moved later: what it names is kept, and where that is now is looked up.
    """

    def __init__(self, vault: Vault, moves: Moves) -> None:
        self._vault = vault
        self._moves = moves
        self._seen: set[str] = set()
        self._named: dict[str, dict[int, Block]] = defaultdict(dict)
        self.live: dict[str, dict[int, Block]] = defaultdict(dict)
        self.moved: dict[Place, Place] = {}
        """Places that manifests name and that a repack moved, with where they are now: the moves still in use."""

    @property
    def snapshots(self) -> int:
        return len(self._seen)

    def add(self, keys: Iterable[SnapshotKey]) -> None:
        """Take in the manifests that were not yet. Raises CorruptionError, FormatError for one that cannot be read: it
        may need anything. One that was forgotten meanwhile needs nothing."""
        with closing(ahead(self._read, (key for key in keys if key.key not in self._seen))) as results:
            for key, links in results:
                if links is None:
                    continue
                self._seen.add(key)
                for link in links:
                    self._named[link.pack][link.offset] = link
                    self._note(link)

    def has_only(self, keys: Iterable[SnapshotKey]) -> bool:
        """Whether all that was taken in is among these: nothing of it was forgotten."""
        return self._seen <= {key.key for key in keys}

    def follow(self, moves: Moves) -> None:
        """Look up anew where everything is, without reading any manifest again."""
        self._moves = moves
        self.live.clear()
        self.moved.clear()
        for frames in self._named.values():
            for link in frames.values():
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

    def _read(self, key: SnapshotKey) -> tuple[str, Collection[Block] | None]:
        try:
            _, blocks = read_blocks(self._vault, key, NO_MOVES)
        except NotFoundError:
            return key.key, None
        return key.key, {link.place: link for block in blocks for link in block.chain}.values()

    def _note(self, link: Block) -> None:
        pack, offset = self._moves.place(*link.place)
        if (pack, offset) != link.place:
            self.moved[link.place] = (pack, offset)
        self.live[pack][offset] = link._replace(pack=pack, offset=offset)
