"""The routes, and what holds for all of them: delay, errors in Google's shape, lost replies, counting."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tests.servers.common import ObjectServer

from . import errors
from .batch import BatchHandler
from .faults import OPERATION, Gate, ReplyLost
from .inserts import InsertHandlers
from .objects import BucketHandlers, ObjectHandlers
from .store import Store
from .uploads import Sessions

GOOGLE = "/storage.googleapis.com"
"""A second home of every route: only with this name in its endpoint does gcsfs delete in batches."""


def make_app(server: ObjectServer, store: Store, sessions: Sessions) -> web.Application:
    gate = Gate(server)
    buckets, objects = BucketHandlers(store, gate), ObjectHandlers(store, gate)
    inserts, batch = InsertHandlers(store, sessions, gate), BatchHandler(store, gate)
    app = web.Application(client_max_size=1 << 40, middlewares=[_middleware(server)])
    for home in ("", GOOGLE):
        bucket = f"{home}/storage/v1/b/{{bucket}}"
        item = f"{bucket}/o/{{object:[^/]+}}"
        upload = f"{home}/upload/storage/v1/b/{{bucket}}/o"
        app.add_routes(
            [
                web.get(f"{home}/storage/v1/b", buckets.list),
                web.post(f"{home}/storage/v1/b", buckets.insert),
                web.get(bucket, buckets.get),
                web.delete(bucket, buckets.delete),
                web.get(f"{bucket}/o", objects.list),
                web.get(item, objects.get),
                web.get(f"{home}/download/storage/v1/b/{{bucket}}/o/{{object:[^/]+}}", objects.get),
                web.delete(item, objects.delete),
                web.post(f"{item}/rewriteTo/b/{{target_bucket}}/o/{{target:[^/]+}}", objects.rewrite),
                web.post(f"{item}/copyTo/b/{{target_bucket}}/o/{{target:[^/]+}}", objects.copy),
                web.post(f"{item}/moveTo/o/{{target:[^/]+}}", objects.move),
                web.post(upload, inserts.insert),
                web.put(upload, inserts.resume),
                web.delete(upload, inserts.cancel),
                web.post(f"{home}/batch/storage/v1", batch.post),
            ]
        )
    return app


def _middleware(server: ObjectServer) -> Middleware:
    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_"):
            return _control(server, request, await request.read())
        if server.latency:
            await asyncio.sleep(server.latency)
        response: web.StreamResponse | None = None
        try:
            response = await handler(request)
        except errors.ApiError as error:
            response = _error_response(request, error)
        except web.HTTPException:
            response = _error_response(request, errors.not_implemented(f"{request.method} {request.path}"))
        except ReplyLost:
            pass
        sent = 0 if response is None else response.content_length or 0
        server.stats.count(request.method, request.get(OPERATION, "none"), len(await request.read()), sent)
        return _hang_up(request) if response is None else response

    return around


def _control(server: ObjectServer, request: web.Request, body: bytes) -> web.Response:
    try:
        reply = server.control(request.method, request.path, body)
    except (TypeError, ValueError) as error:
        return web.Response(status=400, text=str(error))
    return web.Response(status=404) if reply is None else web.json_response(reply)


def _error_response(request: web.Request, error: errors.ApiError) -> web.Response:
    """JSON; bare text where bytes were asked for, or where the error is such a one."""
    if isinstance(error, errors.PlainError):
        return web.Response(status=error.status, text=error.message, headers=error.headers)
    if request.query.get("alt") == "media":
        return web.Response(status=error.status, text=error.message, content_type="text/html", headers=error.headers)
    return web.json_response(error.body(), status=error.status, headers=error.headers)


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without a word. aiohttp wants a response even so; it goes nowhere."""
    if request.transport:
        request.transport.abort()
    return web.Response()
