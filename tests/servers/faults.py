"""What can go wrong, how often, and for which requests: the fault model that all servers share.

A fault is data. How it looks on the wire is the business of each server, because 403 from Google and 403 from
Amazon have nothing in common but the number.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

READS = frozenset({"GET", "HEAD"})
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ANY = READS | WRITES

FOREVER = 1 << 62
"""As a count: until the faults are cleared."""

CHANGES = frozenset({"write", "upload-finish", "copy", "delete"})
"""The operations that leave the store different. Of a large upload, ``upload-finish`` makes the object."""

OPERATIONS = CHANGES | {"read", "stat", "list", "upload-start", "upload-chunk", "upload-abort", "bucket"}
"""What requests are for."""

ENVELOPE = "batch"
"""A request that carries others, as Google's batches do. It is struck only by faults that name it; what it
carries is struck as if it had come alone. S3 deletes many keys in one operation: that is a ``delete``.
"""


class Moment(Enum):
    """When a fault strikes. The difference between the last two is what clients get wrong."""

    DELAY = "delay"
    BEFORE = "before"
    """Nothing is done, and the client is told so."""
    AFTER = "after"
    """All is done, and the client cannot know."""


MOMENTS = {
    "slow": Moment.DELAY,
    "401": Moment.BEFORE,
    "401-anonymous": Moment.BEFORE,
    "403": Moment.BEFORE,
    "409-before": Moment.BEFORE,
    "429-before": Moment.BEFORE,
    "503-before": Moment.BEFORE,
    "503": Moment.AFTER,
    "drop": Moment.AFTER,
}


@dataclass(frozen=True)
class Call:
    """One request in words that both protocols share, so that one fault means the same to both.

    ``name`` is the object's. Of a list it is the prefix, of many objects all names, a line each, of a bucket
    nothing.
    """

    method: str
    operation: str
    bucket: str = ""
    name: str = ""


@dataclass
class Fault:
    """Strikes the next ``count`` requests that fit: by method, by operation, and by a part of the name."""

    kind: str
    count: int
    match: str
    methods: frozenset[str]
    operations: frozenset[str]
    seconds: float

    def fits(self, call: Call) -> bool:
        return (
            self.count > 0
            and call.method in self.methods
            and call.operation in self.operations
            and self.match in call.name
        )


class Faults:
    """The faults of one server. A test's thread sets them and the server's takes them: all is thread-safe."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self.kinds = kinds
        self.fired = 0
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(
        self,
        kind: str,
        count: int = 1,
        *,
        match: str = "",
        methods: Iterable[str] = WRITES,
        operations: Iterable[str] = (),
        seconds: float = 0.0,
    ) -> None:
        """Arm a fault. Several may be armed; a request meets the oldest that fits, one for each moment.

        Where no operations are named, all can be struck before they are done, but only changes after it: "the
        write is done" says nothing of other requests.
        """
        if kind not in self.kinds:
            raise ValueError(f"no fault {kind!r} here; there are: {', '.join(sorted(self.kinds))}")
        named = frozenset(operations)
        if unknown := (set(methods) - ANY) | (named - OPERATIONS - {ENVELOPE}):
            raise ValueError(f"no such methods or operations, it would never strike: {sorted(unknown)}")
        default = CHANGES if MOMENTS[kind] is Moment.AFTER else OPERATIONS
        with self._lock:
            self._faults.append(Fault(kind, count, match, frozenset(methods), named or default, seconds))

    def take(self, moment: Moment, call: Call) -> Fault | None:
        """The fault that this request meets at this moment; it counts as spent."""
        with self._lock:
            for fault in self._faults:
                if MOMENTS[fault.kind] is moment and fault.fits(call):
                    fault.count -= 1
                    self.fired += 1
                    return fault
        return None

    @property
    def pending(self) -> int:
        """How many strikes are still to come: 0 proves that a test met all the faults it armed."""
        with self._lock:
            return sum(fault.count for fault in self._faults)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self.fired = 0
