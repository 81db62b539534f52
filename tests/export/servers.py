"""``chroma run`` as anybody starts it, and databases on it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import chromadb
import httpx
from chromadb.config import Settings

from tests.store.helpers import wait_until

__all__ = ["chroma_server", "client_of", "free_port", "new_database"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chroma_server(folder: Path) -> Iterator[int]:
    """Gives its port."""
    port = free_port()
    command: list[str | Path] = [
        Path(sys.executable).with_name("chroma"),
        "run",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        [*command, "--path", str(folder / "data")],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        assert process.poll() is None, "chroma run ended"
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=1).status_code == 200
        return False

    try:
        wait_until(answers)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def new_database(url: str) -> str:
    """The name of a fresh one."""
    name = f"db-{uuid4().hex[:12]}"
    with client_of(url) as client:
        client._server.create_database(name)
    return name


@contextmanager
def client_of(url: str, database: str = "default_database") -> Iterator[Any]:
    """chromadb's own client."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    client: Any = chromadb.HttpClient(
        parts.hostname, parts.port, settings=Settings(anonymized_telemetry=False), database=database
    )
    sessions = [each._server._session for each in (client, client._admin_client)]
    try:
        yield client
    finally:
        client.close()
        for each in sessions:  # chromadb leaves them open
            each.close()
