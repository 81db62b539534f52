"""Operations that people think in (a backup, a hydration, an append): timed and counted always, a span where there is
OpenTelemetry. And each request to a backend, which is the span of nobody where no operation is traced."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from thoth_storage.telemetry.figures import OPERATIONS
from thoth_storage.telemetry.meters import Meters

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Operation", "opentelemetry", "operation", "request_over"]

_API = "opentelemetry.trace"
_bridge: ModuleType | None = None
_refused = False


class Operation:
    """What is under way. ``set`` tells what came of it, for its span; what is not known is left out."""

    def __init__(self, name: str, attributes: dict[str, Any]) -> None:
        self.name = name
        self.attributes = attributes

    def set(self, **attributes: Any) -> None:
        self.attributes.update(attributes)


def opentelemetry() -> ModuleType | None:
    """Our side of OpenTelemetry, in a program that has imported its API; else None.

    A program that wants traces or metrics has set up OpenTelemetry, and so imported it. Who has not is not to pay a
    tenth of a second for the import; and where it is not installed, nothing is looked for but a key in a dictionary.
    """
    global _bridge, _refused  # noqa: PLW0603 - found once for the process
    if _bridge is None and not _refused and _API in sys.modules:
        try:
            from thoth_storage.telemetry import otel
        except (ImportError, AttributeError, TypeError):
            # An API that is broken or of another age must not keep anybody from his data.
            _refused = True
        else:
            _bridge = otel
    return _bridge


@contextmanager
def operation(name: str, url: str, **attributes: Any) -> Iterator[Operation]:
    """What happens in the block is counted as ``name``, and is a span ``thoth_storage.<name>`` where traces are made.

    ``url`` without secrets. Attributes are numbers, texts or flags; those that are None are left out.
    """
    under_way = Operation(name, {"url": url, **attributes})
    began = time.perf_counter()
    error: BaseException | None = None
    bridge = opentelemetry()
    try:
        if bridge is None:
            yield under_way
        else:
            with bridge.span(under_way):
                yield under_way
    except BaseException as raised:
        error = raised
        raise
    finally:
        seconds = time.perf_counter() - began
        OPERATIONS.note(name, seconds, error=error)
        if bridge is not None:
            bridge.operation_over(name, seconds, error)


def request_over(
    meters: Meters,
    scheme: str,
    verb: str,
    seconds: float,
    *,
    size: int = 0,
    objects: int = 0,
    key: str = "",
    error: BaseException | None = None,
) -> None:
    """A request has ended just now: count it, and let OpenTelemetry have it too."""
    meters.note(verb, seconds, size, objects, error)
    bridge = _bridge or opentelemetry()
    if bridge is not None:
        bridge.request_over(scheme, verb, seconds, size, key, error)
