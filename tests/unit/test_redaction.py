"""Secrets: known by where they stand, and shown nowhere."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from thoth_storage.errors import NotFoundError, StorageError
from thoth_storage.redaction import redact, scrub, secrets_of

SECRET = "wJalr/XUtn+FEMI//bPxR"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"secret": "s1", "key": "k1"}, {"s1", "k1"}),
        ({"AccountKey": "s1"}, {"s1"}),
        ({"connection_string": "s1", "sas_token": "s2"}, {"s1", "s2"}),
        ({"client_kwargs": {"aws_secret_access_key": "s1", "region": "eu"}}, {"s1"}),
        ({"headers": {"Authorization": "s1"}}, {"s1"}),
        ({"token": {"client_email": "me@x", "private_key": "s1"}}, {"s1"}),
        ({"password": "", "project": "p", "timeout": 3, "secret": None}, set()),
    ],
)
def test_options_whose_name_tells(options: dict[str, Any], found: set[str]) -> None:
    assert secrets_of("s3://b/p", options) == found


def test_a_password_is_known_as_written_and_as_meant() -> None:
    assert secrets_of("s3://me%40x:p%2Fw@b/me:x@y", {}) == {"me%40x", "me@x", "p%2Fw", "p/w"}


def test_longer_secrets_go_first_and_short_ones_stay() -> None:
    assert redact("abcdef abcd abc", frozenset({"abcd", "abcdef", "abc"})) == "*** *** abc"


@pytest.mark.parametrize("written", ["ya29.a/b+c d", "ya29.a%2Fb%2Bc%20d", "ya29.a/b%2Bc%20d", "ya29.a%2Fb%2Bc+d"])
def test_a_secret_is_masked_as_a_url_has_it_too(written: str) -> None:
    """As in the request by which gcsfs asks whose a token is, which the error tells when nobody answers."""
    assert (
        redact(f"/tokeninfo?access_token={written}&x", frozenset({"ya29.a/b+c d"})) == "/tokeninfo?access_token=***&x"
    )


class Foreign(Exception):
    def __init__(self, text: str) -> None:
        super().__init__({"nested": [text]}, 7)
        self.message = text

    def __str__(self) -> str:
        return self.message


def chain() -> Exception:
    """An error as libraries make them: hung on others, which show the secret each in its own way."""
    error, middle = ConnectionError(f"to {SECRET}", ValueError(SECRET)), Foreign(f"while {SECRET}")
    error.__cause__, middle.__context__ = middle, PermissionError(13, f"no {SECRET}", f"/x/{SECRET}")
    middle.add_note(f"note {SECRET}")
    return error


def test_a_whole_chain_is_cleaned() -> None:
    error = chain()
    assert SECRET in "".join(traceback.format_exception(error))
    scrub(error, frozenset({SECRET}))
    text = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__cause__)
    assert SECRET not in text
    assert all(words in text for words in ("to ***", "while ***", "no ***", "/x/***", "note ***"))


def test_the_place_in_a_foreign_error_is_cleaned_too() -> None:
    error = Foreign("x")
    vars(error).update(url=f"https://{SECRET}/", key=SECRET)
    scrub(error, frozenset({SECRET}))
    assert (vars(error)["url"], vars(error)["key"]) == ("https://***/", "***")


def test_what_is_not_secret_stays_itself() -> None:
    error = chain()
    payload = error.__cause__.args[1] if error.__cause__ else None
    scrub(error, frozenset({"something else"}))
    assert error.__cause__ is not None
    assert error.__cause__.args[1] is payload
    assert isinstance(error.__cause__.__context__, PermissionError)
    assert error.__cause__.__context__.errno == 13


def test_a_circle_of_errors_ends() -> None:
    one, two = ValueError(SECRET), ValueError(SECRET)
    one.__context__, two.__context__ = two, one
    scrub(one, frozenset({SECRET}))
    assert one.args == two.args == ("***",)


def test_our_own_error_keeps_the_place_it_tells_to_programs() -> None:
    """A weak password may be a word of the key; a masked key could not be asked for again."""
    error: StorageError = NotFoundError("no testing here", url="s3://testing", key="testing/1", hint="not testing")
    scrub(error, frozenset({"testing"}))
    assert (error.url, error.key) == ("s3://testing", "testing/1")
    assert (error.message, error.hint, error.args) == ("no *** here", "not ***", ("no *** here",))
