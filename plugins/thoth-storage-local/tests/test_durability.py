"""What a power cut or a kill may leave behind: whole objects, and nothing that is taken for one."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from thoth_storage_local import atomic

import thoth_storage as ts

WRITER = """
import itertools, os, sys
import thoth_storage as ts
backend = ts.open_backend(sys.argv[1])
print("ready", flush=True)
for number in itertools.count():
    letter = b"abcdefghij"[number % 10:number % 10 + 1]
    backend.put("folder/replaced", letter * (300_000 + number % 10))
    backend.create(f"new/{number % 3}/{number}", letter * (300_000 + number % 10))
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The system calls that make a write durable, in order, by the name of what they are about."""
    seen: list[tuple[str, str]] = []

    def spy(name: str, describe: Callable[..., str]) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **options: object) -> object:
            seen.append((name, describe(*arguments)))
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    def opened(descriptor: int) -> str:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        return f"{path.name}/" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "temporary"

    spy("fsync", opened)
    spy("link", lambda _, path: Path(path).name)
    spy("replace", lambda _, path: Path(path).name)
    return seen


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of descriptors are told by Linux")
def test_bytes_then_name_then_folder_are_flushed(tmp_path: Path, calls: list[tuple[str, str]]) -> None:
    backend = ts.open_backend(tmp_path / "db")
    backend.put("a/b/key", b"x")
    assert calls == [
        *[("fsync", f"{tmp_path.name}/"), ("fsync", "db/"), ("fsync", "a/")],
        *[("fsync", "temporary"), ("replace", "key"), ("fsync", "b/")],
    ]
    calls.clear()
    backend.create("a/b/new", b"x")
    assert calls == [("fsync", "temporary"), ("link", "new"), ("fsync", "b/")]
    calls.clear()
    backend.delete("a/b/new")
    assert calls == [("fsync", "b/")]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of descriptors are told by Linux")
def test_folders_that_another_process_made_are_flushed_once(tmp_path: Path, calls: list[tuple[str, str]]) -> None:
    """Their maker may have died before it flushed them; what is stored below them must not go with them."""
    (tmp_path / "db" / "theirs").mkdir(parents=True)
    backend = ts.open_backend(tmp_path / "db")
    backend.put("theirs/key", b"x")
    assert calls[:2] == [("fsync", f"{tmp_path.name}/"), ("fsync", "db/")]
    calls.clear()
    backend.put("theirs/other", b"x")
    assert calls == [("fsync", "temporary"), ("replace", "other"), ("fsync", "theirs/")]


def test_a_killed_writer_leaves_whole_objects_only(tmp_path: Path) -> None:
    """Killed in the middle of what it does, many times: a reader never needs to know."""
    backend = ts.open_backend(tmp_path)
    for attempt in range(6):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.02 + 0.013 * attempt)
            writer.send_signal(signal.SIGKILL)
        for info in list(backend.list()):
            data = backend.get(info.key)
            number = data[0] - ord("a")
            assert data == bytes([data[0]]) * (300_000 + number)
            assert info.size == len(data)
        backend.delete(*(info.key for info in backend.list("new/")))
    backend.delete("folder/replaced")
    assert list(backend.list()) == []


def test_what_a_killed_writer_leaves_is_no_object(tmp_path: Path) -> None:
    backend = ts.open_backend(tmp_path)
    backend.put("folder/key", b"whole")
    (tmp_path / "folder" / ".thoth-tmp-0123").write_bytes(b"half")
    assert [info.key for info in backend.list()] == [info.key for info in backend.list("folder/")] == ["folder/key"]
    with pytest.raises(ts.errors.InvalidArgumentError):
        backend.get("folder/.thoth-tmp-0123")


def test_a_link_that_was_made_and_reported_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS tries again when a reply is lost, and then finds its own link."""
    real = os.link

    def twice(source: Path, target: Path) -> None:
        real(source, target)
        real(source, target)

    monkeypatch.setattr(os, "link", twice)
    backend = ts.open_backend(tmp_path)
    backend.create("key", b"mine")
    assert backend.get("key") == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
    with pytest.raises(ts.errors.AlreadyExistsError):
        backend.create("key", b"another")


def test_a_folder_that_vanishes_under_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process deletes the last object in it, and with it the folder, just before the file is opened."""
    real, times = atomic._write, iter(range(3))

    def write(temporary: Path, data: bytes) -> None:
        if next(times, None) is not None:
            temporary.parent.rmdir()
        real(temporary, data)

    monkeypatch.setattr(atomic, "_write", write)
    backend = ts.open_backend(tmp_path)
    backend.put("folder/key", b"x")
    assert backend.get("folder/key") == b"x"


def test_deleting_and_writing_in_one_folder_at_once(tmp_path: Path) -> None:
    """Folders come and go with their objects, and no writer notices."""
    backend = ts.open_backend(tmp_path)
    code = """
import sys, thoth_storage as ts
backend = ts.open_backend(sys.argv[1])
for number in range(300):
    key = f"deep/folder/{sys.argv[2]}"
    (backend.put if number % 2 else backend.create)(key, b"x")
    backend.delete(key)
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)]) for n in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    assert list(backend.list()) == []
    assert list(tmp_path.iterdir()) == [], "empty folders are removed with their last object"
