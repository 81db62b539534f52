"""Deletes of too much, of too little, and with complaints."""

from fnmatch import fnmatchcase
from urllib.parse import quote

from thoth_storage.errors import NotFoundError
from thoth_storage.keys import is_key

from .base import MACHINE, Liar


class DeleteOfTheMissingFails(Liar):
    caught_by = (
        "test_delete_of_the_missing",
        "test_delete_with_a_key_twice",
        "test_a_delete_whose_reply_is_lost",
        MACHINE,
    )

    def delete(self, *keys: str) -> None:
        for key in keys:
            super().head(key)
            super().delete(key)


class DeleteOfNothingIsAll(Liar):
    caught_by = ("test_delete_of_nothing", MACHINE)

    def delete(self, *keys: str) -> None:
        super().delete(*(keys or [info.key for info in self.list()]))


class DeleteTakesPatterns(Liar):
    """fsspec's ``rm`` expands them."""

    caught_by = ("test_a_pattern_deletes_only_itself",)

    def delete(self, *keys: str) -> None:
        super().delete(*keys)
        super().delete(*(info.key for info in self.list() if any(fnmatchcase(info.key, key) for key in keys)))


class DeleteIsRecursive(Liar):
    caught_by = ("test_a_folder_is_not_deleted_with_its_name", "test_a_folder_is_no_object")

    def delete(self, *keys: str) -> None:
        super().delete(*keys)
        super().delete(*(info.key for key in keys for info in self.list(f"{key}/")))


class DeleteTakesPrefixes(Liar):
    caught_by = ("test_a_folder_is_not_deleted_with_its_name", MACHINE)

    def delete(self, *keys: str) -> None:
        super().delete(*keys)
        super().delete(*(info.key for key in keys for info in self.list(key)))


class DeleteEndsWithTheFirstBatch(Liar):
    caught_by = ("test_delete_of_many",)

    def delete(self, *keys: str) -> None:
        super().delete(*keys[:1000])


class DeleteStopsAtTheMissing(Liar):
    caught_by = ("test_delete_of_the_missing", MACHINE)

    def delete(self, *keys: str) -> None:
        super().delete(*(key for key in keys if not is_key(key)))
        for key in keys:
            try:
                super().head(key)
            except NotFoundError:
                return
            super().delete(key)


class DeleteChecksOnTheWay(Liar):
    caught_by = ("test_one_invalid_key_and_nothing_is_deleted",)

    def delete(self, *keys: str) -> None:
        for key in keys:
            super().delete(key)


class DeleteQuotesTheKey(Liar):
    caught_by = (
        "test_odd_keys_are_deleted_one_by_one",
        "test_odd_keys_are_deleted_together",
        "test_a_pattern_deletes_only_itself",
    )

    def delete(self, *keys: str) -> None:
        super().delete(*(key for key in keys if quote(key) == key or not is_key(key)))
