"""Where there is little room: told before the first byte, with the figures, and nothing is lost."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.live.conftest import OpenClient
from tests.live.places import in_memory, limited, mounted
from tests.live.programs import add, directories, ids
from tests.store.helpers import bare_chroma, random_vectors
from thoth_storage import Repository
from thoth_storage.errors import CapacityError, PermissionError_
from thoth_storage.store.budget import is_memory_backed
from thoth_storage.testing import FaultyBackend

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")
ROWS = 1200


@pytest.fixture
def memory() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder


@pytest.fixture
def filled(connect: OpenClient) -> int:
    """A store of some megabytes; gives how many bytes."""
    with connect() as client:
        collection = client.create_collection("notes", embedding_function=None)
        vectors = random_vectors(ROWS, 256, seed=1).astype(np.float32)
        collection.add(ids=[str(number) for number in range(ROWS)], embeddings=vectors)
        return client.checkpoint().size


@pytest.mark.parametrize("mode", ["r", "rw"])
def test_more_than_the_budget_is_refused_before_a_pack_is_read(
    connect: OpenClient, filled: int, place: str, cache: Path, mode: str
) -> None:
    backend = FaultyBackend(Repository.open(place).backend)
    backend.add("before", "get", key="packs/", count=None)
    budget = 2**20
    with pytest.raises(CapacityError) as told:
        connect(backend, memory_budget=budget, mode=mode)
    needs, has = (float(each) for each in re.findall(r"([0-9.]+) MiB", str(told.value))[:2])
    assert needs == pytest.approx(filled / 2**20, abs=0.05)
    assert has == 1.0
    assert "the memory budget" in str(told.value)
    assert told.value.hint is not None
    assert not backend.injected
    assert not directories(cache)
    backend.clear()
    assert connect(backend, memory_budget=filled, mode=mode).get_collection("notes").count() == ROWS


def test_a_replica_that_outgrows_its_budget_stays_where_it_is(connect: OpenClient, filled: int, cache: Path) -> None:
    replica = connect(mode="r", memory_budget=filled + 100_000)
    with connect(cache_dir=cache / "writer") as writer:
        collection = writer.get_collection("notes", embedding_function=None)
        collection.add(
            ids=[f"new {number}" for number in range(ROWS)],
            embeddings=random_vectors(ROWS, 256, seed=2).astype(np.float32),
        )
    for _ in range(2):
        with pytest.raises(CapacityError, match="the memory budget"):
            replica.refresh()
    assert replica.get_collection("notes", embedding_function=None).count() == ROWS
    assert len([folder for folder in directories(cache) if (folder / "chroma").exists()]) == 1


@only_root
def test_too_small_a_disk_is_refused_before_a_pack_is_read(
    connect: OpenClient, filled: int, place: str, tmp_path: Path
) -> None:
    backend = FaultyBackend(Repository.open(place).backend)
    backend.add("before", "get", key="packs/", count=None)
    with mounted(tmp_path / "small", "size=1m") as small:
        with pytest.raises(CapacityError, match=r"needs .* MiB on this machine, the room left below .* is 1\.0 MiB"):
            connect(backend, cache_dir=small)
        assert not directories(small)
    assert not backend.injected


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


@only_root
def test_a_disk_that_fills_up_loses_nothing(connect: OpenClient, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=4m") as small:
        client = connect(cache_dir=small)
        add(client, "1")
        rest = small / "of somebody"
        with pytest.raises(OSError, match="No space left"):
            fill(rest)
        with pytest.raises(CapacityError):
            client.checkpoint()
        assert client.status().pending == 1
        assert ids(client) == {"1"}
        rest.unlink()
        client.close()
    assert ids(connect()) == {"1"}


@only_root
def test_a_cache_directory_that_cannot_be_written(connect: OpenClient, tmp_path: Path, place: str) -> None:
    with mounted(tmp_path / "fixed", "ro") as fixed, pytest.raises(PermissionError_, match="cannot be used") as told:
        connect(cache_dir=fixed)
    assert told.value.hint is not None
    assert "cache_dir" in told.value.hint
    assert Repository.open(place).snapshots() == []


def test_memory_is_told_from_a_disk(memory: Path, tmp_path: Path) -> None:
    assert is_memory_backed(memory)
    assert is_memory_backed(memory / "not" / "there" / "yet")
    (tmp_path / "link").symlink_to(memory)
    assert is_memory_backed(tmp_path / "link")
    assert not is_memory_backed(Path(__file__).parent)


def test_nothing_is_kept_where_it_takes_memory(connect: OpenClient, memory: Path, cache: Path) -> None:
    for folder, kept in ((memory, 0), (cache, 1)):
        with connect(cache_dir=folder, cache_limit=10**9) as client:
            add(client, f"{kept}")
        assert len(directories(folder)) == kept


def rows(folder: Path) -> dict[str, tuple[str, list[float]]]:
    """By whoever knows nothing of this project."""
    with bare_chroma(folder) as client:
        found = client.get_collection("notes").get(include=["documents", "embeddings"])
    assert found["documents"] is not None
    assert found["embeddings"] is not None
    return {
        each: (text, [float(value) for value in vector])
        for each, text, vector in zip(found["ids"], found["documents"], found["embeddings"], strict=True)
    }


def test_every_checkpoint_from_memory_holds_its_moment(
    connect: OpenClient, memory: Path, place: str, tmp_path: Path
) -> None:
    """Blocks are hashed in place and only changed ones copied: what is missing is known to be stored."""
    client = connect(cache_dir=memory)
    random = np.random.default_rng(3)
    collection = client.create_collection("notes", embedding_function=None)
    expected: dict[str, dict[str, tuple[str, list[float]]]] = {}
    now: dict[str, tuple[str, list[float]]] = {}
    for step in range(8):
        for each in [str(step * 100 + number) for number in range(60)]:
            now[each] = (
                f"text {each} " + "x" * int(random.integers(300)),
                [float(v) for v in random.integers(9, size=4)],
            )
        new = [each for each in now if int(each) >= step * 100]
        collection.add(
            ids=new, documents=[now[e][0] for e in new], embeddings=np.array([now[e][1] for e in new], np.float32)
        )
        gone = [str(each) for each in random.choice(sorted(now), size=15, replace=False)]
        collection.delete(ids=gone)
        for each in gone:
            del now[each]
        if step == 4:
            client.restore(f"step {2}")
            now = dict(expected["step 2"])
        client.checkpoint(f"step {step}")
        expected[f"step {step}"] = dict(now)
        assert {path.name for path in Path(client.status().local_path).parent.iterdir()} == {"chroma", "lock"}
    client.close()
    with Repository.open(place) as repository:
        assert repository.verify().ok
        for name, state in expected.items():
            repository.restore(name, tmp_path / name)
            assert rows(tmp_path / name) == state


def test_a_checkpoint_whose_blocks_were_pruned_meanwhile_is_whole(
    connect: OpenClient, memory: Path, place: str, tmp_path: Path
) -> None:
    """What the last one stored counts as stored, until somebody else forgets that one and prunes."""
    client = connect(cache_dir=memory)
    add(client, *(str(number) for number in range(300)))
    first = client.checkpoint()
    with Repository.open(place) as repository:
        repository.forget(first.id)
        repository.prune(grace=timedelta(0))
        assert repository.snapshots() == []
    add(client, "new")
    stored = client.checkpoint("again")
    assert client.status().pending == 0
    with Repository.open(place) as repository:
        assert repository.verify().ok
        repository.restore(stored.id, tmp_path / "restored")
    assert set(rows(tmp_path / "restored")) == {*(str(number) for number in range(300)), "new"}
    add(client, "last")
    client.close()
    assert ids(connect()) == {*(str(number) for number in range(300)), "new", "last"}


def test_an_opening_in_memory_stores_only_what_changes(
    connect: OpenClient, filled: int, memory: Path, place: str
) -> None:
    """No capture of this process has told what is stored, so it is looked up."""
    client = connect(cache_dir=memory)
    add(client, "1", collection="small")
    before = sum(item.size for item in Repository.open(place).backend.list("packs/"))
    client.checkpoint()
    after = sum(item.size for item in Repository.open(place).backend.list("packs/"))
    assert 0 < after - before < filled / 4


OPEN = """
import sys
from thoth_storage import PersistentClient, StorageError
try:
    with PersistentClient(sys.argv[1], cache_dir=sys.argv[2]) as client:
        client.get_collection("notes", embedding_function=None).delete(ids=["1"])
        print(client.checkpoint().name is None)
except StorageError as error:
    print(error)
"""
MIB = 2**20


@only_root
@pytest.mark.parametrize(
    ("used", "cached", "left"),
    [(999 * MIB, 0, "1.0 MiB"), (1200 * MIB, 0, "0.0 MiB"), (999 * MIB, 900 * MIB, None), (0, 0, None)],
)
def test_the_limit_of_a_container_counts_where_files_are_memory(
    filled: int, memory: Path, place: str, tmp_path: Path, used: int, cached: int, left: str | None
) -> None:
    """But not what the kernel keeps of files on disks for as long as nobody wants the room."""
    said = limited(tmp_path, OPEN, place, str(memory), most=1000 * MIB, used=used, cached=cached)
    if left:
        assert f"the memory that this container may still use is {left}" in said
    else:
        assert said == "True\n"


@only_root
def test_with_no_room_for_what_changed_a_checkpoint_reads_the_files_themselves(
    connect: OpenClient, filled: int, memory: Path, place: str, tmp_path: Path
) -> None:
    """Room for the store once, not for an eighth more: writers wait for the upload instead."""
    room = filled + filled // 16
    said = limited(tmp_path, OPEN, place, str(memory), most=1000 * MIB, used=1000 * MIB - room, cached=0)
    assert said == "True\n"
    assert connect().get_collection("notes").count() == ROWS - 1
