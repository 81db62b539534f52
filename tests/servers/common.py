"""What a test or a benchmark may know of a server without knowing its protocol."""

import argparse
import contextlib
import json
import sys
import threading
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from .faults import Faults
from .stats import Stats

HOST = "127.0.0.1"


class ObjectServer(ABC):
    """An object store on a loopback socket. Started and stopped, or used as a context manager.

    After ``stop()`` the same server can be started again: it keeps its port and its objects, as a service
    does that was out of reach for a while.
    """

    scheme: ClassVar[str]
    """Of its URLs: gs or s3."""
    kinds: ClassVar[frozenset[str]]
    """Of faults that it can play."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.faults = Faults(self.kinds)
        self.stats = Stats()
        self.latency = 0.0
        """Seconds added to every request; waiting requests do not hold each other up."""
        self.deny_bucket_get = False
        """Refuse metadata of buckets, as to the many identities that may use objects and nothing else."""

    @abstractmethod
    def start(self) -> None:
        """Serve from a background thread. Returns when the socket accepts connections."""

    @abstractmethod
    def stop(self) -> None:
        """Close the socket and end the thread."""

    @abstractmethod
    def clear(self) -> None:
        """Delete everything: objects and buckets."""

    @abstractmethod
    def create_bucket(self, name: str) -> None:
        """Make a bucket, past the socket: not counted, not delayed, never faulty."""

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """The storage options with which the fsspec file system for ``scheme`` reaches this server."""

    @property
    def endpoint(self) -> str:
        if not self.port:
            raise RuntimeError("a server has no endpoint before it is started")
        return f"http://{HOST}:{self.port}"

    def reset(self) -> None:
        """As new: no objects, no buckets, no faults, counts at zero, no added latency, nothing denied."""
        self.clear()
        self.faults.clear()
        self.stats.reset()
        self.latency = 0.0
        self.deny_bucket_get = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def control(self, method: str, path: str, body: bytes) -> dict[str, Any] | None:
        """The same face for other processes, at paths that no bucket can have. None: there is no such path.

        POST /_fault with a JSON object of the arguments of ``Faults.add``, DELETE /_fault; GET /_stats,
        DELETE /_stats; POST /_set with ``latency`` or ``deny_bucket_get``; POST /_reset.
        """
        arguments = json.loads(body) if body else {}
        match method, path:
            case "POST", "/_fault":
                self.faults.add(**arguments)
            case "DELETE", "/_fault":
                self.faults.clear()
            case "GET", "/_stats":
                return self.stats.snapshot()
            case "DELETE", "/_stats":
                self.stats.reset()
            case "POST", "/_set":
                self.latency = float(arguments.get("latency", self.latency))
                self.deny_bucket_get = bool(arguments.get("deny_bucket_get", self.deny_bucket_get))
            case "POST", "/_reset":
                self.reset()
            case _:
                return None
        return {}


def main(server: type[ObjectServer], module: str) -> None:
    """Run a server as a process of its own, so that a benchmark does not share its interpreter lock."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=server.__doc__)
    parser.add_argument("port", nargs="?", type=int, default=0, help="0, the default: any free one")
    parser.add_argument("--bucket", action="append", default=[], help="make this bucket; may be repeated")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every request")
    arguments = parser.parse_args()
    with server(arguments.port) as running:
        running.latency = arguments.latency
        for bucket in arguments.bucket:
            running.create_bucket(bucket)
        sys.stdout.write(f"{running.endpoint}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
