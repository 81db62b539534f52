"""The batch endpoint: up to a hundred deletions in one request, each with an answer of its own.

gcsfs uses it only where its endpoint has Google's name in it; see ``GcsServer.options``.
"""

import json
import re
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web

from tests.servers.faults import ENVELOPE, Call

from . import errors
from .faults import Gate, ReplyLost
from .multipart import parse_batch
from .objects import generation
from .preconditions import Preconditions
from .store import Store

LIMIT = 100
BOUNDARY = "batch_of=answers="
"""With equals signs, as Google's have: a client that splits the header at each of them gets it wrong."""

_TARGET = re.compile(r"/storage/v1/b/([^/]+)/o/([^/]+)")


class BatchHandler:
    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def post(self, request: web.Request) -> web.Response:
        """Answers in the order of the requests. If one is lost all are: they share a connection."""
        requests = parse_batch(request.headers.get("Content-Type", ""), await request.read(), LIMIT)
        lost, replies = False, []
        async with self._gate.around(Call("POST", ENVELOPE), request):
            for content_id, method, target in requests:
                try:
                    await self._delete(method, target)
                    replies.append(_reply(content_id, None))
                except errors.ApiError as error:
                    replies.append(_reply(content_id, error))
                except ReplyLost:
                    lost = True
        if lost:
            raise ReplyLost
        text = "".join(f"--{BOUNDARY}\r\n{reply}\r\n" for reply in replies)
        headers = {"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}
        return web.Response(body=f"{text}--{BOUNDARY}--\r\n".encode(), headers=headers)

    async def _delete(self, method: str, target: str) -> None:
        url = urlsplit(target)
        found = _TARGET.fullmatch(url.path)
        if method != "DELETE" or not found:
            raise errors.not_implemented(f"{method} {url.path} in a batch")
        bucket, name, query = unquote(found[1]), unquote(found[2]), dict(parse_qsl(url.query))
        async with self._gate.around(Call("DELETE", "delete", bucket, name)):
            self._store.delete(bucket, name, Preconditions.of(query), generation(query))


def _reply(content_id: str, error: errors.ApiError | None) -> str:
    status = HTTPStatus(error.status if error else 204)
    body = json.dumps(error.body()) if error else ""
    lines = [
        "Content-Type: application/http",
        f"Content-ID: {content_id.replace('<', '<response-', 1)}",
        "",
        f"HTTP/1.1 {status} {status.phrase}",
        f"Content-Length: {len(body)}",
        *(["Content-Type: application/json; charset=UTF-8"] if body else []),
        "",
        body,
    ]
    return "\r\n".join(lines)
