"""The staging copy by itself: what is read again, what it has after each change of a file, what is put aside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.live.captures import DATABASE, at_the_lock, contents, make_live, reads, settle
from thoth_storage.errors import StorageError
from thoth_storage.store.capture import Staging
from thoth_storage.store.captured import Look, files

BLOCK = 256 * 1024
nothing = at_the_lock(lambda: None)


def filled(letter: str, blocks: float = 1) -> bytes:
    return letter.encode() * int(blocks * BLOCK)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    return make_live(tmp_path / "chroma")


@pytest.fixture
def staging(live: Path, tmp_path: Path) -> Staging:
    return Staging(live, tmp_path)


def test_unchanged_files_are_not_read_again(live: Path, staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (live / name).write_bytes(filled(name[0], 2))
    settle()
    staging.capture(nothing)
    with (live / "two").open("r+b") as file:
        file.write(b"x")
    settle()
    with reads(monkeypatch, live) as found:
        staging.capture(nothing)
    assert set(found) == {"two"}
    with reads(monkeypatch, live) as found:
        staging.capture(nothing)
    assert found == []
    assert contents(staging.path) == contents(live)


def test_a_file_that_was_just_written_to_is_read_again(
    live: Path, staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second change within one tick of the file system's clock leaves all times as they are."""
    settle()
    (live / "racy").write_bytes(b"1")
    staging.capture(nothing)
    settle()
    for expected in ({"racy"}, set()):
        with reads(monkeypatch, live) as found:
            staging.capture(nothing)
        assert set(found) == expected


def test_a_look_is_trusted_only_when_it_came_a_tick_after_the_change(live: Path) -> None:
    now = (live / DATABASE).stat()
    changed = max(now.st_mtime_ns, now.st_ctime_ns)
    look = Look(now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino, at=changed + 40_000_000)
    assert look.is_of(now)
    assert not look._replace(at=changed + 4_000_000).is_of(now)
    for name in ("size", "mtime_ns", "ctime_ns", "inode"):
        assert not look._replace(**{name: getattr(look, name) - 1}).is_of(now)


def make_hole(path: Path) -> None:
    os.truncate(path, 0)
    os.truncate(path, 70 * BLOCK)


def replace(path: Path) -> None:
    """By one of the same size and time."""
    new, old = path.with_name("new"), path.stat()
    new.write_bytes(filled("r", 2.5))
    os.utime(new, ns=(old.st_atime_ns, old.st_mtime_ns))
    new.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "grew within a block": lambda path: path.write_bytes(filled("a", 2.6)),
    "grew by blocks": lambda path: path.write_bytes(filled("a", 2.5) + filled("b", 40)),
    "shrank within a block": lambda path: os.truncate(path, int(2.1 * BLOCK)),
    "shrank by blocks": lambda path: os.truncate(path, BLOCK),
    "became empty": lambda path: os.truncate(path, 0),
    "vanished": lambda path: path.unlink(),
    "one block": lambda path: path.write_bytes(filled("a") + filled("b") + filled("a", 0.5)),
    "every second block": lambda path: path.write_bytes(filled("b") + filled("a") + filled("b", 0.5)),
    "zeros": lambda path: path.write_bytes(filled("\0", 2.5)),
    "a hole": make_hole,
    "replaced": replace,
}


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_copy_is_what_is_there_when_writers_wait(
    live: Path, staging: Staging, change: Callable[[Path], object], ahead: bool
) -> None:
    old = filled("a", 2.5)
    (live / "file").write_bytes(old)
    settle()
    staging.capture(nothing)
    staging.stored()
    if ahead:
        change(live / "file")
    taken = staging.capture(nothing if ahead else at_the_lock(lambda: change(live / "file")))
    assert contents(taken.path) == contents(live)
    assert taken.previous is not None
    new = contents(live).get("file", old)
    aside = contents(taken.previous).get("file", b"")
    for start in range(0, len(old), BLOCK):
        if new[start : start + BLOCK] != old[start : start + BLOCK]:
            assert aside[start : start + BLOCK] == old[start : start + BLOCK], f"{start} lost its old bytes"


def test_a_block_that_changes_twice_keeps_the_bytes_that_are_stored(live: Path, staging: Staging) -> None:
    """Zeros are bytes too: a block of them is not taken for one that nothing was put aside of yet."""
    old = filled("\0") + filled("a")
    (live / "file").write_bytes(old)
    staging.capture(nothing)
    staging.stored()
    (live / "file").write_bytes(filled("b", 2))
    taken = staging.capture(at_the_lock(lambda: (live / "file").write_bytes(filled("c", 2))))
    assert taken.previous is not None
    assert contents(taken.previous) == {"file": old}
    assert contents(taken.path)["file"] == filled("c", 2)


def test_what_was_put_aside_stays_until_its_successor_is_stored(live: Path, staging: Staging) -> None:
    """An upload that fails leaves the repository where it was: the next one needs the same old blocks."""
    for letter in "abc":
        (live / "file").write_bytes(filled(letter))
        taken = staging.capture(nothing)
        if letter == "a":
            staging.stored()
    assert taken.previous is not None
    assert contents(taken.previous)["file"] == filled("a")
    staging.stored()
    assert not taken.previous.exists()
    (live / "file").write_bytes(filled("d"))
    staging.capture(nothing)
    assert contents(taken.previous)["file"] == filled("c")


def test_what_was_put_aside_is_a_hole_for_the_rest(live: Path, staging: Staging) -> None:
    (live / "file").write_bytes(filled("a", 100))
    staging.capture(nothing)
    staging.stored()
    with (live / "file").open("r+b") as file:
        for start in (3, 4, 32, 99):
            file.seek(start * BLOCK)
            file.write(b"b")
    taken = staging.capture(nothing)
    assert taken.previous is not None
    aside = taken.previous / "file"
    assert aside.stat().st_blocks * 512 < 5 * BLOCK
    kept = aside.read_bytes()
    assert [n for n in range(100) if kept[n * BLOCK : (n + 1) * BLOCK] == filled("a")] == [3, 4, 32, 99]


def test_what_was_not_there_has_no_old_bytes(live: Path, staging: Staging) -> None:
    """What an early look found of a new file was never stored."""
    staging.capture(nothing)
    staging.stored()
    (live / "new").write_bytes(filled("torn", 0.5))
    taken = staging.capture(at_the_lock(lambda: (live / "new").write_bytes(filled("x"))))
    assert taken.previous is not None
    assert not taken.previous.exists()


def test_folders_of_deleted_collections_are_left_out_and_not_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = str(uuid4()), str(uuid4())
    live = make_live(tmp_path / "chroma", kept)
    staging = Staging(live, tmp_path)
    for each in (kept, gone, "of somebody"):
        (live / each).mkdir()
        (live / each / "header.bin").write_bytes(b"1")
    for _ in range(2):
        with reads(monkeypatch, live) as found:
            taken = staging.capture(nothing)
        assert f"{gone}/header.bin" not in found
        assert {path.name for path in taken.path.iterdir()} == {kept, "of somebody", DATABASE}


def test_a_collection_that_is_deleted_at_the_last_moment_leaves_no_folder(tmp_path: Path) -> None:
    gone = str(uuid4())
    live = make_live(tmp_path / "chroma", gone)
    (live / gone).mkdir()
    (live / gone / "header.bin").write_bytes(b"1")

    def delete() -> None:
        make_live(tmp_path / "other")
        (tmp_path / "other" / DATABASE).replace(live / DATABASE)

    taken = Staging(live, tmp_path).capture(at_the_lock(delete))
    assert [path.name for path in taken.path.iterdir()] == [DATABASE]


def test_a_capture_that_fails_leaves_nothing_and_the_next_begins_anew(
    live: Path, staging: Staging, tmp_path: Path
) -> None:
    (live / "file").write_bytes(filled("a"))
    staging.capture(nothing)
    (live / "file").write_bytes(filled("b"))

    def destroy() -> None:
        (live / DATABASE).rename(tmp_path / "away")
        (live / DATABASE).write_bytes(b"no database" * 1000)

    with pytest.raises(StorageError, match="cannot be read"):
        staging.capture(at_the_lock(destroy))
    assert not staging.path.exists()
    assert not (tmp_path / "previous").exists()
    (tmp_path / "away").replace(live / DATABASE)
    assert contents(staging.capture(nothing).path) == contents(live)


def test_what_another_process_left_is_not_in_the_copy(live: Path, staging: Staging) -> None:
    staging.path.mkdir()
    (staging.path / "stale").write_bytes(b"1")
    assert contents(staging.capture(nothing).path) == contents(live)


def test_a_journal_that_goes_hides_no_file_behind_it(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("journal", *"abcdef"):
        (live / name).write_bytes(b"1")
    listing = os.scandir

    class Entries:
        def __init__(self, folder: Path) -> None:
            self._entries = sorted(listing(folder), key=lambda entry: entry.name != "journal")
            (live / "journal").unlink()

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self._entries

        def __exit__(self, *_: object) -> None:
            """Nothing is open."""

    monkeypatch.setattr(os, "scandir", Entries)
    assert files(live).keys() == {*"abcdef", DATABASE}
