"""``thoth-storage serve`` as a process, the same application in this process, and clients of both: MCP's own, and plain
HTTP."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.cli.helpers import PROGRAM, environment
from tests.cli.schemas import check_document
from thoth_storage import VectorStore
from thoth_storage.service import history, readiness
from thoth_storage.service.asgi import build_app
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.settings import ServiceSettings

__all__ = ["Answer", "Hosted", "Service", "call", "call_all", "client", "hosted", "service"]


@dataclass(frozen=True)
class Hosted:
    """One that answers at ``address``, as ``http://127.0.0.1:43210``, with its store at ``url``."""

    address: str
    url: str

    def ask(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        # No TLS here, whose roots take longer to read than an answer.
        return httpx.request(method, f"{self.address}{path}", timeout=20, verify=False, **options)

    def ready(self) -> Any:
        return self.ask("/ready").json()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while not (told := self.ready())["ready"]:
            self.check_alive()
            assert time.monotonic() < deadline, told
            time.sleep(0.05)  # it has better things to do

    def check_alive(self) -> None:
        pass


@dataclass(frozen=True)
class Service(Hosted):
    """In a process of its own."""

    process: subprocess.Popen[bytes] = field(repr=False)
    errors: Path

    def check_alive(self) -> None:
        assert self.process.poll() is None, self.logged()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def logged(self) -> str:
        return self.errors.read_text()


@dataclass(frozen=True)
class Answer:
    """``data`` is the structured content; ``text`` what is told of an error."""

    data: Any
    error: bool
    text: str


@contextmanager
def service(
    folder: Path, url: str | Path, *arguments: str, env: Mapping[str, str] | None = None, ready: bool = True
) -> Iterator[Service]:
    """Serve with files in ``folder``, on a free port; killed at the end unless it ended before."""
    folder.mkdir(exist_ok=True)
    errors = folder / "stderr"
    more = {
        "THOTH_STORAGE_EMBEDDER": "lexical",
        "THOTH_STORAGE_CACHE_DIR": str(folder / "cache"),
        **(env or {}),
    }
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            [*PROGRAM, "serve", str(url), "--port", "0", "--json", *arguments],
            env=environment(more),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            text = b""
            while not text.endswith(b"\n}\n"):
                line = process.stdout.readline()
                assert line, errors.read_text()
                text += line
            check_document(["serve", "--json"], text.decode())
            running = Service(json.loads(text)["address"], str(url), process, errors)
            if ready:
                running.wait_until_ready()
            yield running
        finally:
            process.kill()


@contextmanager
def hosted(url: str | Path, cache: Path, keeper: StoreKeeper | None = None, **settings: Any) -> Iterator[Hosted]:
    """The application on a port, in a thread of this process: no start-up of Python for what needs no process. With a
    ``keeper`` of one's own it is not waited for."""
    waits = keeper is None
    mode: Any = "r" if settings.get("read_only") else "rw"
    opener = partial(VectorStore, str(url), embedder="lexical", cache_dir=cache, mode=mode)
    kept = keeper or StoreKeeper(lambda progress: opener(progress=progress, refresh=0))
    chosen = ServiceSettings(url=str(url), **settings)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "_KEEP", 0.1)
        patch.setattr(history, "_KEEP", 0.1)
        address = "http://{}:{}".format(*listener.getsockname())
        config = uvicorn.Config(build_app(kept, chosen), log_config=None, access_log=False, ws="none", lifespan="on")
        server = uvicorn.Server(config)
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        serving.start()
        try:
            running = Hosted(address, str(url))
            if waits:
                running.wait_until_ready()
            yield running
        finally:
            server.should_exit = True
            serving.join(30)


@asynccontextmanager
async def client(address: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{address}/mcp", http_client=http)
        async with Client(transport) as connected:
            yield connected


def call(address: str, tool: str, headers: Mapping[str, str] | None = None, **arguments: Any) -> Answer:
    """One call by a client of its own."""
    return call_all(address, (tool, arguments), headers=headers)[0]


def call_all(
    address: str, *calls: tuple[str, dict[str, Any]], headers: Mapping[str, str] | None = None
) -> list[Answer]:
    """Calls of one client, one after another."""

    async def run() -> list[Answer]:
        async with client(address, headers) as connected:
            return [await answer(connected, tool, arguments) for tool, arguments in calls]

    return anyio.run(run)


async def answer(connected: Client, tool: str, arguments: dict[str, Any]) -> Answer:
    result = await connected.call_tool(tool, arguments)
    text = "".join(getattr(part, "text", "") for part in result.content)
    return Answer(result.structured_content, bool(result.is_error), text if result.is_error else "")
