"""Logs as Cloud Logging reads them: what a line has, and when the command line writes such lines."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import make_tree, program
from thoth_storage import config
from thoth_storage.telemetry.json_logs import CURRENT_TRACE, JsonFormatter, Trace, json_line

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TIME = re.compile(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def record(text: str = "rows: %d", *args: Any, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("thoth_storage.x", logging.WARNING, "x.py", 1, text, args or (3,), None)
    made.__dict__.update(extra)
    return made


def test_a_line_has_what_cloud_logging_looks_for() -> None:
    token = CURRENT_TRACE.set(Trace(TRACE, SPAN, True))
    try:
        line = JsonFormatter("p", {"command": "backup"}).format(record(labels={"store": "gs://b/s", "n": 1}))
    finally:
        CURRENT_TRACE.reset(token)
    told = json.loads(line)
    assert TIME.fullmatch(told.pop("time"))
    assert told == {
        "severity": "WARNING",
        "message": "rows: 3",
        "logger": "thoth_storage.x",
        "logging.googleapis.com/labels": {"command": "backup", "store": "gs://b/s", "n": "1"},
        "logging.googleapis.com/trace": f"projects/p/traces/{TRACE}",
        "logging.googleapis.com/spanId": SPAN,
        "logging.googleapis.com/trace_sampled": True,
    }


def test_without_trace_project_or_labels_there_is_nothing_of_them() -> None:
    assert sorted(json.loads(JsonFormatter().format(record()))) == ["logger", "message", "severity", "time"]
    token = CURRENT_TRACE.set(Trace(TRACE))
    try:
        told = json.loads(JsonFormatter().format(record()))
    finally:
        CURRENT_TRACE.reset(token)
    assert told["logging.googleapis.com/trace"] == TRACE
    assert "logging.googleapis.com/spanId" not in told


def test_an_exception_is_where_error_reporting_looks() -> None:
    made = record("it failed\non two lines\x1b")
    made.args = None
    try:
        int("why")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = JsonFormatter().format(made)
    assert "\n" not in line
    told = json.loads(line)
    assert told["message"] == "it failed\non two lines\x1b"
    assert told["stack_trace"].startswith("Traceback (most recent call last)")
    assert told["stack_trace"].endswith("'why'")


def test_a_level_that_google_does_not_know_is_default() -> None:
    made = record()
    made.levelname = "Level 15"
    assert json.loads(JsonFormatter().format(made))["severity"] == "DEFAULT"
    assert json.loads(json_line("ERROR", "no\nmore"))["message"] == "no\nmore"


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, "plain"),
        ({"CLOUD_RUN_JOB": "nightly"}, "json"),
        ({"K_SERVICE": "thoth"}, "json"),
        ({"K_SERVICE": "thoth", "THOTH_STORAGE_LOG_FORMAT": "plain"}, "plain"),
        ({"THOTH_STORAGE_LOG_FORMAT": "json"}, "json"),
    ],
)
def test_where_json_is_the_default(env: dict[str, str], wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUD_RUN_JOB", "K_SERVICE", "THOTH_STORAGE_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert config.log_format() == wanted


def test_a_job_logs_json_and_says_json_and_only_on_stderr(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    env = {"CLOUD_RUN_JOB": "nightly", "GCP_PROJECT_ID": "p"}
    done = program("backup", tree, tmp_path / "r", "--verbose", "--json", cwd=tmp_path, env=env)
    assert done.code == 0
    assert done.document["snapshot"]["files"] == 2
    (tmp_path / "thoth-storage.toml").write_text(f'[stores.default]\nurl = "{tmp_path}/r"\nkeep_last = 1\n')
    noted = [json.loads(line) for line in program("forget", cwd=tmp_path, env=env).err.splitlines()]
    assert [each["severity"] for each in noted] == ["NOTICE"]
    assert noted[0]["message"].startswith("by the rules of ")
    failed = program("snapshots", tmp_path / "none", "--verbose", cwd=tmp_path, env=env)
    lines = [json.loads(line) for line in failed.err.splitlines()]
    assert (failed.code, failed.out) == (3, "")
    assert {each["severity"] for each in lines} >= {"ERROR"}
    [traced] = [each for each in lines if "stack_trace" in each]
    assert traced["logging.googleapis.com/labels"] == {"command": "thoth-storage snapshots"}
    assert "NotFoundError" in traced["stack_trace"]
    assert [each for each in lines if each["message"].startswith("error: there is no repository")]


def test_a_terminal_gets_lines_as_before(tmp_path: Path) -> None:
    failed = program("snapshots", tmp_path / "none", cwd=tmp_path)
    assert failed.err.startswith("error: there is no repository")
