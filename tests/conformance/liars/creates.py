"""Creates that somebody else's create does not stop."""

import time

from thoth_storage.errors import AlreadyExistsError, NotFoundError

from .base import MACHINE, Liar

RACES = (
    "test_one_of_many_threads_creates",
    "test_one_of_many_threads_creates_with_identical_bytes",
    "test_one_of_many_threads_creates_an_empty_object",
    "test_one_of_many_threads_creates_a_large_object",
)


class CreateLooksAndThenWrites(Liar):
    caught_by = (*RACES, "test_a_race_between_create_and_put")

    def create(self, key: str, data: bytes) -> None:
        try:
            self.head(key)
        except NotFoundError:
            time.sleep(0.0005)
            self.put(key, data)
        else:
            raise AlreadyExistsError("it is there", url=self.url, key=key)


class CreateOverwrites(Liar):
    caught_by = (
        "test_create",
        "test_create_of_the_empty",
        "test_create_large",
        "test_odd_keys_are_created_once",
        MACHINE,
    )

    def create(self, key: str, data: bytes) -> None:
        self.put(key, data)


class CreateOverwritesWhenItHasNothingToWrite(Liar):
    """s3fs: closing ``open("xb")`` without a byte written sends a plain PUT."""

    caught_by = ("test_create", "test_create_of_the_empty", "test_one_of_many_threads_creates_an_empty_object")

    def create(self, key: str, data: bytes) -> None:
        (super().create if data else self.put)(key, data)


class CreateTakesAnEmptyObjectForNone(Liar):
    caught_by = ("test_create_of_the_empty", MACHINE)

    def create(self, key: str, data: bytes) -> None:
        try:
            super().create(key, data)
        except AlreadyExistsError:
            if self.get(key):
                raise
            self.put(key, data)


class CreateWinsWithTheSameBytes(Liar):
    """Takes an object with its own content for its own: two writers of one entry would both think they wrote it."""

    caught_by = ("test_create", "test_create_large", "test_one_of_many_threads_creates_with_identical_bytes")

    def create(self, key: str, data: bytes) -> None:
        try:
            super().create(key, data)
        except AlreadyExistsError:
            if self.get(key) != data:
                raise


class CreateWritesBeforeItRefuses(Liar):
    caught_by = ("test_create", "test_create_and_put_know_each_other", "test_a_create_that_lost_has_lost")

    def create(self, key: str, data: bytes) -> None:
        try:
            super().create(key, data)
        except AlreadyExistsError:
            self.put(key, data)
            raise


class CreateRemembersTheDeleted(Liar):
    caught_by = ("test_create_after_delete", MACHINE)

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.seen: set[str] = set()

    def create(self, key: str, data: bytes) -> None:
        if key in self.seen:
            raise AlreadyExistsError("it was there", url=self.url, key=key)
        super().create(key, data)
        self.seen.add(key)


class CreateAppearsInPart(Liar):
    caught_by = ("test_a_new_object_appears_whole",)

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data[: len(data) // 2])
        time.sleep(0.001)
        self.put(key, data)
