"""A directory that was kept outlives an opening that fails, and the limit takes only what it has to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import add, directories, ids, lines, python
from thoth_storage import Repository
from thoth_storage.errors import CapacityError, CorruptionError, UnavailableError
from thoth_storage.store.cache import trim
from thoth_storage.testing import FaultyBackend

KEEP = 10**9


@pytest.fixture
def durability() -> str:
    """Nothing is logged here, so nothing can stand in for a checkpoint."""
    return "checkpoint"


@pytest.fixture
def warm(connect: OpenClient, cache: Path, tmp_path: Path) -> Path:
    """A directory that was kept, of a store to which another process added a row since."""
    with connect(cache_limit=KEEP) as client:
        add(client, "1")
    with connect(cache_dir=tmp_path / "other") as other:
        add(other, "2")
    [folder] = directories(cache)
    return folder


def no_packs(connect: OpenClient, place: str) -> None:
    backend = FaultyBackend(Repository.open(place).backend)
    backend.add("before", "get", key="packs/", count=None)
    with pytest.raises(UnavailableError):
        connect(backend, cache_limit=KEEP)


def no_room(connect: OpenClient, place: str) -> None:
    with pytest.raises(CapacityError):
        connect(cache_limit=KEEP, memory_budget=1)


def damaged(connect: OpenClient, place: str) -> None:
    packs = filter(Path.is_file, Path(place.removeprefix("file://"), "packs").rglob("*"))
    newest = max(packs, key=lambda path: path.stat().st_mtime_ns)
    whole = newest.read_bytes()
    newest.write_bytes(bytes(len(whole)))
    with pytest.raises(CorruptionError):
        connect(cache_limit=KEEP)
    newest.write_bytes(whole)


def interrupted(connect: OpenClient, place: str) -> None:
    def progress(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connect(cache_limit=KEEP, progress=progress)


@pytest.mark.parametrize("fail", [no_packs, no_room, damaged, interrupted], ids=lambda each: each.__name__)
def test_a_fetch_that_fails_leaves_the_directory_for_the_next(
    connect: OpenClient, place: str, warm: Path, cache: Path, fail: Callable[[OpenClient, str], None]
) -> None:
    fail(connect, place)
    assert directories(cache) == {warm}
    assert {each.name for each in warm.iterdir()} == {"chroma", "closed.json", "lock"}
    with connect(cache_limit=KEEP) as client:
        assert client.status().local_path == f"{warm}/chroma"
        assert not (warm / "closed.json").exists()
        assert ids(client) == {"1", "2"}
    assert directories(cache) == {warm}


def test_a_process_that_is_killed_amid_a_fetch_leaves_it_too(
    connect: OpenClient, place: str, warm: Path, cache: Path
) -> None:
    program = "opened(progress=lambda _: (say('fetching'), sys.stdin.read()))"
    with python(program, place, cache) as process:
        lines(process, "fetching")
    with connect(cache_limit=KEEP) as client:
        assert client.status().local_path == f"{warm}/chroma"
        assert ids(client) == {"1", "2"}
    assert {each.name for each in warm.iterdir()} == {"chroma", "closed.json", "lock"}


def test_a_directory_that_changed_amid_a_fetch_is_not_used(connect: OpenClient, warm: Path) -> None:
    def progress(_: object) -> None:
        with (warm / "chroma" / "chroma.sqlite3").open("r+b") as file:
            file.write(b"other")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connect(cache_limit=KEEP, progress=progress)
    with connect(cache_limit=KEEP) as client:
        assert client.status().local_path != f"{warm}/chroma"
        assert ids(client) == {"1", "2"}


def test_who_is_killed_with_the_store_open_leaves_no_mark(
    connect: OpenClient, place: str, warm: Path, cache: Path
) -> None:
    with python("client = opened()\nsay('open')\nsys.stdin.read()", place, cache) as process:
        lines(process, "open")
        assert not (warm / "closed.json").exists()
    with connect(cache_limit=KEEP) as client:
        assert client.status().local_path != f"{warm}/chroma"
        assert ids(client) == {"1", "2"}


def kept(connect: OpenClient, tmp_path: Path, cache: Path, name: str, size: int, age: int) -> Path:
    """A directory of so many bytes, that was used so many seconds ago."""
    before = directories(cache)
    with connect(f"file://{tmp_path}/{name}", cache_limit=KEEP) as client:
        add(client, "1")
    [folder] = directories(cache) - before
    (folder / "chroma" / "more").write_bytes(b"\0" * (size - sum(map(bytes_of, folder.rglob("*")))))
    then = folder.stat().st_mtime - age
    os.utime(folder, (then, then))
    return folder


def bytes_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


MB = 10**6
LIMITS: dict[str, tuple[list[int], int, list[int]]] = {
    # sizes from the one used last to the one used longest ago, the limit, and which of them stay
    "all fit": ([3, 3, 3], 9, [0, 1, 2]),
    "the longest unused goes": ([3, 3, 3], 8, [0, 1]),
    "only one stays": ([3, 3, 3], 5, [0]),
    "one too large takes none along": ([9, 3, 3], 7, [1, 2]),
    "nor does one between": ([3, 9, 3], 7, [0, 2]),
    "one that just fits pushes out the others": ([7, 3, 3], 7, [0]),
    "an older one that would fit goes before a newer one": ([5, 5, 1], 8, [0]),
    "nothing": ([3, 3, 3], 0, []),
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_limit_takes_what_was_not_used_for_longest(
    connect: OpenClient, tmp_path: Path, cache: Path, what: str
) -> None:
    sizes, limit, stay = LIMITS[what]
    folders = [
        kept(connect, tmp_path, cache, f"store-{number}", size * MB, 100 * number) for number, size in enumerate(sizes)
    ]
    trim(cache, limit * MB)
    assert directories(cache) == {folders[number] for number in stay}
