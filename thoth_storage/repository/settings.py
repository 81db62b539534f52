"""``repository.json``: what all writers of a repository must agree on, decided once by who creates it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from blake3 import blake3

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, CorruptionError, FormatError
from thoth_storage.repository.blocks import MAX_PLAIN
from thoth_storage.repository.layout import BLOCK_SIZE, FORMAT_VERSION, REPOSITORY_KEY, new_id

__all__ = ["Settings", "create_settings", "new_settings", "read_settings"]

_KIND = "thoth_storage repository"
_SMALLEST_BLOCK = 4096


class Settings(msgspec.Struct, frozen=True):
    """The fields of version 1. ``check`` proves the others: see ``_check_of``."""

    kind: str
    version: int
    id: str
    created: str
    block_size: int
    check: str
    encryption: dict[str, Any] | None = None


class _Version(msgspec.Struct, frozen=True):
    """The fields that every version of ``repository.json`` has."""

    kind: str
    version: int


def new_settings(block_size: int = BLOCK_SIZE) -> Settings:
    """Settings for a new repository, with a new random id."""
    fields = {
        "kind": _KIND,
        "version": FORMAT_VERSION,
        "id": new_id(),
        "created": datetime.now(UTC).isoformat(),
        "block_size": block_size,
        "encryption": None,
    }
    return msgspec.convert({**fields, "check": _check_of(fields)}, Settings)


def create_settings(backend: Backend, settings: Settings) -> Settings:
    """Store them, or give those of another creator who was first: his hold for all."""
    try:
        backend.create(REPOSITORY_KEY, msgspec.json.format(msgspec.json.encode(settings), indent=2))
    except AlreadyExistsError:
        return read_settings(backend)
    return settings


def read_settings(backend: Backend) -> Settings:
    """Raises NotFoundError, CorruptionError, FormatError for a newer version."""
    data = backend.get(REPOSITORY_KEY)

    def damaged(what: str) -> CorruptionError:
        return CorruptionError(f"the repository's settings {what}", url=backend.url, key=REPOSITORY_KEY)

    try:
        # The version first: a newer one may have other fields.
        found = msgspec.json.decode(data, type=_Version)
        if found.kind == _KIND and found.version > FORMAT_VERSION:
            raise FormatError(
                f"the repository has format version {found.version}; this program reads up to {FORMAT_VERSION}",
                url=backend.url,
                key=REPOSITORY_KEY,
                hint="upgrade thoth-storage",
            )
        if found.kind != _KIND:
            raise damaged(f"are those of a {found.kind!r:.80}")
        settings = msgspec.json.decode(data, type=Settings)
        check = _check_of(msgspec.json.decode(data, type=dict[str, Any]))
    except (ValueError, RecursionError) as error:
        # As in sealed: not all that msgspec raises for bad bytes is its own.
        raise damaged(f"cannot be read: {error}") from error
    if settings.check != check:
        raise damaged("fail their checksum")
    if settings.encryption:
        raise FormatError(
            "the repository is encrypted", url=backend.url, key=REPOSITORY_KEY, hint="upgrade thoth-storage"
        )
    if settings.version < 1 or not _SMALLEST_BLOCK <= settings.block_size <= MAX_PLAIN:
        raise damaged("have impossible numbers")
    return settings


def _check_of(fields: dict[str, Any]) -> str:
    """BLAKE3 of the fields but ``check`` as JSON without spaces, keys in order: whatever its layout in the file."""
    rest = {name: value for name, value in fields.items() if name != "check"}
    return blake3(msgspec.json.encode(rest, order="sorted")).hexdigest()
