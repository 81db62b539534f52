"""What people type: each wrong URL is answered at once with what is wrong, where, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

import thoth_storage as ts
from thoth_storage.errors import ConfigurationError, StorageError

SECRET = "s3cr/et+of=mine"


@pytest.mark.parametrize(
    ("url", "words", "hint"),
    [
        ("", "the URL is empty", "pass one such as gs://bucket/db"),
        ("   ", "the URL is empty", "pass one such as gs://bucket/db"),
        ("gss://bucket/db", "unknown scheme gss://", "did you mean gs://?"),
        ("https://storage.googleapis.com/bucket", "unknown scheme https://", "installed are file://, gcs://, gs://"),
        ("://bucket", "no valid scheme before it", "a URL starts with a scheme such as gs://"),
        (" gs://bucket", "no valid scheme before it", "a local path must not contain '://'"),
        ("./s3://bucket", "no valid scheme before it", "a local path must not contain '://'"),
        ("gs://", "names no bucket", "write gs://bucket/prefix"),
        ("s3:///bucket/db", "a slash too many: its bucket is empty", "write s3://bucket/prefix"),
        ("gs://bucket//db", "a slash too many", "remove the empty segment"),
        ("s3://bucket/db//", "a slash too many", "remove the empty segment"),
        ("s3://bucket/../other/db", "'..' segment", "write the whole path out"),
        ("memory://box/./db", "'.' or '..' segment", "write the whole path out"),
        ("file:///srv/../etc", "'..' segment", "write the whole path out"),
        ("file:///srv/%2e%2e/etc", "'..' segment", "write the whole path out"),
        ("file://", "names no folder", "write file:///absolute/path"),
        ("gs://bucket/db\n", "not text", "remove it"),
        ("/srv/\0", "NUL", "remove it"),
    ],
)
def test_a_wrong_url(url: str, words: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ts.open_backend(url)
    assert words in caught.value.message
    assert hint in (caught.value.hint or "")
    assert hint in str(caught.value)
    if caught.value.url is not None:
        assert caught.value.url == url


@pytest.mark.parametrize(
    "url",
    [
        "gs3://me:{}@bucket/db",
        " s3://me:{}@bucket",
        "s3://me:{}@bucket//db",
        "s3://me:{}@bucket/../db",
        "s3://me:{}@/db",
        "s3://me:{}@bucket/\0",
        "s3://me:{}@bucket/\n",
        "memory://me:{}@box//",
        "file://me:{}@host/../x",
    ],
)
def test_no_wrong_url_shows_its_secret(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ts.open_backend(url.format(SECRET))
    shown = (
        f"{caught.value} {caught.value!r} {vars(caught.value)} {caught.value.__cause__!r} {caught.value.__context__!r}"
    )
    assert SECRET not in shown


@pytest.mark.parametrize("target", [None, 7, b"gs://bucket", ["gs://bucket"], object()])
def test_what_is_no_url_at_all(target: object) -> None:
    with pytest.raises(ConfigurationError, match=f"a URL or a path, not by {type(target).__name__}"):
        ts.open_backend(target)


def test_memory_takes_no_options() -> None:
    with pytest.raises(ConfigurationError, match="no storage options, got project"):
        ts.open_backend("memory://box", project="p")


@pytest.mark.parametrize("shape", ["{}", "file://{}"])
def test_a_file_where_a_folder_is_expected(shape: str, tmp_path: Path) -> None:
    file = tmp_path / "db"
    file.write_bytes(b"")
    with pytest.raises(ConfigurationError, match="a file is where a directory is expected") as caught:
        ts.open_backend(shape.format(file))
    assert str(file) in str(caught.value)
    assert str(file) in (caught.value.url or "")


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000])
def test_a_name_that_no_disk_can_hold(name: str, tmp_path: Path) -> None:
    """Opening asks the disk about it; whether then or at the first write, the error is one of ours."""
    with pytest.raises(StorageError) as caught:
        ts.open_backend(tmp_path / name).put("a", b"")
    assert "too long" in str(caught.value)
