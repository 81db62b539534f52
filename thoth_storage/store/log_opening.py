"""The log of a store: below the same URL as its snapshots, and encrypted as they are."""

from __future__ import annotations

import os
import socket

from thoth_storage.log import Log, Unsealable
from thoth_storage.repository import Repository
from thoth_storage.repository.cipher import Cipher, SealedError

__all__ = ["open_log"]


class _LogCipher:
    """The repository's cipher, as the log knows one."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher
        self.encrypts = cipher.encrypts
        self.overhead = cipher.overhead

    def seal(self, plain: bytes, context: bytes) -> bytes:
        return bytes(self._cipher.seal(plain, context))

    def open(self, stored: bytes, context: bytes) -> bytes:
        try:
            return bytes(self._cipher.open(stored, context))
        except SealedError as error:
            raise Unsealable(str(error)) from error


def open_log(repository: Repository) -> Log | None:
    """The log of the store in ``repository``; None on a backend on which there can be none."""
    if not repository.backend.capabilities.atomic_create:
        return None
    writer = f"{socket.gethostname()}:{os.getpid()}"
    return Log(repository.backend, writer, _LogCipher(repository.vault.cipher))
