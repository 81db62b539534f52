"""``repository.json``: damage is found whatever it is, a newer format is told, another program's file is left alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from blake3 import blake3

from tests.repository.stores import fresh_backend, objects
from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository import Repository

KEY = "repository.json"


def sealed(**changes: Any) -> bytes:
    """Settings that prove themselves, however wrong they are. Written by the words of docs/format.md."""
    fields = {
        "kind": "thoth_storage repository",
        "version": 1,
        "id": "0123456789abcdef" * 2,
        "created": "2026-01-01T00:00:00+00:00",
        "block_size": 262144,
        "encryption": None,
        **changes,
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return json.dumps({**fields, "check": blake3(text.encode()).hexdigest()}).encode()


def with_settings(data: bytes) -> Backend:
    backend = fresh_backend()
    backend.put(KEY, data)
    return backend


def opened(data: bytes) -> Repository:
    return Repository.open(with_settings(data))


def refused(backend: Backend, *kinds: type[Exception]) -> str:
    before = objects(backend)
    for create in (False, True):
        with pytest.raises(kinds) as caught:
            Repository.open(backend, create=create)
        assert getattr(caught.value, "key", None) == KEY
        assert getattr(caught.value, "url", None) == backend.url
    assert objects(backend) == before
    return str(caught.value)


def test_another_writers_layout_is_read() -> None:
    assert opened(sealed()).id == "0123456789abcdef" * 2
    assert opened(sealed(created="Zürich", more={"b": [1, None], "a": True})).id == "0123456789abcdef" * 2


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.soak)])
def test_every_flipped_bit_is_found(every: int) -> None:
    """By day each third of all bits, by night each."""
    made = Repository.open(fresh_backend(), create=True)
    data = made.backend.get(KEY)
    for bit in range(0, 8 * len(data), every):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        made.backend.put(KEY, bytes(flipped))
        with pytest.raises((CorruptionError, FormatError)) as caught:
            Repository.open(made.backend)
        assert caught.value.key == KEY
        assert [problem.key for problem in made.verify().problems] == [KEY]


def test_every_beginning_of_the_file_is_found() -> None:
    data = sealed()
    for size in range(len(data)):
        with pytest.raises(CorruptionError):
            opened(data[:size])


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{}", b"null", b"[]"),
        b"\xff\xfe\x00",
        b'{"kind": "\xff"}',
        b"\xef\xbb\xbf" + sealed(),
        sealed() + b"x",
        b'{"kind":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"kind": "thoth_storage repository", "version": 1}',
        b'{"kind": "thoth_storage repository", "version": "1"}',
        b'{"kind": 5, "version": 1}',
        b'{"version": 1e999}',
    ],
)
def test_junk(data: bytes) -> None:
    refused(with_settings(data), CorruptionError)


@pytest.mark.parametrize(
    "changes",
    [
        {"block_size": 0},
        {"block_size": -1},
        {"block_size": 4095},
        {"block_size": 64 * 1024 * 1024 + 1},
        {"block_size": 2**70},
        {"block_size": "262144"},
        {"block_size": 262144.5},
        {"version": 0},
        {"version": -1},
        {"id": None},
        {"encryption": "yes"},
    ],
)
def test_impossible_values(changes: dict[str, Any]) -> None:
    refused(with_settings(sealed(**changes)), CorruptionError)


@pytest.mark.parametrize("kind", ["thoth_storage", "restic repository", ""])
def test_settings_of_something_else(kind: str) -> None:
    assert repr(kind) in refused(with_settings(sealed(kind=kind)), CorruptionError)
    refused(with_settings(sealed(kind=kind, version=3)), CorruptionError)


def test_a_newer_format_asks_for_an_upgrade_whatever_else_it_holds() -> None:
    for data in (sealed(version=3), b'{"version": 7, "kind": "thoth_storage repository", "blocks": {"min": 1}}'):
        assert "upgrade thoth-storage" in refused(with_settings(data), FormatError)


def test_an_encrypted_repository_is_not_read_as_a_plain_one() -> None:
    refused(with_settings(sealed(version=2, encryption={"cipher": "another", "check": "0" * 64})), FormatError)


def test_verify_names_lost_and_foreign_settings() -> None:
    made = Repository.open(fresh_backend(), create=True)
    data = made.backend.get(KEY)
    for other in (sealed(), b"", None):
        made.backend.delete(KEY)
        if other is not None:
            made.backend.put(KEY, other)
        assert [problem.key for problem in made.verify(read_data=False).problems] == [KEY]
    with pytest.raises(NotFoundError):
        Repository.open(made.backend)
    made.backend.put(KEY, data)
    assert made.verify().ok
    assert msgspec.json.decode(data)["id"] == made.id
