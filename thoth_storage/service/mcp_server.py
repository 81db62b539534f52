"""The tools as MCP has them: off the event loop, counted, and with errors that tell what to do."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool as Registered
from mcp_types import ToolAnnotations
from pydantic import ValidationError

from thoth_storage.errors import ConfigurationError, InvalidArgumentError, NotFoundError, StorageError
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.metrics_text import Durations
from thoth_storage.service.tools import Tool, Tools

__all__ = ["build_server"]

_log = logging.getLogger(__name__)
_READERS, _WRITERS = 32, 8
"""Threads. Apart, since writers wait for each other, and nobody who reads is to wait for them."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_SAVES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_REPLACES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)


def build_server(
    keeper: StoreKeeper, calls: Durations, *, read_only: bool, version: str, body_limit: int
) -> MCPServer[Any]:
    """With ``read_only`` the tools that write are not there at all. ``calls`` counts by ``tool`` and ``outcome``."""
    tools = Tools(keeper)
    readers, writers = anyio.CapacityLimiter(_READERS), anyio.CapacityLimiter(_WRITERS)
    room = f" A request may have {body_limit} bytes: send a few hundred documents a call."

    def registered() -> Iterator[Registered]:
        for tool in tools.reading:
            yield _registered(tool, readers, _READS)
        if not read_only:
            for kind, annotations, more in (
                (tools.adding, _ADDS, room),
                (tools.saving, _SAVES, ""),
                (tools.replacing, _REPLACES, ""),
            ):
                for tool in kind:
                    yield _registered(tool, writers, annotations, more)

    return _Server(list(registered()), calls, version)


class _Server(MCPServer[Any]):
    def __init__(self, tools: list[Registered], calls: Durations, version: str) -> None:
        super().__init__(
            "thoth-storage",
            version=version,
            instructions="Documents with metadata in a vector store. search finds by meaning; what add_documents "
            "stores is durable when the call returns.",
            tools=tools,
            log_level="WARNING",
        )
        self._parameters: Mapping[str, tuple[str, ...]] = {
            each.name: tuple(each.parameters["properties"]) for each in tools
        }
        self._calls = calls

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        if name not in self._parameters:
            return await super().call_tool(name, arguments, context)  # which says so
        began, outcome = time.monotonic(), "failed"
        try:
            self._check_names(name, arguments)
            result = await super().call_tool(name, arguments, context)
            outcome = "done"
            return result
        except UnexpectedToolError:
            raise
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                outcome = InvalidArgumentError.__name__
                raise ToolError(_told(cause)) from cause
            # MCP puts words before what a tool says, which say nothing.
            said = cause if isinstance(cause, ToolError) else error
            if isinstance(said.__cause__, StorageError):
                outcome = type(said.__cause__).__name__
                raise said from said.__cause__
            raise
        finally:
            self._calls.add(time.monotonic() - began, tool=name, outcome=outcome)

    def _check_names(self, name: str, arguments: dict[str, Any]) -> None:
        """A misspelt parameter that is left unread would store documents without their metadata."""
        if odd := sorted(set(arguments) - set(self._parameters[name])):
            known = ", ".join(self._parameters[name]) or "none"
            wrong = InvalidArgumentError(f"{name} has no parameter {odd[0]!r}", hint=f"it has: {known}")
            raise ToolError(str(wrong)) from wrong


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}"


def _registered(tool: Tool, limiter: anyio.CapacityLimiter, annotations: ToolAnnotations, more: str = "") -> Registered:
    description = " ".join((inspect.getdoc(tool) or "").split()) + more
    made = Registered.from_function(_in_thread(tool, limiter), description=description, annotations=annotations)
    made.parameters["additionalProperties"] = False
    return made


def _in_thread(tool: Tool, limiter: anyio.CapacityLimiter) -> Callable[..., Any]:
    @functools.wraps(tool)
    async def call(**arguments: Any) -> dict[str, Any]:
        try:
            return await anyio.to_thread.run_sync(functools.partial(tool, **arguments), limiter=limiter)
        except StorageError as error:
            # What a caller did wrong is his business, what the storage refuses is the operator's.
            level = logging.INFO if isinstance(error, ConfigurationError | NotFoundError) else logging.WARNING
            _log.log(level, "%s failed: %s", tool.__name__, error)
            raise ToolError(str(error)) from error

    return call
