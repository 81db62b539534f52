"""The local disk when it is in the way, full, or not ours to write: the class, the words and the path; nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import thoth_storage as ts
from tests.unit.helpers import run_python
from thoth_storage.errors import ConflictError, NotFoundError, PermissionError_


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_a_file_in_the_way_of_a_folder(root: Path) -> None:
    backend = ts.open_backend(root)
    backend.put("a", b"1")
    for write in (backend.put, backend.create):
        with pytest.raises(ConflictError, match="a file is where a folder is needed") as caught:
            write("a/b", b"2")
        assert str(root / "a") in str(caught.value)
        assert (caught.value.url, caught.value.key) == (f"file://{root}", "a/b")
    with pytest.raises(NotFoundError):
        backend.get("a/b")


def test_a_folder_in_the_way_of_a_file(root: Path) -> None:
    backend = ts.open_backend(root)
    backend.put("a/b", b"1")
    with pytest.raises(ConflictError) as caught:
        backend.put("a", b"2")
    assert (caught.value.url, caught.value.key) == (f"file://{root}", "a")
    assert [info.key for info in backend.list()] == ["a/b"]


def test_a_store_below_a_file(root: Path) -> None:
    root.write_bytes(b"")
    backend = ts.open_backend(root / "deeper")
    with pytest.raises(ConflictError, match="a file is where a folder is needed") as caught:
        backend.put("a", b"")
    assert str(root) in str(caught.value)


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = ts.open_backend(root)
    backend.put("a/b", b"1")
    real = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError_, match="Permission denied") as caught:
        backend.list()
    assert caught.value.url == f"file://{root}"
    assert "which identity" in (caught.value.hint or "")


TELL = """
    import json, os, resource, signal, sys
    import thoth_storage as ts
    root = {root!r}
    backend = ts.open_backend(root)
    list(backend.list())
    {prepare}
    told = []
    for verb in (lambda: backend.put("a", b"x" * 100_000), lambda: backend.create("deep/b", b"x" * 100_000),
                 lambda: backend.delete("a"), lambda: backend.get("a")):
        try:
            told.append(["done", repr(verb())])
        except ts.StorageError as error:
            told.append([type(error).__name__, str(error), error.url, error.key])
    print(json.dumps(told))
"""


def tell(root: Path, prepare: str) -> list[list[str]]:
    answer: list[list[str]] = json.loads(run_python(TELL.format(root=str(root), prepare=prepare)))
    return answer


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX")
def test_a_full_disk(root: Path) -> None:
    """RLIMIT_FSIZE gives EFBIG in the middle of a file, as a full disk gives ENOSPC."""
    ts.open_backend(root).put("a", b"old")
    prepare = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    put, create, deleted, gone = tell(root, f"backend.put('c', backend.get('a')); {prepare}")
    for (kind, text, url, key), expected in ((put, "a"), (create, "deep/b")):
        assert kind == "CapacityError"
        assert "File too large" in text
        assert (url, key) == (f"file://{root}", expected)
        assert f"file://{root}/{expected}" in text
    assert deleted == ["done", "None"], "room can still be made"
    assert gone[0] == "NotFoundError"
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["c"], "no half of a file is left"
    assert (root / "c").read_bytes() == b"old"


@pytest.fixture
def readable_to_all() -> Iterator[Path]:
    """pytest's own folders are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="thoth-unit-"))
    folder.chmod(0o755)
    yield folder
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="users and modes are POSIX")
def test_a_disk_that_may_only_be_read(readable_to_all: Path) -> None:
    root = readable_to_all / "store"
    ts.open_backend(root).put("a", b"old")
    root.chmod(0o555)
    put, create, delete, get = tell(root, "backend.get('a'); os.getuid() or os.setuid(65534)")
    for (kind, text, url, key), expected in ((put, "a"), (create, "deep/b"), (delete, "a")):
        assert kind == "PermissionError_"
        assert "Permission denied" in text
        assert "check which identity is used" in text
        assert (url, key) == (f"file://{root}", expected)
    assert get == ["done", "b'old'"]
