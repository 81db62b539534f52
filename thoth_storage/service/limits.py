"""Requests that are too large, refused with a word about what to do instead of a connection that breaks."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thoth_storage.service.refusals import refusal

__all__ = ["BodyLimit"]

_MOST_TO_DROP = 64 << 20
"""Bytes of a body that is too large which are read and dropped: a client that still sends when the connection closes
loses the answer. Who sends more than that loses it."""


class BodyLimit:
    """Reads a request whole, up to ``limit`` bytes, before anybody works on it; else 413."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        told = headers.get("content-length", "")
        length = int(told) if told.isdecimal() else 0
        if length > self._limit and (length > _MOST_TO_DROP or headers.get("expect")):
            await self._refuse(scope, receive, send)
            return
        body, size = bytearray(), 0
        while size <= _MOST_TO_DROP:
            message = await receive()
            if message["type"] != "http.request":
                return  # whoever asked is gone
            part = message.get("body", b"")
            size += len(part)
            if max(size, length) <= self._limit:
                body += part
            else:
                body.clear()
            if not message.get("more_body", False):
                break
        if size > self._limit:
            await self._refuse(scope, receive, send)
            return
        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def again() -> Message:
            nonlocal whole
            first, whole = whole, None
            return first if first is not None else await receive()

        await self._app(scope, again, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = refusal(
            scope,
            413,
            f"the request has more than {self._limit} bytes",
            "send fewer documents in a call: the same documents in several calls give the same result",
        )
        answer.headers["Connection"] = "close"  # there may be more of the body
        await answer(scope, receive, send)
