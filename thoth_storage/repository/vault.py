"""A repository as its verbs see it: a backend, the cipher for all that is stored there, and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from thoth_storage.backend import Backend
from thoth_storage.repository import sealed
from thoth_storage.repository.cipher import Cipher
from thoth_storage.repository.settings import Settings

__all__ = ["Vault"]

_T = TypeVar("_T")
_H = TypeVar("_H")


@dataclass(frozen=True)
class Vault:
    """Safe to share between threads."""

    backend: Backend
    cipher: Cipher
    settings: Settings
    uploads: int = 3
    """Packs in flight. With the one that is being filled, and the copy that an HTTP client makes, that is about 112
    MiB."""
    downloads: int = 3
    """Ranges asked for at once. With those of a pack each that is 51 MiB, and what HTTP clients copy of it."""

    @property
    def url(self) -> str:
        return self.backend.url

    @property
    def may_move(self) -> bool:
        """Whether blocks may be moved to other packs: programs of format 1 would not find them."""
        return self.settings.version > 1

    def seal(self, magic: bytes, header: Any, body: Any, *, version: int = 2) -> bytes:
        """A record's bytes; those that are encrypted exist since version 2."""
        return sealed.seal(
            magic, header, body, version=max(version, 2 if self.cipher.encrypts else 1), cipher=self.cipher
        )

    def open_record(self, data: bytes, magic: bytes, header: type[_H], body: type[_T], key: str) -> tuple[_H, _T]:
        """A record that was read whole. Raises CorruptionError, FormatError."""
        prologue = sealed.parse_prologue(data, magic, url=self.url, key=key, cipher=self.cipher)
        split = sealed.PROLOGUE_SIZE + prologue.header_length
        first, rest = data[sealed.PROLOGUE_SIZE : split], data[split : split + prologue.body_length]
        return (
            sealed.open_header(first, prologue, header, url=self.url, key=key, cipher=self.cipher),
            sealed.open_body(rest, prologue, body, url=self.url, key=key, cipher=self.cipher),
        )
