"""One page of a listing, from names in order."""

import base64
import binascii
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import errors

MAX_PAGE = 1000
"""Google's limit, whatever maxResults asks for: a client that reads one page only loses the rest."""


@dataclass
class Page:
    """Names of objects, prefixes that stand for the names below them, and where the next page starts."""

    names: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    token: str | None = None


def list_page(names: Sequence[str], query: Mapping[str, str]) -> Page:
    """Names and prefixes count alike towards the size of a page.

    Each name has a label: itself, or the prefix that it falls under. Labels never decrease along sorted
    names, so the last label of a page is all that the token needs to hold: the next page starts at the first
    label above it.
    """
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    start, end = query.get("startOffset", ""), query.get("endOffset", "")
    done = _decode(query.get("pageToken", ""))
    limit = min(_unsigned(query.get("maxResults", "")) or MAX_PAGE, MAX_PAGE)
    page, last = Page(), ""
    for index in range(bisect_left(names, max(prefix, start, done)), len(names)):
        name = names[index]
        if not name.startswith(prefix) or (end and name >= end):
            break
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        label = name if cut < 0 else name[: cut + len(delimiter)]
        if (done and label <= done) or label == last:
            continue
        if len(page.names) + len(page.prefixes) == limit:
            page.token = _encode(last)
            break
        (page.names if cut < 0 else page.prefixes).append(label)
        last = label
    return page


def _unsigned(text: str) -> int:
    if text and not text.isdecimal():
        raise errors.invalid(f"Invalid unsigned integer value: '{text}'.")
    return int(text or 0)


def _encode(label: str) -> str:
    return base64.urlsafe_b64encode(label.encode()).decode()


def _decode(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise errors.invalid("Invalid page token.") from None
