"""URLs: what names a store, what is refused, and with which words."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from tests.unit.helpers import STEADY
from thoth_storage.errors import ConfigurationError
from thoth_storage.urls import is_scheme, split_url, url_of


@pytest.mark.parametrize(
    ("target", "url", "options"),
    [
        ("gs://bucket/db", "gs://bucket/db", {}),
        ("./db", "./db", {}),
        (Path("/tmp/db"), "/tmp/db", {}),
        (PurePosixPath("a/b"), "a/b", {}),
        (UPath("/tmp/db"), "/tmp/db", {}),
        (UPath("memory://box/db"), "memory://box/db", {}),
        (UPath("s3://b/db", key="K", secret="S"), "s3://b/db", {"key": "K", "secret": "S"}),
    ],
    ids=str,
)
def test_what_names_a_store(target: object, url: str, options: dict[str, str]) -> None:
    assert url_of(target) == (url, options)


def test_the_options_of_a_upath_are_a_copy() -> None:
    target = UPath("s3://b/db", key="K")
    url_of(target)[1]["key"] = "other"
    assert url_of(target)[1] == {"key": "K"}


class BytesPath(os.PathLike[bytes]):
    def __fspath__(self) -> bytes:
        return b"/tmp/db"


class HalfUPath:
    """Has options, as a UPath has, and nothing that would name a place."""

    storage_options: ClassVar[dict[str, str]] = {"key": "K"}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (7, "not by int"),
        (None, "not by NoneType"),
        (b"/tmp/db", "not by bytes"),
        (["gs://b"], "not by list"),
        (HalfUPath(), "not by HalfUPath"),
        (BytesPath(), "bytes is not supported"),
        ("", "the URL is empty"),
        (" \n", "the URL is empty"),
        ("gs://b/\0", "NUL"),
        ("/tmp/\0", "NUL"),
        (Path("a\0b"), "NUL"),
    ],
)
def test_what_names_none(target: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        url_of(target)


def test_an_empty_url_is_answered_with_examples() -> None:
    with pytest.raises(ConfigurationError, match=r"gs://bucket/db, s3://bucket/db or \./db"):
        url_of("")


@pytest.mark.parametrize(
    ("url", "scheme", "rest"),
    [
        ("gs://bucket/a", "gs", "bucket/a"),
        ("GS://Bucket/A", "gs", "Bucket/A"),
        ("git+ssh.v2-x://h/p", "git+ssh.v2-x", "h/p"),
        ("memory://", "memory", ""),
        ("s3://b/a\nb", "s3", "b/a\nb"),
        ("a/b", "file", "a/b"),
        ("C:/x", "file", "C:/x"),
        ("gs:/bucket", "file", "gs:/bucket"),
        ("x:y//z", "file", "x:y//z"),
    ],
)
def test_split(url: str, scheme: str, rest: str) -> None:
    assert split_url(url) == (scheme, rest)


@pytest.mark.parametrize("url", ["://b", "1s3://b", " s3://b", "./s3://b", "a/b://c", "zip::s3://b", "-x://b", "é://b"])
def test_what_has_a_scheme_mark_is_never_a_path(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        split_url(url)
    assert repr(url) in str(caught.value)
    assert "no valid scheme" in str(caught.value)
    assert "must not contain '://'" in str(caught.value)


@STEADY
@given(st.text())
def test_only_texts_without_a_scheme_mark_are_paths(text: str) -> None:
    try:
        scheme, rest = split_url(text)
    except ConfigurationError:
        assert "://" in text
        return
    if "://" in text:
        assert text == text[: len(scheme)] + "://" + rest
        assert text[: len(scheme)].lower() == scheme
    else:
        assert (scheme, rest) == ("file", text)


@pytest.mark.parametrize(
    ("text", "is_one"), [("gs", True), ("s3a", True), ("3s", False), ("", False), ("a b", False), ("gs://", False)]
)
def test_schemes(text: str, is_one: bool) -> None:
    assert is_scheme(text) is is_one
