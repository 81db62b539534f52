"""URLs of buckets: what would silently name another place is refused, with the way out."""

from __future__ import annotations

import pytest

from thoth_storage.errors import ConfigurationError
from thoth_storage.urls import check_bucket_url


@pytest.mark.parametrize(
    ("url", "rest"),
    [
        ("gs://bucket", "bucket"),
        ("gs://bucket/", "bucket"),
        ("gs://bucket/a/b/", "bucket/a/b"),
        ("gs://bucket/a b/%20/é", "bucket/a b/%20/é"),
        ("gs://bucket/..a/b..", "bucket/..a/b.."),
        ("s3://key:se/cr/et@bucket/a", "bucket/a"),
        ("s3://key:a//b/../c@bucket/a", "bucket/a"),
        ("s3://bucket/a@b", "bucket/a@b"),
    ],
)
def test_bucket_urls(url: str, rest: str) -> None:
    assert check_bucket_url(url) == (url[:2], rest)


@pytest.mark.parametrize(
    ("url", "words", "hint"),
    [
        ("gs://", "names no bucket", "write gs://bucket/prefix"),
        ("gs:///", "names no bucket", "write gs://bucket/prefix"),
        ("gs:///a", "a slash too many: its bucket is empty", "write gs://bucket/prefix"),
        ("gs://b//a", "a slash too many", "remove the empty segment"),
        ("gs://b/a//", "a slash too many", "remove the empty segment"),
        ("gs://b/../c", "'..' segment", "write the whole path out"),
        ("gs://../c", "'..' segment", "write the whole path out"),
        ("gs://b/.", "'.' or '..' segment", "write the whole path out"),
    ],
)
def test_urls_that_would_name_another_place(url: str, words: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_bucket_url(url)
    assert words in str(caught.value)
    assert (caught.value.url, caught.value.hint) == (url, hint)


@pytest.mark.parametrize("url", ["gs://b/a\n", "gs://b/a\r\n", "gs://b/\x7f", "gs://b/\udcff"])
def test_a_line_end_that_came_along_is_refused_and_shown_harmless(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not text") as caught:
        check_bucket_url(url)
    assert repr(url) in str(caught.value)
    assert str(caught.value).isprintable()
