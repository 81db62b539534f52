"""How the faults of ``tests.servers.faults`` look when Google is the one who makes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.servers.common import ObjectServer
from tests.servers.faults import Call, Fault, Moment

from . import errors

KINDS = frozenset({"drop", "503", "503-before", "429-before", "401", "401-anonymous", "403", "slow"})
IDENTITY = "tester@test-project.iam.gserviceaccount.com"


class ReplyLost(Exception):
    """The work is done, and the connection ends without an answer."""


OPERATION = web.RequestKey("operation", str)
"""What a request turned out to be for; the statistics want to know."""


class Gate:
    """Every operation passes it on its way in and on its way out."""

    def __init__(self, server: ObjectServer) -> None:
        self._server = server

    @asynccontextmanager
    async def around(self, call: Call, request: web.Request | None = None) -> AsyncIterator[None]:
        """Wrap this around the work. Only success gets to the second half: a no has nothing to lose."""
        if request is not None:
            request[OPERATION] = call.operation
        if fault := self._server.faults.take(Moment.DELAY, call):
            await asyncio.sleep(fault.seconds)
        if fault := self._server.faults.take(Moment.BEFORE, call):
            raise refusal(fault, call)
        if call.operation == "bucket" and call.method == "GET" and self._server.deny_bucket_get:
            raise errors.forbidden(IDENTITY, permission(call))
        yield
        if fault := self._server.faults.take(Moment.AFTER, call):
            if fault.kind == "drop":
                raise ReplyLost
            raise errors.unavailable()


def refusal(fault: Fault, call: Call) -> errors.ApiError:
    match fault.kind:
        case "401":
            return errors.invalid_credentials()
        case "401-anonymous":
            return errors.anonymous(permission(call))
        case "403":
            return errors.forbidden(IDENTITY, permission(call))
        case "429-before":
            return errors.too_many(call.bucket, call.name)
        case _:
            return errors.unavailable()


def permission(call: Call) -> str:
    """The one that a caller lacks who may not do this."""
    match call.operation, call.method:
        case "bucket", "POST":
            return "storage.buckets.create"
        case "bucket", "DELETE":
            return "storage.buckets.delete"
        case "bucket", _:
            return "storage.buckets.get"
        case (("read" | "stat"), _):
            return "storage.objects.get"
        case "list", _:
            return "storage.objects.list"
        case "delete", _:
            return "storage.objects.delete"
        case _:
            return "storage.objects.create"
