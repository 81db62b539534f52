"""Bodies of many parts, as a strict parser reads them: the first delimiter line ends a part.

RFC 2046, 5.1.1: the delimiter is two hyphens and the boundary *at the beginning of a line*; what follows on
that line does not matter, and the line break before it belongs to it. A client that puts bytes between
delimiters must therefore choose a boundary that does not occur in them. gcsfs always takes ``==0==``, so that
an object with a line that starts with ``--==0==``, be it the first, ends there, and the client is told of
success.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from . import errors

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]")


@dataclass(frozen=True)
class Part:
    headers: dict[str, str]
    content: bytes


def boundary_of(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    if not found:
        raise errors.invalid("Missing multipart boundary.")
    return (found[1] or found[2]).encode()


def split_parts(boundary: bytes, body: bytes, most: int) -> list[Part]:
    """The first ``most`` parts. A body uses CRLF or bare LF throughout, as its first delimiter line does."""
    delimiter = b"--" + boundary
    at = 0 if body.startswith(delimiter) else body.find(b"\n" + delimiter) + 1
    eol = b"\r\n" if body.startswith(b"\r\n", at + len(delimiter)) else b"\n"
    if not body.startswith(delimiter + eol, at):
        raise errors.invalid("Malformed multipart body.")
    parts: list[Part] = []
    while len(parts) < most and not body.startswith(delimiter + b"--", at):
        line = body.find(eol, at)
        blank = body.find(eol + eol, line)
        end = body.find(eol + delimiter, line)
        if line < 0 or end < 0:
            raise errors.invalid("Missing end boundary in multipart body.")
        if not 0 <= blank < end:
            raise errors.invalid("Malformed multipart body.")
        parts.append(Part(_headers(body[line:blank]), body[blank + 2 * len(eol) : end]))
        at = end + len(eol)
    return parts


def parse_related(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """An upload of ``uploadType=multipart``: the object's description, and its bytes."""
    parts = split_parts(boundary_of(content_type), body, 2)
    if len(parts) != 2:
        raise errors.invalid("Multipart upload must have two parts: metadata and media.")
    resource = parse_resource(parts[0].content)
    if "content-type" in parts[1].headers:
        resource.setdefault("contentType", parts[1].headers["content-type"])
    return resource, parts[1].content


def parse_resource(body: bytes) -> dict[str, Any]:
    try:
        resource = json.loads(body or b"{}")
    except ValueError:
        resource = None
    if not isinstance(resource, dict):
        raise errors.ApiError(400, "parseError", "Parse Error")
    return resource


def parse_batch(content_type: str, body: bytes, most: int) -> list[tuple[str, str, str]]:
    """The requests within a batch: Content-ID, method, target. What else they say is of no use here."""
    parts = split_parts(boundary_of(content_type), body, most + 1)
    if len(parts) > most:
        raise errors.invalid(f"A batch holds at most {most} requests.")
    requests = []
    for part in parts:
        line = _REQUEST_LINE.match(part.content)
        if not line:
            raise errors.invalid("Failed to parse batch request.")
        requests.append((part.headers.get("content-id", ""), line[1].decode(), line[2].decode()))
    return requests


def _headers(block: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
