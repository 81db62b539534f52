"""Entries as bytes: what went in comes out, and whatever was changed is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.log.logs import CIPHERS, Sealing, entry
from thoth_storage.errors import CapacityError, CorruptionError, FormatError
from thoth_storage.log.entry import MAX_PAYLOAD, MAX_STORED, NO_CIPHER, Cipher, Entry, decode, encode
from thoth_storage.log.layout import LAST

ENTRIES = st.builds(
    Entry,
    sequence=st.integers(1, LAST),
    nonce=st.binary(min_size=16, max_size=16),
    writer=st.text(st.characters(exclude_categories=["Cs"])),
    time=st.datetimes(timezones=st.just(UTC)),
    payload=st.binary(max_size=2000),
    size=st.just(0),
)
each_cipher = pytest.mark.parametrize("cipher", CIPHERS, ids=["plain", "sealed"])


def opened(data: bytes, cipher: Cipher = NO_CIPHER, sequence: int = 7) -> Entry:
    return decode(data, sequence, cipher, url="memory://x", key="log/x")


@each_cipher
@given(each=ENTRIES)
def test_what_went_in_comes_out(each: Entry, cipher: Cipher) -> None:
    data = encode(each, cipher)
    assert opened(data, cipher, each.sequence) == replace(each, size=len(data))


@each_cipher
def test_the_largest_comes_out_and_no_larger_one_goes_in(cipher: Cipher) -> None:
    noise = bytes(Sealing().seal(b"x" * (MAX_PAYLOAD - 28), b""))
    assert len(noise) == MAX_PAYLOAD
    each = replace(entry(payload=noise), writer="w" * 60_000)
    data = encode(each, cipher)
    assert MAX_PAYLOAD < len(data) <= MAX_STORED
    assert opened(data, cipher).payload == noise
    with pytest.raises(CapacityError, match="67108865 bytes"):
        encode(replace(each, payload=noise + b"1"), cipher)
    with pytest.raises(CapacityError, match="name of the writer"):
        encode(replace(each, writer="w" * 66_000), cipher)


@each_cipher
def test_each_flipped_bit_is_found(cipher: Cipher) -> None:
    """In the version and the flags it looks like a newer program's; nowhere does it pass."""
    data = encode(entry(), cipher)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        kind = CorruptionError if bit // 8 not in range(8, 12) else (CorruptionError, FormatError)
        with pytest.raises(kind) as caught:
            opened(bytes(changed), cipher)
        assert caught.value.key == "log/x"
        assert caught.value.hint


@each_cipher
def test_whatever_is_cut_off_or_added_is_found(cipher: Cipher) -> None:
    data = encode(entry(), cipher)
    for length in range(len(data)):
        with pytest.raises(CorruptionError):
            opened(data[:length], cipher)
    with pytest.raises(CorruptionError, match="checksum"):
        opened(data + b"\0", cipher)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_do_anything_else_than_to_be_refused(noise: bytes, begins: bool) -> None:
    with pytest.raises((CorruptionError, FormatError)):
        opened(b"THOTHLOG\1\0" * begins + noise)


@each_cipher
def test_another_number_is_told(cipher: Cipher) -> None:
    with pytest.raises(CorruptionError, match="log entry 8 holds entry 7"):
        opened(encode(entry(), cipher), cipher, 8)


def test_encrypted_or_not_is_the_stores_to_say() -> None:
    with pytest.raises(CorruptionError, match="is not encrypted, unlike its store"):
        opened(encode(entry(), NO_CIPHER), Sealing())
    with pytest.raises(CorruptionError, match="is encrypted, unlike its store"):
        opened(encode(entry(), Sealing()))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(CorruptionError, match="cannot be decrypted"):
        opened(encode(entry(), Sealing()), Sealing(bytes(32)))


def test_what_is_sealed_shows_nothing_of_the_payload() -> None:
    data = encode(replace(entry(payload=b"secret words"), writer="the writer"), Sealing())
    assert b"secret" not in data
    assert b"the writer" not in data


def test_times_are_people_s_and_any_that_python_has() -> None:
    for time in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)):
        assert opened(encode(replace(entry(), time=time), NO_CIPHER)).time == time
