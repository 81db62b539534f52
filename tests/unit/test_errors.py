"""The error tree: what a caller can catch, what a person reads, and what survives a pickle."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from thoth_storage import errors
from thoth_storage.errors import (
    AlreadyExistsError,
    ConfigurationError,
    CorruptionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionError_,
    StorageError,
    UnavailableError,
    for_http_status,
)

CLASSES = [getattr(errors, name) for name in errors.__all__ if name[0].isupper()]


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = re.findall(r"(\w+Error_?) {2,}", errors.__doc__ or "")
    assert sorted(drawn) == sorted(cls.__name__ for cls in CLASSES)


@pytest.mark.parametrize("cls", CLASSES)
def test_one_except_catches_all(cls: type[StorageError]) -> None:
    assert issubclass(cls, StorageError)
    assert cls.__doc__
    assert cls.__doc__ != StorageError.__doc__ or cls is StorageError


@pytest.mark.parametrize(("cls", "builtin"), [(NotFoundError, KeyError), (InvalidArgumentError, ValueError)])
def test_two_are_builtins_too(cls: type[StorageError], builtin: type[Exception]) -> None:
    with pytest.raises(builtin):
        raise cls("gone")


def test_no_other_is_a_builtin_that_a_caller_might_catch_by_mistake() -> None:
    common = (KeyError, ValueError, OSError, RuntimeError, LookupError)
    assert {cls for cls in CLASSES if issubclass(cls, common)} == {NotFoundError, InvalidArgumentError}


@pytest.mark.parametrize("cls", CLASSES)
def test_the_text_tells_what_where_and_what_to_do(cls: type[StorageError]) -> None:
    error = cls("it broke", url="gs://bucket/db/", key="packs/1", hint="mend it")
    assert str(error) == "it broke [gs://bucket/db/packs/1]; mend it"
    assert (error.url, error.key, error.hint) == ("gs://bucket/db/", "packs/1", "mend it")
    assert error.args == ("it broke",)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "it broke"),
        ({"url": "gs://bucket"}, "it broke [gs://bucket]"),
        ({"key": "packs/1"}, "it broke [packs/1]"),
        ({"hint": "mend it"}, "it broke; mend it"),
        ({"url": "", "key": "", "hint": ""}, "it broke"),
    ],
)
def test_what_is_not_known_leaves_no_gap(fields: dict[str, str], text: str) -> None:
    assert str(StorageError("it broke", **fields)) == text


def test_a_place_that_the_message_names_is_not_told_twice() -> None:
    error = StorageError("cannot read gs://bucket/db/packs/1 now", url="gs://bucket/db", key="packs/1")
    assert str(error).count("packs/1") == 1


def test_not_found_does_not_print_like_a_key_error() -> None:
    """KeyError prints the repr of its argument, which puts a message into quotes."""
    assert str(NotFoundError("no such object", key="a")) == "no such object [a]"


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_nothing_is_lost_between_processes(cls: type[StorageError], again: object) -> None:
    error = cls("it broke", url="gs://bucket", key="packs/1", hint="mend it")
    assert callable(again)
    other = again(error)
    assert type(other) is cls
    assert str(other) == str(error)
    assert (other.message, other.url, other.key, other.hint) == ("it broke", "gs://bucket", "packs/1", "mend it")


def test_a_place_added_later_shows_and_survives() -> None:
    error = CorruptionError("bad checksum")
    error.url, error.key = "s3://b", "k"
    assert str(pickle.loads(pickle.dumps(error))) == "bad checksum [s3://b/k]"


STATUSES = {
    PermissionError_: {401, 403, 407},
    NotFoundError: {404, 410},
    AlreadyExistsError: {412},
    UnavailableError: {408, 409, 425, 429, *range(500, 600)},
    ConfigurationError: {400},
}


def test_every_http_status_has_its_class_or_none() -> None:
    expected = {status: cls for cls, statuses in STATUSES.items() for status in statuses}
    assert {s: for_http_status(s) for s in range(-1, 1000) if for_http_status(s)} == expected


def test_a_success_or_a_redirect_is_no_error() -> None:
    assert [for_http_status(status) for status in (200, 204, 206, 301, 304, 416)] == [None] * 6


@pytest.mark.parametrize("cls", STATUSES)
def test_digits_count_as_numbers(cls: type[StorageError]) -> None:
    assert all(for_http_status(str(status)) is cls for status in STATUSES[cls])


@pytest.mark.parametrize("status", [None, "", "NoSuchKey", "40x", "-404", "²", "4²4", 404.0, b"404", [404], True])
def test_what_is_no_status_says_nothing(status: object) -> None:
    assert for_http_status(status) is None
