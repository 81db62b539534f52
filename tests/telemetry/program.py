"""A program that has set up OpenTelemetry, as an application does: it uses a store and prints what was exported.

A process of its own, since providers are set once for a process.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

VECTOR: Any = [[1.0, 2.0]]


def main(folder: Path) -> None:
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))

    import thoth_storage as ts
    from thoth_storage.errors import NotFoundError, UnavailableError
    from thoth_storage.memory import MemoryBackend
    from thoth_storage.store.drill import drill
    from thoth_storage.wrappers import MeteredBackend, RetryingBackend

    (folder / "tree").mkdir()
    (folder / "tree" / "a").write_bytes(b"1" * 1000)
    with ts.Repository.open(folder / "repository", create=True) as repository:
        with trace.get_tracer("app").start_as_current_span("nightly"):
            repository.backup(folder / "tree")
            repository.restore("latest", folder / "out")
        repository.forget(keep_last=1)
        repository.prune()
        repository.verify()
        with ts.Repository.open("memory://copy", create=True) as other:
            repository.copy_to(other)
        with suppress(NotFoundError):
            repository.restore("nope", folder / "never")
        with trace.get_tracer("app").start_as_current_span("lost"), suppress(NotFoundError):
            repository.backend.get("nothing")

    class Flaky(MemoryBackend):
        left = 1

        def head(self, key: str) -> ts.ObjectInfo:
            self.left -= 1
            if self.left >= 0:
                raise UnavailableError("for the moment", url=self.url, key=key)
            return super().head(key)

    service = Flaky("memory://copy")
    service.url = "flaky://copy"
    with trace.get_tracer("app").start_as_current_span("flaky"):
        RetryingBackend(MeteredBackend(service, "flaky"), first_pause=0.0).head("repository.json")
    store = folder / "store"
    with ts.PersistentClient(store, cache_dir=folder / "cache") as client:
        client.get_or_create_collection("tea").add(ids=["1"], documents=["green"], embeddings=VECTOR)
        client.checkpoint()
        client.get_or_create_collection("tea").add(ids=["2"], documents=["green"], embeddings=VECTOR)
        with ts.PersistentClient(store, cache_dir=folder / "other", mode="r") as reader_of_it:
            assert reader_of_it.get_collection("tea").count() == 2
    with ts.Repository.open(store) as repository:
        assert drill(repository, cache_dir=folder / "drill").ok
    json.dump({"spans": [_span(each) for each in spans.get_finished_spans()], "metrics": _metrics(reader)}, sys.stdout)


def _span(span: Any) -> dict[str, Any]:
    return {
        "name": span.name,
        "id": span.context.span_id,
        "trace": span.context.trace_id,
        "parent": span.parent.span_id if span.parent else None,
        "kind": span.kind.name,
        "status": span.status.status_code.name,
        "attributes": dict(span.attributes),
        "events": [event.name for event in span.events],
        "start": span.start_time,
        "end": span.end_time,
    }


def _metrics(reader: InMemoryMetricReader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    data = reader.get_metrics_data()
    assert data is not None
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                points = [
                    {
                        "attributes": dict(point.attributes or {}),
                        "value": getattr(point, "value", None),
                        "count": getattr(point, "count", None),
                        "bounds": list(getattr(point, "explicit_bounds", ())),
                    }
                    for point in metric.data.data_points
                ]
                found[metric.name] = {"unit": metric.unit, "scope": scope.scope.name, "points": points}
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
