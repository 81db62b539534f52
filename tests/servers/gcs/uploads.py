"""Resumable uploads: a session collects bytes over several requests, and the last one makes the object."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import errors
from .preconditions import Preconditions
from .store import Store

QUANTUM = 256 * 1024
"""Google keeps whole multiples of this of any chunk but the last."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True)
class ContentRange:
    """Where a chunk belongs: ``bytes 0-9/*``, ``bytes 0-9/10``; for a mere question ``bytes */10``."""

    first: int | None = None
    last: int | None = None
    total: int | None = None

    @classmethod
    def parse(cls, header: str | None, size: int) -> "ContentRange":
        """A request without the header carries all bytes at once."""
        if header is None:
            return cls(0, size - 1, size)
        found = _CONTENT_RANGE.fullmatch(header)
        if not found:
            raise errors.PlainError(400, "Failed to parse Content-Range header.")
        first, last, total = (int(text) if text and text != "*" else None for text in found.groups())
        if first is not None and last is not None and last - first + 1 != size:
            raise errors.PlainError(400, "Invalid request.  Content-Range and the length of the body differ.")
        return cls(first, last, total)

    @property
    def is_last(self) -> bool:
        return self.total is not None and self.last is not None and self.last + 1 == self.total


@dataclass
class Session:
    """One upload. It outlives its completion: a client whose last reply was lost asks again, and is told."""

    bucket: str
    name: str
    resource: Mapping[str, Any]
    conditions: Preconditions
    received: bytearray = field(default_factory=bytearray)
    done: dict[str, Any] | None = None

    def completed_by(self, where: ContentRange) -> bool:
        """Whether this request brings the last byte, or tells that it has been brought already."""
        if where.first is None:
            return self.done is not None or where.total == len(self.received)
        return where.is_last

    def receive(self, where: ContentRange, body: bytes, store: Store) -> dict[str, Any] | None:
        """Take a chunk. The object's resource, once it is whole.

        Preconditions are judged when the object is made, not when the session starts: two sessions for one
        name may both upload everything before one of them loses.
        """
        if self.done is not None:
            return self.done
        complete = self.completed_by(where)
        if where.first is not None:
            self._append(where.first, body, complete)
        if complete:
            data = bytes(self.received)
            self.done = store.put(self.bucket, self.name, data, self.resource, self.conditions).resource()
            self.received.clear()
        return self.done

    @property
    def range(self) -> str | None:
        """What has been kept, as the Range header of a 308 tells it: nothing if nothing."""
        return f"bytes=0-{len(self.received) - 1}" if self.received else None

    def _append(self, first: int, body: bytes, complete: bool) -> None:
        have = len(self.received)
        if first > have:
            raise errors.PlainError(
                503,
                f"Invalid request.  According to the Content-Range header, the upload offset is {first} "
                f"byte(s), which exceeds already uploaded size of {have} byte(s).",
            )
        if not complete and len(body) < QUANTUM:
            raise errors.PlainError(
                400,
                "Invalid request.  The number of bytes uploaded is required to be equal or greater than "
                f"{QUANTUM}, except for the final request (it's recommended to be the exact multiple of "
                f"{QUANTUM}).  The received request contained {len(body)} bytes, which does not meet this "
                "requirement.",
            )
        end = first + len(body)
        if not complete:
            end -= end % QUANTUM
        self.received += memoryview(body)[have - first : max(end - first, 0)]


class Sessions:
    """All sessions, by id."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._sessions: dict[str, Session] = {}

    def open(self, session: Session) -> str:
        upload_id = f"upload-{next(self._ids)}"
        self._sessions[upload_id] = session
        return upload_id

    def get(self, upload_id: str) -> Session:
        try:
            return self._sessions[upload_id]
        except KeyError:
            raise errors.upload_missing(upload_id) from None

    def cancel(self, upload_id: str) -> None:
        self._sessions.pop(upload_id, None)

    def clear(self) -> None:
        self._sessions.clear()
