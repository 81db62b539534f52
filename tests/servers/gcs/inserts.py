"""Requests that bring bytes: objects in one request, and the sessions of resumable uploads."""

from aiohttp import web

from tests.servers.faults import Call

from . import errors
from .faults import Gate
from .multipart import parse_related, parse_resource
from .objects import described
from .preconditions import Preconditions
from .store import Store
from .uploads import ContentRange, Session, Sessions


class InsertHandlers:
    def __init__(self, store: Store, sessions: Sessions, gate: Gate) -> None:
        self._store = store
        self._sessions = sessions
        self._gate = gate

    async def insert(self, request: web.Request) -> web.Response:
        """Any POST to the upload path: the query tells which of four things it is."""
        if "upload_id" in request.query:
            return await self.resume(request)
        content_type = request.headers.get("Content-Type", "application/octet-stream")
        match request.query.get("uploadType"):
            case "media":
                return await self._whole(request, {"contentType": content_type}, await request.read())
            case "multipart":
                return await self._whole(request, *parse_related(content_type, await request.read()))
            case "resumable":
                return await self._open(request)
            case _:
                raise errors.required("uploadType")

    async def resume(self, request: web.Request) -> web.Response:
        """A chunk, the last chunk, or the question how much has arrived. PUT or POST, as the client likes."""
        session = self._sessions.get(request.query.get("upload_id", ""))
        body = await request.read()
        where = ContentRange.parse(request.headers.get("Content-Range"), len(body))
        operation = "upload-finish" if session.completed_by(where) else "upload-chunk"
        async with self._gate.around(Call(request.method, operation, session.bucket, session.name), request):
            if resource := session.receive(where, body, self._store):
                return web.json_response(resource)
            return web.Response(status=308, headers={"Range": session.range} if session.range else {})

    async def cancel(self, request: web.Request) -> web.Response:
        upload_id = request.query.get("upload_id", "")
        session = self._sessions.get(upload_id)
        async with self._gate.around(Call("DELETE", "upload-abort", session.bucket, session.name), request):
            self._sessions.cancel(upload_id)
            return web.Response(status=499)

    async def _whole(self, request: web.Request, resource: dict[str, object], data: bytes) -> web.Response:
        bucket, name = request.match_info["bucket"], _name(request, resource)
        async with self._gate.around(Call("POST", "write", bucket, name), request):
            return described(self._store.put(bucket, name, data, resource, Preconditions.of(request.query)))

    async def _open(self, request: web.Request) -> web.Response:
        resource = parse_resource(await request.read())
        if content_type := request.headers.get("X-Upload-Content-Type"):
            resource.setdefault("contentType", content_type)
        bucket, name = request.match_info["bucket"], _name(request, resource)
        async with self._gate.around(Call("POST", "upload-start", bucket, name), request):
            self._store.require_bucket(bucket)
            session = Session(bucket, name, resource, Preconditions.of(request.query))
            # As Google's: the request's own query, preconditions included, and the id.
            location = request.url.update_query(upload_id=self._sessions.open(session))
            return web.Response(headers={"Location": str(location)})


def _name(request: web.Request, resource: dict[str, object]) -> str:
    return str(request.query.get("name") or resource.get("name") or "")
