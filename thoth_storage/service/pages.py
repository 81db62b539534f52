"""The page at ``/``: the store at a glance, made on the server. Works without scripts, and asks nobody else.

What it shows was written by strangers: documents, names, metadata. The template escapes all of it, and the policy that
is sent along forbids a browser to run or load anything.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from thoth_storage.errors import StorageError
from thoth_storage.service import documents
from thoth_storage.service.history import Past
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.readiness import Readiness
from thoth_storage.service.timeline import draw
from thoth_storage.service.watching import in_daemon
from thoth_storage.service.wording import FILTERS

__all__ = ["Page"]

_RESULTS = 10
_SHOWN = 200
"""Snapshots on the line of time; the list below it has the newest ten."""


class Page:
    def __init__(self, keeper: StoreKeeper, readiness: Readiness, past: Past, *, read_only: bool, version: str) -> None:
        self._keeper = keeper
        self._readiness = readiness
        self._always = {"read_only": read_only, "version": version}
        self._past = past
        environment = Environment(
            loader=PackageLoader("thoth_storage.service"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.filters |= FILTERS
        style = environment.get_template("page.css").render()
        self._template = environment.get_template("page.html")
        self._style = style
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }

    async def show(self, request: Request) -> Response:
        query = request.query_params.get("q", "").strip()
        reasons = await self._readiness.reasons()
        seen = await self._readiness.seen()
        keeper, history, problem = self._keeper, None, None
        try:
            history = await self._past.see()
        except StorageError as error:
            problem = str(error)
        if not keeper.is_open and keeper.problem:
            problem = str(keeper.problem)
        found, search_problem = await self._search(query) if query else (None, None)
        now = datetime.now(UTC)
        html = self._template.render(
            **self._always,
            style=self._style,
            reasons=reasons,
            seen=seen,
            opening=not keeper.is_open,
            progress=keeper.progress,
            url=seen.status.url if seen else "thoth-storage",
            collection=keeper.store().collection_name if keeper.is_open else "",
            problem=problem,
            history=history,
            timeline=draw(history.snapshots[:_SHOWN], now) if history else None,
            query=query,
            found=found,
            search_problem=search_problem,
            now=now,
        )
        return HTMLResponse(html, headers=self._headers)

    async def _search(self, query: str) -> tuple[list[dict[str, Any]] | None, str | None]:
        try:
            return await in_daemon(lambda: documents.find(self._keeper.store(), query, _RESULTS, None)), None
        except StorageError as error:
            return None, str(error)
