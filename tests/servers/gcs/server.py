"""The server: an event loop in a thread of its own, which answers while the test's thread waits."""

import asyncio
import threading
from concurrent.futures import Future
from typing import Any

from aiohttp import web

from tests.servers.common import HOST, ObjectServer

from .app import GOOGLE, make_app
from .faults import KINDS
from .store import Store
from .uploads import Sessions


class GcsServer(ObjectServer):
    """Google Cloud Storage in memory, over HTTP on a loopback socket."""

    scheme = "gs"
    kinds = KINDS

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.store = Store()
        self._sessions = Sessions()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None

    def start(self) -> None:
        started: Future[int] = Future()
        thread = threading.Thread(target=self._run, args=[started], name="gcs-server", daemon=True)
        thread.start()
        self.port = started.result()
        self._thread = thread

    def stop(self) -> None:
        if self._thread and self._loop and self._end:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()
            self._thread = None

    def clear(self) -> None:
        self.store.clear()
        self._sessions.clear()

    def create_bucket(self, name: str) -> None:
        self.store.create_bucket(name)

    def options(self, *, batch_delete: bool = False) -> dict[str, Any]:
        """For gcsfs. ``batch_delete``: with an endpoint at which gcsfs deletes in batches, as on Google's.

        gcsfs needs GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false in the environment before it is imported; else it
        asks for the type of each bucket over gRPC, which is not here, and every operation takes a minute.
        """
        endpoint = self.endpoint + GOOGLE if batch_delete else self.endpoint
        return {"project": "test", "token": "anon", "endpoint_url": endpoint}

    def _run(self, started: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(started))
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: "Future[int]") -> None:
        runner = web.AppRunner(make_app(self, self.store, self._sessions), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self.port, backlog=1024).start()
            self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
            started.set_result(runner.addresses[0][1])
            await self._end.wait()
        finally:
            await runner.cleanup()
