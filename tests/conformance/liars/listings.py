"""Listings that are not complete, not in order, not of now, or not of this store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from thoth_storage.backend import ObjectInfo

from .base import MACHINE, Liar


class ListIsCached(Liar):
    """fsspec's file systems keep their listings for ever unless they are told not to."""

    caught_by = ("test_a_listing_knows_the_write_before_it", "test_a_create_is_listed", MACHINE)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.cache: dict[str, list[ObjectInfo]] = {}

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(self.cache.setdefault(prefix, list(super().list(prefix))))


class ListEndsWithTheFirstPage(Liar):
    caught_by = ("test_many_objects_over_pages",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return islice(super().list(prefix), 1000)


class ListRepeatsAKeyBetweenPages(Liar):
    caught_by = ("test_many_objects_over_pages",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        for number, info in enumerate(super().list(prefix)):
            yield info
            if number == 1000:
                yield info


class ListIsBackwards(Liar):
    caught_by = ("test_keys_come_in_the_order_of_code_points", "test_many_objects_over_pages", MACHINE)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return reversed(list(super().list(prefix)))


class ListIsInTheOrderOfFolders(Liar):
    """As a walk through folders gives it: ``a/b`` before ``a-b``."""

    caught_by = ("test_keys_come_in_the_order_of_code_points", "test_a_prefix_is_any_string")

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(sorted(super().list(prefix), key=lambda info: info.key.split("/")))


class ListIsInTheOrderOfUtf16(Liar):
    caught_by = ("test_keys_come_in_the_order_of_code_points",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(sorted(super().list(prefix), key=lambda info: info.key.encode("utf-16-be")))


class ListIgnoresCaseInOrder(Liar):
    caught_by = ("test_keys_come_in_the_order_of_code_points",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(sorted(super().list(prefix), key=lambda info: info.key.lower()))


class PrefixIsAFolder(Liar):
    caught_by = ("test_a_prefix_is_any_string", "test_odd_keys_are_listed_as_they_were_written", MACHINE)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        folder = prefix and prefix.removesuffix("/") + "/"
        return (info for info in super().list(prefix) if info.key.startswith(folder))


class PrefixIsAPattern(Liar):
    caught_by = ("test_a_prefix_is_any_string", MACHINE)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        list(super().list(prefix))
        return (info for info in super().list() if fnmatchcase(info.key, f"{prefix}*"))


class PrefixIsNotChecked(Liar):
    caught_by = ("test_invalid_prefixes_are_refused", "test_errors_tell_where")

    def list(self, prefix: Any = "") -> Iterator[ObjectInfo]:
        return (info for info in super().list() if info.key.startswith(str(prefix)))


class ListForgetsSizes(Liar):
    caught_by = ("test_list_is_an_iterator", "test_many_objects_over_pages", MACHINE)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return (replace(info, size=0) for info in super().list(prefix))


class ListingsShareACursor(Liar):
    caught_by = ("test_two_listings_at_once",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        self.cursor = super().list(prefix)
        while info := next(self.cursor, None):
            yield info


class ListShowsItsOwnFiles(Liar):
    caught_by = ("test_a_fresh_store_is_empty", "test_close_of_the_unused", MACHINE)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        own = [ObjectInfo(".lock", 0)] if ".lock".startswith(prefix) else []
        return iter([*own, *super().list(prefix)])


class ListIsAList(Liar):
    caught_by = ("test_list_is_an_iterator",)

    def list(self, prefix: str = "") -> Any:
        return list(super().list(prefix))


class SeesItsSibling(Liar):
    """``gs://bucket/db`` as a prefix of names is also the beginning of ``gs://bucket/db2``."""

    caught_by = ("test_a_sibling_store_is_another_store",)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._root = self._root.removesuffix("/")


class TimesAreNaive(Liar):
    caught_by = ("test_times_are_those_of_the_service",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return (replace(info, mtime=info.mtime and info.mtime.replace(tzinfo=None)) for info in super().list(prefix))


class TimesAreOfTheListing(Liar):
    caught_by = ("test_times_are_those_of_the_service",)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        for hours, info in enumerate(super().list(prefix)):
            yield replace(info, mtime=datetime.now(UTC) + timedelta(hours=hours))
