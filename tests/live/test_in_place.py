"""Captures in place by themselves: what they give, put together with what is stored, is what writers left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from blake3 import blake3

from tests.live.captures import DATABASE, at_the_lock, contents, make_live, reads
from thoth_storage.errors import StorageError
from thoth_storage.store import inplace
from thoth_storage.store.captured import Captured
from thoth_storage.store.inplace import InPlace

BLOCK = 4096
nothing = at_the_lock(lambda: None)


def name(block: bytes | memoryview) -> bytes:
    return blake3(block).digest()


class Store:
    """Stands for a repository: the blocks that it has been given, by name."""

    def __init__(self) -> None:
        self._blocks: dict[bytes, bytes] = {}

    def take(self, taken: Captured) -> dict[str, bytes]:
        """The files that a snapshot of this capture has."""
        whole = {}
        for path, data in contents(taken.path).items():
            held = (taken.held or {}).get(path, {})
            blocks = [
                self._blocks[held[start // BLOCK]] if start // BLOCK in held else data[start : start + BLOCK]
                for start in range(0, len(data), BLOCK)
            ]
            self._blocks |= {name(block): block for block in blocks}
            whole[path] = b"".join(blocks)
            assert len(whole[path]) == len(data)
        return whole


@pytest.fixture
def live(tmp_path: Path) -> Path:
    return make_live(tmp_path / "chroma")


@pytest.fixture
def in_place(live: Path, tmp_path: Path) -> InPlace:
    return InPlace(live, tmp_path, name, BLOCK)


def age(folder: Path) -> None:
    """As if nothing had been written to for long; but the times that nobody can set, which blur for some
    milliseconds."""
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))
    time.sleep(0.03)


def blocks(letters: str) -> bytes:
    return b"".join(letter.encode() * BLOCK for letter in letters)


def test_writers_do_not_wait_for_files_that_stay_as_they_are(
    live: Path, in_place: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    for each in ("one", "two"):
        (live / each).write_bytes(blocks("abc"))
    (live / "two").write_bytes(blocks("abd"))
    age(live)
    steps: list[tuple[str, set[str], set[str]]] = [
        ("", {DATABASE, "one", "two"}, set()),
        ("two", {"two"}, set()),
        ("", set(), set()),
    ]
    for changed, ahead, waiting in steps:
        if changed:
            (live / changed).write_bytes(blocks("xbd"))
        with reads(monkeypatch, live) as found:
            taken = in_place.capture(at_the_lock(partial(found.append, "locked")))
        locked = found.index("locked")
        assert (set(found[:locked]), set(found[locked + 1 :])) == (ahead, waiting)
        assert store.take(taken) == contents(live)
        in_place.keep()
        age(live)
        with reads(monkeypatch, live) as found:  # the times that age() has set
            in_place.capture(nothing)
        in_place.keep()


CHANGES: dict[str, Callable[[Path], object]] = {
    "another block": lambda path: path.write_bytes(blocks("axc") + b"d" * 100),
    "back to what is stored": lambda path: path.write_bytes(blocks("abc") + b"d" * 100),
    "grew": lambda path: path.write_bytes(blocks("abcdef")),
    "shrank": lambda path: os.truncate(path, 2 * BLOCK + 7),
    "became empty": lambda path: os.truncate(path, 0),
    "vanished": lambda path: path.unlink(),
    "a hole": lambda path: os.truncate(path, 9 * BLOCK),
}


@pytest.mark.parametrize("at_last", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("before", CHANGES.values(), ids=CHANGES.keys())
def test_a_capture_has_what_writers_left_at_last(
    live: Path, in_place: InPlace, before: Callable[[Path], object], at_last: Callable[[Path], object]
) -> None:
    """Changed since the last one, gone through ahead, and changed again before the writers wait."""
    store, file = Store(), live / "file"
    file.write_bytes(blocks("abc") + b"d" * 100)
    assert store.take(in_place.capture(nothing)) == contents(live)
    in_place.keep()
    before(file)
    age(live)

    def change() -> None:
        file.touch()
        at_last(file)

    assert store.take(in_place.capture(at_the_lock(change))) == contents(live)
    in_place.keep()
    assert store.take(in_place.capture(nothing)) == contents(live)


def test_a_file_that_is_being_rewritten_while_it_is_read(
    live: Path, in_place: InPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read short is not continued with what stands behind: its blocks would have wrong places."""
    monkeypatch.setattr(inplace, "_SEGMENT", 4 * BLOCK)
    in_place = InPlace(live, live.parent, name, BLOCK)
    data = blocks("abcdefghijkl")
    (live / "file").write_bytes(data)
    age(live)
    original, store = os.pread, Store()
    short = [2 * BLOCK]

    def pread(descriptor: int, length: int, offset: int) -> bytes:
        found = original(descriptor, length, offset)
        if Path(f"/proc/self/fd/{descriptor}").readlink() == live / "file" and short:
            return found[: short.pop()]
        return found

    monkeypatch.setattr(os, "pread", pread)
    new = blocks("abefcdghijkl")
    assert store.take(in_place.capture(at_the_lock(lambda: (live / "file").write_bytes(new))))["file"] == new


@pytest.mark.parametrize("goes_on", [False, True])
def test_what_is_being_written_to_is_read_once(
    live: Path, in_place: InPlace, monkeypatch: pytest.MonkeyPatch, goes_on: bool
) -> None:
    """While writers wait, where they go on until then; before, where they rest. And what is new is copied ahead."""
    in_place.capture(nothing)
    in_place.keep()
    (live / DATABASE).touch()
    (live / "new").write_bytes(blocks("abc"))
    rest = time.sleep

    def meanwhile(seconds: float) -> None:
        rest(seconds)
        if goes_on:
            (live / DATABASE).touch()

    monkeypatch.setattr(time, "sleep", meanwhile)
    seen: list[str] = []
    with reads(monkeypatch, live) as found:
        in_place.capture(at_the_lock(lambda: seen.extend(found)))
    assert set(seen) == ({"new"} if goes_on else {"new", DATABASE})
    assert found.count(DATABASE) == 1


def test_what_the_repository_lost_is_copied_again(live: Path, in_place: InPlace) -> None:
    (live / "file").write_bytes(blocks("abc"))
    age(live)
    for _ in range(2):
        in_place.capture(nothing)
        in_place.keep()
    assert (in_place.capture(nothing).held or {})["file"]
    in_place.stored = {}
    assert Store().take(in_place.capture(nothing)) == contents(live)


def test_a_capture_that_was_not_stored_is_not_relied_upon(live: Path, in_place: InPlace) -> None:
    store = Store()
    for letters in ("abc", "axc", "ayc"):
        (live / "file").write_bytes(blocks(letters))
        age(live)
        taken = in_place.capture(nothing)
        if letters != "axc":
            assert store.take(taken) == contents(live)
            in_place.keep()
    assert store.take(in_place.capture(nothing)) == contents(live)


def test_folders_of_deleted_collections_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = str(uuid4()), str(uuid4())
    live = make_live(tmp_path / "chroma", kept)
    for each in (kept, gone, "of somebody"):
        (live / each).mkdir()
        (live / each / "header.bin").write_bytes(b"1")
    in_place = InPlace(live, tmp_path, name, BLOCK)
    for expected in ({f"{gone}/header.bin"}, set()):  # asked of the database only when writers wait
        with reads(monkeypatch, live) as found:
            taken = in_place.capture(nothing)
        assert {path.name for path in taken.path.iterdir()} == {kept, "of somebody", DATABASE}
        assert {path for path in found if gone in path} == expected
        in_place.keep()


def test_a_capture_that_fails_leaves_nothing(live: Path, in_place: InPlace, tmp_path: Path) -> None:
    (live / "file").write_bytes(blocks("abc"))
    before = (live / DATABASE).read_bytes()
    with pytest.raises(StorageError, match="cannot be read"):
        in_place.capture(at_the_lock(lambda: (live / DATABASE).write_bytes(b"no database" * 1000)))
    assert [path.name for path in tmp_path.iterdir()] == ["chroma"]
    (live / DATABASE).write_bytes(before)
    assert Store().take(in_place.capture(nothing)) == contents(live)
