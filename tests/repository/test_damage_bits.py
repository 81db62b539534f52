"""One flipped bit, anywhere in any stored object, is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.effort import NIGHT
from tests.repository.subject import Subject
from tests.repository.trees import noise, text
from tests.repository.wounded import KEY
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository.blocks import full_frame, parse_frame
from thoth_storage.repository.cipher import PLAIN, AesGcm, Cipher
from thoth_storage.repository.deltas import apply_delta, delta_frame
from thoth_storage.repository.index import Entry, Index, read_entry
from thoth_storage.repository.keyring import read_key
from thoth_storage.repository.layout import KEYS, REPOSITORY_KEY, parse_index_key, parse_snapshot_key
from thoth_storage.repository.records import read_snapshot
from thoth_storage.repository.settings import read_settings
from thoth_storage.repository.vault import Vault

pytestmark = pytest.mark.exhaustive


def each_bit(data: bytes) -> Iterator[bytes]:
    """The data with one bit changed, for each of its bits; by day for each third, which are of all positions."""
    for bit in range(0, 8 * len(data), 1 if NIGHT else 3):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


@pytest.mark.parametrize("first", [0, *(pytest.param(first, marks=pytest.mark.soak) for first in (1, 2))])
def test_a_flipped_bit_at_many_offsets(first: int, subject: Subject) -> None:
    """The bit changes from one offset to the next. Restored from at some of them: that takes time."""
    for key, data in subject.stored.items():
        for offset in range(first, len(data), 17 if NIGHT else 51):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << offset % 8
            subject.check({key: bytes(flipped)}, restore=offset % 5 == 0)


FULL = [text(3000), noise(200), bytes(5000), noise(50) * 9, noise(300) + bytes(900)]
CIPHERS = [PLAIN, AesGcm(KEY)]


@pytest.mark.parametrize("cipher", CIPHERS, ids=["plain", "encrypted"])
@pytest.mark.parametrize("plain", FULL)
def test_each_bit_of_a_frame(plain: bytes, cipher: Cipher) -> None:
    """zstd has bits that mean nothing. They are checked all the same."""
    name = cipher.name(plain)
    frame = full_frame(name, plain, cipher)

    def opened(stored: bytes) -> bytes:
        return bytes(parse_frame(stored, cipher, name=name, plain=len(plain), url="", key="").unpack())

    assert opened(frame) == plain
    for flipped in each_bit(frame):
        with pytest.raises(CorruptionError):
            opened(flipped)


@pytest.mark.parametrize("cipher", CIPHERS, ids=["plain", "encrypted"])
@pytest.mark.parametrize("named", [True, False])
def test_each_bit_of_a_delta(named: bool, cipher: Cipher) -> None:
    """Also of one that only other deltas stand on, whose name no manifest tells."""
    old = noise(2000)
    new = old[:100] + b"new" + old[103:]
    base, name = cipher.name(old), cipher.name(new)
    frame, is_delta = delta_frame(name, new, base, old, cipher)
    assert is_delta

    def opened(stored: bytes) -> bytes:
        promised = name if named else None
        return apply_delta(parse_frame(stored, cipher, name=promised, plain=len(new), url="", key=""), base, old)

    assert opened(frame) == new
    for flipped in each_bit(frame):
        with pytest.raises(CorruptionError):
            opened(flipped)


def reader_of(key: str) -> Callable[[Vault], object]:
    """How an object is read that is no pack."""
    if key == REPOSITORY_KEY:
        return lambda vault: read_settings(vault.backend)
    if key.startswith(KEYS):
        return lambda vault: read_key(vault.backend, key)
    if key.startswith("snapshots/"):
        return lambda vault: read_snapshot(vault, parse_snapshot_key(key, ""))
    return lambda vault: read_entry(vault, Entry(parse_index_key(key, ""), None), object)


def test_each_bit_of_what_is_no_pack(subject: Subject) -> None:
    vault = subject.repository.vault
    assert len(Index(vault).entries) == 6
    for key in subject.of(REPOSITORY_KEY, KEYS, "snapshots/", "index/"):
        read = reader_of(key)
        read(vault)
        for flipped in each_bit(subject.stored[key]):
            vault.backend.put(key, flipped)
            with pytest.raises((CorruptionError, FormatError)):
                read(vault)
        subject.reset()
