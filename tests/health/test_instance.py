"""Liveness and readiness of a process with a store."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

from thoth_storage import PersistentClient
from thoth_storage.health import live, ready


def test_a_process_is_alive() -> None:
    report = live()
    assert report.ok
    assert [each.name for each in report.checks] == ["process"]


def test_a_store_is_ready_when_it_has_followed(tmp_path: Path) -> None:
    place = tmp_path / "store"
    with PersistentClient(place, cache_limit=0) as writer:
        writer.create_collection("rows")
        writer.checkpoint()
        with PersistentClient(place, cache_limit=0, mode="r") as reader:
            report = ready(reader, max_behind=0)
            assert report.ok
            assert report.url == f"file://{place}"
            writer.get_collection("rows").add(ids=["a"], embeddings=[1.0])
            report = ready(reader, max_behind=0)
            assert not report.ok
            assert report["store"].message == "1 entries of the log are not applied here; 0 may be"
            assert ready(reader, max_behind=1).ok
            reader.refresh()
            assert ready(reader, max_behind=0).ok
        assert not ready(reader).ok, "it is closed"


def test_a_store_that_is_not_open_or_does_not_answer_is_not_ready() -> None:
    assert ready(None)["store"].message == "the store is not open yet"
    assert not ready(SimpleNamespace(status=lambda: SimpleNamespace(behind=None))).ok
    began = time.monotonic()
    assert not ready(SimpleNamespace(status=lambda: time.sleep(2)), deadline=0.1).ok
    assert time.monotonic() - began < 1.5
