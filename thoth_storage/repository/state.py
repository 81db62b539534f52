"""One look at a repository before something is deleted: what is there, what is needed, what was said about it."""

from __future__ import annotations

from collections.abc import Iterable

from thoth_storage.backend import ObjectInfo
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import PACKS, pack_key
from thoth_storage.repository.marks import load_marks
from thoth_storage.repository.moves import MOVES, load_moves
from thoth_storage.repository.records import list_keys
from thoth_storage.repository.survey import Survey
from thoth_storage.repository.vault import Vault

__all__ = ["State"]


class State:
    """Strict: who does not know all that is said must not delete. Raises CorruptionError, FormatError.

    ``before``: an earlier look. Manifests never change, so of them only those are read that are new since then; but for
    where one was forgotten: what only that had needed is not to be told from the rest.
    """

    def __init__(self, vault: Vault, before: State | None = None) -> None:
        self._vault = vault
        self.index = Index(vault)
        self.moves = load_moves(vault, self.index, strict=True)
        self.marks = load_marks(vault, self.index, strict=True)
        self.packs: dict[str, ObjectInfo] = {
            pack: info
            for info in vault.backend.list(PACKS)
            if info.key == pack_key(pack := info.key.rpartition("/")[2])
        }
        keys = list_keys(vault.backend)
        known = before is not None and before.survey.has_only(keys)
        self.survey: Survey = before.survey if before and known else Survey(vault, self.moves)
        if known:
            self.survey.follow(self.moves)
        self.survey.add(keys)

    def again(self) -> State:
        """The same now, with all that was there before: what was forgotten meanwhile counts until the next prune. All
        is looked at where blocks were moved."""
        index = Index(self._vault)
        if [entry.key for entry in index.of(MOVES)] != [entry.key for entry in self.index.of(MOVES)]:
            return State(self._vault, self)
        self.index = index
        self.survey.add(list_keys(self._vault.backend))
        return self

    def size(self, packs: Iterable[str]) -> int:
        """Bytes of the packs among these that are there."""
        return sum(self.packs[pack].size for pack in packs if pack in self.packs)

    @property
    def unneeded(self) -> set[str]:
        return self.packs.keys() - self.survey.live.keys()

    @property
    def unused_bytes(self) -> int:
        """Bytes that nothing needs in packs that are needed."""
        return sum(
            self.survey.unused(pack, self.packs[pack].size) for pack in self.survey.live.keys() & self.packs.keys()
        )

    def mostly_unneeded(self, max_unused: float) -> set[str]:
        """Packs to be packed anew; none where older programs would not find what was moved."""
        if not self._vault.may_move:
            return set()
        return {
            pack
            for pack in self.survey.live.keys() & self.packs.keys()
            if self.survey.unused(pack, self.packs[pack].size) > max_unused * self.packs[pack].size
        }
