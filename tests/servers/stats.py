"""Counts of requests and bytes: loopback has no latency, so these tell what a client costs, not seconds."""

import threading
from collections import Counter
from typing import Any


class Stats:
    """Requests by method and by operation; bytes are those of bodies, without headers. Thread-safe.

    A request is counted before its reply leaves, so a client that has its answer finds itself counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.methods: Counter[str] = Counter()
            self.operations: Counter[str] = Counter()
            self.bytes_in = 0
            self.bytes_out = 0

    def count(self, method: str, operation: str, received: int, sent: int) -> None:
        with self._lock:
            self.methods[method] += 1
            self.operations[operation] += 1
            self.bytes_in += received
            self.bytes_out += sent

    @property
    def requests(self) -> int:
        with self._lock:
            return self.methods.total()

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            return {
                "requests": self.methods.total(),
                "methods": dict(self.methods),
                "operations": dict(self.operations),
                "bytes_in": self.bytes_in,
                "bytes_out": self.bytes_out,
            }
