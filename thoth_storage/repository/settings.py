"""``repository.json``: what all writers of a repository must agree on, decided once by who creates it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, CorruptionError, FormatError
from thoth_storage.repository.blocks import MAX_PLAIN
from thoth_storage.repository.layout import BLOCK_SIZE, FORMAT_VERSION, REPOSITORY_KEY, new_id
from thoth_storage.repository.sealed_json import LONGEST_JSON, check_json, decode_json

__all__ = ["Encryption", "Settings", "create_settings", "new_settings", "read_settings"]

_KIND = "thoth_storage repository"
_SMALLEST_BLOCK = 4096
CIPHER = "aes-256-gcm"


class Encryption(msgspec.Struct, frozen=True):
    """``check`` tells the right data key from a wrong one, and gives nothing of it away."""

    cipher: str
    check: str


class Settings(msgspec.Struct, frozen=True):
    """The fields of ``repository.json``. ``check`` proves the others. Version 1 knew neither encryption nor moved
    blocks, so a repository that was created with it never gets either."""

    kind: str
    version: int
    id: str
    created: str
    block_size: int
    check: str
    encryption: Encryption | None = None


def new_settings(block_size: int = BLOCK_SIZE, encryption: Encryption | None = None) -> Settings:
    """Settings for a new repository, with a new random id."""
    fields: dict[str, Any] = {
        "kind": _KIND,
        "version": FORMAT_VERSION,
        "id": new_id(),
        "created": datetime.now(UTC).isoformat(),
        "block_size": block_size,
        "encryption": msgspec.to_builtins(encryption),
    }
    return msgspec.convert({**fields, "check": check_json(fields)}, Settings)


def create_settings(backend: Backend, settings: Settings) -> Settings:
    """Store them, or give those of another creator who was first: his hold for all."""
    try:
        backend.create(REPOSITORY_KEY, msgspec.json.format(msgspec.json.encode(settings), indent=2))
    except AlreadyExistsError:
        return read_settings(backend)
    return settings


def read_settings(backend: Backend) -> Settings:
    """Raises NotFoundError, CorruptionError, FormatError for a newer version or a cipher that is unknown."""
    settings = decode_json(
        backend.get(REPOSITORY_KEY, 0, LONGEST_JSON + 1),
        Settings,
        _KIND,
        "the settings object",
        url=backend.url,
        key=REPOSITORY_KEY,
    )
    if not _SMALLEST_BLOCK <= settings.block_size <= MAX_PLAIN:
        raise CorruptionError("the settings object has impossible numbers", url=backend.url, key=REPOSITORY_KEY)
    if settings.encryption and (settings.version < 2 or settings.encryption.cipher != CIPHER):
        raise FormatError(
            f"the repository is encrypted in a way that is unknown here ({settings.encryption.cipher!r:.40})",
            url=backend.url,
            key=REPOSITORY_KEY,
            hint="upgrade thoth-storage",
        )
    return settings
