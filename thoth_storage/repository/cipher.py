"""What hides content from who can read the bucket: names, blocks and manifests under one data key.

AES-256-GCM with a random nonce of 96 bits for each message (NIST SP 800-38D: safe for 2^32 messages under one key,
which at 256 KiB a block is a pebibyte). Block names are keyed BLAKE3: without the key they tell nothing, not even
whether a known file is stored. All keys are derived from the repository's data key, which is stored wrapped: see
``keyring``.
"""

from __future__ import annotations

import os
from typing import Protocol

from blake3 import blake3

__all__ = ["PLAIN", "AesGcm", "Cipher", "SealedError", "check_of"]

_NONCE = 12
_TAG = 16


class SealedError(Exception):
    """A message was changed, or another key sealed it. Callers tell which object it was."""


class Cipher(Protocol):
    """What packs and records need: a name for plain bytes, and a way to store them. ``overhead`` in bytes a message.

    ``context`` is authenticated with each message, so that none passes for another. Safe to share between threads.
    """

    encrypts: bool
    overhead: int

    def name(self, plain: bytes | memoryview) -> bytes: ...
    def seal(self, plain: bytes | memoryview, context: bytes) -> bytes | memoryview: ...
    def open(self, stored: bytes | memoryview, context: bytes) -> bytes | memoryview:
        """Raises SealedError."""
        ...


class _Plain:
    """A repository without encryption: names are plain BLAKE3, bytes go as they are."""

    encrypts = False
    overhead = 0

    def name(self, plain: bytes | memoryview) -> bytes:
        return blake3(plain).digest()

    def seal(self, plain: bytes | memoryview, context: bytes) -> bytes | memoryview:
        return plain

    def open(self, stored: bytes | memoryview, context: bytes) -> bytes | memoryview:
        return stored


PLAIN: Cipher = _Plain()


class AesGcm:
    """Encryption under a data key of 32 bytes."""

    encrypts = True
    overhead = _NONCE + _TAG

    def __init__(self, data_key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._invalid = InvalidTag
        self._name_key = _derive(data_key, "thoth_storage 2026 block names")
        self._aead = AESGCM(_derive(data_key, "thoth_storage 2026 contents"))

    def name(self, plain: bytes | memoryview) -> bytes:
        return blake3(plain, key=self._name_key).digest()

    def seal(self, plain: bytes | memoryview, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, stored: bytes | memoryview, context: bytes) -> bytes:
        if len(stored) < self.overhead:
            raise SealedError("it is too short to be sealed")
        try:
            return self._aead.decrypt(stored[:_NONCE], stored[_NONCE:], context)
        except self._invalid as error:
            raise SealedError("it was changed, or sealed with another key") from error


def check_of(data_key: bytes) -> str:
    """What ``repository.json`` holds to tell the right data key: derived, so that it gives nothing away."""
    return _derive(data_key, "thoth_storage 2026 key check").hex()


def _derive(data_key: bytes, context: str) -> bytes:
    return blake3(data_key, derive_key_context=context).digest()
