"""Damage never goes along: it is told, with the object, and what was whole is copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.copies import KEYS, blocks_of, check_equal, make, write_history
from tests.repository.stores import objects, pack_bytes
from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, NotFoundError
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.records import list_keys

both = pytest.mark.parametrize("key", [None, KEYS[0]], ids=["plain", "encrypting"])


def flip(backend: Backend, key: str, place: int) -> None:
    data = bytearray(backend.get(key))
    data[place] ^= 1
    backend.put(key, bytes(data))


@both
@pytest.mark.parametrize("what", ["flipped", "cut off", "missing"])
def test_of_a_pack_in_the_source(key: bytes | None, what: str, tmp_path: Path) -> None:
    source, target = make(), make(key)
    ids = write_history(source, tmp_path / "source", 4)
    first, third = blocks_of(source, ids[0])[0], blocks_of(source, ids[2])[0]
    assert first.pack != third.pack
    damaged = pack_key(third.pack)
    whole = source.backend.get(damaged)
    if what == "flipped":
        flip(source.backend, damaged, third.offset + third.stored - 1)
    elif what == "cut off":
        source.backend.put(damaged, whole[: third.offset + third.stored - 1])
    else:
        source.backend.delete(damaged)
    with pytest.raises(CorruptionError) as caught:
        source.copy_to(target)
    assert caught.value.key == damaged
    assert caught.value.url == source.url
    assert [each.id for each in target.snapshots()] == [ids[1], ids[0]]
    check_equal(source, target, tmp_path, ids[:2])
    source.backend.put(damaged, whole)
    assert source.copy_to(target).snapshots == (ids[2], ids[3])
    check_equal(source, target, tmp_path)


@both
def test_of_a_base(key: bytes | None, tmp_path: Path) -> None:
    """The full block is damaged, and nothing asks for it but a delta."""
    source, target = make(), make(key)
    ids = write_history(source, tmp_path / "source", 3)
    root = blocks_of(source, ids[1])[0].root
    flip(source.backend, pack_key(root.pack), root.offset + root.stored - 1)
    with pytest.raises(CorruptionError) as caught:
        source.copy_to(target, [ids[1]])
    assert caught.value.key == pack_key(root.pack)
    assert target.snapshots() == []


def test_of_a_manifest_in_the_source(tmp_path: Path) -> None:
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source", 3)
    key = list_keys(source.backend)[1].key
    flip(source.backend, key, -1)
    with pytest.raises(CorruptionError) as caught:
        source.copy_to(target)
    assert caught.value.key == key
    assert [each.id for each in target.snapshots()] == [ids[0]]
    # The others can be copied by name.
    source.copy_to(target, [ids[2]])
    check_equal(source, target, tmp_path, [ids[0], ids[2]])


def test_of_a_record_in_the_target(tmp_path: Path) -> None:
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source", 2)
    source.copy_to(target)
    key = list_keys(target.backend)[1].key
    flip(target.backend, key, 100)
    newest = source.backup(tmp_path / "source").id
    for _ in range(2):
        with pytest.raises(CorruptionError) as caught:
            source.copy_to(target)
        assert (caught.value.key, caught.value.url) == (key, target.url)
        assert [each.id for each in target.snapshots()] == [newest, ids[1]], "all else is copied"
    target.backend.delete(key)
    assert source.copy_to(target).snapshots == (ids[0],)
    check_equal(source, target, tmp_path)


def test_of_a_pack_in_the_target(tmp_path: Path) -> None:
    """Nothing is built on a pack that is cut off or gone."""
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source", 2)
    source.copy_to(target, [ids[0]])
    before = pack_bytes(target.backend)
    target.backend.delete(*objects(target.backend, "packs/"))
    report = source.copy_to(target, [ids[1]])
    assert report.stored > before / 2
    target.restore(ids[1], tmp_path / "target")
    source.copy_to(target, [ids[1]])


def test_a_snapshot_that_is_gone(tmp_path: Path) -> None:
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source", 2)
    source.forget([ids[0]])
    with pytest.raises(NotFoundError):
        source.copy_to(target, [ids[0]])
    assert source.copy_to(target).snapshots == (ids[1],)
