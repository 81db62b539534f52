"""A directory that was closed in order is used again; one that is not what its mark tells of never is."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import add, directories, ids, lines, python
from tests.store.helpers import random_vectors
from thoth_storage import Repository
from thoth_storage.errors import ConflictError, CorruptionError
from thoth_storage.store.cache import trim
from thoth_storage.wrappers import MeteredBackend
from thoth_storage.wrappers.base import WrappedBackend

KEEP = 10**9
ROWS = [str(number) for number in range(400)]


@pytest.fixture
def durability() -> str:
    """Nothing is logged here: what is tested is what checkpoints alone give."""
    return "checkpoint"


class Reads(WrappedBackend):
    """Remembers from which packs was read, and how many bytes."""

    packs: list[tuple[str, int]]

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = self.inner.get(key, start, end)
        if key.startswith("packs/"):
            self.packs.append((key, len(data)))
        return data

    @property
    def fetched(self) -> int:
        return sum(size for _, size in self.packs)


@pytest.fixture
def reads(place: str) -> Reads:
    backend = Reads(Repository.open(place, create=True).backend)
    backend.packs = []
    return backend


@pytest.fixture
def warm(connect: OpenClient, cache: Path) -> Path:
    """A directory that was kept, of a store with rows."""
    with connect(cache_limit=KEEP) as client:
        add(client, *ROWS)
    [folder] = directories(cache)
    return folder


def test_a_warm_directory_is_taken_as_it_is(connect: OpenClient, reads: Reads, warm: Path, cache: Path) -> None:
    meter = MeteredBackend(reads)
    for _ in range(3):
        with connect(meter, cache_limit=KEEP) as client:
            assert client.status().local_path == str(warm / "chroma")
            assert not (warm / "closed.json").exists()  # whoever is killed from here on leaves no mark
            assert ids(client) == set(ROWS)
            assert client.status().pending == 0
        assert directories(cache) == {warm}
    assert reads.packs == []
    assert meter.meters["put"].requests == meter.meters["create"].requests == 0


def test_a_cold_opening_reads_packs(connect: OpenClient, reads: Reads, warm: Path, tmp_path: Path) -> None:
    """Or the test above could not fail."""
    connect(reads, cache_dir=tmp_path / "cold")
    assert reads.packs


def test_after_checkpoints_of_others_only_the_difference_is_fetched(
    connect: OpenClient, reads: Reads, warm: Path, tmp_path: Path
) -> None:
    with connect(cache_limit=KEEP) as client:
        many = client.create_collection("many", embedding_function=None)
        many.add(
            ids=[str(number) for number in range(1500)], embeddings=random_vectors(1500, 64, seed=1).astype(np.float32)
        )
    with connect(cache_dir=tmp_path / "other") as other:
        add(other, "new")
    connect(reads, cache_dir=tmp_path / "cold")
    cold, reads.packs = reads.fetched, []
    with connect(reads, cache_limit=KEEP) as client:
        assert client.status().local_path == str(warm / "chroma")
        assert ids(client) == {*ROWS, "new"}
    assert 0 < reads.fetched < cold / 10


def test_what_was_written_and_closed_is_kept_warm(connect: OpenClient, reads: Reads, warm: Path) -> None:
    with connect(reads, cache_limit=KEEP) as client:
        add(client, "new")
    reads.packs = []
    with connect(reads, cache_limit=KEEP, mode="r") as client:
        assert ids(client) == {*ROWS, "new"}
    with connect(reads, cache_limit=KEEP) as client:
        assert ids(client) == {*ROWS, "new"}
    assert reads.packs == []


def test_a_state_that_was_never_stored_is_not_kept(connect: OpenClient, reads: Reads, warm: Path, cache: Path) -> None:
    with connect(cache_limit=KEEP, mode="r") as replica, connect(cache_limit=KEEP) as client:
        client.restore(client.snapshots()[0].id)
        add(client, "later")
        client.checkpoint()
        assert len(directories(cache)) == 2
        assert replica.refresh()
    assert len(directories(cache)) == 2
    with connect(reads, cache_limit=KEEP) as client:
        assert ids(client) == {*ROWS, "later"}
    assert reads.packs == []


def mark_of(folder: Path) -> dict[str, object]:
    return msgspec.json.decode((folder / "closed.json").read_bytes(), type=dict[str, object])


def longer(folder: Path) -> None:
    with (folder / "chroma" / "chroma.sqlite3").open("ab") as file:
        file.write(b"\0" * 4096)


def same_size(folder: Path) -> None:
    path = folder / "chroma" / "chroma.sqlite3"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def older(folder: Path) -> None:
    os.utime(folder / "chroma" / "chroma.sqlite3", (1, 1))


def gone(folder: Path) -> None:
    next(path for path in (folder / "chroma").glob("*/*") if path.is_file()).unlink()


def stranger(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3-wal").write_bytes(b"of somebody")


def other_version(folder: Path) -> None:
    (folder / "closed.json").write_bytes(msgspec.json.encode({**mark_of(folder), "chromadb": "0.4.0"}))


def unknown_field(folder: Path) -> None:
    (folder / "closed.json").write_bytes(msgspec.json.encode({**mark_of(folder), "later": True}))


def no_json(folder: Path) -> None:
    (folder / "closed.json").write_bytes(b"\xff{")


def empty(folder: Path) -> None:
    (folder / "closed.json").write_bytes(b"")


CHANGES = [longer, same_size, older, gone, stranger, other_version, unknown_field, no_json, empty]


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__)
def test_a_changed_directory_is_thrown_away(
    connect: OpenClient, reads: Reads, warm: Path, cache: Path, change: object
) -> None:
    assert callable(change)
    change(warm)
    with connect(reads, cache_limit=KEEP) as client:
        assert directories(cache).isdisjoint({warm})
        assert ids(client) == set(ROWS)
    assert reads.packs
    assert len(directories(cache)) == 1


def test_the_mark_of_a_snapshot_that_was_forgotten(connect: OpenClient, warm: Path, place: str, cache: Path) -> None:
    """What it holds is used where it can be, and nothing is taken for the newest that is not."""
    with connect(cache_dir=cache / "other") as other:
        add(other, "new")
    with Repository.open(place) as repository:
        repository.forget(repository.snapshots()[-1].id)
        repository.prune()
        assert len(repository.snapshots()) == 1
    with connect(cache_limit=KEEP) as client:
        assert ids(client) == {*ROWS, "new"}


def test_two_processes_take_two_directories(connect: OpenClient, warm: Path, place: str, cache: Path) -> None:
    program = "client = opened()\nsay(client.status().local_path)\nsys.stdin.read()\nclient.close()"
    with python(program, place, cache) as process:
        lines(process, str(warm / "chroma"))
        with connect(cache_limit=KEEP) as client:
            assert len(directories(cache)) == 2
            assert client.status().local_path != str(warm / "chroma")
            assert ids(client) == set(ROWS)
        process.communicate("")
    assert len(directories(cache)) == 2
    with connect(cache_limit=KEEP) as one, connect(cache_limit=KEEP) as other:
        assert {one.status().local_path, other.status().local_path} == {f"{each}/chroma" for each in directories(cache)}
        assert ids(one) == ids(other) == set(ROWS)


def test_no_limit_for_what_is_kept_keeps_nothing(connect: OpenClient, warm: Path, cache: Path) -> None:
    with connect(cache_limit=0) as client:
        assert ids(client) == set(ROWS)
    assert not directories(cache)


def test_the_oldest_go_first_and_none_that_is_in_use(connect: OpenClient, cache: Path, tmp_path: Path) -> None:
    def kept(name: str) -> Path:
        before = directories(cache)
        with connect(f"file://{tmp_path}/{name}", cache_limit=KEEP) as client:
            add(client, "1")
        [folder] = directories(cache) - before
        return folder

    first, second, third = kept("first"), kept("second"), kept("third")
    size = sum(file.stat().st_size for file in third.rglob("*") if file.is_file())
    with connect(f"file://{tmp_path}/first", cache_limit=KEEP) as client:
        trim(cache, 0)
        assert directories(cache) == {first}
        assert ids(client) == {"1"}
    second, third = kept("second"), kept("third")
    with connect(f"file://{tmp_path}/fourth", cache_limit=2 * size + size // 2) as client:
        assert directories(cache) == {second, third, Path(client.status().local_path).parent}


def test_a_store_in_memory_that_is_gone_is_not_brought_back_by_its_directory(connect: OpenClient, cache: Path) -> None:
    """Its URL is the same in every process, and each has another store there."""
    place = "memory://tests/warm"
    with python("client = opened()\nadd(client, 'old')\nclient.close()\nsay('closed')", place, cache) as process:
        lines(process, "closed")
    [old] = directories(cache)
    with connect(place, cache_limit=KEEP) as client:
        assert client.list_collections() == []
        assert old not in directories(cache)
        add(client, "new")
    with connect(place, cache_limit=KEEP) as client:
        assert ids(client) == {"new"}


def test_a_file_in_the_place_of_chromas_folder(connect: OpenClient, warm: Path, tmp_path: Path, cache: Path) -> None:
    for path in sorted((warm / "chroma").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (warm / "chroma").rmdir()
    (warm / "chroma").write_bytes(b"")
    with connect(cache_limit=KEEP) as client:
        assert ids(client) == set(ROWS)


def test_many_processes_open_and_close_side_by_side(connect: OpenClient, warm: Path, place: str, cache: Path) -> None:
    """Each sweeps, takes over, keeps and trims what the others do the same with."""
    program = """
for number in range(12):
    with opened(cache_limit=700_000, mode="r") as client:
        assert client.get_collection("notes", embedding_function=None).count() == 400
say("done")
"""
    with ExitStack() as stack:
        running = [stack.enter_context(python(program, place, cache)) for _ in range(3)]
        for process in running:
            lines(process, "done")
    with connect(cache_limit=KEEP) as client:
        assert ids(client) == set(ROWS)


def test_a_directory_with_more_than_its_checkpoint_is_not_kept_as_that(
    connect: OpenClient, place: str, warm: Path, cache: Path
) -> None:
    """Its rows went into a snapshot beside the line, and the one that it was opened upon has not got them."""
    loser, winner = connect(cache_limit=KEEP), connect()
    add(winner, "of the winner")
    rival = winner.checkpoint()
    add(loser, "of the loser")
    with pytest.raises(ConflictError):
        loser.checkpoint()
    loser.close()
    assert warm not in directories(cache)
    Repository.open(place).forget([rival.id])
    with pytest.raises(CorruptionError, match=r"makes the snapshot .* the state, and that was deleted"):
        connect(cache_limit=KEEP)
