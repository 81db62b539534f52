"""Runs the service until a signal ends it: SIGTERM from the platform, or Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from thoth_storage import config
from thoth_storage.errors import ConfigurationError, StorageError
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.settings import LOOK_EVERY, LOOPBACK, ServiceSettings

__all__ = ["serve"]

_log = logging.getLogger(__name__)


def serve(settings: ServiceSettings, listening: Callable[[str], None] = lambda _address: None) -> None:
    """Serve the store until SIGTERM or SIGINT, on the main thread. ``listening`` is told the address.

    At a signal no write begins any more; those under way end; a checkpoint is made. After ``settings.deadline`` seconds
    the process ends in any case, with 0: what was acknowledged is in the log. Raises ConfigurationError for an address
    that cannot be had or without the extra, and what opening the store raises for good.
    """
    try:
        import uvicorn

        from thoth_storage.service.asgi import build_app
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the service needs the module {error.name}, which is not installed",
            hint="pip install thoth-storage[service]",
        ) from error
    if settings.token is None and settings.host not in LOOPBACK and not config.on_cloud_run():
        what = "read" if settings.read_only else "read and write"
        _log.warning("there is no token: whoever reaches port %d of %s can %s", settings.port, settings.host, what)
    with _listen(settings.host, settings.port) as listener:
        keeper = StoreKeeper(partial(_open, settings))
        server = _server_class(uvicorn)(
            uvicorn.Config(
                build_app(keeper, settings),
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                lifespan="on",
                timeout_graceful_shutdown=max(1, int(settings.deadline / 2)),
            )
        )
        server.ending = _Ending(keeper, server, settings.deadline)
        keeper.failed = server.ending.stop
        listening(_address(listener))
        server.run(sockets=[listener])
    if keeper.failure:
        raise keeper.failure
    if not keeper.stopping:
        raise StorageError("the service could not start", hint="the log tells why")
    if not keeper.is_open:
        # There is nothing to save, and an opening under way would be waited for.
        logging.shutdown()
        os._exit(0)


class _Ending:
    """What a signal does. The second one ends the process at once."""

    def __init__(self, keeper: StoreKeeper, server: Any, deadline: float) -> None:
        self._keeper = keeper
        self._server = server
        self._deadline = deadline

    def handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._keeper.stopping:
            os._exit(0)
        self.stop()
        timer = threading.Timer(self._deadline, self._give_up)
        timer.daemon = True
        timer.start()

    def stop(self) -> None:
        self._keeper.stop_writes()
        self._server.should_exit = True

    def _give_up(self) -> None:
        # Something hangs, most likely on a network, and the platform's SIGKILL is near.
        _log.warning("not all is done after %s s, and this process ends now; the log has every write", self._deadline)
        os._exit(0)


def _server_class(uvicorn: Any) -> Any:
    class Server(uvicorn.Server):  # type: ignore[misc]
        """uvicorn would end the process by the signal that it got; this one returns."""

        ending: _Ending

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            numbers = (signal.SIGTERM, signal.SIGINT)
            before = {number: signal.signal(number, self.ending.handle) for number in numbers}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Server


def _open(settings: ServiceSettings, progress: Callable[[Any], None]) -> Any:
    from thoth_storage.store import VectorStore

    refresh = config.get("refresh", settings.url)
    return VectorStore(
        settings.url,
        storage_options=settings.storage_options,
        mode="r" if settings.read_only else "rw",
        # What is acknowledged here has to survive a kill.
        durability="log",
        refresh=LOOK_EVERY if refresh is None else refresh,
        progress=progress,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # gaierror has numbers of its own, below zero, and a text for them.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {why}",
            hint="see --host and --port; --port 0 takes one that is free",
        ) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
