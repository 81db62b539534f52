"""How the data key is wrapped by what people hold: a password, a random key, or a key service.

A password is stretched by scrypt (N = 2^15, r = 8, p = 1: 32 MiB and a tenth of a second, the interactive
parameters of RFC 7914's author doubled); a random key of 32 bytes needs none and costs nothing. A key service (a KMS)
wraps by itself: only the wrapped bytes leave it.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from thoth_storage.errors import EncryptionKeyError

__all__ = ["KeyService", "Secret", "to_secret", "unwrap", "wrap"]

_RAW_PREFIX = "base64:"
_SCRYPT = {"n": 2**15, "r": 8, "p": 1}
_MAX_COST = 2**23
"""A key object is data from a stranger: a cost n * r * p beyond this (1 GiB, some seconds) serves only to stop the
reader."""
_NONCE = 12


@runtime_checkable
class KeyService(Protocol):
    """A KMS as a plugin's key provider gives it. ``name`` is stored beside what it wrapped, and tells people where
    to ask; ``context`` is to be authenticated, where the service can."""

    name: str

    def wrap(self, data_key: bytes, context: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, context: bytes) -> bytes: ...


Secret = str | bytes | KeyService
"""A password, a random key of 32 bytes, or a service."""


def to_secret(given: object) -> Secret:
    """Check what a caller passed as a key. Text that begins with ``base64:`` is a random key of 32 bytes; other text
    and other bytes are passwords. Raises EncryptionKeyError, which never shows it."""
    if isinstance(given, KeyService):
        return given
    if isinstance(given, bytearray | memoryview):
        given = bytes(given)
    if not isinstance(given, str | bytes):
        raise EncryptionKeyError(
            f"an encryption key is text or bytes, not a {type(given).__name__}", hint="pass str, bytes or a KeyService"
        )
    if not given:
        raise EncryptionKeyError("the encryption key is empty", hint="generate one: thoth-storage key generate")
    if isinstance(given, str) and given.startswith(_RAW_PREFIX):
        try:
            raw = base64.b64decode(given.removeprefix(_RAW_PREFIX), validate=True)
        except (binascii.Error, ValueError) as error:
            raise EncryptionKeyError("the encryption key begins with base64: and is not base64") from error
        if len(raw) != 32:
            raise EncryptionKeyError(f"a base64: encryption key holds 32 bytes, this one {len(raw)}")
        return raw
    return given


def wrap(secret: Secret, data_key: bytes, repository_id: str) -> tuple[dict[str, Any], bytes]:
    """How it was wrapped, as the key object tells it, and the wrapped bytes."""
    context = _context(repository_id)
    if isinstance(secret, KeyService):
        return {"method": "service", "service": secret.name}, secret.wrap(data_key, context)
    salt = os.urandom(16)
    if isinstance(secret, bytes) and len(secret) == 32:
        wrapping: dict[str, Any] = {"method": "hkdf-sha256", "salt": salt.hex()}
    else:
        wrapping = {"method": "scrypt", "salt": salt.hex(), **_SCRYPT}
    nonce = os.urandom(_NONCE)
    return wrapping, nonce + _aead(secret, wrapping).encrypt(nonce, data_key, context)


def unwrap(secret: Secret, wrapping: Mapping[str, Any], wrapped: bytes, repository_id: str) -> bytes | None:
    """The data key, or None if this secret is not the one. Raises what a key service raises."""
    context = _context(repository_id)
    if isinstance(secret, KeyService):
        fits = wrapping.get("method") == "service" and wrapping.get("service") == secret.name
        return secret.unwrap(wrapped, context) if fits else None
    method = wrapping.get("method")
    raw = isinstance(secret, bytes) and len(secret) == 32
    if (method == "hkdf-sha256") != raw or method not in ("hkdf-sha256", "scrypt"):
        return None
    from cryptography.exceptions import InvalidTag

    try:
        return bytes(_aead(secret, wrapping).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context))
    except (InvalidTag, ValueError, KeyError, TypeError, OverflowError):
        return None


def _aead(secret: str | bytes, wrapping: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    material = secret.encode() if isinstance(secret, str) else secret
    salt = bytes.fromhex(wrapping["salt"])
    if wrapping["method"] == "hkdf-sha256":
        return AESGCM(HKDF(SHA256(), 32, salt, b"thoth_storage key wrapping").derive(material))
    n, r, p = (int(wrapping[name]) for name in ("n", "r", "p"))
    if n < 2 or r < 1 or p < 1 or n * r * p > _MAX_COST:
        raise ValueError("the cost of the key derivation is out of range")
    return AESGCM(Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(material))


def _context(repository_id: str) -> bytes:
    return f"thoth_storage data key of {repository_id}".encode()
