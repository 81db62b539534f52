"""What a program that has set up OpenTelemetry gets; and that one that has not pays nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.helpers import environment
from tests.docs.pages import ROOT
from tests.unit.helpers import run_python


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("program")
    done = subprocess.run(
        [sys.executable, "-m", "tests.telemetry.program", str(folder)],
        cwd=ROOT,
        env=environment({"THOTH_STORAGE_RETRY_DEADLINE": "20"}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def spans(exported: Any, name: str) -> list[Any]:
    return [span for span in exported["spans"] if span["name"] == name]


def values(exported: Any, name: str, **wanted: str) -> float:
    points = exported["metrics"][f"thoth_storage.{name}"]["points"]
    return sum(
        float(point["count"] if point["value"] is None else point["value"])
        for point in points
        if wanted.items() <= {key.split(".")[-1]: value for key, value in point["attributes"].items()}.items()
    )


OPERATIONS = [
    "append",
    "backup",
    "checkpoint",
    "copy",
    "drill",
    "forget",
    "hydrate",
    "prune",
    "replay",
    "restore",
    "verify",
]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_a_span_and_is_counted(exported: Any, name: str) -> None:
    found = spans(exported, f"thoth_storage.{name}")
    assert found
    for span in found:
        assert "://" in span["attributes"]["thoth_storage.url"]
        assert span["kind"] == "INTERNAL"
    assert values(exported, "operation.duration", operation=name) == len(found)


def test_requests_are_parts_of_the_operation_whichever_thread_sends_them(exported: Any) -> None:
    [nightly] = spans(exported, "nightly")
    backup = next(span for span in spans(exported, "thoth_storage.backup") if span["parent"] == nightly["id"])
    assert backup["attributes"]["thoth_storage.files"] == 1
    mine = [span for span in exported["spans"] if span["parent"] == backup["id"]]
    packs = [span for span in mine if span["name"] == "thoth_storage.put"]
    # By the thread that uploads.
    assert [span["attributes"]["thoth_storage.key"].split("/")[0] for span in packs] == ["packs"]
    for span in mine:
        assert (span["trace"], span["kind"]) == (nightly["trace"], "CLIENT")
        assert backup["start"] <= span["start"] <= span["end"] <= backup["end"]
    everything = {span["id"] for span in exported["spans"]}
    assert all(span["parent"] in everything for span in exported["spans"] if span["kind"] == "CLIENT")


def test_a_hydration_restores_and_replays(exported: Any) -> None:
    hydrations = {span["id"] for span in spans(exported, "thoth_storage.hydrate")}
    assert [span for span in spans(exported, "thoth_storage.restore") if span["parent"] in hydrations]
    assert sum(span["attributes"]["thoth_storage.entries"] for span in spans(exported, "thoth_storage.replay")) >= 1


def test_what_is_missing_is_an_answer_and_what_fails_is_an_error(exported: Any) -> None:
    [lost, flaky] = [spans(exported, name)[0] for name in ("lost", "flaky")]
    [missing] = [span for span in exported["spans"] if span["parent"] == lost["id"]]
    assert (missing["status"], missing["attributes"]["error.type"]) == ("UNSET", "NotFoundError")
    first, second = [span for span in exported["spans"] if span["parent"] == flaky["id"]]
    assert (first["status"], first["attributes"]["error.type"]) == ("ERROR", "UnavailableError")
    assert (second["status"], "error.type" in second["attributes"]) == ("UNSET", False)


def test_metrics_have_names_units_and_labels_of_the_conventions(exported: Any) -> None:
    units = {
        "thoth_storage.requests": "{request}",
        "thoth_storage.request.errors": "{error}",
        "thoth_storage.request.retries": "{retry}",
        "thoth_storage.request.io": "By",
        "thoth_storage.request.duration": "s",
        "thoth_storage.operation.duration": "s",
    }
    assert {name: metric["unit"] for name, metric in exported["metrics"].items()} == units
    assert {metric["scope"] for metric in exported["metrics"].values()} == {"thoth_storage"}
    labels = {tuple(sorted(point["attributes"])) for point in exported["metrics"]["thoth_storage.requests"]["points"]}
    assert labels == {("thoth_storage.scheme", "thoth_storage.verb")}


def test_metrics_tell_what_was_done(exported: Any) -> None:
    assert values(exported, "request.retries", scheme="flaky", verb="head") == 1
    assert values(exported, "request.errors", scheme="flaky", type="UnavailableError") == 1
    assert values(exported, "requests", scheme="flaky") == 2
    for scheme in ("file", "memory"):
        # Each request has its duration.
        assert values(exported, "requests", scheme=scheme) == values(exported, "request.duration", scheme=scheme) > 5
    puts = sum(
        span["attributes"]["thoth_storage.bytes"]
        for span in spans(exported, "thoth_storage.put")
        if span["attributes"]["thoth_storage.scheme"] == "file"
    )
    assert values(exported, "request.io", scheme="file", verb="put", direction="transmit") == puts > 0
    [bounds] = {tuple(each["bounds"]) for each in exported["metrics"]["thoth_storage.request.duration"]["points"]}
    assert bounds[0] == 0.001


USE = """
    import sys, tempfile
    {before}
    import thoth_storage as ts
    from thoth_storage import telemetry
    backend = ts.open_backend("memory://x")
    backend.put("a", b"1")
    with telemetry.operation("o", "memory://x"):
        backend.get("a")
    [get] = [each.meter for each in telemetry.snapshot().requests if each.verb == "get"]
    assert get.requests == 1
    print({tell})
"""


def ask(tell: str, before: str = "", env: Mapping[str, str] | None = None) -> str:
    return run_python(USE.format(before=before, tell=tell), env=env).strip()


def test_who_has_not_imported_it_does_not_pay_for_it() -> None:
    assert ask("[name for name in sys.modules if name.startswith('opentelemetry')]") == "[]"


def test_who_has_it_not_installed_is_counted_all_the_same() -> None:
    assert ask("'thoth_storage.telemetry.otel' in sys.modules", "sys.modules['opentelemetry'] = None") == "False"


def test_a_broken_api_is_tried_once() -> None:
    tries = """
    import builtins, types
    tries, real = [], builtins.__import__
    def count(name, *rest, **more):
        if name == "thoth_storage.telemetry.otel" or "otel" in (rest[2] or () if len(rest) > 2 else ()):
            tries.append(name)
        return real(name, *rest, **more)
    builtins.__import__ = count
    sys.modules["opentelemetry"] = types.ModuleType("opentelemetry")
    sys.modules["opentelemetry.trace"] = types.ModuleType("opentelemetry.trace")
    """
    assert ask("len(tries)", tries.strip()) == "1"


def test_the_api_without_a_provider_is_harmless() -> None:
    assert ask("'thoth_storage.telemetry.otel' in sys.modules", "import opentelemetry.trace") == "True"
