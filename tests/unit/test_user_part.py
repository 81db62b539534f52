"""The user part of a URL: taken apart as it was meant, and masked wherever the URL is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.helpers import STEADY
from thoth_storage.errors import ConfigurationError
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


@STEADY
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
