"""Spans and metrics of OpenTelemetry. The only module that imports it, and only its API: providers, exporters and what
is sampled are the program's business.

Counters are observed: OpenTelemetry asks for them when it exports, and a request pays nothing. Only durations have to
be recorded one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace

from thoth_storage.errors import AlreadyExistsError, NotFoundError
from thoth_storage.telemetry.figures import Snapshot, snapshot
from thoth_storage.telemetry.meters import BOUNDS
from thoth_storage.telemetry.operations import Operation

__all__ = ["current_trace", "operation_over", "request_over", "span"]

_NAME = "thoth_storage"
_VERB, _SCHEME, _OPERATION = f"{_NAME}.verb", f"{_NAME}.scheme", f"{_NAME}.operation"
_ERROR = "error.type"
_tracer = trace.get_tracer(_NAME)
_meter = metrics.get_meter(_NAME)
_ANSWERS = (NotFoundError, AlreadyExistsError)
"""What a service says in the course of things: the end of the log is an object that is not there."""
_Row = tuple[int, dict[str, str]]


def _histogram(name: str, about: str) -> metrics.Histogram:
    try:
        return _meter.create_histogram(name, "s", about, explicit_bucket_boundaries_advisory=BOUNDS)
    except TypeError:
        # Before 1.30 the program alone could say where buckets end.
        return _meter.create_histogram(name, "s", about)


_request_duration = _histogram(f"{_NAME}.request.duration", "Time of each try of a request to a backend.")
_operation_duration = _histogram(f"{_NAME}.operation.duration", "Time of backups, restores and other operations.")


def _requests(seen: Snapshot) -> Iterator[_Row]:
    return ((each.meter.requests, {_SCHEME: each.scheme, _VERB: each.verb}) for each in seen.requests)


def _errors(seen: Snapshot) -> Iterator[_Row]:
    return (
        (number, {_SCHEME: each.scheme, _VERB: each.verb, _ERROR: kind})
        for each in seen.requests
        for kind, number in each.meter.failures.items()
    )


def _retries(seen: Snapshot) -> Iterator[_Row]:
    return (
        (each.meter.retries, {_SCHEME: each.scheme, _VERB: each.verb}) for each in seen.requests if each.meter.retries
    )


def _io(seen: Snapshot) -> Iterator[_Row]:
    for each in seen.requests:
        for direction, size in (("transmit", each.sent), ("receive", each.received)):
            if size:
                yield size, {_SCHEME: each.scheme, _VERB: each.verb, "network.io.direction": direction}


def _observe(name: str, rows: Any, unit: str, about: str) -> None:
    def observe(_options: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        return [metrics.Observation(value, attributes) for value, attributes in rows(snapshot())]

    _meter.create_observable_counter(name, [observe], unit, about)


_observe(f"{_NAME}.requests", _requests, "{request}", "Tries of requests to a backend.")
_observe(f"{_NAME}.request.errors", _errors, "{error}", "Tries that failed, by the kind of error.")
_observe(f"{_NAME}.request.retries", _retries, "{retry}", "Tries that came after one that failed for the moment.")
_observe(f"{_NAME}.request.io", _io, "By", "Bytes of payload sent to a backend and received from it.")


@contextmanager
def span(operation: Operation) -> Iterator[None]:
    """The span of an operation; what it is told while it goes on is set at its end."""
    with _tracer.start_as_current_span(f"{_NAME}.{operation.name}") as current:
        try:
            yield
        except BaseException as error:
            if current.is_recording():
                current.set_attribute(_ERROR, type(error).__name__)
            raise
        finally:
            if current.is_recording():
                current.set_attributes(
                    {f"{_NAME}.{name}": value for name, value in operation.attributes.items() if value is not None}
                )


def operation_over(name: str, seconds: float, error: BaseException | None) -> None:
    _operation_duration.record(seconds, _with_error({_OPERATION: name}, error))


def request_over(scheme: str, verb: str, seconds: float, size: int, key: str, error: BaseException | None) -> None:
    """Record the duration; and a span that ends now, as part of one that is recorded. Without such a one there would be
    a trace for every look at the log."""
    attributes = _with_error({_SCHEME: scheme, _VERB: verb}, error)
    _request_duration.record(seconds, attributes)
    if not trace.get_current_span().is_recording():
        return
    now = time.time_ns()
    told: dict[str, Any] = {**attributes, f"{_NAME}.key": key, f"{_NAME}.bytes": size}
    made = _tracer.start_span(
        f"{_NAME}.{verb}", kind=trace.SpanKind.CLIENT, attributes=told, start_time=now - int(seconds * 1e9)
    )
    if error is not None and not isinstance(error, _ANSWERS):
        made.set_status(trace.StatusCode.ERROR, f"{type(error).__name__}: {error}")
    made.end(now)


def current_trace() -> tuple[str, str, bool] | None:
    """Trace, span (32 and 16 hexadecimal digits) and whether it is sampled, of the code that runs."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}", bool(context.trace_flags.sampled)


def _with_error(attributes: dict[str, str], error: BaseException | None) -> dict[str, str]:
    return attributes if error is None else {**attributes, _ERROR: type(error).__name__}
