"""Restores that need not fetch all: over an older restore, of a part, to a time, and those that only tell."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.repository.stores import SMALL, over
from tests.repository.trees import contents, noise, walk, write_tree
from thoth_storage.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.wrappers import MeteredBackend

OLD = {"same": noise(20 * SMALL), "part": noise(10 * SMALL, "part"), "gone": noise(SMALL, "gone"), "void": b""}
NEW = {"same": OLD["same"], "part": OLD["part"][: 5 * SMALL] + noise(5 * SMALL, "n"), "new": noise(SMALL, 9)}


@pytest.fixture
def two(repository: Repository, tmp_path: Path) -> Repository:
    """``old`` and ``new``, and the old one restored."""
    source = write_tree(tmp_path / "source", OLD)
    repository.backup(source, name="old")
    for path in ("gone", "void"):
        (source / path).unlink()
    repository.backup(write_tree(source, NEW), name="new")
    repository.restore("old", tmp_path / "target")
    return repository


def test_what_is_equal_is_not_fetched_again(two: Repository, tmp_path: Path) -> None:
    meter = MeteredBackend(two.backend)
    report = over(two, meter).restore("new", tmp_path / "target", overwrite=True)
    assert contents(tmp_path / "target") == NEW
    assert walk(tmp_path / "target") == walk(tmp_path / "source")
    assert report.reused == 25 * SMALL
    assert report.bytes == sum(map(len, NEW.values()))
    assert 6 * SMALL <= report.read < 8 * SMALL
    assert meter.meters["get"].bytes < report.read + 10_000
    back = two.restore("old", tmp_path / "target", overwrite=True)
    assert contents(tmp_path / "target") == OLD
    assert back.reused == 25 * SMALL


def test_an_old_target_is_not_believed(two: Repository, tmp_path: Path) -> None:
    """Its bytes count only if they have the name that the manifest promises: times and sizes tell nothing."""
    path = tmp_path / "target" / "same"
    status = path.stat()
    with path.open("r+b") as handle:
        handle.seek(3 * SMALL)
        handle.write(b"?")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    report = two.restore("old", tmp_path / "target", overwrite=True)
    assert contents(tmp_path / "target") == OLD
    assert report.reused == report.bytes - SMALL


def test_an_old_target_that_is_a_link_is_not_followed(two: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(OLD["same"])
    (tmp_path / "target" / "same").unlink()
    (tmp_path / "target" / "same").symlink_to(other)
    report = two.restore("old", tmp_path / "target", overwrite=True)
    assert report.reused < 12 * SMALL
    assert not (tmp_path / "target" / "same").is_symlink()
    assert contents(tmp_path / "target") == OLD
    assert other.read_bytes() == OLD["same"]


@pytest.mark.parametrize("include", [None, ["part", "new"]])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_dry_run_tells_what_would_be_done(
    fresh: bool, include: list[str] | None, two: Repository, tmp_path: Path
) -> None:
    target = tmp_path / ("fresh/deep" if fresh else "target")
    before = walk(tmp_path)
    plan = two.restore("new", target, include, overwrite=True, dry_run=True)
    assert walk(tmp_path) == before
    assert plan.dry_run
    assert sorted(plan.paths) == sorted(include or NEW)
    meter = MeteredBackend(two.backend)
    done = over(two, meter).restore("new", target, include, overwrite=True)
    assert not done.dry_run
    assert (plan.files, plan.bytes, plan.reused) == (done.files, done.bytes, done.reused)
    assert (plan.read, plan.requests) == (done.read, done.requests)
    assert meter.meters["get"].requests <= plan.requests + 3  # the headers, for the name, and the manifest
    stays = {path: OLD[path] for path in OLD if include and not fresh}
    assert contents(target) == {**stays, **{path: NEW[path] for path in include or NEW}}


def test_a_dry_run_makes_all_the_checks(two: Repository, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        two.restore("new", tmp_path / "fresh", "nothing*", dry_run=True)
    with pytest.raises(AlreadyExistsError):
        two.restore("new", tmp_path / "target", dry_run=True)


def test_to_a_time(repository: Repository, tmp_path: Path) -> None:
    source = tmp_path / "source"
    made = [repository.backup(write_tree(source, {"n": b"%d" % number})) for number in range(4)]
    far = timezone(timedelta(hours=-11))
    for number, snapshot in enumerate(made):
        for at in (snapshot.time, snapshot.time.astimezone(far), snapshot.time.replace(tzinfo=None)):
            assert repository.restore(None, tmp_path / "target", overwrite=True, at=at).snapshot == snapshot.id
            assert contents(tmp_path / "target") == {"n": b"%d" % number}
        if number:
            just_before = snapshot.time - timedelta(microseconds=1)
            report = repository.restore("latest", tmp_path / "target", overwrite=True, at=just_before)
            assert report.snapshot == made[number - 1].id
    assert repository.restore(None, tmp_path / "t", at=datetime(9999, 1, 1, tzinfo=UTC)).snapshot == made[-1].id


def test_times_that_are_none(two: Repository, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="the oldest is of"):
        two.restore(None, tmp_path / "t", at=datetime(2000, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidArgumentError, match="both a snapshot"):
        two.restore("old", tmp_path / "t", at=datetime.now(UTC))
    with pytest.raises(InvalidArgumentError, match="is a datetime"):
        two.restore(None, tmp_path / "t", at="yesterday")  # type: ignore[arg-type]  # as people do
    assert not (tmp_path / "t").exists()


def test_neither_a_snapshot_nor_a_time_is_the_newest(two: Repository, tmp_path: Path) -> None:
    assert two.restore(None, tmp_path / "t").snapshot == two.get("new").id


def test_a_sparse_file_comes_back_sparse(repository: Repository, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with (source / "sparse").open("wb") as handle:
        for at in (0, 40, 99):
            handle.seek(at * 1024 * 1024)
            handle.write(noise(SMALL, at))
        handle.truncate(120 * 1024 * 1024)
    assert repository.backup(source).added < 100_000
    for round_ in ("fresh", "over"):
        repository.restore("latest", tmp_path / "target", overwrite=True)
        status = (tmp_path / "target" / "sparse").stat()
        assert status.st_size == 120 * 1024 * 1024, round_
        assert status.st_blocks * 512 < 1024 * 1024, round_
    with (source / "sparse").open("rb") as mine, (tmp_path / "target" / "sparse").open("rb") as other:
        while chunk := mine.read(1 << 20):
            assert other.read(1 << 20) == chunk


@pytest.mark.parametrize("mtime", [0, -1, -(10**18), 10**18 + 1, 1_000_000_000_123_456_789])
@pytest.mark.parametrize("mode", [0o400, 0o644, 0o777, 0o4755])
def test_modes_and_times_come_back(mtime: int, mode: int, repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"a": b"a", "empty": b""})
    for path in source.iterdir():
        path.chmod(mode)
        os.utime(path, ns=(mtime, mtime))
    expected = (source / "a").stat().st_mtime_ns
    repository.backup(source)
    repository.restore("latest", tmp_path / "target")
    for path in (tmp_path / "target").iterdir():
        assert path.stat().st_mtime_ns == expected
        assert path.stat().st_mode & 0o7777 == mode & 0o777
