"""A stranger's manifest of deltas: chains that lead in circles, deep, astray, or to what is no base."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from blake3 import blake3

from tests.repository.forge import KEY, crc32_by_hand, forge, header, innocent, pack_u32, record, refused
from tests.repository.trees import contents
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import Repository
from thoth_storage.repository.manifest import FileEntry

pytestmark = pytest.mark.exhaustive

PACK = f"packs/ab/{'ab' * 16}"
NONE = 0xFFFFFFFF
Fields = dict[str, Any]
OLD = b"A" * 4096
NEW = b"A" * 4000 + b"new!" + b"A" * 92


def frame(plain: bytes, base: bytes, named: bytes | None = None, name: bytes | None = None, codec: int = 2) -> bytes:
    """A delta of ``plain`` upon ``base``, which claims to stand on ``named`` and to be ``name``. Made by hand."""
    dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    packed = zstandard.ZstdCompressor(dict_data=dictionary).compress(plain)
    payload = (named or blake3(base).digest()) + packed
    lengths = len(payload).to_bytes(4, "little") + len(plain).to_bytes(4, "little")
    head = (name or blake3(plain).digest()) + bytes([codec, 0, 0, 0]) + lengths
    return head + crc32_by_hand(head + payload).to_bytes(4, "little") + payload


def store(repository: Repository, delta: bytes, base: int = 0) -> None:
    """The innocent snapshot with a file ``b`` that is this delta, on a row of the others."""
    stored, body = innocent()
    pack = b"THOTHPAK\2" + stored[PACK][9:]
    body["files"].append(FileEntry("b", len(NEW), 0o644, 0, pack_u32([2])))
    body["digests"] += blake3(NEW).digest()
    for name, cell in (("pack", 0), ("offset", len(pack)), ("stored", len(delta)), ("plain", len(NEW)), ("base", base)):
        body[name] += pack_u32([cell])
    repository.backend.put(PACK, pack + delta)
    repository.backend.put(KEY, record(header(body), body, version=2))


def test_the_forged_delta_itself_is_sound(repository: Repository, tmp_path: Path) -> None:
    store(repository, frame(NEW, OLD))
    assert repository.verify().ok
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == {"a": b"A" * 5000, "b": NEW}


DELTAS: dict[str, tuple[bytes, int]] = {
    "on another block": (frame(NEW, OLD), 1),
    "of other bytes": (frame(b"B" * 4096, OLD, name=blake3(NEW).digest()), 0),
    "of a base by another name": (frame(NEW, OLD, blake3(NEW).digest()), 0),
    **{f"called codec {codec}": (frame(NEW, OLD, codec=codec), 0) for codec in (0, 1, 3)},
    "a full block without its base": (frame(NEW, OLD), NONE),
    "a name alone": (frame(NEW, OLD)[: 48 + 32], 0),
    "half a name": (frame(NEW, OLD)[: 48 + 10], 0),
}


@pytest.mark.parametrize("name", DELTAS)
def test_deltas_that_are_none(name: str, repository: Repository, tmp_path: Path) -> None:
    store(repository, *DELTAS[name])
    refused(repository, tmp_path, CorruptionError, PACK)


def bases(*rows: int) -> Callable[[Fields], None]:
    return lambda body: body.update(base=pack_u32(rows))


def chain(length: int, more: int = 0) -> Callable[[Fields], None]:
    """Row 0 stands on a chain of so many rows without a digest."""

    def change(body: Fields) -> None:
        for name, cell in (("pack", 0), ("stored", 100), ("plain", 10)):
            body[name] += pack_u32([cell] * (length + more))
        body["offset"] += pack_u32(range(9000, 9000 + length + more))
        rows = [2, NONE, *range(3, 2 + length), NONE, *([NONE] * more)]
        body["base"] = pack_u32(rows)

    return change


CHAINS = {
    "on itself": bases(0, NONE),
    "in a circle": bases(1, 0),
    "on a row behind the last": bases(2, NONE),
    "on the last row there might be": bases(NONE, NONE - 1),
    "too deep": chain(17),
    "far too deep": chain(30),
    "more rows than any chain needs": chain(16, more=17),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains_that_cannot_be(name: str, repository: Repository, tmp_path: Path) -> None:
    forge(repository, CHAINS[name], version=2)
    assert "not sound" in refused(repository, tmp_path, CorruptionError)


def test_the_deepest_chain_is_no_such(repository: Repository, tmp_path: Path) -> None:
    """Else the limit would prove nothing: it is refused only for its blocks, which are none."""
    forge(repository, chain(16), version=2)
    refused(repository, tmp_path, CorruptionError, PACK)


def test_chains_are_of_version_2(repository: Repository, tmp_path: Path) -> None:
    store(repository, frame(NEW, OLD))
    data = repository.backend.get(KEY)
    fixed = data[:8] + b"\1" + data[9:24]
    length = int.from_bytes(data[12:16], "little")
    digest = blake3(fixed + data[88 : 88 + length]).digest()
    repository.backend.put(KEY, fixed + digest + data[56:])
    assert "version" in refused(repository, tmp_path, CorruptionError)


def test_many_rows_of_overlapping_places_cost_little(repository: Repository) -> None:
    """Each claims the largest frame that there may be, a byte behind the one before: the pack is read in few ranges,
    and nothing of what is claimed is believed."""
    count = 3000
    stored, body = innocent()
    body["digests"] += b"".join(blake3(b"%d" % number).digest() for number in range(count))
    sizes = [min(67_108_976, len(stored[PACK]) - 16 - number) for number in range(count)]
    for name, cells in (
        ("pack", [0] * count),
        ("offset", range(16, 16 + count)),
        ("stored", sizes),
        ("plain", [67_108_864] * count),
        ("base", [NONE] * count),
    ):
        body[name] += pack_u32(cells)
    repository.backend.put(PACK, stored[PACK])
    repository.backend.put(KEY, record(header(body), body))
    began = time.monotonic()
    tracemalloc.start()
    try:
        assert {problem.key for problem in repository.verify().problems} == {PACK}
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 30
