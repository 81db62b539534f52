"""The verbs that look at snapshots, and those that give them names and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from thoth_storage.repository.facade import Facade
from thoth_storage.repository.index import Index

if TYPE_CHECKING:
    from thoth_storage.repository.diffing import DiffReport
    from thoth_storage.repository.reports import Snapshot
    from thoth_storage.repository.showing import Details

__all__ = ["Labelling"]


class Labelling(Facade):
    """Names and tags are events beside the snapshots, which never change."""

    def diff(self, a: str, b: str) -> DiffReport:
        """What is different in snapshot ``b`` from ``a``: files added, removed and changed, in number and bytes.

        Manifests are compared, no content is read. Raises NotFoundError, CorruptionError.
        """
        from thoth_storage.repository.diffing import compare
        from thoth_storage.repository.moves import load_moves

        index = Index(self.vault)
        return compare(self.vault, self._find(a, index), self._find(b, index), load_moves(self.vault, index))

    def show(self, wanted: str) -> Details:
        """All that is known of one snapshot: its files, and how its blocks are stored."""
        from thoth_storage.repository.showing import show

        index = Index(self.vault)
        return show(self.vault, self._find(wanted, index), index)

    def tag(self, wanted: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Snapshot:
        """Add tags to a snapshot and remove others; gives it as it is then. Raises NotFoundError,
        InvalidArgumentError."""
        from thoth_storage.repository.naming import give_tags

        index = Index(self.vault)
        return give_tags(self.vault, self._find(wanted, index), add, remove, index)

    def set_name(self, name: str, wanted: str) -> Snapshot:
        """Let ``name`` mean this snapshot from now on, whatever it meant before: ``prod-good`` moves so. A policy of
        ``forget`` never drops a snapshot that a name was moved to. Raises NotFoundError, InvalidArgumentError."""
        from thoth_storage.repository.naming import give_name

        index = Index(self.vault)
        return give_name(self.vault, self._find(wanted, index), name, index)

    def remove_name(self, name: str) -> None:
        """Take back what ``set_name`` gave. A snapshot that was made with the name keeps it. Raises NotFoundError."""
        from thoth_storage.repository.naming import take_name

        take_name(self.vault, name, Index(self.vault))
