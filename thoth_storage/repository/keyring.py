"""The data key of an encrypted repository, and the objects below ``keys/`` that hold it wrapped.

The data key is random and never changes; what people hold is a key that unwraps it. So a new password, or a new key
of a key service, costs one small object and no re-encryption; and the old one is revoked by deleting its object.
Each object holds the data key once, wrapped by one key: JSON, with a checksum, readable without any key but for the
wrapped bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, CorruptionError, EncryptionKeyError, FormatError, NotFoundError
from thoth_storage.repository.cipher import check_of
from thoth_storage.repository.layout import FORMAT_VERSION, KEYS, new_id
from thoth_storage.repository.sealed_json import LONGEST_JSON, check_json, decode_json
from thoth_storage.repository.wrapping import Secret, unwrap, wrap

__all__ = ["KeyObject", "add_key", "find_data_key", "list_keys", "new_data_key", "open_keys", "remove_keys"]

_KIND = "thoth_storage key"


class KeyObject(msgspec.Struct, frozen=True):
    """``wrapping`` tells how the key that unwraps was derived; ``wrapped`` is the sealed data key in hex.
    ``repository`` is the id of the one that it opens: who lost the race to make a repository leaves a key of none.
    """

    kind: str
    version: int
    id: str
    created: str
    wrapping: dict[str, Any]
    wrapped: str
    check: str
    repository: str | None = None


def new_data_key() -> bytes:
    """32 random bytes."""
    return os.urandom(32)


def add_key(backend: Backend, repository_id: str, data_key: bytes, secret: Secret) -> str:
    """Store the data key wrapped by ``secret``, and give the new object's id. Whoever has the secret can read the
    repository from now on."""
    key_id = new_id()
    wrapping, wrapped = wrap(secret, data_key, repository_id)
    fields: dict[str, Any] = {
        "kind": _KIND,
        "version": FORMAT_VERSION,
        "id": key_id,
        "created": datetime.now(UTC).isoformat(),
        "wrapping": wrapping,
        "wrapped": wrapped.hex(),
        "repository": repository_id,
    }
    data = msgspec.json.encode({**fields, "check": check_json(fields)})
    backend.create(f"{KEYS}{key_id}", msgspec.json.format(data, indent=2))
    return key_id


def list_keys(backend: Backend, repository_id: str) -> list[KeyObject]:
    """The key objects of this repository. One that is damaged is left out: another may still open the repository, and
    ``verify`` names it. Raises FormatError where none is left and one is newer than this program."""
    found, newer = [], None
    for info in backend.list(KEYS):
        try:
            each = read_key(backend, info.key)
        except (CorruptionError, NotFoundError):
            continue
        except FormatError as error:
            newer = error
        else:
            if each.repository in (None, repository_id):
                found.append(each)
    if newer and not found:
        raise newer
    return found


def read_key(backend: Backend, key: str) -> KeyObject:
    """Raises CorruptionError, FormatError, NotFoundError."""
    found = decode_json(
        backend.get(key, 0, LONGEST_JSON + 1), KeyObject, _KIND, "the key object", url=backend.url, key=key
    )
    if f"{KEYS}{found.id}" != key:
        raise CorruptionError("the object holds another key than its name says", url=backend.url, key=key)
    try:
        bytes.fromhex(found.wrapped)
    except ValueError as error:
        raise CorruptionError("the object holds a key that is not in hex", url=backend.url, key=key) from error
    return found


def find_data_key(backend: Backend, repository_id: str, key_check: str, secret: Secret) -> tuple[str, bytes]:
    """The id of a key object that ``secret`` opens, and the data key. Raises EncryptionKeyError where it opens none."""
    return next(open_keys(backend, repository_id, key_check, secret))


def open_keys(backend: Backend, repository_id: str, key_check: str, secret: Secret) -> Iterator[tuple[str, bytes]]:
    """The same for each key object that it opens: nothing keeps people from adding a password twice."""
    keys = list_keys(backend, repository_id)
    if not keys:
        raise CorruptionError(
            "the repository is encrypted, and no readable key object is left: it cannot be opened by any key",
            url=backend.url,
            key=KEYS,
            hint="bring the objects below keys/ back from a copy of the bucket",
        )
    fits = False
    for candidate in keys:
        data_key = unwrap(secret, candidate.wrapping, bytes.fromhex(candidate.wrapped), repository_id)
        if data_key and check_of(data_key) == key_check:
            fits = True
            yield candidate.id, data_key
    if not fits:
        raise EncryptionKeyError(
            "wrong encryption key: it opens none of the repository's key objects",
            url=backend.url,
            hint="check THOTH_STORAGE_KEY, or the encryption_key that was passed",
        )


def remove_keys(backend: Backend, repository_id: str, ids: Iterable[str]) -> None:
    """Delete key objects. Two who remove different ones at once might leave none, and all would be lost: so who finds
    none left puts his back. Raises EncryptionKeyError then."""
    stored = {}
    for key in (f"{KEYS}{key_id}" for key_id in ids):
        with suppress(NotFoundError):
            stored[key] = backend.get(key)
    if stored:
        backend.delete(*stored)
    with suppress(FormatError):  # a key that only a newer program can use is left
        if list_keys(backend, repository_id):
            return
    for key, data in stored.items():
        with suppress(AlreadyExistsError):
            backend.create(key, data)
    raise EncryptionKeyError(
        "this was the last key of the repository, since others were removed at the same time; it was put back",
        url=backend.url,
        hint="add another first",
    )
