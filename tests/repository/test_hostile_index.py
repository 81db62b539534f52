"""Records of the index as a stranger could store them: sealed as they should be, and wrong inside."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from tests.repository.forge import ID, KEY, forge, innocent, pack_u32, record, refused
from tests.repository.stranger import little_memory, tried
from tests.repository.test_fuzz_records import EMPTY, KINDS, index_key, index_record
from tests.repository.trees import contents
from thoth_storage.errors import CorruptionError, FormatError, StorageError
from thoth_storage.repository import Repository

pytestmark = pytest.mark.exhaustive

PACK = "ab" * 16
U32 = ["old_pack", "old_offset", "new_pack", "new_offset"]
NO_SIZE = zstandard.ZstdCompressor(write_content_size=False)


def moves(packs: bytes, **columns: list[int]) -> dict[str, Any]:
    return {"packs": packs, **{name: pack_u32(columns.get(name, [])) for name in U32}}


def one(old: int, new: int) -> dict[str, Any]:
    """A move within the innocent pack."""
    return moves(bytes.fromhex(PACK), old_pack=[0], old_offset=[old], new_pack=[0], new_offset=[new])


TABLE = {"files": [], "folders": [], **EMPTY}
EVENT = {"id": "e", "time": 0, "snapshot": ID}
UNSOUND: dict[str, tuple[str, Any]] = {
    "a pack's id cut off, in moves": ("moves", moves(bytes(15))),
    "a row of packs that is none": ("moves", {**one(16, 16), "new_pack": pack_u32([1])}),
    "a column that is shorter": ("moves", {**one(16, 16), "new_offset": b""}),
    "a column cut off": ("moves", {**one(16, 16), "old_offset": b"\0\0\0"}),
    "a pack's id cut off, in marks": ("marks", {"packs": bytes(17), "grace": 0}),
    "a grace that never ends": ("marks", {"packs": b"", "grace": float("inf")}),
    "a grace that is no number": ("doomed", {"packs": b"", "grace": float("nan")}),
    "a grace before now": ("doomed", {"packs": b"", "grace": -1.0}),
    "a grace behind the calendar": ("marks", {"packs": b"", "grace": 1e300}),
    "an event before all years": ("labels", {"events": [{**EVENT, "time": -(2**63)}]}),
    "an event behind all years": ("labels", {"events": [{**EVENT, "time": 2**64 - 1}]}),
    "a number for a name": ("labels", {"events": [{**EVENT, "name": 5}]}),
    "text for tags": ("labels", {"events": [{**EVENT, "add": "tag"}]}),
    "headers that are none": ("catalogue", {"headers": [{"id": ID}]}),
    "a table without columns": ("partial", {"table": {"files": [], "folders": []}}),
    "a table whose columns differ": ("partial", {"table": {**TABLE, "digests": bytes(32)}}),
    "a table of a pack that is none": (
        "partial",
        {
            "table": {
                **TABLE,
                "digests": bytes(32),
                **{name: pack_u32([100]) for name in ("pack", "offset", "stored", "plain")},
                "base": pack_u32([0xFFFFFFFF]),
            }
        },
    ),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_unsound_records_are_named_and_heeded_by_nobody(name: str, repository: Repository, tmp_path: Path) -> None:
    forge(repository, lambda body: None)
    kind, body = UNSOUND[name]
    repository.backend.put(index_key(kind), index_record(kind, body))
    assert [(problem.key, problem.snapshots) for problem in repository.verify().problems] == [(index_key(kind), ())]
    assert [snapshot.id for snapshot in repository.snapshots()] == [ID]
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == {"a": b"A" * 5000}


def packed(plain: bytes) -> bytes:
    return zstandard.compress(plain)


HEAD = {"id": ID, "kind": "?", "time": 4_102_444_799_000_000, "program": "stranger 1"}
BODIES: dict[str, bytes] = {
    "nothing": packed(b""),
    "a bomb": packed(bytes(2**26)),
    "a bomb that hides its size": NO_SIZE.compress(bytes(2**26)),
    "more than there may be": b"\x28\xb5\x2f\xfd\xe0" + (2**30 + 1).to_bytes(8, "little") + b"\1\0\0",
    "a claim of a GiB": b"\x28\xb5\x2f\xfd\xe0" + (2**30).to_bytes(8, "little") + b"\1\0\0",
    "a list of billions": packed(b"\xdd\xff\xff\xff\xff"),
    "a map of billions": packed(b"\xdf\xff\xff\xff\xff"),
    "bytes of billions": packed(b"\xc6\xff\xff\xff\xff"),
    "deep nesting": packed(b"\x81\xa4deep" + b"\x91" * 200_000 + b"\xc0"),
    "no MessagePack": packed(b"\xc1"),
    "something behind": packed(msgspec.msgpack.encode({}) + b"\xc0"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_none(name: str, kind: str, repository: Repository, tmp_path: Path) -> None:
    forge(repository, lambda body: None)
    repository.backend.put(index_key(kind), record({**HEAD, "kind": kind}, BODIES[name], magic=b"THOTHIDX", version=2))
    with little_memory():
        assert [problem.key for problem in repository.verify().problems] == [index_key(kind)]
        repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == {"a": b"A" * 5000}


@pytest.mark.parametrize("kind", KINDS)
def test_millions_of_small_things_cost_little(kind: str, repository: Repository) -> None:
    """Eight mebibytes that a few hundred bytes unpack to, in a kind of which the content means nothing, too."""
    body = packed(b"\xdd" + (8_000_000).to_bytes(4, "big") + b"\x80" * 8_000_000)
    repository.backend.put(index_key(kind), record({**HEAD, "kind": kind}, body, magic=b"THOTHIDX", version=2))
    with little_memory():
        repository.verify()


CHANGES: dict[str, dict[str, Any]] = {
    "another id": {"id": "e" * 32},
    "another kind": {"kind": "clock"},
    "another time": {"time": 0},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_record_by_another_name(name: str, repository: Repository) -> None:
    head = {**HEAD, "kind": "marks", **CHANGES[name]}
    data = record(head, {"packs": b"", "grace": 0}, magic=b"THOTHIDX", version=2)
    repository.backend.put(index_key("marks"), data)
    assert [problem.key for problem in repository.verify().problems] == [index_key("marks")]


@pytest.mark.parametrize(("version", "flags"), [(3, 0), (2, 2), (1, 1)])
def test_a_newer_record_keeps_a_prune_from_deleting(version: int, flags: int, repository: Repository) -> None:
    data = record({**HEAD, "kind": "moves"}, moves(b""), magic=b"THOTHIDX", version=version, flags=flags)
    repository.backend.put(index_key("moves"), data)
    assert [problem.key for problem in repository.verify().problems] == [index_key("moves")]
    with pytest.raises(FormatError, match="upgrade"):
        repository.prune()


@pytest.mark.parametrize("new", [0, 15, 17, 4160, 2**32 - 1])
def test_moves_that_lead_astray(new: int, repository: Repository, tmp_path: Path) -> None:
    """To where another frame is, or none: no wrong byte comes of it."""
    forge(repository, lambda body: None)
    repository.backend.put(index_key("moves"), index_record("moves", one(16, new)))
    refused(repository, tmp_path, CorruptionError, f"packs/ab/{PACK}")


def test_moves_in_a_circle_come_to_an_end(repository: Repository, tmp_path: Path) -> None:
    forge(repository, lambda body: None)
    there = bytes.fromhex(PACK)
    count = 1000
    after = [*range(17, 17 + count - 1), 16]
    body = moves(
        there, old_pack=[0] * count, old_offset=list(range(16, 16 + count)), new_pack=[0] * count, new_offset=after
    )
    repository.backend.put(index_key("moves"), index_record("moves", body))
    refused(repository, tmp_path, CorruptionError, f"packs/ab/{PACK}")


def test_many_moves_are_read_at_once(repository: Repository) -> None:
    count = 200_000
    body = moves(
        bytes(16), old_pack=[0] * count, old_offset=list(range(count)), new_pack=[0] * count, new_offset=[16] * count
    )
    forge(repository, lambda body: None)
    repository.backend.put(index_key("moves"), index_record("moves", body))
    began = time.monotonic()
    assert repository.verify().ok
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_the_last_moment_is_told(kind: str, repository: Repository, source: Path) -> None:
    """None can follow it, so nobody can write behind it; all that is there can still be read."""
    forge(repository, lambda body: None)
    key = index_key(kind).replace("20991231T235959000000Z", "99991231T235959999999Z")
    repository.backend.put(key, b"")
    assert [problem.key for problem in repository.verify().problems] == [key]
    made = tried(lambda: repository.backup(source))
    assert not isinstance(made, StorageError) or "last moment" in str(made)
    repository.restore(ID, source.parent / "target")


def test_what_is_no_index_record_is_named(repository: Repository) -> None:
    for key in ("index/x", f"index/Moves-20991231T235959000000Z-{ID}", KEY.replace("snapshots/", "index/")):
        repository.backend.put(key, b"stray")
        assert [problem.key for problem in repository.verify().problems] == [key]
        repository.backend.delete(key)


assert set(innocent()[0]) == {f"packs/ab/{PACK}"}
