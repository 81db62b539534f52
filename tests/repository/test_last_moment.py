"""What lies at the edges of the machine: the end of time, and file systems that cannot flush a folder."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from thoth_storage.errors import ConfigurationError, CorruptionError
from thoth_storage.repository import Repository
from thoth_storage.repository.layout import new_snapshot_key

LAST = datetime.max.replace(tzinfo=UTC)


def test_a_snapshot_of_the_last_moment_is_told() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert new_snapshot_key(now, LAST - timedelta(microseconds=1)).time == LAST
    with pytest.raises(CorruptionError, match="none can follow"):
        new_snapshot_key(now, LAST)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_flush_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (tmp_path / "source" / "sub").mkdir(parents=True)
    (tmp_path / "source" / "sub" / "file").write_bytes(b"kept")
    repository = Repository.open(f"memory://flush-{number}", create=True)
    repository.backup(tmp_path / "source")
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    repository.restore("latest", tmp_path / "target")
    assert (tmp_path / "target" / "sub" / "file").read_bytes() == b"kept"


def test_the_repositorys_own_folder_is_known_with_a_percent_sign_in_it(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").write_bytes(b"kept")
    repository = Repository.open(tmp_path / "100%20", create=True)
    repository.backup(tmp_path / "source")
    with pytest.raises(ConfigurationError, match="the repository itself"):
        repository.restore("latest", tmp_path / "100%20", overwrite=True)
    assert repository.verify().ok
