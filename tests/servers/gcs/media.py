"""The bytes of an object, or a range of them."""

import re
from email.utils import format_datetime

from aiohttp import web

from . import errors
from .store import StoredObject

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def media_response(stored: StoredObject, range_header: str | None) -> web.Response:
    headers = {
        "Content-Type": stored.content_type,
        "ETag": stored.etag,
        "Last-Modified": format_datetime(stored.time, usegmt=True),
        "X-Goog-Generation": str(stored.generation),
        "X-Goog-Hash": f"crc32c={stored.crc32c},md5={stored.md5}",
        "X-Goog-Stored-Content-Length": str(len(stored.data)),
    }
    size = len(stored.data)
    span = byte_range(range_header, size)
    if span is None:
        return web.Response(body=stored.data, headers=headers)
    headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    return web.Response(status=206, body=stored.data[span.start : span.stop], headers=headers)


def byte_range(header: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for; None for all of them.

    A header that is not understood asks for nothing (RFC 9110, 14.2). One that is, but touches no byte, is an
    error: so is any range of an empty object, which surprises clients that read in ranges.
    """
    found = _RANGE.fullmatch(header or "")
    if not found or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise errors.unsatisfiable(size)
    return range(start, stop)
