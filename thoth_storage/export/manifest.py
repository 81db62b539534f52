"""The file that makes a folder an export: written last, it names every part with its size and its hash."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Annotated

import msgspec

from thoth_storage.errors import CorruptionError, FormatError

__all__ = [
    "FORMAT",
    "MANIFEST_KEY",
    "VERSION",
    "Collection",
    "Manifest",
    "Part",
    "Source",
    "decode",
    "encode",
    "hashed",
]

MANIFEST_KEY = "manifest.json"
FORMAT = "thoth-storage export"
VERSION = 1
"""The newest version of the folder that this code reads."""
_KEY = re.compile(r"collections/[A-Za-z0-9._~-]{1,120}/part-[0-9]{5,9}\.parquet")
_Count = Annotated[int, msgspec.Meta(ge=0)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``key`` is relative to the folder; ``sha256`` is in hexadecimal digits."""

    key: str
    rows: _Count
    bytes: _Count
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Collection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Its settings stand in the schema of each of its parts, of which there is one at least."""

    name: str
    dimension: Annotated[int, msgspec.Meta(gt=0)] | None
    rows: _Count
    parts: Annotated[list[Part], msgspec.Meta(min_length=1)]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it came from: ``checkpoint`` and ``position`` (of the write log) tell the state of a store."""

    url: str
    tenant: str
    database: str
    checkpoint: str | None = None
    position: int | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    version: int
    created: datetime
    program: str
    chromadb: str
    source: Source
    collections: list[Collection]


class _Head(msgspec.Struct):
    format: str
    version: int


def hashed(data: bytes) -> str:
    """What a part's ``sha256`` has to be."""
    return hashlib.sha256(data).hexdigest()


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(data: bytes, *, url: str) -> Manifest:
    """Raises FormatError for a newer version, CorruptionError for what is no manifest or contradicts itself."""
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.format != FORMAT:
            raise _damaged(f"it is of format {head.format!r:.60}", url)
        if head.version > VERSION:
            raise FormatError(
                f"the export has version {head.version}; this program knows up to {VERSION}",
                url=url,
                key=MANIFEST_KEY,
                hint="upgrade thoth-storage",
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _damaged(str(error), url) from error
    _check(manifest, url)
    return manifest


def _check(manifest: Manifest, url: str) -> None:
    if manifest.version < 1:
        raise _damaged(f"there is no version {manifest.version}", url)
    names = [each.name for each in manifest.collections]
    keys = [part.key for each in manifest.collections for part in each.parts]
    if len(set(names)) < len(names) or len(set(keys)) < len(keys):
        raise _damaged("a collection or a part stands twice in it", url)
    for key in keys:
        if not _KEY.fullmatch(key) or "/../" in key or "/./" in key:
            raise _damaged(f"it names a part {key!r:.200}", url)
    for each in manifest.collections:
        if sum(part.rows for part in each.parts) != each.rows:
            raise _damaged(f"the parts of {each.name!r:.80} do not have its {each.rows} rows", url)


def _damaged(why: str, url: str) -> CorruptionError:
    return CorruptionError(
        f"the manifest of the export cannot be used: {why}", url=url, key=MANIFEST_KEY, hint="export again"
    )
