"""Puts that are seen under construction, and contents that change on their way."""

import time
from typing import Any

from thoth_storage.errors import InvalidArgumentError

from .base import MACHINE, Liar


class PutAppearsInPart(Liar):
    caught_by = ("test_readers_see_the_old_object_or_the_new", "test_a_new_object_appears_whole")

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data[: len(data) // 2])
        time.sleep(0.001)
        super().put(key, data)


class PutDeletesFirst(Liar):
    caught_by = ("test_a_replaced_object_is_never_missing", "test_readers_see_the_old_object_or_the_new")

    def put(self, key: str, data: bytes) -> None:
        self.delete(key)
        time.sleep(0.001)
        super().put(key, data)


class PutShowsItsTemporary(Liar):
    caught_by = ("test_readers_see_the_old_object_or_the_new", "test_a_new_object_appears_whole")

    def put(self, key: str, data: bytes) -> None:
        super().put(f"{key}.part", data)
        time.sleep(0.001)
        super().put(key, data)
        self.delete(f"{key}.part")


class PutKeepsTheLongerTail(Liar):
    """Writes over the old bytes and does not cut off what is left of them."""

    caught_by = ("test_put_replaces", MACHINE)

    def put(self, key: str, data: bytes) -> None:
        old = super().get(key) if any(info.key == key for info in self.list(key)) else b""
        super().put(key, bytes(data) + old[len(data) :])


class PutIgnoresTheEmpty(Liar):
    caught_by = ("test_put_replaces", "test_get_returns_what_was_put", MACHINE)

    def put(self, key: str, data: bytes) -> None:
        if data:
            super().put(key, data)


class PutAppends(Liar):
    caught_by = ("test_put_twice_the_same", "test_a_put_whose_reply_is_lost")

    def put(self, key: str, data: bytes) -> None:
        old = super().get(key) if any(info.key == key for info in self.list(key)) else b""
        super().put(key, old + data)


class CutsAtTheBoundary(Liar):
    """gcsfs: content with the boundary of its multipart upload in it was stored cut short."""

    caught_by = ("test_contents_come_back_as_they_were", "test_a_trap_in_a_large_object", MACHINE)

    def put(self, key: str, data: bytes) -> None:
        super().put(key, bytes(data).split(b"\r\n--==0==")[0])


class TranslatesLineEnds(Liar):
    caught_by = ("test_contents_come_back_as_they_were",)

    def put(self, key: str, data: bytes) -> None:
        super().put(key, bytes(data).replace(b"\r\n", b"\n"))


class TakesText(Liar):
    caught_by = ("test_what_is_not_bytes_is_refused",)

    def put(self, key: str, data: Any) -> None:
        super().put(key, data.encode() if isinstance(data, str) else data)


class CountsZeros(Liar):
    """``bytes(5)`` is five zeros."""

    caught_by = ("test_what_is_not_bytes_is_refused",)

    def create(self, key: str, data: Any) -> None:
        super().create(key, bytes(data) if isinstance(data, int) else data)


class RefusesBytearrays(Liar):
    caught_by = ("test_bytes_like_is_accepted",)

    def create(self, key: str, data: bytes) -> None:
        if type(data) is not bytes:
            raise InvalidArgumentError("bytes only", url=self.url, key=key)
        super().create(key, data)


class KeepsTheCallersBuffer(Liar):
    caught_by = ("test_the_callers_buffer_stays_the_callers",)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.buffers: dict[str, bytes] = {}

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data)
        self.buffers[key] = data

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        whole = super().get(key, start, end)
        return bytes(self.buffers[key][start:end]) if key in self.buffers else whole


class PutLooksAtTheLastSegmentOnly(Liar):
    caught_by = ("test_objects_are_independent", "test_a_prefix_is_any_string", MACHINE)

    def put(self, key: str, data: bytes) -> None:
        for info in list(self.list()):
            if info.key.rpartition("/")[2] == key.rpartition("/")[2]:
                super().put(info.key, data)
        super().put(key.rpartition("/")[2] or key, data)


class PutOfTheDeletedIsLost(Liar):
    """As if an older tombstone won over the newer object."""

    caught_by = ("test_a_store_can_be_emptied_and_filled_again", MACHINE)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.deleted: set[str] = set()

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data)
        if key in self.deleted:
            super().delete(key)

    def delete(self, *keys: str) -> None:
        super().delete(*keys)
        self.deleted.update(keys)
