"""Errors of the wrong kind, secrets told, and backends that do not outlive their first use."""

from collections.abc import Iterator
from typing import Any, ClassVar

from thoth_storage.backend import ObjectInfo
from thoth_storage.errors import AlreadyExistsError, NotFoundError, StorageError, UnavailableError
from thoth_storage.keys import check_key

from .base import SECRET, Liar


class RaisesWhatTheLibraryRaises(Liar):
    caught_by = ("test_get_of_the_missing", "test_errors_tell_where", "test_ranges_of_the_missing")

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        try:
            return super().get(key, start, end)
        except NotFoundError:
            raise FileNotFoundError(key) from None


class CallsEverythingMissing(Liar):
    caught_by = ("test_create", "test_errors_tell_where", "test_a_create_whose_reply_is_lost_has_won")

    def create(self, key: str, data: bytes) -> None:
        try:
            super().create(key, data)
        except AlreadyExistsError as error:
            raise NotFoundError("412", url=self.url, key=key) from error


class CallsALostRaceUnavailable(Liar):
    caught_by = ("test_create", "test_create_of_the_empty", "test_one_of_many_threads_creates")

    def create(self, key: str, data: bytes) -> None:
        try:
            super().create(key, data)
        except AlreadyExistsError as error:
            raise UnavailableError("409", url=self.url, key=key) from error


class HidesTheCause(Liar):
    caught_by = ("test_errors_keep_their_cause",)

    def head(self, key: str) -> ObjectInfo:
        found = {info.key: info for info in self.list(check_key(key))}
        try:
            return found[key]
        except KeyError:
            raise NotFoundError("no such object", url=self.url, key=key) from None


class DoesNotTellWhere(Liar):
    caught_by = ("test_errors_tell_where",)

    def head(self, key: str) -> ObjectInfo:
        try:
            return super().head(key)
        except NotFoundError as error:
            raise NotFoundError("no such object") from error


class TellsASecretInAnError(Liar):
    caught_by = ("test_secrets_are_not_told",)

    def head(self, key: str) -> ObjectInfo:
        try:
            return super().head(key)
        except NotFoundError as error:
            raise NotFoundError("no such object", url=self.url, key=key) from OSError(f"GET /?token={SECRET}", error)


class TellsASecretInItsName(Liar):
    caught_by = ("test_secrets_are_not_told",)

    def __repr__(self) -> str:
        return f"Liar(token={SECRET!r})"


class IsClosedForGood(Liar):
    caught_by = ("test_close", "test_close_of_the_unused", "test_any_sequence_of_verbs")
    closed = False

    def close(self) -> None:
        self.closed = True

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        if self.closed:
            raise StorageError("closed", url=self.url)
        return super().list(prefix)


class CannotBeClosedTwice(Liar):
    caught_by = ("test_close",)
    closed = 0

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self.closed = 0
        return super().get(key, start, end)

    def close(self) -> None:
        self.closed += 1
        if self.closed > 1:
            raise StorageError("closed already", url=self.url)


class IsNoBackend(Liar):
    caught_by = ("test_it_is_a_backend",)
    capabilities: ClassVar[Any] = ("atomic_create",)


class CannotBePickled(Liar):
    caught_by = ("test_a_pickled_copy_is_the_same_store",)

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("cannot pickle '_thread.lock' object")


class IsAnotherStoreOncePickled(Liar):
    caught_by = ("test_a_pickled_copy_is_the_same_store",)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (f"{self._url}/copy",)
