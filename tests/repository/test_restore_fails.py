"""A restore that cannot go on, for want of room, of rights or of a backend, leaves all as it was."""

from __future__ import annotations

import errno
import itertools
import multiprocessing
import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from tests.repository.stores import SMALL, new_repository, over
from tests.repository.trees import contents, noise, walk, write_tree
from tests.repository.wrappers import Killed, Killer, LosesReply, Refuses
from thoth_storage.errors import CapacityError, ConfigurationError, PermissionError_, StorageError, UnavailableError
from thoth_storage.repository import Repository, moving, ranges, restore
from thoth_storage.repository.targets import Site
from thoth_storage.wrappers import MeteredBackend

pytestmark = pytest.mark.exhaustive

TREE = {f"{n}": noise(3 * SMALL + n, n) for n in range(4)}


@pytest.fixture
def filled(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository whose restore takes many requests, and an old target."""
    monkeypatch.setattr(ranges, "_RANGE", 2 * SMALL)
    repository.backup(write_tree(tmp_path / "source", TREE))
    write_tree(tmp_path / "old", {"precious/file": b"precious", "void": None})
    return repository


def fails(repository: Repository, folder: Path, kind: type[BaseException]) -> BaseException:
    """To a new target, to a new one in new folders, over an old one."""
    before = walk(folder)
    for target in ("new", "new/deep/target", "old"):
        with pytest.raises(kind) as caught:
            repository.restore("latest", folder / target, overwrite=True)
        assert walk(folder) == before
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("thoth-")]
    return caught.value


@pytest.mark.parametrize("number", range(1, 12))
@pytest.mark.parametrize("kind", [Refuses, LosesReply])
def test_a_backend_that_fails(
    kind: type[Refuses | LosesReply], number: int, filled: Repository, tmp_path: Path
) -> None:
    meter = MeteredBackend(filled.backend)
    over(filled, meter).restore("latest", tmp_path / "trial")
    assert meter.total().requests >= 11
    before = walk(tmp_path)
    for target in ("new/target", "old"):
        repository = over(filled, kind(filled.backend, number))
        with pytest.raises(UnavailableError):
            repository.restore("latest", tmp_path / target, overwrite=True)
        assert walk(tmp_path) == before


@pytest.mark.parametrize("number", range(1, 12))
def test_an_interrupt(number: int, filled: Repository, tmp_path: Path) -> None:
    before = walk(tmp_path)
    with pytest.raises(Killed):
        over(filled, Killer(filled.backend, number)).restore("latest", tmp_path / "old", overwrite=True)
    assert walk(tmp_path) == before


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, CapacityError),
        (errno.EDQUOT, CapacityError),
        (errno.EFBIG, CapacityError),
        (errno.EROFS, PermissionError_),
        (errno.EIO, ConfigurationError),
    ],
)
@pytest.mark.parametrize("at", [1, 2, 9])
def test_a_disk_that_fails(
    at: int, code: int, kind: type[StorageError], filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    write = os.pwrite

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        calls.append(offset)
        if len(calls) % 10 == at:
            raise OSError(code, os.strerror(code))
        return write(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    error = fails(filled, tmp_path, kind)
    assert str(tmp_path / "old") in str(error)
    assert isinstance(error.__cause__, OSError)
    assert getattr(error, "hint", None)


def test_a_disk_that_writes_less_than_asked(
    filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda descriptor, data, offset: write(descriptor, data[:1000], offset))
    filled.restore("latest", tmp_path / "new")
    assert contents(tmp_path / "new") == TREE


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_disk_that_cannot_flush(at: int, filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are flushed on other threads, and the error is told all the same."""
    flush, calls = os.fsync, itertools.count(1)

    def fsync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and next(calls) % len(TREE) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    descriptors = open_files()
    fails(filled, tmp_path, CapacityError)
    assert open_files() == descriptors


@pytest.mark.parametrize("old", [False, True])
def test_all_is_flushed_before_it_takes_its_place(
    old: bool, filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its last content, time and mode."""
    write_tree(tmp_path / "source", {"small": b"s", "void": b"", "folder/file": b"f"})
    filled.backup(tmp_path / "source")
    flush, move = os.fsync, moving.move_whole
    flushed: dict[int, int] = {}

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        flushed[status.st_ino] = status.st_ctime_ns
        flush(descriptor)

    def check(staging: Path, site: Site, *, durable: bool) -> None:
        for path in (staging, *staging.rglob("*")):
            assert flushed.get(path.stat().st_ino) == path.stat().st_ctime_ns, path
        move(staging, site, durable=durable)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(restore, "move_whole", check)
    filled.restore("latest", tmp_path / ("old" if old else "new"), overwrite=True)
    assert len(flushed) > len(TREE) + 4


def test_many_files_need_few_descriptors(repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", {f"{n}": b"%d" % n for n in range(700)}))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files() + 140, before[1]))
    try:
        repository.restore("latest", tmp_path / "target")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert contents(tmp_path / "target") == contents(tmp_path / "source")


def restore_with_a_limit(url: str, target: Path, outcome: Path) -> None:
    """Files may not grow beyond the limit, by the kernel's word."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * SMALL, resource.RLIM_INFINITY))
    try:
        Repository.open(url).restore("latest", target, overwrite=True)
    except StorageError as error:
        outcome.write_text(type(error).__name__)


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repository")
    repository.backup(write_tree(tmp_path / "source", TREE))
    write_tree(tmp_path / "work" / "old", {"precious": b"precious"})
    before = walk(tmp_path / "work")
    context = multiprocessing.get_context("forkserver")
    for target in ("old", "new/target"):
        arguments = (repository.url, tmp_path / "work" / target, tmp_path / "outcome")
        process = context.Process(target=restore_with_a_limit, args=arguments)
        process.start()
        process.join(60)
        assert process.exitcode == 0
        assert (tmp_path / "outcome").read_text() == "CapacityError"
        assert walk(tmp_path / "work") == before
