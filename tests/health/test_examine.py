"""What a look at health finds where something is wrong, and that it says nothing where all is well."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from thoth_storage import ObjectInfo, PersistentClient, Repository, open_backend
from thoth_storage.errors import CapacityError, PermissionError_, UnavailableError
from thoth_storage.health import CHECKS, Report, examine, machine, services
from thoth_storage.health.report import graded
from thoth_storage.registry import PluginInfo
from thoth_storage.store.drill import drill
from thoth_storage.testing import FaultyBackend
from thoth_storage.testing.faults import Fault
from thoth_storage.wrappers.base import WrappedBackend

THRESHOLD = "THOTH_STORAGE_HEALTH_"


def statuses(report: Report, *but: str) -> dict[str, str]:
    """Those that are not ok, of checks that have nothing to do with this machine."""
    return {
        each.name: each.status
        for each in report.checks
        if each.status != "ok" and each.name not in ("disk", "memory", *but)
    }


def faulty(store: Path, **fault: Any) -> FaultyBackend:
    return FaultyBackend(open_backend(store), Fault(**{"count": None, **fault}))


def keys(store: Path) -> list[str]:
    return sorted(info.key for info in open_backend(store).list())


def test_all_is_well(store: Path, repository: Repository) -> None:
    drill(repository)
    before = keys(store)
    report = examine(store)
    assert [each.name for each in report.checks] == list(CHECKS)
    assert statuses(report) == {}
    assert report.url == f"file://{store}"
    assert "chromadb 1" in report["python"].message
    assert "thoth-storage-local" in report["plugins"].message
    assert "small write" in report["backend"].message
    assert report["credentials"].message.startswith("user ")
    assert "not encrypted" in report["repository"].message
    assert report["clock"].message == "the same as the store's"
    assert keys(store) == before, "it leaves nothing behind"


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    report = examine(tmp_path / "none")
    assert not report.ok
    assert statuses(report) == {"repository": "fail", "checkpoint": "warn", "log": "warn", "drill": "warn"}
    assert report["log"].message == "not looked at, since the check 'repository' failed"
    assert report["repository"].hint


def test_a_key_that_does_not_fit(tmp_path: Path) -> None:
    Repository.open(tmp_path / "secret", create=True, encryption_key="sesame-1").close()
    assert examine(tmp_path / "secret", encryption_key="sesame-1")["repository"].message.endswith("the key fits")
    report = examine(tmp_path / "secret", encryption_key="sesame-2")
    assert report["repository"].status == "fail"
    assert "sesame" not in str(report)


def test_nothing_is_written_where_that_is_asked(store: Path) -> None:
    backend = faulty(store, kind="before", verbs=("put", "create", "delete"))
    report = examine(backend, write=False)
    assert statuses(report) == {"drill": "warn"}
    assert backend.injected == []
    assert "nothing was written" in report["backend"].message


def test_a_role_that_may_only_read_is_a_warning(store: Path) -> None:
    report = examine(faulty(store, kind="before", verbs=("put",), error=PermissionError_))
    assert statuses(report) == {"backend": "warn", "drill": "warn"}
    assert "--read-only" in (report["backend"].hint or "")
    assert report["clock"].message == "not compared: that takes a write"


def test_an_object_that_cannot_be_deleted_is_named(store: Path) -> None:
    report = examine(faulty(store, kind="before", verbs=("delete",), error=PermissionError_))
    [left] = [key for key in keys(store) if key.startswith("thoth-check-")]
    assert report["backend"].status == "warn"
    assert left in report["backend"].message


@pytest.mark.parametrize("error", [CapacityError, UnavailableError])
def test_a_service_that_takes_nothing_is_a_failure(store: Path, error: type[Exception]) -> None:
    report = examine(faulty(store, kind="before", verbs=("put",), error=error))
    assert report["backend"].status == "fail"
    assert report["repository"].status == "ok"


def test_a_service_that_hangs_is_told_and_the_rest_answers(store: Path) -> None:
    began = time.monotonic()
    report = examine(faulty(store, kind="slow", verbs=("get", "list", "put"), seconds=3.0), deadline=0.5)
    assert time.monotonic() - began < 2.5
    assert report["backend"].message == "no answer within 0.5 s"
    assert {report[name].status for name in ("backend", "repository", "log", "drill", "clock")} == {"fail"}
    assert {report[name].status for name in ("python", "plugins", "credentials")} == {"ok"}


def test_the_deadline_is_a_setting(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{THRESHOLD}DEADLINE", "0.3")
    report = examine(faulty(store, kind="slow", verbs=("list",), seconds=2.0))
    assert report["backend"].message == "no answer within 0.3 s"


def test_a_misspelt_variable(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_REFRESSH", "1")
    report = examine(store)
    assert report["configuration"].status == "fail"
    assert report["configuration"].hint == "did you mean THOTH_STORAGE_REFRESH?"
    monkeypatch.setenv(f"{THRESHOLD}DEADLINE", "soon")
    assert examine(store)["configuration"].status == "fail"


def test_an_old_checkpoint(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{THRESHOLD}CHECKPOINT_AGE", "0")
    report = examine(store)
    assert report["checkpoint"].status == "fail"
    assert "(0 seconds are fine)" in report["checkpoint"].message


def test_a_store_without_a_checkpoint(tmp_path: Path) -> None:
    Repository.open(tmp_path / "store", create=True).close()
    assert examine(tmp_path / "store")["checkpoint"].status == "warn"


def test_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "live"
    with PersistentClient(store, cache_limit=0) as client:
        rows = client.create_collection("rows")
        client.checkpoint()
        monkeypatch.setenv(f"{THRESHOLD}CHECKPOINT_AGE", "0")
        report = examine(store)
        assert statuses(report) == {"drill": "warn"}
        assert "nothing was written since" in report["checkpoint"].message
        for number, status in ((1, "ok"), (2, "warn"), (3, "fail")):
            rows.add(ids=[str(number)], embeddings=[1.0, 2.0])
            monkeypatch.setenv(f"{THRESHOLD}LOG_ENTRIES", "1")
            assert examine(store)["log"].status == status
        client.live._wrote = False
    (store / "log" / "000000000" / "000000000003").unlink()
    assert "entry 3 of the log is missing" in examine(store)["log"].message


def test_drills(store: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    assert examine(store)["drill"].status == "warn"
    drill(repository)
    assert examine(store)["drill"].status == "ok"
    monkeypatch.setenv(f"{THRESHOLD}DRILL_AGE", "0")
    assert examine(store)["drill"].status == "fail"
    monkeypatch.delenv(f"{THRESHOLD}DRILL_AGE")
    [pack] = (store / "packs").glob("*/*")
    pack.unlink()
    drill(repository)
    found = examine(store)["drill"]
    assert found.status == "fail"
    assert "failed: " in found.message
    assert "; proven " in found.message


def test_grades() -> None:
    assert [graded(value, 10, "", "do").status for value in (0, 10, 10.1, 20, 20.1)] == [
        *("ok", "ok", "warn", "warn", "fail")
    ]


class Shifted(WrappedBackend):
    """A service whose clock is off."""

    by = timedelta()

    def head(self, key: str) -> ObjectInfo:
        found = super().head(key)
        assert found.mtime is not None
        return replace(found, mtime=found.mtime + self.by)


@pytest.mark.parametrize(
    ("seconds", "status", "words"),
    [(30, "ok", "ahead of"), (-30, "ok", "behind"), (300, "warn", "ahead of"), (-4000, "fail", "behind")],
)
def test_clocks(store: Path, seconds: int, status: str, words: str) -> None:
    backend = Shifted(open_backend(store))
    backend.by = timedelta(seconds=seconds)
    found = examine(backend)["clock"]
    assert (found.status, words in found.message) == (status, True)


def test_versions_that_do_not_fit(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["chromadb>=99", "no-such-thing>=1", "moto; extra == 'test'"])
    found = examine(store)["python"]
    assert found.status == "fail"
    assert "chromadb>=99 is needed, 1." in found.message
    assert "no-such-thing is not installed" in found.message


def test_a_broken_plugin_is_a_warning(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "list_plugins", lambda: [PluginInfo("bad", "1", error="ImportError: no such module")])
    found = examine(store)["plugins"]
    assert (found.status, found.message) == ("warn", "broken: bad (ImportError: no such module)")


@pytest.mark.parametrize(("free", "status"), [(10, "fail"), (10_000, "warn"), (2**40, "ok")])
def test_room(store: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str) -> None:
    (store.parent / "data" / "more").write_bytes(bytes(5000))
    with Repository.open(store) as repository:
        repository.backup(store.parent / "data")
    usage: Callable[[Any], Any] = lambda _: type("Usage", (), {"free": free})  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert examine(store)["disk"].status == status


def test_memory_counts_where_files_are_memory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "is_memory_backed", lambda _: True)
    monkeypatch.setattr(machine, "memory_left", lambda: 3)
    found = examine(store)["memory"]
    assert found.status == "fail"
    assert "in which files are here" in found.message


def test_a_fault_of_ours_is_one_check_less(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "identity_of", lambda _: 1 / 0)
    report = examine(store)
    assert report["credentials"].message == "ZeroDivisionError: division by zero"
    assert report["backend"].status == "ok"
