"""Logs that Cloud Logging understands: one JSON object a line, with the request's trace. Elsewhere lines as they were.

The trace is that of the request which the running code answers, known by a context variable: threads and tasks that are
begun for a request inherit it.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thoth_storage.errors import ConfigurationError, NotFoundError, StorageError

__all__ = ["CURRENT_TRACE", "JsonFormatter", "Trace", "begin_json", "note_failure", "trace_of"]

_log = logging.getLogger(__name__)
_CLOUD = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]))?")
_W3C = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True)
class Trace:
    """``id``: 32 hexadecimal digits; ``span``: 16."""

    id: str
    span: str | None = None
    sampled: bool = False


CURRENT_TRACE: contextvars.ContextVar[Trace | None] = contextvars.ContextVar("thoth_trace", default=None)


def trace_of(headers: Mapping[str, str]) -> Trace | None:
    """From ``traceparent``, else from ``X-Cloud-Trace-Context``; None where neither tells one."""
    if found := _W3C.fullmatch(headers.get("traceparent", "")):
        return Trace(found[1], found[2], bool(int(found[3], 16) & 1))
    if found := _CLOUD.fullmatch(headers.get("x-cloud-trace-context", "")):
        span = f"{int(found[2]) & (1 << 64) - 1:016x}" if found[2] else None
        return Trace(found[1].lower(), span, found[3] == "1")
    return None


class JsonFormatter(logging.Formatter):
    """``project``: that of Google Cloud, which a trace's full name has in it; without it Cloud Logging adds its own."""

    def __init__(self, project: str | None = None) -> None:
        super().__init__()
        self._before = f"projects/{project}/traces/" if project else ""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += f"\n{self.formatException(record.exc_info)}"
        told: dict[str, Any] = {
            "severity": record.levelname,
            "message": message,
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03}Z",
            "logger": record.name,
        }
        if request := getattr(record, "http_request", None):
            told["httpRequest"] = request
        if trace := CURRENT_TRACE.get():
            told["logging.googleapis.com/trace"] = self._before + trace.id
            if trace.span:
                told["logging.googleapis.com/spanId"] = trace.span
            told["logging.googleapis.com/trace_sampled"] = trace.sampled
        return json.dumps(told, ensure_ascii=True, default=str)


def begin_json(project: str | None) -> None:
    """Let all that this process logs come as JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonFormatter(project))


def note_failure(tool: str, error: StorageError) -> None:
    """What a caller did wrong is his business, what the storage refuses is the operator's."""
    level = logging.INFO if isinstance(error, ConfigurationError | NotFoundError) else logging.WARNING
    _log.log(level, "%s failed: %s", tool, error)
