"""Which stored blocks a writer may build on: none in a pack that a prune has marked, that is missing or cut off.

A pack that is shorter than any manifest says was torn. What is left of it may be right, but nothing new is to rely on
it: all its blocks are stored anew.
"""

from __future__ import annotations

from thoth_storage.repository.index import Index
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.marks import load_doomed, load_marks, pack_sizes
from thoth_storage.repository.vault import Vault

__all__ = ["Footing"]


class Footing:
    """One look at the packs and at what prunes do. ``heeded``: ids of the records of prunes that were seen; ``torn``:
    packs that a block which was asked about showed to be cut off. Answers may change when another one shows up there.
    """

    def __init__(self, vault: Vault, index: Index) -> None:
        marks = load_marks(vault, index) + load_doomed(vault, index)
        self.heeded = frozenset(mark.key.id for mark in marks)
        self.torn: set[str] = set()
        self._marked = {pack for mark in marks for pack in mark.packs}
        self._vault = vault
        self._listed: dict[str, int] | None = None

    @property
    def _sizes(self) -> dict[str, int]:
        # Behind the records: who finds none of a prune that is through sees in the listing what it deleted. No
        # cached_property: Python 3.11 has one lock for all of them, and one slow listing would hold up every writer.
        if self._listed is None:
            self._listed = pack_sizes(self._vault.backend)
        return self._listed

    def holds(self, block: Block) -> bool:
        """Whether a block may be built on, with all that it stands on."""
        link: Block | None = block
        while link is not None:
            end = self._sizes.get(link.pack)
            if end is None or link.pack in self._marked or link.pack in self.torn:
                return False
            if link.offset + link.stored > end:
                self.torn.add(link.pack)
                return False
            link = link.base
        return True
