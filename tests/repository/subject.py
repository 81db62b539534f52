"""A small repository with one of everything to be damaged, and what is to be seen of each damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.repository.stores import SMALL, fresh_backend, objects, put_back
from tests.repository.trees import contents, noise, text, write_tree
from tests.repository.wounded import KEY, new_vault
from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository import Repository, partials, summaries
from thoth_storage.repository.index import Index, write_entry
from thoth_storage.repository.keyring import add_key
from thoth_storage.repository.layout import KEYS, REPOSITORY_KEY
from thoth_storage.repository.manifest import to_body
from thoth_storage.repository.marks import write_doomed, write_mark
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.records import list_keys, read_blocks, read_header

__all__ = ["FIRST", "SECOND", "SECRET", "STATES", "THIRD", "Subject"]

_A = noise(600)
FIRST = {"a": _A, "b": noise(300), "folder/empty": b""}
SECOND = {**FIRST, "a": _A[:50] + b"?" + _A[51:], "c": text(700, "c")}
THIRD = {**SECOND, "a": _A[:50] + b"?" + _A[51:400] + b"!" + _A[401:], "d": noise(40, "d")}
STATES = [FIRST, SECOND, THIRD]
SECRET = bytes(32)
"""A random key needs no stretching: it opens at once."""


class Effect(NamedTuple):
    """Objects that verification names, snapshots that it says are touched, and by snapshot the object that a restore
    fails for."""

    named: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    harmed: Mapping[str, str] = {}


class Subject:
    """Three snapshots, each of which has a delta upon the one before; the pack of the first was packed anew. One record
    of each kind of the index, a pack that nobody needs, and one key object where it is encrypted."""

    def __init__(self, folder: Path, *, encrypted: bool) -> None:
        vault = new_vault(fresh_backend(), encrypted=encrypted)
        if encrypted:
            add_key(vault.backend, vault.settings.id, KEY, SECRET)
        self.folder = folder
        self.key = SECRET if encrypted else None
        self.repository = Repository(vault)
        self.lost = self._back_up({**FIRST, "much": noise(3 * SMALL)})[1]
        (folder / "source" / "much").unlink()
        (self.first, _), (self.second, delta), (self.third, upper) = [self._back_up(state) for state in STATES]
        self.ids = [self.first, self.second, self.third]
        self._forget_all_others()
        assert self.repository.prune(grace=timedelta(0)).repacked == 1
        moved = (objects(vault.backend, "packs/").keys() - {delta, upper}).pop()
        users = {moved: set(self.ids), delta: {self.second, self.third}, upper: {self.third}}
        self.unneeded = self._back_up({"unneeded": noise(100, "unneeded")})[1]
        self._forget_all_others()
        self._tell()
        self.stored = objects(vault.backend)
        assert len(self.stored) == 1 + encrypted + 4 + 3 + 6
        self.users = {key: users.get(key, self._users(key)) for key in self.stored}

    def _users(self, key: str) -> set[str]:
        """The snapshots that cannot be restored without an object that is no pack."""
        if key.startswith("snapshots/"):
            return {id_ for id_ in self.ids if key.endswith(id_)}
        return set(self.ids) if key.startswith((REPOSITORY_KEY, KEYS, "index/moves-")) else set()

    def _back_up(self, state: dict[str, bytes]) -> tuple[str, str]:
        """The ids of the new snapshot and of the pack that was stored for it, if any."""
        before = objects(self.repository.backend, "packs/")
        made = self.repository.backup(write_tree(self.folder / "source", state)).id
        return made, next(iter(objects(self.repository.backend, "packs/").keys() - before), "")

    def _forget_all_others(self) -> None:
        backend = self.repository.backend
        backend.delete(*(key.key for key in list_keys(backend) if key.id not in self.ids))

    def _tell(self) -> None:
        """Labels, marks and the rest."""
        vault = self.repository.vault
        self.repository.set_name("good", self.first)
        write_mark(vault, [self.unneeded.rpartition("/")[2]], timedelta(hours=1))
        write_doomed(vault, [self.unneeded.rpartition("/")[2]])
        keys = list_keys(vault.backend)
        write_entry(vault, summaries.CATALOGUE, summaries._Body(tuple(read_header(vault, key) for key in keys)))
        _, blocks = read_blocks(vault, keys[0], load_moves(vault, Index(vault)))
        full = [block for block in blocks if not block.base]
        write_entry(vault, partials.PARTIAL, partials._Body(to_body((), (), full)))

    def of(self, *prefixes: str) -> list[str]:
        """The keys of the objects that begin so."""
        return [key for key in self.stored if key.startswith(prefixes)]

    def effect(self, key: str, damaged: bytes | None) -> Effect:
        """What is to be seen where an object holds these bytes, or is gone."""
        gone, it, users = damaged is None, frozenset({key}), frozenset(self.users[key])
        named = frozenset() if gone else it
        if key.startswith("packs/"):
            return Effect(it if users else frozenset(), users, dict.fromkeys(users, key))
        if key.startswith("snapshots/"):
            # Nobody can know of one that is gone.
            return Effect(named, frozenset() if gone else users, dict.fromkeys(users, key))
        if key.startswith("index/moves-"):
            return Effect(named | {self.lost}, users, dict.fromkeys(users, self.lost))
        if key.startswith("index/"):
            return Effect(named)
        if damaged is not None and _means_the_same(damaged, self.stored[key]):
            return Effect()
        return Effect(it if key == REPOSITORY_KEY else named | {KEYS}, users)

    def check(self, damage: Mapping[str, bytes | None], *, restore: bool = True) -> None:
        """Put the damage in place, look at it from all sides, take it away."""
        backend = self.repository.backend
        backend.delete(*(key for key, data in damage.items() if data is None))
        for key, data in damage.items():
            if data is not None:
                backend.put(key, data)
        effects = [self.effect(key, data) for key, data in damage.items()]
        found = self.repository.verify().problems
        assert {problem.key for problem in found} == set().union(*(effect.named for effect in effects))
        assert {id_ for each in found for id_ in each.snapshots} == set().union(*(effect.touched for effect in effects))
        self._open(effects)
        if restore:
            self._restore_all(effects)
        self.reset()

    def reset(self) -> None:
        """All is as it was."""
        put_back(self.repository.backend, self.stored)

    def _open(self, effects: list[Effect]) -> None:
        """Without settings or a key nobody gets in, and is told which object is to blame."""
        needed = {key for effect in effects for key in effect.named if key in {REPOSITORY_KEY, KEYS}}
        if not needed:
            assert Repository.open(self.repository.backend, encryption_key=self.key).id == self.repository.id
            return
        with pytest.raises((CorruptionError, FormatError, NotFoundError)) as caught:
            Repository.open(self.repository.backend, encryption_key=self.key)
        assert (caught.value.key or REPOSITORY_KEY).startswith(tuple(needed))

    def _restore_all(self, effects: list[Effect]) -> None:
        """Each snapshot that is harmed, and of the others the newest, since whole ones take longest."""
        blamed = {id_: {effect.harmed[id_] for effect in effects if id_ in effect.harmed} for id_ in self.ids}
        whole = [id_ for id_ in self.ids if not blamed[id_]]
        for id_, state in zip(self.ids, STATES, strict=True):
            if id_ not in whole[:-1]:
                self._restore(id_, state, blamed[id_])

    def _restore(self, id_: str, state: dict[str, bytes], blamed: set[str]) -> None:
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)  # nothing is to be taken from there
        if not blamed:
            self.repository.restore(id_, target)
            assert contents(target) == state
            return
        with pytest.raises((CorruptionError, FormatError, NotFoundError)) as caught:
            self.repository.restore(id_, target)
        # A snapshot that is gone has no key: its id is told.
        assert caught.value.key in blamed or id_ in str(caught.value)
        assert not target.exists()


def _means_the_same(damaged: bytes, sound: bytes) -> bool:
    """Whether JSON differs from other JSON in its spaces alone, which mean nothing."""
    try:
        return bool(json.loads(damaged) == json.loads(sound))
    except ValueError:
        return False
