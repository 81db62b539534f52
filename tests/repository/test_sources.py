"""What a snapshot cannot hold is refused before anything is stored, and the refusal names it."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from tests.repository.plain_user import as_plain_user
from tests.repository.stores import objects
from thoth_storage.errors import ConfigurationError, NotFoundError, PermissionError_, StorageError
from thoth_storage.repository import Repository


def refused(repository: Repository, source: Path, kind: type[StorageError]) -> str:
    before = objects(repository.backend)
    with pytest.raises(kind) as caught:
        repository.backup(source)
    assert objects(repository.backend) == before
    return str(caught.value)


def test_a_missing_directory(repository: Repository, tmp_path: Path) -> None:
    assert "missing" in refused(repository, tmp_path / "missing", NotFoundError)
    assert "missing" in refused(repository, tmp_path / "missing" / "below", NotFoundError)


def test_a_file(repository: Repository, source: Path) -> None:
    assert "text is a file" in refused(repository, source / "text", ConfigurationError)
    refused(repository, source / "text" / "below", NotFoundError)


@pytest.mark.parametrize("target", ["text", "folder", "/etc/passwd", "missing", "loop", ".."])
def test_symbolic_links(target: str, repository: Repository, source: Path) -> None:
    (source / "folder" / "loop").symlink_to(target)
    assert "folder/loop" in refused(repository, source, ConfigurationError)


def test_pipes_and_sockets(repository: Repository, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(source / "pipe")
    assert "pipe" in refused(repository, source, ConfigurationError)
    (source / "pipe").unlink()
    monkeypatch.chdir(source)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert "socket" in refused(repository, source, ConfigurationError)


@pytest.mark.parametrize("name", [b"back\\slash", b"latin-\xfc", b"\xed\xa0\x80", b"\xff"])
def test_names_that_other_systems_cannot_hold(name: bytes, repository: Repository, source: Path) -> None:
    for where in (source, source / "folder"):
        path = os.fsencode(where) + b"/" + name
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        assert "cannot be kept" in refused(repository, source, ConfigurationError)
        os.remove(path)  # noqa: PTH107 - the path is bytes
        os.mkdir(path)  # noqa: PTH102
        assert "cannot be kept" in refused(repository, source, ConfigurationError)
        os.rmdir(path)  # noqa: PTH106
    repository.backup(source)


def test_a_file_of_another_user(repository: Repository, source: Path) -> None:
    with as_plain_user(source):
        (source / "text").chmod(0)
        assert "text" in refused(repository, source, PermissionError_)
        (source / "text").chmod(0o600)
        (source / "folder").chmod(0)
        assert "folder" in refused(repository, source, PermissionError_)
        (source / "folder").chmod(0o700)
        repository.backup(source)


def test_a_disk_that_cannot_be_read(repository: Repository, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", fail)
    message = refused(repository, source, StorageError)
    assert "cannot be read" in message
    assert str(source) in message
