"""Snapshot objects that are no sound records, in lengths, types, text, times or identity. CorruptionError, no other."""

from __future__ import annotations

import resource
import struct
from pathlib import Path

import msgspec
import pytest
import zstandard

from tests.repository.forge import KEY, header, innocent, plain_header, record, refused, sections
from tests.repository.stores import over
from thoth_storage.errors import CapacityError, CorruptionError, FormatError
from thoth_storage.repository import Repository, sealed
from thoth_storage.wrappers.base import WrappedBackend

pytestmark = pytest.mark.exhaustive


def packed(plain: bytes) -> bytes:
    return zstandard.compress(plain)


def claiming(size: int) -> bytes:
    """A zstd frame that claims a content of ``size`` bytes and has none."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x01\0\0"


BODY = innocent()[1]
HEAD = plain_header()
DEEP = b"\x91" * 200_000 + b"\xc0"
BAD_TEXT = msgspec.msgpack.encode({**HEAD, "program": "@@@@"}).replace(b"@@@@", b"\xff\xfe\xfd\xfc")
NO_SIZE = zstandard.ZstdCompressor(write_content_size=False)

RECORDS: dict[str, bytes] = {
    "nothing": b"",
    "zeros": bytes(500),
    "another magic": record(HEAD, BODY, magic=b"THOTHPAK"),
    "header cut off": record(HEAD, BODY)[: 88 + 50],
    "body cut off": record(HEAD, BODY)[:-1],
    "no header": record(b"", BODY),
    "no body": record(HEAD, b""),
    "header not compressed": record(msgspec.msgpack.encode(HEAD), BODY),
    "body not compressed": record(HEAD, msgspec.msgpack.encode(BODY)),
    "header of no MessagePack": record(packed(b"\xc1"), BODY),
    "body of no MessagePack": record(HEAD, packed(b"")),
    "something behind the header": record(packed(msgspec.msgpack.encode(HEAD) + b"\xc0"), BODY),
    "something behind the body's frame": record(HEAD, sections(HEAD, BODY)[1] + b"junk"),
    "a list for a header": record([1, 2], BODY),
    "a list for a body": record(HEAD, [1, 2]),
    "empty maps": record({}, {}),
    "a field missing": record(HEAD, {name: BODY[name] for name in BODY if name != "base"}),
    "text for a column": record(HEAD, {**BODY, "plain": "text"}),
    "a file without a mode": record(HEAD, {**BODY, "files": [["a", 5000]]}),
    "a float for a size": record(HEAD, {**BODY, "files": [["a", 5000.5, 0, 0, b""]]}),
    "bytes for a path": record(HEAD, {**BODY, "files": [[b"a", 5000, 0, 0, b""]]}),
    "bad UTF-8 in the header": record(packed(BAD_TEXT), BODY),
    "bad UTF-8 in the body": record(HEAD, packed(msgspec.msgpack.encode(BODY).replace(b"\xa1a\xcd", b"\xa1\xff\xcd"))),
    "deep nesting in the header": record(packed(b"\x81\xa4deep" + DEEP), BODY),
    "deep nesting in the body": record(HEAD, packed(b"\x81\xa4deep" + DEEP)),
    "a header that claims too much": record(claiming(2**24 + 1), BODY),
    "a header that claims everything": record(claiming(2**64 - 3), BODY),
    "a body that claims too much": record(HEAD, claiming(2**30 + 1)),
    "a body that claims everything": record(HEAD, claiming(2**63)),
    "a body that claims 1 GiB and has nothing": record(HEAD, claiming(2**30)),
    "a header without its size": record(NO_SIZE.compress(msgspec.msgpack.encode(HEAD)), BODY),
    "a body without its size": record(HEAD, NO_SIZE.compress(msgspec.msgpack.encode(BODY))),
    "a header bomb": record(packed(bytes(2**24 + 1)), BODY),
    "a body bomb that hides its size": record(HEAD, NO_SIZE.compress(bytes(2**26))),
    "an impossible header length": record(HEAD, BODY, lengths=(2**32 - 1, 10)),
    "an impossible body length": record(HEAD, BODY, lengths=(len(sections(HEAD, BODY)[0]), 2**64 - 1)),
    "a body length of 8 EiB": record(HEAD, BODY, lengths=(len(sections(HEAD, BODY)[0]), 2**63 - 1000)),
    "version zero": record(HEAD, BODY, version=0),
    "sealed among those that are not": record(HEAD, BODY, version=2, flags=1),
    "another id": record(plain_header(id="e" * 32), BODY),
    "another time": record(plain_header(time=HEAD["time"] + 1), BODY),
    "a time at the end of days": record(plain_header(time=2**63), BODY),
    "a time before all days": record(plain_header(time=-(2**63)), BODY),
    "taken after its time": record(plain_header(taken=HEAD["time"] + 1), BODY),
    "taken before all days": record(plain_header(taken=-62_135_596_800_000_001), BODY),
    "taken at no number": record(plain_header(taken="today"), BODY),
    "a number for an id": record(plain_header(id=5), BODY),
    "tags that are none": record(plain_header(tags="prod"), BODY),
    "other files": record(plain_header(files=2), BODY),
    "another size": record(plain_header(size=4999), BODY),
}


@pytest.mark.parametrize("where", ["memory", "file"])
@pytest.mark.parametrize("name", RECORDS)
def test_records(name: str, where: str, repository: Repository, tmp_path: Path) -> None:
    if where == "file":
        repository = Repository.open(tmp_path / "repository", create=True)
    for key, data in innocent()[0].items():
        repository.backend.put(key, data)
    repository.backend.put(KEY, RECORDS[name])
    (tmp_path / "work").mkdir()
    refused(repository, tmp_path / "work", CorruptionError)
    repository.snapshots()


@pytest.mark.parametrize(
    "data",
    [
        record(HEAD, BODY, version=3),
        record(HEAD, BODY, version=0xFFFF),
        record(HEAD, BODY, flags=1),
        record(HEAD, BODY, version=2, flags=2),
        record(b"whatever a newer version", b"has here", version=3),
    ],
)
def test_a_newer_record_asks_for_an_upgrade(data: bytes, repository: Repository, tmp_path: Path) -> None:
    repository.backend.put(KEY, data)
    assert "upgrade thoth-storage" in refused(repository, tmp_path, FormatError)
    assert repository.snapshots() == []


@pytest.mark.parametrize("version", [1, 2])
def test_unknown_fields_are_passed_over(version: int, repository: Repository, tmp_path: Path) -> None:
    for key, data in innocent()[0].items():
        repository.backend.put(key, data)
    repository.backend.put(KEY, record({**HEAD, "mood": ["fine"]}, {**BODY, "later": {"a": 1}}, version=version))
    assert repository.verify().ok
    repository.restore("latest", tmp_path / "target")


class Sober(WrappedBackend):
    """Nobody asks for more than can be."""

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        assert end is None or end - start <= 2**30
        return self.inner.get(key, start, end)


@pytest.mark.parametrize("name", [name for name in RECORDS if "length" in name])
def test_impossible_lengths_are_not_asked_for(name: str, repository: Repository) -> None:
    repository.backend.put(KEY, RECORDS[name])
    assert not over(repository, Sober(repository.backend)).verify().ok


def test_a_claim_costs_no_memory(repository: Repository) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("a body that claims 1 GiB and has nothing", "a header bomb", "an impossible body length"):
        repository.backend.put(KEY, RECORDS[name])
        assert not repository.verify().ok
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_no_record_is_written_that_would_not_be_read(
    repository: Repository, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert header(BODY) == HEAD
    monkeypatch.setattr(sealed, "MAX_BODY", 100)
    with pytest.raises(CapacityError):
        repository.backup(source)
    assert repository.snapshots() == []
