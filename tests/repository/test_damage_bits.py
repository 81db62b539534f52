"""One flipped bit, anywhere in any stored object, is found."""

from __future__ import annotations

import pytest
from thoth_storage.repository.snapshots import list_keys, read_snapshot

from tests.repository.subject import Subject
from tests.repository.trees import noise, text
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository.blocks import digest_of, open_frame, to_frame


def test_a_flipped_bit_at_each_offset(subject: Subject) -> None:
    """The bit changes from one offset to the next. Restored from at some of them: that takes time."""
    for key in subject.users:
        data = subject.stored[key]
        for offset in range(len(data)):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << offset % 8
            subject.check(key, bytes(flipped), restore=offset % 20 == 0)


@pytest.mark.parametrize("plain", [text(3000), noise(200), bytes(5000), noise(50) * 9, noise(300) + bytes(900)])
def test_each_bit_of_a_frame(plain: bytes) -> None:
    """zstd has bits that mean nothing. They are checked all the same."""
    digest = digest_of(plain)
    frame = to_frame(digest, plain)
    assert open_frame(frame, digest, len(plain), url="", key="") == plain
    for bit in range(8 * len(frame)):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CorruptionError):
            open_frame(bytes(flipped), digest, len(plain), url="", key="")


def test_each_bit_of_a_snapshot(subject: Subject) -> None:
    backend = subject.repository.backend
    for key in list_keys(backend):
        data = backend.get(key.key)
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            backend.put(key.key, bytes(flipped))
            with pytest.raises((CorruptionError, FormatError)):
                read_snapshot(backend, key)
        backend.put(key.key, data)
