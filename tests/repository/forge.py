"""Snapshots as a stranger could store them: sealed as they should be, and wrong inside."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from blake3 import blake3

from tests.repository.trees import walk
from thoth_storage.errors import StorageError
from thoth_storage.repository import Repository, layout
from thoth_storage.repository.manifest import Body, FileEntry, FolderEntry, pack_u32

__all__ = ["KEY", "forge", "header", "innocent", "pack_u32", "plain_header", "record", "refused", "sections"]

ID = "f" * 32
KEY = f"snapshots/20991231T235959000000Z-{ID}"
TIME = 4_102_444_799_000_000
"""Newer than what any test makes, so that ``latest`` is the forged one."""


def innocent(data: bytes = b"A" * 5000) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The objects of a sound snapshot of one file ``a`` in two blocks, and its body's fields. Made by hand."""
    pack_id, parts, offset = "ab" * 16, [b"THOTHPAK\x01\0\0\0\0\0\0\0"], 16
    digests, offsets, stored, plain = [], [], [], []
    for start in range(0, len(data), 4096):
        block = data[start : start + 4096]
        digests.append(blake3(block).digest())
        head = struct.pack("<32sB3xII", digests[-1], 0, len(block), len(block))
        frame = head + struct.pack("<I", crc32_by_hand(head + block)) + block
        parts.append(frame)
        offsets.append(offset)
        stored.append(len(frame))
        plain.append(len(block))
        offset += len(frame)
    rows = len(digests)
    body = {
        "files": [FileEntry("a", len(data), 0o644, 0, pack_u32(range(rows)))],
        "folders": [],
        "packs": bytes.fromhex(pack_id),
        "digests": b"".join(digests),
        "pack": pack_u32([0] * rows),
        "offset": pack_u32(offsets),
        "stored": pack_u32(stored),
        "plain": pack_u32(plain),
        "base": pack_u32([0xFFFFFFFF] * rows),
    }
    return {f"packs/ab/{pack_id}": b"".join(parts)}, body


def crc32_by_hand(data: bytes) -> int:
    """The CRC-32 of zlib, gzip and PNG, bit by bit: shares nothing with the code."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def header(body: Any, **changes: Any) -> dict[str, Any]:
    """A header that fits."""
    files = body["files"] if isinstance(body, dict) else []
    sizes = [file.size for file in files if isinstance(file, FileEntry)]
    fields = {"id": ID, "time": TIME, "name": None, "tags": [], "files": len(sizes), "size": sum(sizes)}
    return {**fields, "added": 0, "parent": None, "program": "stranger 1", "position": None, **changes}


def plain_header(**changes: Any) -> dict[str, Any]:
    """The header of a snapshot of one file of 5,000 bytes."""
    return header({"files": [FileEntry("a", 5000, 0, 0, b"")]}, **changes)


def sections(head: Any, body: Any) -> list[bytes]:
    """Header and body as they are stored; bytes are taken as they are."""
    return [
        part if isinstance(part, bytes) else zstandard.compress(msgspec.msgpack.encode(part)) for part in (head, body)
    ]


def record(
    head: Any, body: Any, *, magic: bytes = b"THOTHSNP", version: int = 1, flags: int = 0, lengths: Any = None
) -> bytes:
    """A whole record with right checksums over whatever is in it."""
    first, second = sections(head, body)
    fixed = struct.pack("<8sHHIQ", magic, version, flags, *(lengths or (len(first), len(second))))
    return fixed + blake3(fixed + first).digest() + blake3(second).digest() + first + second


def forge(repository: Repository, change: Callable[[dict[str, Any]], Any], version: int = 1) -> None:
    """Store a snapshot whose body is sound but for ``change``. Deltas are known since version 2."""
    stored, body = innocent()
    change(body)
    for key, data in stored.items():
        repository.backend.put(key, data)
    repository.backend.put(KEY, record(header(body), body, version=version))


def refused(repository: Repository, folder: Path, kind: type[StorageError], key: str = KEY) -> str:
    """Restore refuses and names ``key``, nothing at all is written, and verify names the object and the snapshot."""
    before = walk(folder)
    for target, overwrite in (("fresh", False), ("deep/fresh", False), ("old", True)):
        if overwrite:
            (folder / target).mkdir(exist_ok=True)
            (folder / target / "precious").write_bytes(b"precious")
            before = walk(folder)
        with pytest.raises(kind) as caught:
            repository.restore("latest", folder / target, overwrite=overwrite)
        assert caught.value.key == key, caught.value
        assert walk(folder) == before
    problems = repository.verify().problems
    assert {(problem.key, problem.snapshots) for problem in problems} == {(key, (ID,))}
    return str(caught.value)


assert layout.parse_snapshot_key(KEY, "").id == ID
assert Body.__struct_fields__ == (*innocent()[1], "mode", "contents")
assert FolderEntry.__struct_fields__ == ("path", "mode")
