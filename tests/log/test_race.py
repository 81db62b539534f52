"""Four processes, one log on a disk: every payload is there exactly once, and all saw one order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.log.racing import everything, run
from thoth_storage.log import Log, list_all
from thoth_storage.registry import open_backend

COUNT = 200
NAMES = ["a", "b", "c", "d"]


def test_every_payload_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    )
    url = (tmp_path / "store").as_uri()
    saw = run(url, NAMES, COUNT)
    backend = open_backend(url)
    found = everything(Log(backend, "reader"))
    assert sorted(found) == sorted(f"{name} {number}".encode() for name in NAMES for number in range(COUNT))
    assert [each.sequence for each in list_all(backend).entries] == list(range(1, len(NAMES) * COUNT + 1))
    for one, name in zip(saw, NAMES, strict=True):
        assert one == found[: len(one)]
        assert [each for each in found if each.split()[0] == name.encode()] == [
            f"{name} {number}".encode() for number in range(COUNT)
        ]
