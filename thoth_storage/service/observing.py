"""Every request from outside: its trace for the logs, its route, status and time for the metrics, a line for people."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thoth_storage.service.metrics_text import Durations
from thoth_storage.telemetry.json_logs import CURRENT_TRACE, trace_of

__all__ = ["Observing"]

_log = logging.getLogger(__name__)
_QUIET = ("/health", "/ready", "/metrics")


class Observing:
    """``routes`` are told by their names, what else is asked for as ``other``: a stranger must not make series."""

    def __init__(self, app: ASGIApp, requests: Durations, routes: frozenset[str]) -> None:
        self._app = app
        self._requests = requests
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        CURRENT_TRACE.set(trace_of(headers))
        began, status = time.monotonic(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            seconds = time.monotonic() - began
            route = scope["path"] if scope["path"] in self._routes else "other"
            self._requests.add(seconds, route=route, status=str(status))
            level = logging.DEBUG if route in _QUIET else logging.INFO
            # The path alone: what people search for is behind it.
            told = {
                "requestMethod": scope["method"],
                "requestUrl": scope["path"],
                "status": status,
                "latency": f"{seconds:.6f}s",
                "userAgent": headers.get("user-agent", ""),
            }
            text = "%s %r %d %.3f s"
            _log.log(level, text, scope["method"], scope["path"], status, seconds, extra={"http_request": told})
