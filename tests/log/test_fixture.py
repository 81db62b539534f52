"""What was written opens for ever: the golden logs under tests/fixtures/log, read by the package and by another."""

from __future__ import annotations

import ast
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.log.make import describe
from tests.log import second_reader
from tests.log.logs import CIPHERS, KEY, Sealing, entry
from tests.log.test_hostile_entries import GOOD, forged, packed
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.log import Entry, FellBehindError, Log, Tail, look
from thoth_storage.log.entry import NO_CIPHER, Cipher, decode, encode
from thoth_storage.registry import open_backend
from thoth_storage.wrappers import ReadOnlyBackend

FIXTURE = Path(__file__).parent.parent / "fixtures" / "log"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text(encoding="utf-8"))
KINDS: list[tuple[str, Cipher, bytes | None]] = [("plain", NO_CIPHER, None), ("encrypted", Sealing(), KEY)]
each_kind = pytest.mark.parametrize(("kind", "cipher", "key"), KINDS, ids=["plain", "encrypted"])


@each_kind
def test_it_reads(kind: str, cipher: Cipher, key: bytes | None) -> None:
    expected = EXPECTED[kind]
    backend = ReadOnlyBackend(open_backend(str(FIXTURE / kind)))
    log, start = Log(backend, "reader", cipher), expected["truncated"]
    found = Tail(log, start).read()
    assert [describe(each) for each in found] == expected["entries"]
    assert [each.size for each in found] == [each.size for each in look(backend, start).entries]
    assert look(backend, start).truncated == start
    if start:
        with pytest.raises(FellBehindError):
            Tail(log, start - 2).read()


@each_kind
def test_another_reader_finds_the_same(kind: str, cipher: Cipher, key: bytes | None) -> None:
    found = [as_entry(each) for each in second_reader.log(FIXTURE / kind, key)]
    assert [describe(each) for each in found] == EXPECTED[kind]["entries"]


def as_entry(each: second_reader.Read) -> Entry:
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=each.time)
    return Entry(each.number, each.nonce, each.writer, time, each.payload, 0)


@each_kind
@given(payload=st.binary(max_size=500), writer=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_another_reader_reads_what_is_written_now(
    kind: str, cipher: Cipher, key: bytes | None, payload: bytes, writer: str
) -> None:
    made = Entry(7, bytes(16), writer, entry().time, payload, 0)
    assert as_entry(second_reader.entry(encode(made, cipher), 7, key)) == made


@pytest.mark.parametrize("cipher", CIPHERS, ids=["plain", "sealed"])
@given(data=st.data())
def test_both_refuse_the_same(cipher: Cipher, data: st.DataObject) -> None:
    changed = bytearray(encode(entry(), cipher))
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    refused(bytes(changed[: data.draw(st.integers(at + 1, len(changed)))]), cipher)


@pytest.mark.parametrize(
    "forgery",
    [forged(packed(GOOD), version=2), forged(packed(GOOD), version=0), forged(GOOD), forged(packed(GOOD), flags=4)],
)
def test_both_refuse_the_same_forgeries(forgery: bytes) -> None:
    refused(forgery, NO_CIPHER)


def refused(data: bytes, cipher: Cipher) -> None:
    with pytest.raises((CorruptionError, FormatError)) as ours:
        decode(data, 7, cipher, url="", key="")
    with pytest.raises((second_reader.Damaged, second_reader.Newer)) as theirs:
        second_reader.entry(data, 7, KEY if cipher.encrypts else None)
    assert isinstance(ours.value, FormatError) == isinstance(theirs.value, second_reader.Newer)


def test_it_shares_nothing_with_the_package() -> None:
    tree = ast.parse(Path(second_reader.__file__).read_text(encoding="utf-8"))
    names = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    names |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names - sys.stdlib_module_names == {"msgspec", "zstandard", "blake3", "cryptography"}
