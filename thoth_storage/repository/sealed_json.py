"""Stored JSON that proves itself: small objects that people may want to read (settings, wrapped keys)."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from blake3 import blake3

from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository.layout import FORMAT_VERSION

__all__ = ["LONGEST_JSON", "check_json", "decode_json"]

_T = TypeVar("_T")
LONGEST_JSON = 1024 * 1024
"""Bytes in the longest such object: more only serves to fill the reader's memory."""


class _Version(msgspec.Struct, frozen=True):
    """The fields that every such object has, in every version."""

    kind: str
    version: int


def check_json(fields: dict[str, Any]) -> str:
    """BLAKE3 of the fields but ``check`` as JSON without spaces, keys in order: whatever its layout in the file."""
    rest = {name: value for name, value in fields.items() if name != "check"}
    return blake3(msgspec.json.encode(rest, order="sorted")).hexdigest()


def decode_json(data: bytes, kind: type[_T], word: str, what: str, *, url: str, key: str) -> _T:
    """Decode an object whose ``kind`` is ``word``; ``what`` names it in errors. Raises CorruptionError, and FormatError
    for a newer version."""

    def damaged(how: str) -> CorruptionError:
        return CorruptionError(f"{what} {how}", url=url, key=key)

    if len(data) > LONGEST_JSON:
        raise damaged(f"has more than {LONGEST_JSON} bytes")
    try:
        # The version first: a newer one may have other fields.
        found = msgspec.json.decode(data, type=_Version)
        if found.kind == word and found.version > FORMAT_VERSION:
            raise FormatError(
                f"{what} has format version {found.version}; this program reads up to {FORMAT_VERSION}",
                url=url,
                key=key,
                hint="upgrade thoth-storage",
            )
        if found.kind != word:
            raise damaged(f"is that of a {found.kind!r:.80}")
        decoded = msgspec.json.decode(data, type=kind)
        fields = msgspec.json.decode(data, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        # As in sealed: not all that msgspec raises for bad bytes is its own.
        raise damaged(f"cannot be read: {error}") from error
    if fields.get("check") != check_json(fields):
        raise damaged("fails its checksum")
    if found.version < 1:
        raise damaged("has impossible numbers")
    return decoded
