"""A small repository to be damaged, and what is to be seen of each damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.stores import SMALL, new_repository, objects
from tests.repository.trees import contents, noise, text, write_tree
from thoth_storage.errors import CorruptionError, FormatError, NotFoundError

__all__ = ["FIRST", "SECOND", "Subject"]

FIRST = {"a": text(SMALL + 9), "b": noise(300), "folder/empty": b""}
SECOND = {**FIRST, "c": text(700, "c"), "d": noise(40, "d")}


class Subject:
    """Two snapshots, of which the second needs the packs of both; what is stored; and who needs what."""

    def __init__(self, folder: Path) -> None:
        self.repository = new_repository()
        self.folder = folder
        self.first = self.repository.backup(write_tree(folder / "source", FIRST)).id
        packs = set(objects(self.repository.backend, "packs/"))
        self.second = self.repository.backup(write_tree(folder / "source", SECOND)).id
        self.stored = objects(self.repository.backend)
        self.users = {key: {self._id_in(key)} for key in self.stored if key.startswith("snapshots/")}
        for key in objects(self.repository.backend, "packs/"):
            self.users[key] = {self.first, self.second} if key in packs else {self.second}
        assert len(self.users) == 4

    def _id_in(self, key: str) -> str:
        return self.first if self.first in key else self.second

    def check(self, key: str, damaged: bytes | None, *, restore: bool = True) -> None:
        """Put the damage in place, look at it from all sides, take it away."""
        backend = self.repository.backend
        if damaged is None:
            backend.delete(key)
        else:
            backend.put(key, damaged)
        touched = self.users[key] if damaged is not None or key.startswith("packs/") else set()
        found = self.repository.verify().problems
        assert {problem.key for problem in found} == ({key} if touched else set())
        assert {id_ for problem in found for id_ in problem.snapshots} == touched
        for id_ in (self.first, self.second) if restore else ():
            self._restore(key, id_, harmed=id_ in self.users[key])
        backend.put(key, self.stored[key])

    def _restore(self, key: str, id_: str, *, harmed: bool) -> None:
        target = self.folder / "target"
        if not harmed:
            self.repository.restore(id_, target, overwrite=True)
            assert contents(target) == (FIRST if id_ == self.first else SECOND)
            return
        with pytest.raises((CorruptionError, FormatError, NotFoundError)) as caught:
            self.repository.restore(id_, target, overwrite=True)
        # A snapshot that is gone has no key: its id is told.
        assert caught.value.key == key or id_ in str(caught.value)
