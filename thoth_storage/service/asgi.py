"""The service as an ASGI application: its routes, and what stands before all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from thoth_storage.errors import StorageError
from thoth_storage.service import figures
from thoth_storage.service.auth import HostCheck, TokenCheck
from thoth_storage.service.history import Past
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.limits import BodyLimit
from thoth_storage.service.mcp_server import build_server
from thoth_storage.service.metrics_text import CONTENT_TYPE, Durations, gauge
from thoth_storage.service.observing import Observing
from thoth_storage.service.pages import Page
from thoth_storage.service.readiness import Readiness
from thoth_storage.service.refusals import MCP
from thoth_storage.service.settings import ServiceSettings
from thoth_storage.service.watching import in_daemon

__all__ = ["build_app"]

_KEEP = 60.0
"""Seconds for which metrics tell what was kept as it was seen last: Prometheus asks often, snapshots come rarely."""
_ROUTES = frozenset(["/", MCP, "/health", "/ready", "/metrics"])


def build_app(keeper: StoreKeeper, settings: ServiceSettings) -> Starlette:
    """Opens the store when it starts, and closes it when it ends, within the rest of the deadline."""
    version = metadata.version("thoth-storage")
    requests = Durations("thoth_service_requests", "Requests by route and status.")
    calls = Durations("thoth_service_tool_calls", "Calls of tools by tool and outcome.")
    readiness, past = Readiness(keeper, settings.max_behind), Past(keeper)
    server = build_server(keeper, calls, read_only=settings.read_only, version=version, body_limit=settings.body_limit)
    # Stateless: the next request of a client may reach another instance. Hosts and sizes are seen to before.
    [mcp] = server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        max_request_body_size=settings.body_limit + 1,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    ).routes

    async def health(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(_request: Request) -> Response:
        reasons = await readiness.reasons()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def metrics(_request: Request) -> Response:
        ready = not await readiness.reasons()
        try:
            history = await past.see(_KEEP)
        except StorageError:
            history = None
        lines = [*requests.lines(), *calls.lines(), *figures.of_store(ready, await readiness.seen())]
        lines += [*figures.of_history(history), *figures.of_backend(), *figures.of_process()]
        lines += gauge("thoth_service_info", "Which version runs.", 1, {"version": version})
        return Response("\n".join([*lines, ""]), media_type=CONTENT_TYPE)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with server.session_manager.run():
            keeper.start()
            try:
                yield
            finally:
                await in_daemon(lambda: keeper.close(settings.deadline / 4))

    middleware = [
        Middleware(Observing, requests=requests, routes=_ROUTES),
        Middleware(HostCheck, allowed=settings.allowed_hosts),
        *([Middleware(TokenCheck, token=settings.token)] if settings.token else []),
        Middleware(BodyLimit, limit=settings.body_limit),
    ]
    page = Page(keeper, readiness, past, read_only=settings.read_only, version=version)
    ours = {"/health": health, "/ready": ready, "/metrics": metrics, "/": page.show}
    routes = [Route(path, endpoint, methods=["GET"]) for path, endpoint in ours.items()]
    # Not GET: a stream on which nothing ever comes would keep an instance from being stopped, or from going idle.
    assert isinstance(mcp, Route)
    routes.append(Route(MCP, mcp.endpoint, methods=["POST"]))
    return Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
