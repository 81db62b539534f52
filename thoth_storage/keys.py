"""The one door for keys: what is a valid key, said once, so that every backend refuses the same ones.

The rules are the common ground of object stores and file systems: what would escape a folder, be folded into
another key, or not fit, is refused before any request.
"""

from __future__ import annotations

import unicodedata

from thoth_storage.errors import InvalidArgumentError

__all__ = [
    "MAX_KEY_BYTES",
    "MAX_SEGMENT_BYTES",
    "TEMPORARY_PREFIX",
    "check_data",
    "check_key",
    "check_prefix",
    "check_range",
    "is_key",
]

MAX_KEY_BYTES = 900
"""GCS, S3 and Azure allow 1,024 bytes of UTF-8 for a whole object name; the rest is left to the URL's prefix."""

MAX_SEGMENT_BYTES = 255
"""``NAME_MAX`` of the usual file systems."""

TEMPORARY_PREFIX = ".thoth-tmp-"
"""Names that backends may use for objects under construction; never keys, never listed."""


def check_key(key: str) -> str:
    """Give ``key`` back if every backend can hold it.

    A key is one to 900 bytes of UTF-8: segments of at most 255 bytes joined by single slashes, none of them
    ``.`` or ``..`` or a temporary name, without control characters, backslashes or lone surrogates.
    Raises InvalidArgumentError.
    """
    problem = _problem(key)
    if problem:
        raise InvalidArgumentError(
            f"invalid key {key!r:.200}: {problem}",
            hint="keys are relative paths with single slashes, such as 'packs/ab/0123'",
        )
    return key


def is_key(name: str) -> bool:
    """Whether ``name`` is a valid key. Listings leave out what others stored under names that are none."""
    return _problem(name) is None


def check_prefix(prefix: str) -> str:
    """Give a listing's ``prefix`` back: any beginning of a valid key, the empty one included."""
    if not isinstance(prefix, str):
        raise InvalidArgumentError(f"invalid prefix {prefix!r:.200}: not a string")
    # A beginning that is no key itself (a folder with its slash, say) becomes one by a further character, or never.
    problem = prefix and _problem(prefix) and _problem(prefix + "x")
    if problem:
        raise InvalidArgumentError(f"invalid prefix {prefix!r:.200}: {problem}")
    return prefix


def check_range(start: int, end: int | None) -> None:
    """Refuse negative bounds: counting from the end would cost a request that nobody sees."""
    if start < 0 or (end is not None and end < 0):
        raise InvalidArgumentError(
            f"invalid range [{start}, {end}): bounds count from the start of the object and are not negative"
        )


def check_data(data: object) -> bytes:
    """Give an object's content back as bytes. ``bytes()`` alone would make five zeros of a 5."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    raise InvalidArgumentError(f"an object's content is bytes, not {type(data).__name__}")


def _problem(key: object) -> str | None:
    if not isinstance(key, str):
        return f"a key is a string, not {type(key).__name__}"
    if not key:
        return "it is empty"
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if len(encoded) > MAX_KEY_BYTES:
        return f"it has {len(encoded)} bytes, {MAX_KEY_BYTES} are allowed"
    if "\\" in key:
        return "it has a backslash"
    if any(unicodedata.category(char) == "Cc" for char in key):
        return "it has a control character"
    return next(filter(None, map(_segment_problem, key.split("/"))), None)


def _segment_problem(segment: str) -> str | None:
    if not segment:
        return "it starts or ends with a slash, or has two in a row"
    if segment in (".", ".."):
        return f"it has the segment {segment!r}"
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        return f"a segment is over {MAX_SEGMENT_BYTES} bytes"
    if segment.startswith(TEMPORARY_PREFIX):
        return f"names that start with {TEMPORARY_PREFIX!r} are reserved"
    return None
