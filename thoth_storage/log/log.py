"""One log at a backend: entries read by number, and created where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, CapabilityError, NotFoundError, UnavailableError
from thoth_storage.log.entry import MAX_STORED, NO_CIPHER, Cipher, Entry, decode, encode, new_nonce
from thoth_storage.log.layout import entry_key

__all__ = ["Log"]


class Log:
    """Safe to share between threads. ``writer`` names this process to people. ``cipher`` as the store's."""

    def __init__(self, backend: Backend, writer: str, cipher: Cipher = NO_CIPHER) -> None:
        self.backend = backend
        self._writer = writer
        self._cipher = cipher

    @property
    def url(self) -> str:
        return self.backend.url

    def check_writable(self) -> None:
        """Raises CapabilityError where two writers could both create the same entry."""
        if not self.backend.capabilities.atomic_create:
            raise CapabilityError(
                "the write log needs a backend on which only one of several creates of a key succeeds",
                url=self.url,
                hint='use another backend, or durability="checkpoint" and one writer at a time',
            )

    def read(self, sequence: int) -> Entry | None:
        """The entry of that number; None where there is none, which may be the end, a hole, or was truncated.

        Raises CorruptionError, FormatError for a newer version.
        """
        key = entry_key(sequence)
        try:
            data = self.backend.get(key, 0, MAX_STORED + 1)
        except NotFoundError:
            return None
        return decode(data, sequence, self._cipher, url=self.url, key=key)

    def create(self, sequence: int, payload: bytes, before: bytes = b"") -> tuple[Entry, bool]:
        """Make entry ``sequence``; or, where another writer was first, give that one. And whether it is ours.
        ``before`` is the nonce of the entry before it, where that is known.

        Raises CapabilityError, CapacityError. After UnavailableError it may be stored or not; who reads the log next
        will see.
        """
        self.check_writable()
        key = entry_key(sequence)
        ours = Entry(sequence, new_nonce(), self._writer, datetime.now(UTC), payload, 0, before)
        data = encode(ours, self._cipher)
        try:
            self.backend.create(key, data)
        except AlreadyExistsError as exists:
            # The reply to an earlier attempt of ours may have been lost, below us: the nonce tells.
            found = self.read(sequence)
            if found is None:
                raise UnavailableError(
                    "a log entry was there and is not", url=self.url, key=key, hint="try again"
                ) from exists
            return found, found.nonce == ours.nonce
        return replace(ours, size=len(data)), True

    def withdraw(self, sequence: int) -> None:
        """Delete an entry that was created below the mark of what is truncated, where nobody reads it."""
        self.backend.delete(entry_key(sequence))
