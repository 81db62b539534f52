"""Secrets: known by where they stand, and shown nowhere."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thoth_storage.errors import ConfigurationError, NotFoundError, StorageError
from thoth_storage.redaction import redact, scrub, secrets_of
from thoth_storage.urls import check_bucket_url, mask_url, split_url, split_user, url_of

SECRET = "wJalr/XUtn+FEMI//bPxR"


@pytest.mark.parametrize(
    ("url", "masked", "user", "password"),
    [
        ("s3://b/p", "s3://b/p", None, None),
        ("s3://me@b/p", "s3://***@b/p", "me", None),
        ("s3://me:pw@b/p", "s3://***@b/p", "me", "pw"),
        ("s3://me:@b/p", "s3://***@b/p", "me", ""),
        ("s3://:pw@b/p", "s3://***@b/p", "", "pw"),
        (f"s3://AKIA:{SECRET}@b/p", "s3://***@b/p", "AKIA", SECRET),
        (f"s3://AKIA:{SECRET}@b/p@q", "s3://***@b/p@q", "AKIA", SECRET),
        ("s3://AKIA:a?b/c#d@b", "s3://***@b", "AKIA", "a?b/c#d"),
        ("s3://a%40b:p%2Fw%3A@b/p", "s3://***@b/p", "a@b", "p/w:"),
        ("s3://me:p@w@b/p", "s3://***@b/p", "me", "p@w"),
        ("s3://b/me@home", "s3://b/me@home", None, None),
        ("s3://b/a:b@c", "s3://b/a:b@c", None, None),
        ("s3://b/x://me@c", "s3://b/x://me@c", None, None),
        ("file:///home/a@b", "file:///home/a@b", None, None),
        ("/home/a:b@c", "/home/a:b@c", None, None),
    ],
)
def test_the_user_part(url: str, masked: str, user: str | None, password: str | None) -> None:
    assert mask_url(url) == masked
    assert split_user(url) == (masked.replace("***@", ""), user, password)


@given(st.text("ab/+=%?#:", min_size=5, max_size=20), st.sampled_from(["s3", "gs", "weird+scheme", " s3", "1s3", ""]))
def test_no_password_without_an_at_sign_is_ever_shown(password: str, scheme: str) -> None:
    assert mask_url(f"{scheme}://user:<{password}>@bucket/prefix") == f"{scheme}://***@bucket/prefix"


@pytest.mark.parametrize(
    ("check", "url"),
    [
        (url_of, "s3://me:{}@b\0"),
        (split_url, " s3://me:{}@b"),
        (split_url, "1s3://me:{}@b"),
        (split_url, "zip::s3://me:{}@b"),
        (check_bucket_url, "s3://me:{}@b/.."),
        (check_bucket_url, "s3://me:{}@b//"),
        (check_bucket_url, "s3://me:{}@b/\n"),
        (check_bucket_url, "s3://me:{}@/b"),
    ],
)
def test_a_url_that_is_refused_keeps_its_secret(check: Callable[[str], object], url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(url.format(SECRET))
    assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.url}"
    assert "***@" in str(caught.value)


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
