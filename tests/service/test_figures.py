"""Metrics as Prometheus reads them, and logs as Cloud Logging does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.helpers import Hosted, Service, call, hosted, service
from tests.store.helpers import wait_until
from thoth_storage.service.metrics_text import Durations, gauge

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? ([0-9.e+-]+)')
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def samples(text: str) -> dict[str, float]:
    """By the name with its labels. Every line is checked: each name told once, with its type before it."""
    found: dict[str, float] = {}
    types: dict[str, str] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            types[name] = kind
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert types.get(match[1], types.get(family)) in {"counter", "gauge", "histogram"}
            key = match[1] + (f"{{{match[2]}}}" if match[2] else "")
            assert key not in found
            found[key] = float(match[3])
    return found


def scrape(running: Hosted) -> dict[str, float]:
    return samples(running.ask("/metrics").text)


def test_what_the_store_and_its_clients_do(tmp_path: Path) -> None:
    with hosted("memory://figures", tmp_path) as started:
        call(started.address, "add_documents", documents=["one", "two"])
        call(started.address, "restore", name="nope")
        call(started.address, "search", query="x", nresults=1)
        call(started.address, "search", query=1)
        call(started.address, "no_such_tool")
        for path in ("/nowhere", "/wp-admin", "/%22%0A"):
            assert started.ask(path).status_code == 404
        wait_until(lambda: scrape(started).get("thoth_store_pending_rows") == 2)
        seen = scrape(started)
    assert seen["thoth_store_ready"] == 1
    assert seen["thoth_store_documents"] == 2
    assert seen["thoth_store_position"] > 0
    assert seen["thoth_store_behind"] == 0
    assert seen["thoth_store_local_bytes"] > 100_000
    assert seen['thoth_service_requests_total{route="other",status="404"}'] == 3
    assert seen['thoth_service_requests_total{route="/ready",status="200"}'] == 1
    assert seen['thoth_service_tool_calls_total{tool="search",outcome="InvalidArgumentError"}'] == 2
    assert not [each for each in seen if "no_such_tool" in each]
    assert seen['thoth_backend_requests_total{scheme="memory",verb="create"}'] >= 1
    assert seen['thoth_backend_sent_bytes_total{scheme="memory",verb="create"}'] > 100
    assert seen['thoth_backend_request_seconds_count{scheme="memory",verb="create"}'] >= 1
    assert seen['thoth_operation_seconds_count{operation="hydrate"}'] >= 1
    assert seen["thoth_store_snapshots"] == 0
    assert seen["process_resident_memory_bytes"] > 10_000_000
    assert seen["process_start_time_seconds"] < time.time()
    assert seen['thoth_service_tool_calls_total{tool="add_documents",outcome="done"}'] == 1
    assert seen['thoth_service_tool_calls_total{tool="restore",outcome="NotFoundError"}'] == 1
    assert seen['thoth_service_tool_calls_seconds_count{tool="add_documents"}'] == 1
    assert 0 < seen['thoth_service_tool_calls_seconds_sum{tool="add_documents"}'] < 10
    assert not [each for each in seen if "nowhere" in each or "wp-admin" in each]


def test_a_histogram_counts_up() -> None:
    durations = Durations("t", "About.")
    for seconds in (0.001, 0.005, 0.3, 1000.0):
        durations.add(seconds, route="/", status="200")
    durations.add(0.2, route='a"\\\n', status="500")
    text = "\n".join([*durations.lines(), *gauge("g", "G.", None), ""])
    seen = samples(text)
    buckets = [value for key, value in seen.items() if key.startswith('t_seconds_bucket{route="/"')]
    assert buckets == sorted(buckets)
    assert (buckets[0], buckets[-1]) == (2, 4)
    assert seen['t_seconds_bucket{route="/",le="+Inf"}'] == seen['t_seconds_count{route="/"}'] == 4
    assert seen['t_seconds_sum{route="/"}'] == pytest.approx(1000.306)
    assert seen['t_total{route="a\\"\\\\\\n",status="500"}'] == 1
    assert not [key for key in seen if key.startswith("g")]


@pytest.fixture(scope="module")
def on_cloud_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    env = {"K_SERVICE": "thoth", "LOG_LEVEL": "INFO", "GCP_PROJECT_ID": "my-project"}
    with service(tmp_path_factory.mktemp("cloud"), "memory://c", "--host", "127.0.0.1", env=env) as started:
        yield started


def logged(running: Service) -> list[dict[str, Any]]:
    return [json.loads(line) for line in running.logged().splitlines()]


def asked_for(running: Service) -> set[str]:
    """The addresses of the requests that were logged."""
    return {each["httpRequest"]["requestUrl"] for each in logged(running) if "httpRequest" in each}


def test_logs_are_json_with_the_trace(on_cloud_run: Service) -> None:
    """Also what is logged by the thread that does the work of a tool."""
    name = "no\nsuch\x1b name"
    call(on_cloud_run.address, "restore", {"traceparent": f"00-{TRACE}-{SPAN}-01"}, name=name)
    assert on_cloud_run.ask("/?q=secret+words").status_code == 200
    wait_until(lambda: "/" in asked_for(on_cloud_run))  # a request is logged behind its answer
    lines = logged(on_cloud_run)
    [failed] = [each for each in lines if each["message"].startswith("restore failed: ")]
    assert failed["severity"] == "INFO"
    assert failed["logging.googleapis.com/trace"] == f"projects/my-project/traces/{TRACE}"
    assert failed["logging.googleapis.com/spanId"] == SPAN
    assert failed["logging.googleapis.com/trace_sampled"] is True
    requests = [each for each in lines if "httpRequest" in each]
    mine = [each for each in requests if each.get("logging.googleapis.com/spanId") == SPAN]
    assert {each["httpRequest"]["requestUrl"] for each in mine} == {"/mcp"}
    [asked] = [each for each in requests if each["httpRequest"]["requestUrl"] == "/"]
    assert "logging.googleapis.com/trace" not in asked
    assert re.fullmatch(r"\d+\.\d{6}s", asked["httpRequest"]["latency"])
    assert "secret" not in on_cloud_run.logged()
    assert "/ready" not in on_cloud_run.logged()
