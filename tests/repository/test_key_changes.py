"""Keys are added, removed and replaced; whoever does so at once or is killed on the way, one is left that opens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.repository.stores import objects, over, put_back
from tests.repository.test_keys import RAW, new, opens
from tests.repository.trees import walk
from tests.repository.wrappers import Killed, Killer
from thoth_storage.backend import Backend
from thoth_storage.errors import EncryptionKeyError, NotFoundError, PermissionError_
from thoth_storage.repository import Repository
from thoth_storage.wrappers.base import WrappedBackend


def test_several_keys(source: Path) -> None:
    made = new("one")
    made.backup(source)
    [first] = [key.id for key in iter(made.keys())]
    second = made.add_key("two", "one")
    assert sorted(key.id for key in iter(made.keys())) == sorted([first, second])
    for key in ("one", "two"):
        assert Repository.open(made.backend, encryption_key=key).verify().ok
    made.remove_key(first[:8])
    with pytest.raises(EncryptionKeyError):
        Repository.open(made.backend, encryption_key="one")
    with pytest.raises(EncryptionKeyError, match="last key"):
        made.remove_key(second)
    for unknown in ("", "zz", first):
        with pytest.raises(NotFoundError):
            made.remove_key(unknown)
    assert Repository.open(made.backend, encryption_key="two").verify().ok


def test_rotation_wraps_anew_and_stores_nothing_else(source: Path, tmp_path: Path) -> None:
    made = new("old")
    made.backup(source)
    before = objects(made.backend)
    added = made.rotate_key("new", "old")
    after = objects(made.backend)
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert {key.partition("/")[0] for key in changed} == {"keys"}
    assert len(changed) == 2
    assert f"keys/{added}" in changed
    with pytest.raises(EncryptionKeyError):
        Repository.open(made.backend, encryption_key="old")
    again = Repository.open(made.backend, encryption_key="new")
    again.restore("latest", tmp_path / "target")
    assert walk(tmp_path / "target") == walk(source)


class Together(WrappedBackend):
    """Several delete their keys, and only then any of them goes on."""

    def __init__(self, inner: Backend, barrier: Barrier) -> None:
        super().__init__(inner)
        self.barrier = barrier

    def delete(self, *keys: str) -> None:
        self.barrier.wait(20)
        super().delete(*keys)
        self.barrier.wait(20)


def test_removing_different_keys_at_once_leaves_one() -> None:
    made = new(RAW)
    keys = [bytes([number]) * 32 for number in (1, 2)]
    ids = [next(iter(made.keys())).id, *(made.add_key(key, RAW) for key in keys)]
    stored = objects(made.backend, "keys/")
    barrier = Barrier(3)

    def remove(key_id: str) -> str:
        try:
            over(made, Together(made.backend, barrier)).remove_key(key_id)
        except EncryptionKeyError as error:
            return error.message
        return ""

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(remove, ids))
    assert any("it was put back" in each for each in told)
    left = objects(made.backend, "keys/")
    assert left
    assert left == {key: stored[key] for key in left}
    assert set(left) >= {f"keys/{key_id}" for key_id, each in zip(ids, told, strict=True) if each}
    assert any(opens(made.backend, key) for key in (RAW, *keys))


def test_a_rotation_removes_a_key_that_was_added_twice() -> None:
    made = new("old")
    made.add_key("old", "old")
    made.add_key("other", "old")
    added = made.rotate_key("new", "old")
    assert not opens(made.backend, "old")
    assert opens(made.backend, "other")
    assert opens(made.backend, "new")
    assert len(made.keys()) == 2
    # To the same one: wrapped anew, and still there.
    again = made.rotate_key("new", "new")
    assert {key.id for key in iter(made.keys())} & {added, again} == {again}
    assert opens(made.backend, "new")


class NoDelete(WrappedBackend):
    """An identity that may add and not delete."""

    def delete(self, *keys: str) -> None:
        raise PermissionError_("you may not delete", url=self.url, key=keys[0])


def test_a_rotation_that_may_not_delete_says_what_it_did() -> None:
    made = new("old")
    [old] = made.keys()
    with pytest.raises(PermissionError_, match=f"new key was added .*{old.id}.* still opens") as caught:
        over(made, NoDelete(made.backend)).rotate_key("new", "old")
    assert not isinstance(caught.value, EncryptionKeyError)
    [added] = [key.id for key in iter(made.keys()) if key.id != old.id]
    assert added in caught.value.message
    assert "key remove" in str(caught.value.hint)
    assert opens(made.backend, "old")
    assert opens(made.backend, "new")


def test_only_who_has_a_key_adds_one() -> None:
    made = new("right")
    before = objects(made.backend)
    for act in (made.add_key, made.rotate_key):
        with pytest.raises(EncryptionKeyError):
            act("mine", "guess")
    with pytest.raises(EncryptionKeyError, match="no key was given"):
        made.rotate_key("mine")
    assert objects(made.backend) == before


@pytest.mark.parametrize("late", [False, True])
def test_a_rotation_that_is_killed_leaves_a_key(late: bool) -> None:
    made = new("old")
    stored = objects(made.backend)
    for number in range(1, 20):
        put_back(made.backend, stored)
        try:
            over(made, Killer(made.backend, number, late=late)).rotate_key("new", "old")
        except Killed:
            assert [opens(made.backend, key) for key in ("old", "new")].count(True) >= 1
        else:
            break
    assert (opens(made.backend, "old"), opens(made.backend, "new")) == (False, True)
    assert number > 3
