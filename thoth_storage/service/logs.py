"""Logs that Cloud Logging understands: one JSON object a line, with the request's trace. Elsewhere lines as they were.

The trace is that of the request which the running code answers, known by a context variable: threads and tasks that are
begun for a request inherit it.
"""

from __future__ import annotations

import logging

from thoth_storage.errors import ConfigurationError, NotFoundError, StorageError
from thoth_storage.telemetry.json_logs import CURRENT_TRACE, JsonFormatter, Trace, trace_of

__all__ = ["CURRENT_TRACE", "JsonFormatter", "Trace", "begin_json", "note_failure", "trace_of"]

_log = logging.getLogger(__name__)


def begin_json(project: str | None) -> None:
    """Let all that this process logs come as JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonFormatter(project))


def note_failure(tool: str, error: StorageError) -> None:
    """What a caller did wrong is his business, what the storage refuses is the operator's."""
    level = logging.INFO if isinstance(error, ConfigurationError | NotFoundError) else logging.WARNING
    _log.log(level, "%s failed: %s", tool, error)
