"""What an encrypted repository needs, by docs/format.md. Imports nothing of thoth_storage."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tests.repository.second_reader_checks import Damaged, KeyObject, Newer, Settings, need

_T = TypeVar("_T")


class WrongKey(Exception):
    """The key opens nothing here, or is missing or superfluous."""


class Open:
    """A repository that is not encrypted."""

    sealed = 0

    def name(self, plain: bytes) -> bytes:
        return blake3(plain).digest()

    def unseal(self, stored: bytes, context: bytes) -> bytes:
        return stored


class Sealed(Open):
    """One that is, under its data key."""

    sealed = 1

    def __init__(self, data_key: bytes) -> None:
        self._names = _derived(data_key, "block names")
        self._contents = _derived(data_key, "contents")

    def name(self, plain: bytes) -> bytes:
        return blake3(plain, key=self._names).digest()

    def unseal(self, stored: bytes, context: bytes) -> bytes:
        return _unsealed(self._contents, stored, context)


def json_object(data: bytes, word: str, kind: type[_T]) -> _T:
    """An object of JSON that proves itself."""
    try:
        found = json.loads(data.decode())
        need(found.get("kind") == word, "something else")
        if found.get("version", 0) > 2:
            raise Newer(word)
        decoded = msgspec.convert(found, kind)
    except (ValueError, AttributeError) as error:
        raise Damaged(str(error)) from error
    rest = {name: value for name, value in found.items() if name != "check"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(found.get("check") == blake3(text.encode()).hexdigest(), "it fails its checksum")
    need(found["version"] >= 1, "an impossible version")
    return decoded


def unlocked(root: Path, settings: Settings, secret: str | bytes | None) -> Open:
    """``secret`` is a password as text, or a random key of 32 bytes."""
    if (secret is None) != (settings.encryption is None):
        raise WrongKey("a key for an open repository, or none for an encrypted one")
    if secret is None or settings.encryption is None:
        return Open()
    if settings.version < 2 or settings.encryption.cipher != "aes-256-gcm":
        raise Newer("another cipher")
    context = f"thoth_storage data key of {settings.id}".encode()
    for path in sorted((root / "keys").glob("*")):
        try:
            found = json_object(path.read_bytes(), "thoth_storage key", KeyObject)
            need(re.fullmatch("[0-9a-f]{32}", path.name) and found.id == path.name, "another key's object")
            wrapping_key = _wrapping_key(found.wrapping, secret)
            data_key = wrapping_key and _unsealed(wrapping_key, bytes.fromhex(found.wrapped), context)
        except (Damaged, Newer, ValueError, TypeError, KeyError):
            continue
        if data_key and _derived(data_key, "key check").hex() == settings.encryption.check:
            return Sealed(data_key)
    raise WrongKey("it opens none of the key objects")


def _wrapping_key(how: dict[str, Any], secret: str | bytes) -> bytes | None:
    if how["method"] == "scrypt" and isinstance(secret, str):
        n, r, p = how["n"], how["r"], how["p"]
        need(n >= 2 and r >= 1 and p >= 1 and n * r * p <= 2**23, "an absurd cost")
        return Scrypt(salt=bytes.fromhex(how["salt"]), length=32, n=n, r=r, p=p).derive(secret.encode())
    if how["method"] == "hkdf-sha256" and isinstance(secret, bytes):
        salt = bytes.fromhex(how["salt"])
        return HKDF(SHA256(), 32, salt, b"thoth_storage key wrapping").derive(secret)
    return None


def _unsealed(key: bytes, stored: bytes, context: bytes) -> bytes:
    need(len(stored) >= 28, "too short to be sealed")
    try:
        return AESGCM(key).decrypt(stored[:12], stored[12:], context)
    except InvalidTag as error:
        raise Damaged("it cannot be unsealed") from error


def _derived(data_key: bytes, what: str) -> bytes:
    return bytes(blake3(data_key, derive_key_context=f"thoth_storage 2026 {what}").digest())
