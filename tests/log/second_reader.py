"""Another reader of the write log, written from docs/format.md alone: nothing of thoth_storage is imported.

python -m tests.log.second_reader REPOSITORY [DATA KEY IN HEX]
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zstandard
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MIB = 1024 * 1024


class Damaged(Exception):
    """Not what a writer stored."""


class Newer(Exception):
    """For a newer program."""


@dataclass(frozen=True)
class Read:
    """One entry. ``time`` in microseconds since 1970."""

    number: int
    nonce: bytes
    writer: str
    time: int
    payload: bytes


def need(holds: bool, what: str) -> None:
    if not holds:
        raise Damaged(what)


def entry(data: bytes, number: int, data_key: bytes | None = None) -> Read:
    """The entry of that number, checked."""
    need(72 <= len(data) <= 65 * MIB and data[:8] == b"THOTHLOG", "no entry")
    version, flags = struct.unpack_from("<HH", data, 8)
    if version > 1 or flags > 1:
        raise Newer(f"version {version}, flags {flags}")
    length, own_number = struct.unpack_from("<IQ", data, 12)
    context, body = data[:40], data[72:]
    need(version == 1 and length == len(body), "another length")
    need(blake3(context + body).digest() == data[40:72], "a wrong checksum")
    need(own_number == number, "another entry")
    need((flags == 1) == (data_key is not None), "sealed in an open repository, or not in an encrypted one")
    if data_key is not None:
        key = blake3(data_key, derive_key_context="thoth_storage 2026 contents").digest()
        try:
            body = AESGCM(key).decrypt(body[:12], body[12:], context)
        except (InvalidTag, ValueError) as error:
            raise Damaged("it cannot be unsealed") from error
    try:
        size = zstandard.get_frame_parameters(body).content_size
        need(size <= 64 * MIB + 64 * 1024, "a bomb")
        fields = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(body, allow_extra_data=False))
    except (zstandard.ZstdError, ValueError, RecursionError) as error:
        raise Damaged(str(error)) from error
    need(isinstance(fields, list) and len(fields) >= 3, "another body")
    writer, time, payload = fields[:3]
    need(isinstance(writer, str) and type(time) is int and isinstance(payload, bytes), "another body")
    return Read(number, data[24:40], writer, time, payload)


def log(root: Path, data_key: bytes | None = None) -> Iterator[Read]:
    """The entries of a repository in a folder, from the first that is not truncated."""
    marks = [path.name for path in (root / "log/truncated").glob("*") if re.fullmatch("[0-9]{12}", path.name)]
    last = max(map(int, marks), default=0)
    numbers = {
        int(path.name)
        for path in root.glob("log/*/*")
        if re.fullmatch("[0-9]{9}/[0-9]{12}", f"{path.parent.name}/{path.name}")
        and int(path.parent.name) == int(path.name) // 1000
    }
    while (last := last + 1) in numbers:
        yield entry((root / f"log/{last // 1000:09d}/{last:012d}").read_bytes(), last, data_key)
    need(max(numbers, default=0) < last, f"entry {last} is missing")


def main(root: str, data_key: str | None = None) -> None:
    for each in log(Path(root), bytes.fromhex(data_key) if data_key else None):
        sys.stdout.write(f"{each.number} {each.nonce.hex()} {each.writer!r} {each.time} {each.payload.hex()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
