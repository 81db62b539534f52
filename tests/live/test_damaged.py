"""A store whose bytes were changed at its URL is not opened: it is found out before Chroma reads any of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.hostile import build, huggingface
from thoth_storage import PersistentClient, Repository
from thoth_storage.errors import CorruptionError

PLACES = 60
"""Bytes that are changed, one at a time, all over a pack."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    build(tmp_path / "made", {"notes": huggingface("http://nowhere.invalid")})
    with Repository.open(f"file://{tmp_path}/store", create=True) as repository:
        repository.backup(tmp_path / "made")
    return tmp_path / "store"


def flipped(pack: Path) -> Iterator[int]:
    """Each place at which a byte is changed while the caller looks."""
    content = pack.read_bytes()
    for place in range(0, len(content), max(1, len(content) // PLACES)):
        changed = bytearray(content)
        changed[place] ^= 0x10
        pack.chmod(0o600)
        pack.write_bytes(changed)
        yield place
    pack.write_bytes(content)


def packs(store: Path) -> set[Path]:
    return {path for path in (store / "packs").rglob("*") if path.is_file()}


def test_a_changed_byte_is_found_before_chroma_opens_a_file(store: Path, tmp_path: Path) -> None:
    (pack,) = packs(store)
    for place in flipped(pack):
        with pytest.raises(CorruptionError):
            PersistentClient(f"file://{store}", cache_dir=tmp_path / "cache", cache_limit=0)
        assert not list((tmp_path / "cache").glob("*/*")), place
    with PersistentClient(f"file://{store}", cache_dir=tmp_path / "cache", cache_limit=0) as client:
        assert client.get_collection("notes").count() == 2


def test_a_replica_stays_where_it_is_when_what_is_newer_is_damaged(store: Path, tmp_path: Path) -> None:
    before = packs(store)
    with PersistentClient(f"file://{store}", cache_dir=tmp_path / "replica", cache_limit=0, mode="r") as replica:
        with PersistentClient(
            f"file://{store}", cache_dir=tmp_path / "writer", cache_limit=0, durability="checkpoint"
        ) as writer:
            writer.get_collection("notes").delete(ids=["1"])
        (pack,) = packs(store) - before
        found = 0
        for place in flipped(pack):
            try:
                replica.refresh()
            except CorruptionError:
                found += 1
            else:
                break  # a block that the replica has itself, as it was opened in the same second, is not read
            assert len(list((tmp_path / "replica").glob("*/*"))) == 1, place
            assert replica.get_collection("notes").get()["ids"] == ["1", "2"]
        assert found
        replica.refresh()
        assert replica.get_collection("notes").get()["ids"] == ["2"]


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """A store with a log and two checkpoints, of which the newer one is damaged."""
    store = tmp_path / "logged"
    with PersistentClient(f"file://{store}", cache_dir=tmp_path / "writer", cache_limit=0) as client:
        notes: Any = client.create_collection("notes", embedding_function=None)
        notes.add(ids=["1"], embeddings=[[1.0, 2.0]])
        client.checkpoint("older")
        before = packs(store)
        notes.add(ids=["2"], embeddings=[[1.0, 3.0]])
        client.checkpoint("newer")
        for pack in packs(store) - before:
            pack.chmod(0o600)
            pack.write_bytes(b"x" * pack.stat().st_size)
        notes.add(ids=["3"], embeddings=[[1.0, 4.0]])
    return store


@pytest.mark.parametrize("mode", ["r", "rw"])
def test_an_older_checkpoint_and_the_log_stand_in_for_a_damaged_one(
    logged: Path, tmp_path: Path, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    for snapshot in Repository.open(f"file://{logged}").snapshots():
        if snapshot.tags == ("close",):
            Repository.open(f"file://{logged}").forget([snapshot.id])
    with PersistentClient(f"file://{logged}", cache_dir=tmp_path / "cache", cache_limit=0, mode=mode) as client:
        assert sorted(client.get_collection("notes", embedding_function=None).get()["ids"]) == ["1", "2", "3"]
    assert "the newest checkpoint is damaged" in caplog.text


def test_but_not_where_the_log_does_not_reach_as_far(logged: Path, tmp_path: Path) -> None:
    for snapshot in Repository.open(f"file://{logged}").snapshots():
        if snapshot.tags == ("close",):
            Repository.open(f"file://{logged}").forget([snapshot.id])
    for entry in (logged / "log").rglob("*"):
        if entry.is_file():
            entry.unlink()
    with pytest.raises(CorruptionError, match="pack"):
        PersistentClient(f"file://{logged}", cache_dir=tmp_path / "cache", cache_limit=0)
    assert not list((tmp_path / "cache").glob("*/*"))
