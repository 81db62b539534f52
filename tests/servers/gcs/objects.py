"""Requests for buckets and objects. Each handler reads what is asked, names it as a ``Call``, and does it."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.servers.faults import Call

from . import errors
from .faults import Gate
from .media import media_response
from .multipart import parse_resource
from .preconditions import Preconditions
from .store import Store, StoredObject


class BucketHandlers:
    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def list(self, request: web.Request) -> web.Response:
        async with self._gate.around(Call("GET", "bucket"), request):
            items = [_bucket_resource(name) for name in self._store.buckets()]
            return web.json_response({"kind": "storage#buckets", "items": items})

    async def insert(self, request: web.Request) -> web.Response:
        name = str(parse_resource(await request.read()).get("name", ""))
        async with self._gate.around(Call("POST", "bucket", name), request):
            self._store.create_bucket(name)
            return web.json_response(_bucket_resource(name))

    async def get(self, request: web.Request) -> web.Response:
        name = request.match_info["bucket"]
        async with self._gate.around(Call("GET", "bucket", name), request):
            self._store.require_bucket(name)
            return web.json_response(_bucket_resource(name))

    async def delete(self, request: web.Request) -> web.Response:
        name = request.match_info["bucket"]
        async with self._gate.around(Call("DELETE", "bucket", name), request):
            self._store.delete_bucket(name)
            return web.Response(status=204)


class ObjectHandlers:
    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def list(self, request: web.Request) -> web.Response:
        bucket = request.match_info["bucket"]
        async with self._gate.around(Call("GET", "list", bucket, request.query.get("prefix", "")), request):
            objects, page = self._store.list(bucket, request.query)
            # Google leaves empty fields out: a client that takes them for granted fails on an empty page.
            reply: dict[str, Any] = {"kind": "storage#objects"}
            if objects:
                reply["items"] = [stored.resource() for stored in objects]
            if page.prefixes:
                reply["prefixes"] = page.prefixes
            if page.token:
                reply["nextPageToken"] = page.token
            return web.json_response(reply)

    async def get(self, request: web.Request) -> web.Response:
        bucket, name = request.match_info["bucket"], request.match_info["object"]
        media, conditions = request.query.get("alt") == "media", Preconditions.of(request.query)
        async with self._gate.around(Call("GET", "read" if media else "stat", bucket, name), request):
            stored = self._store.get(bucket, name, generation(request.query))
            if conditions.not_match == stored.generation:
                return web.Response(status=304)
            conditions.check(stored.generation)
            return media_response(stored, request.headers.get("Range")) if media else described(stored)

    async def delete(self, request: web.Request) -> web.Response:
        bucket, name = request.match_info["bucket"], request.match_info["object"]
        async with self._gate.around(Call("DELETE", "delete", bucket, name), request):
            self._store.delete(bucket, name, Preconditions.of(request.query), generation(request.query))
            return web.Response(status=204)

    async def rewrite(self, request: web.Request) -> web.Response:
        """Done in one call, always. Google asks to be called again where much is to be copied far."""
        stored = await self._copy(request)
        size = str(len(stored.data))
        progress = {"done": True, "totalBytesRewritten": size, "objectSize": size}
        return web.json_response({"kind": "storage#rewriteResponse", **progress, "resource": stored.resource()})

    async def copy(self, request: web.Request) -> web.Response:
        return described(await self._copy(request))

    async def move(self, request: web.Request) -> web.Response:
        bucket, name, target = (request.match_info[part] for part in ("bucket", "object", "target"))
        async with self._gate.around(Call("POST", "copy", bucket, target), request):
            conditions, of_source = (
                Preconditions.of(request.query),
                Preconditions.of(request.query, "ifSource"),
            )
            return described(self._store.move(bucket, name, target, conditions, of_source))

    async def _copy(self, request: web.Request) -> StoredObject:
        source = request.match_info["bucket"], request.match_info["object"]
        target = request.match_info["target_bucket"], request.match_info["target"]
        async with self._gate.around(Call("POST", "copy", *target), request):
            conditions, of_source = (
                Preconditions.of(request.query),
                Preconditions.of(request.query, "ifSource"),
            )
            return self._store.copy(source, target, conditions, of_source)


def described(stored: StoredObject) -> web.Response:
    return web.json_response(stored.resource())


def generation(query: Mapping[str, str]) -> int | None:
    """Of the object that is asked for, if it is not just the live one."""
    text = query.get("generation")
    if text and not text.isdecimal():
        raise errors.invalid(f"Invalid generation: '{text}'.")
    return int(text) if text else None


def _bucket_resource(name: str) -> dict[str, Any]:
    return {"kind": "storage#bucket", "id": name, "name": name, "location": "US", "storageClass": "STANDARD"}
