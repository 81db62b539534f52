"""Who may ask: requests with the token, sent to a name that this service goes by. Before everything else, so that no
route is forgotten; only ``/health`` and ``/ready`` are for anybody, since probes bring nothing along."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from thoth_storage.service.refusals import refusal
from thoth_storage.service.settings import LOOPBACK

__all__ = ["OPEN_ROUTES", "HostCheck", "TokenCheck"]

OPEN_ROUTES = ("/health", "/ready")


class TokenCheck:
    """``Authorization: Bearer TOKEN``; for the page alone, which a browser asks for, also Basic with the token as the
    password."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_ROUTES:
            await self._app(scope, receive, send)
            return
        for_people = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        given = Headers(scope=scope).get("authorization", "")
        # In constant time: how long a comparison takes must not tell how much of a guess is right.
        if hmac.compare_digest(_given(given, for_people).encode("utf-8", "replace"), self._token):
            await self._app(scope, receive, send)
            return
        hint = "send it as 'Authorization: Bearer TOKEN'"
        if for_people:
            hint += ", or as the password that a browser asks for"
        answer = refusal(scope, 401, "this service needs its token", hint)
        answer.headers["WWW-Authenticate"] = 'Basic realm="thoth-storage"' if for_people else "Bearer"
        await answer(scope, receive, send)


class HostCheck:
    """``allowed``: names without ports, also as ``*.example.com``; none for any. Pages of other sites, which a browser
    lets ask here on behalf of its user, get no answer: an Origin is to be an allowed name or this machine. A page whose
    own name was made to lead here (DNS rebinding) is known by that name alone, which is what ``allowed`` is for."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = tuple(each.strip().lower() for each in allowed if each.strip())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_ROUTES:
            headers = Headers(scope=scope)
            host = _name(f"//{headers.get('host', '')}")
            if self._allowed and not self._is_allowed(host):
                said = f"this service does not go by the name {host!r}"
                hint = "the setting allowed_hosts lists the names it goes by"
                await refusal(scope, 421, said, hint)(scope, receive, send)
                return
            origin = headers.get("origin")
            if origin and not (_name(origin) in LOOPBACK or self._is_allowed(_name(origin))):
                hint = "the setting allowed_hosts lets a host's pages ask"
                await refusal(scope, 403, "a page of another site asks", hint)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_allowed(self, host: str) -> bool:
        return any(each in (host, "*") or (each.startswith("*.") and host.endswith(each[1:])) for each in self._allowed)


def _given(header: str, basic: bool) -> str:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if basic and scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
