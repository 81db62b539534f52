"""Where a store can live: the four schemes, the services behind two of them played by live servers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers.common import ObjectServer
from tests.servers.gcs import GcsServer
from tests.servers.s3 import S3Server

__all__ = ["SCHEMES", "Place", "Places", "places"]

SCHEMES = ("memory", "file", "gs", "s3")
_numbers = itertools.count()


class Place(NamedTuple):
    """All that differs between two services for who uses a store."""

    url: str
    options: dict[str, Any]


class Places:
    """Fresh, empty places by scheme. A server starts when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.servers: dict[str, ObjectServer] = {}

    def fresh(self, scheme: str) -> Place:
        name = f"store-{next(_numbers)}"
        if scheme == "memory":
            return Place(f"memory://places/{name}", {})
        if scheme == "file":
            return Place(f"file://{self._folder / name}", {})
        return Place(f"{scheme}://bucket/{name}", self._server(scheme).options())

    def _server(self, scheme: str) -> ObjectServer:
        if scheme not in self.servers:
            server = GcsServer() if scheme == "gs" else S3Server()
            server.start()
            self.servers[scheme] = server
            server.create_bucket("bucket")
        return self.servers[scheme]


@contextmanager
def places(folder: Path) -> Iterator[Places]:
    """The servers are stopped at the end of the ``with`` block."""
    found = Places(folder)
    try:
        yield found
    finally:
        for server in found.servers.values():
            server.stop()
