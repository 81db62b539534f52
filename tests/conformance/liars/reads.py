"""Reads of other bytes than were asked for, and of what was there some time ago."""

import time

from thoth_storage.backend import ObjectInfo
from thoth_storage.errors import InvalidArgumentError, NotFoundError

from .base import MACHINE, Liar


class RangeTakesTheEndWithIt(Liar):
    """As ``Range: bytes=0-9`` of HTTP does, which is ten bytes."""

    caught_by = ("test_ranges_are_slices", "test_ranges_of_a_large_object", MACHINE)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return super().get(key, start, None if end is None else end + 1)


class RangePastTheEndFails(Liar):
    caught_by = ("test_ranges_are_slices", MACHINE)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = super().get(key, start, end)
        if start > self.head(key).size:
            raise InvalidArgumentError("416", url=self.url, key=key)
        return data


class RangeOfAnEmptyObjectFails(Liar):
    """Google Cloud Storage refuses each range of an object without bytes, also one that starts at 0."""

    caught_by = ("test_ranges_are_slices", MACHINE)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if end is not None and self.head(key).size == 0:
            raise InvalidArgumentError("416", url=self.url, key=key)
        return super().get(key, start, end)


class BackwardRangeIsTheRest(Liar):
    caught_by = ("test_ranges_are_slices",)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return super().get(key, start, None if end is not None and end < start else end)


class EmptyRangeNeedsNoObject(Liar):
    caught_by = ("test_ranges_of_the_missing", "test_errors_tell_where", MACHINE)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return b"" if end is not None and 0 <= end <= start else super().get(key, start, end)


class NegativeRangeCountsFromTheEnd(Liar):
    caught_by = ("test_negative_ranges_are_refused",)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return super().get(key)[start:end]


class MissingIsEmpty(Liar):
    caught_by = ("test_get_of_the_missing", "test_delete", MACHINE)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        try:
            return super().get(key, start, end)
        except NotFoundError:
            return b""


class HeadGuesses(Liar):
    caught_by = ("test_head", "test_put_replaces", MACHINE)

    def head(self, key: str) -> ObjectInfo:
        info = super().head(key)
        return ObjectInfo(key, info.size + info.size % 2, info.mtime)


class HeadFindsFolders(Liar):
    caught_by = ("test_a_folder_is_no_object",)

    def head(self, key: str) -> ObjectInfo:
        if any(info.key.startswith(f"{key}/") for info in self.list(key)):
            return ObjectInfo(key, 0)
        return super().head(key)


class HeadFindsPrefixes(Liar):
    caught_by = ("test_head_of_the_missing",)

    def head(self, key: str) -> ObjectInfo:
        found = next(self.list(key), None)
        return ObjectInfo(key, found.size, found.mtime) if found else super().head(key)


class GetIsCached(Liar):
    caught_by = ("test_put_replaces", "test_create_after_delete", MACHINE)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.cache: dict[str, bytes] = {}

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        super().get(key, start, end)
        return self.cache.setdefault(key, super().get(key))[start:end]


class HeadIsCached(Liar):
    caught_by = ("test_put_replaces", MACHINE)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.cache: dict[str, ObjectInfo] = {}

    def head(self, key: str) -> ObjectInfo:
        info = super().head(key)
        return self.cache.setdefault(key, info)


class ReadsInTwoSteps(Liar):
    """Asks for the size and then for the bytes, and has by then another version."""

    caught_by = ("test_readers_see_the_old_object_or_the_new",)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if end is not None:
            return super().get(key, start, end)
        half = self.head(key).size // 2
        first = super().get(key, 0, half)
        time.sleep(0.001)
        return first + super().get(key, half)
