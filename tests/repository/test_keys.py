"""Who may open an encrypted repository: by which keys, and that none is ever lost or shown on the way."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import thoth_storage as ts
from tests.repository.stores import fresh_backend, objects
from tests.repository.trees import contents
from tests.repository.wrappers import Killed, Killer
from thoth_storage import registry
from thoth_storage.backend import Backend, Capabilities
from thoth_storage.errors import (
    CapabilityError,
    CorruptionError,
    EncryptionKeyError,
    PermissionError_,
    StorageError,
)
from thoth_storage.registry import Registry
from thoth_storage.repository import Repository
from thoth_storage.wrappers.base import WrappedBackend

RAW = bytes(range(32))
BASE64 = f"base64:{base64.b64encode(RAW).decode()}"


class Kms:
    """A key service as a plugin would give it: it xors, and knows whose keys it has wrapped."""

    name = "kms/ring"

    def __init__(self) -> None:
        self.wrapped: dict[bytes, tuple[bytes, bytes]] = {}

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        token = os.urandom(40)
        self.wrapped[token] = data_key, context
        return token

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        data_key, bound = self.wrapped[wrapped]
        assert bound == context
        return data_key


@pytest.fixture
def provided(monkeypatch: pytest.MonkeyPatch) -> Kms:
    """A plugin is installed that resolves ``vault://`` to a text and ``kms://`` to a service."""
    service = Kms()

    class Plugin:
        @ts.hookimpl
        def thoth_storage_key_providers(self) -> dict[str, object]:
            return {"vault": lambda reference: f"secret of {reference}", "kms": lambda _: service}

    found = Registry()
    found._add("secrets", "1", Plugin())
    monkeypatch.setattr(registry, "_registry", lambda: found)
    return service


def new(key: object) -> Repository:
    return Repository.open(fresh_backend(), create=True, encryption_key=key)


@pytest.mark.parametrize("key", ["p", "pässword", b"not text \xff", RAW, BASE64, bytearray(RAW), "x" * 5000])
def test_a_key_opens_what_it_made(key: object, source: Path, tmp_path: Path) -> None:
    made = new(key)
    assert made.encrypted
    snapshot = made.backup(source)
    again = Repository.open(made.backend, encryption_key=key)
    again.restore(snapshot.id, tmp_path / "target")
    assert contents(tmp_path / "target") == contents(source)
    assert again.id == made.id


def test_a_key_is_the_same_however_it_is_written() -> None:
    made = new(BASE64)
    assert Repository.open(made.backend, encryption_key=RAW).id == made.id
    text = new("pässword")
    assert Repository.open(text.backend, encryption_key="pässword".encode()).id == text.id


@pytest.mark.parametrize("key", ["", b"", 5, ["a"], "base64:", "base64:AAAA", "base64:!!"])
def test_what_is_no_key(key: object) -> None:
    backend = fresh_backend()
    with pytest.raises(EncryptionKeyError) as caught:
        Repository.open(backend, create=True, encryption_key=key)
    assert objects(backend) == {}
    if key and key != 5:
        assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize("key", ["wrong", b"wrong", bytes(32), BASE64, None])
@pytest.mark.parametrize("create", [False, True])
def test_a_wrong_key_is_one_clear_error(key: object, create: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made = new("right")
    before = objects(made.backend)
    with pytest.raises(EncryptionKeyError) as caught:
        Repository.open(made.backend, create=create, encryption_key=key)
    assert isinstance(caught.value, PermissionError_)
    assert caught.value.url == made.url
    assert caught.value.hint
    assert "wrong" not in str(caught.value).replace("wrong encryption key", "")
    assert "right" not in str(caught.value)
    assert objects(made.backend) == before


def test_a_key_for_what_is_not_encrypted_is_refused() -> None:
    """Who can write the bucket could have swapped it for a plain one, to read what is stored next."""
    made = Repository.open(fresh_backend(), create=True)
    with pytest.raises(EncryptionKeyError, match="not encrypted"):
        Repository.open(made.backend, encryption_key="key")
    for act in (made.keys, lambda: made.add_key("new", "key"), lambda: made.rotate_key("new", "key")):
        with pytest.raises(EncryptionKeyError, match="not encrypted"):
            act()


@pytest.mark.parametrize("stored", [False, True])
def test_a_variable_that_is_set_but_empty_is_no_consent_to_plaintext(
    stored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that was not found leaves one."""
    backend = fresh_backend()
    if stored:
        Repository.open(backend, create=True)
    before = objects(backend)
    monkeypatch.setenv("THOTH_STORAGE_KEY", "")
    with pytest.raises(EncryptionKeyError, match="THOTH_STORAGE_KEY is set but empty") as caught:
        Repository.open(backend, create=True)
    assert "unset" in str(caught.value.hint)
    assert objects(backend) == before
    made = new("passed")
    assert made.encrypted


class NoAtomicCreate(WrappedBackend):
    """Looks and then writes: of two creators both may win."""

    capabilities = Capabilities(atomic_create=False)


def test_no_encrypted_repository_is_made_where_two_makers_could_win(source: Path) -> None:
    backend = fresh_backend()
    weak = NoAtomicCreate(backend)
    with pytest.raises(CapabilityError, match="atomic create") as caught:
        Repository.open(weak, create=True, encryption_key="key")
    assert "thoth-storage plugins" in str(caught.value.hint)
    assert caught.value.url == backend.url
    assert objects(backend) == {}
    made = Repository.open(backend, create=True, encryption_key="key")
    made.backup(source)
    again = Repository.open(weak, create=True, encryption_key="key")
    assert (again.id, again.verify().ok) == (made.id, True)
    assert not Repository.open(NoAtomicCreate(fresh_backend()), create=True).encrypted


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_KEY", "from there")
    made = new(None)
    assert made.encrypted
    monkeypatch.delenv("THOTH_STORAGE_KEY")
    assert Repository.open(made.backend, encryption_key="from there").id == made.id


@pytest.mark.parametrize(("content", "same"), [(b"secret\n", "secret"), (b"secret", "secret"), (RAW, RAW)])
def test_from_a_file(content: bytes, same: object, tmp_path: Path) -> None:
    (tmp_path / "a key").write_bytes(content)
    made = new(f"file://{tmp_path}/a%20key")
    assert Repository.open(made.backend, encryption_key=same).id == made.id


def test_from_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EncryptionKeyError, match="cannot be read"):
        new(f"file://{tmp_path}/nothing")


def test_from_a_plugin(provided: Kms) -> None:
    made = new("vault://team/backups")
    assert Repository.open(made.backend, encryption_key=b"secret of vault://team/backups").id == made.id
    with pytest.raises(EncryptionKeyError, match="no plugin resolves") as caught:
        new("vualt://team/backups")
    assert "vault://" in str(caught.value.hint)


def test_from_a_key_service(provided: Kms, source: Path) -> None:
    made = new("kms://ring/key")
    made.backup(source)
    again = Repository.open(made.backend, encryption_key=provided)
    assert again.verify().ok
    [key] = again.keys()
    assert key.wrapping == {"method": "service", "service": "kms/ring"}
    [(data_key, context)] = provided.wrapped.values()
    assert made.id.encode() in context
    assert not any(data_key in data or data_key.hex().encode() in data for data in objects(made.backend).values())
    with pytest.raises(EncryptionKeyError):
        Repository.open(made.backend, encryption_key="a password")


def opens(backend: Backend, key: object) -> bool:
    try:
        Repository.open(backend, encryption_key=key)
    except EncryptionKeyError:
        return False
    return True


@pytest.mark.parametrize("late", [False, True])
def test_a_making_that_is_killed_is_done_again(late: bool, source: Path) -> None:
    for number in range(1, 20):
        backend = fresh_backend()
        try:
            Repository.open(Killer(backend, number, late=late), create=True, encryption_key="key")
        except Killed:
            pass
        else:
            break
        again = Repository.open(backend, create=True, encryption_key="key")
        again.backup(source)
        assert again.verify().ok
        assert len(again.keys()) == 1  # what an earlier attempt left is none of its keys
        with pytest.raises(EncryptionKeyError, match="last key"):
            again.remove_key(next(iter(again.keys())).id)
    assert number > 2


def test_of_many_makers_one_wins_and_has_the_only_key() -> None:
    for _ in range(5):
        backend, barrier = fresh_backend(), Barrier(6)

        def create(key: bytes, backend: Backend = backend, barrier: Barrier = barrier) -> bytes | None:
            barrier.wait()
            try:
                Repository.open(backend.url, create=True, encryption_key=key)
            except StorageError:
                return None
            return key

        with ThreadPoolExecutor(6) as pool:
            winners = [key for key in pool.map(create, [bytes([n]) * 32 for n in range(6)]) if key]
        assert len(winners) == 1
        opened = Repository.open(backend, encryption_key=winners[0])
        assert len(opened.keys()) == 1
        assert opened.verify().ok


def test_a_damaged_key_beside_a_sound_one_does_no_harm() -> None:
    made = new("one")
    added = made.add_key("two", "one")
    made.backend.put(f"keys/{added}", b"{}")
    assert opens(made.backend, "one")
    assert [problem.key for problem in made.verify().problems] == [f"keys/{added}"]


def test_no_key_object_left_is_damage_and_not_a_wrong_key() -> None:
    made = new("one")
    made.backend.delete(*objects(made.backend, "keys/"))
    with pytest.raises(CorruptionError, match="no readable key object"):
        Repository.open(made.backend, encryption_key="one")
