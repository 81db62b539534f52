"""The page at ``/``: the store at a glance, made on the server. Works without scripts, and asks nobody else.

What it shows was written by strangers: documents, names, metadata. The template escapes all of it, and the policy that
is sent along forbids a browser to run or load anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from thoth_storage.errors import StorageError
from thoth_storage.service import documents
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.readiness import Readiness
from thoth_storage.service.timeline import draw
from thoth_storage.service.watching import Watch, in_daemon

if TYPE_CHECKING:
    from thoth_storage.repository import Snapshot

__all__ = ["Page"]

_log = logging.getLogger(__name__)
_RESULTS = 10
_EXCERPT = 400
_SHOWN = 200
"""Snapshots on the line of time; the list below it has the newest ten."""


@dataclass(frozen=True)
class _History:
    snapshots: list[Snapshot]
    collections: list[dict[str, Any]]

    @property
    def size(self) -> int:
        """Bytes that all snapshots have together, each counted whole."""
        return sum(each.size for each in self.snapshots)

    @property
    def added(self) -> int:
        """Bytes that had to be stored for them."""
        return sum(each.added for each in self.snapshots)


class Page:
    """``facts``: more lines for the table, by their names."""

    def __init__(
        self,
        keeper: StoreKeeper,
        readiness: Readiness,
        *,
        read_only: bool,
        version: str,
        facts: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._keeper = keeper
        self._readiness = readiness
        self._always = {"read_only": read_only, "version": version}
        self._facts = facts
        self._history = Watch(self._look, keep=2, patience=5)
        environment = Environment(
            loader=PackageLoader("thoth_storage.service"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        environment.filters |= {"size": _size, "moment": _moment, "shortened": _shortened, "compact": _compact}
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
        history, problem = None, None
        if self._keeper.is_open:
            try:
                history = await self._history.see()
            except StorageError as error:
                problem = str(error)
        elif self._keeper.problem:
            problem = str(self._keeper.problem)
        found, search_problem = await self._search(query) if query else (None, None)
        now = datetime.now(UTC)
        html = self._template.render(
            **self._always,
            style=self._style,
            reasons=reasons,
            seen=seen,
            opening=not self._keeper.is_open,
            problem=problem,
            history=history,
            timeline=draw(history.snapshots[:_SHOWN], now) if history else None,
            query=query,
            found=found,
            search_problem=search_problem,
            facts=self._facts(),
            now=now,
        )
        return HTMLResponse(html, headers=self._headers)

    async def _search(self, query: str) -> tuple[list[dict[str, Any]] | None, str | None]:
        try:
            return await in_daemon(lambda: documents.find(self._keeper.store(), query, _RESULTS, None)), None
        except StorageError as error:
            return None, str(error)

    def _look(self) -> _History:
        store = self._keeper.store()
        return _History(store.client.snapshots(), documents.collections(store))


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _shortened(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def _compact(metadata: dict[str, Any] | None) -> str:
    return json.dumps(metadata, ensure_ascii=False, default=str) if metadata else ""
