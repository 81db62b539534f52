"""URLs of stores: split, checked and masked in one place, so that no secret in one is ever shown.

A URL is ``scheme://rest``; anything without ``://`` is a path of the local disk, and a path with ``://`` in it
is never taken for one.
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import Any, NamedTuple
from urllib.parse import unquote

from thoth_storage.errors import ConfigurationError

__all__ = ["SplitURL", "check_bucket_url", "is_scheme", "mask_url", "split_url", "split_user", "url_of"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_USER = re.compile(r"^((?:(?!://).)*://)((?:[^/?#]*)|(?:[^/@]*:[^@]*))@", re.DOTALL)
"""``scheme://user:password@``. The second form is for secrets with a slash in them, as those of AWS may have. Any
text does for a scheme: a URL that is refused for its scheme is shown too."""


class SplitURL(NamedTuple):
    """``scheme`` is lower case, ``rest`` is all behind ``://``. A plain path has the scheme ``file``."""

    scheme: str
    rest: str


def url_of(target: Any) -> tuple[str, dict[str, Any]]:
    """The URL (or plain path) that ``target`` stands for, with the storage options that it carries.

    ``target`` is a ``str``, a ``pathlib.Path`` (any ``os.PathLike``) or a ``UPath``, which is known by its shape so
    that its package need not be installed. Raises ConfigurationError for anything else and for an empty one.
    """
    options: dict[str, Any] = {}
    if isinstance(target, str):
        url = target
    elif hasattr(target, "storage_options") and hasattr(target, "protocol"):
        # A local one writes itself as file:// without encoding anything; as a path it is unmistakable.
        local = target.protocol in ("", "file", "local")
        url, options = str(target.path if local else target), dict(target.storage_options)
    elif isinstance(target, os.PathLike):
        url = os.fspath(target)
        if not isinstance(url, str):
            raise ConfigurationError("a path of bytes is not supported", hint="pass it as str")
    else:
        raise ConfigurationError(f"a store is named by a URL or a path, not by {type(target).__name__}")
    if not url.strip():
        raise ConfigurationError("the URL is empty", hint="pass one such as gs://bucket/db, s3://bucket/db or ./db")
    if "\0" in url:
        raise ConfigurationError(f"the URL {mask_url(url)!r} has a NUL character", hint="remove it")
    return url, options


def split_url(url: str) -> SplitURL:
    """Split into scheme and rest. Raises ConfigurationError for what looks like a URL and is none."""
    match = _SCHEME.fullmatch(url)
    if match:
        return SplitURL(match[1].lower(), match[2])
    if "://" in url:
        raise ConfigurationError(
            f"{mask_url(url)!r} has '://' but no valid scheme before it",
            hint="a URL starts with a scheme such as gs://; a local path must not contain '://'",
        )
    return SplitURL("file", url)


def is_scheme(text: str) -> bool:
    """Whether ``text`` can stand before ``://``."""
    match = _SCHEME.fullmatch(text + "://")
    return match is not None and match[1] == text


def check_bucket_url(url: str) -> SplitURL:
    """Split a ``scheme://bucket/prefix`` URL and refuse what would silently name another place.

    Refused are: no bucket, empty segments (a slash too many), ``.`` and ``..``, control characters. A single slash
    at the end is dropped. Returns the rest as ``bucket/prefix``, without a user part. Raises ConfigurationError.
    """
    scheme, rest = split_url(split_user(url)[0])
    shown = mask_url(url)
    rest = rest.removesuffix("/")
    segments = rest.split("/")
    if not rest:
        raise ConfigurationError("the URL names no bucket", url=shown, hint=f"write {scheme}://bucket/prefix")
    if not segments[0]:
        raise ConfigurationError(
            "the URL has a slash too many: its bucket is empty", url=shown, hint=f"write {scheme}://bucket/prefix"
        )
    if "" in segments:
        raise ConfigurationError("the URL has a slash too many", url=shown, hint="remove the empty segment")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in rest):
        # A line end that came along from a file or a variable would become a part of every object's name.
        raise ConfigurationError(f"the URL {shown!r} has a character that is not text", hint="remove it")
    if "." in segments or ".." in segments:
        raise ConfigurationError("the URL has a '.' or '..' segment", url=shown, hint="write the whole path out")
    return SplitURL(scheme, rest)


def split_user(url: str) -> tuple[str, str | None, str | None]:
    """The URL without its user part, the user and the password, both percent-decoded; None where not given."""
    match = _USER.match(url)
    if not match:
        return url, None, None
    user, colon, password = match[2].partition(":")
    return match[1] + url[match.end() :], unquote(user), unquote(password) if colon else None


def mask_url(url: str) -> str:
    """The URL with its user part (``user:password@``) replaced, fit for logs and errors."""
    return _USER.sub(r"\1***@", url)
