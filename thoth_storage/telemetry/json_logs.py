"""Logs that Cloud Logging understands: one JSON object a line, with the trace that the running code belongs to.

Only who runs a process sets this up: the command line, the service, or a program with a handler of its own. The trace
is that of OpenTelemetry where a span is open, else the one that ``CURRENT_TRACE`` holds for a request from outside.
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

from thoth_storage.telemetry.operations import opentelemetry

__all__ = ["CURRENT_TRACE", "JsonFormatter", "Trace", "json_line", "trace_of"]

_CLOUD = re.compile(r"([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]))?")
_W3C = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_PREFIX = "logging.googleapis.com"
_SEVERITIES = ("DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL")


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
    """``project``: that of Google Cloud, which a trace's full name has in it; without it Cloud Logging adds its own.
    ``labels``: what every line bears, beside the ``labels`` that a record may have (``extra={"labels": {...}}``)."""

    def __init__(self, project: str | None = None, labels: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._before = f"projects/{project}/traces/" if project else ""
        self._labels = dict(labels or {})

    def format(self, record: logging.LogRecord) -> str:
        told = _beginning(record.levelname, record.getMessage(), record.created)
        told["logger"] = record.name
        if record.exc_info:
            # The field in which Error Reporting looks for it.
            told["stack_trace"] = self.formatException(record.exc_info)
        if request := getattr(record, "http_request", None):
            told["httpRequest"] = request
        if labels := {**self._labels, **getattr(record, "labels", {})}:
            told[f"{_PREFIX}/labels"] = {name: str(value) for name, value in labels.items()}
        if trace := _trace():
            told[f"{_PREFIX}/trace"] = self._before + trace.id
            if trace.span:
                told[f"{_PREFIX}/spanId"] = trace.span
            told[f"{_PREFIX}/trace_sampled"] = trace.sampled
        return json.dumps(told, ensure_ascii=True, default=str)


def json_line(severity: str, message: str) -> str:
    """A line that is no log record, such as what a command says on stderr, for whoever reads the log."""
    return json.dumps(_beginning(severity, message, time.time()))


def _beginning(severity: str, message: str, created: float) -> dict[str, Any]:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(created))
    return {
        "severity": severity if severity in _SEVERITIES else "DEFAULT",
        "message": message,
        "time": f"{seconds}.{int(created * 1000) % 1000:03}Z",
    }


def _trace() -> Trace | None:
    bridge = opentelemetry()
    found = bridge.current_trace() if bridge else None
    return Trace(*found) if found else CURRENT_TRACE.get()
