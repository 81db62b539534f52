"""The verbs of a live store: status, log, checkpoint, and what its log adds to restore and prune."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import SNAPSHOT_KEYS, Said, environment, invoke, stop
from tests.cli.test_processes import HEEDING
from tests.live.programs import add, ids
from tests.store.helpers import bare_chroma
from thoth_storage import PersistentClient
from thoth_storage.errors import ConflictError

STATUS_KEYS = [
    *("ok", "url", "snapshots", "checkpoint", "checkpoint_time", "position"),
    *("first", "last", "replay", "log_bytes", "truncated", "missing", "last_drill", "last_proven", "cost"),
]
ENTRY_KEYS = ["sequence", "time", "writer", "size", "operations", "problem"]
WRITER = re.compile(rf"\S+:{os.getpid()}")


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))


@contextmanager
def opened(place: Path) -> Iterator[Any]:
    with PersistentClient(place, cache_limit=0) as client:
        yield client


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A collection is made, rows are added, a checkpoint covers both; a row is added and one deleted behind it."""
    place = tmp_path / "store"
    with opened(place) as client:
        add(client, "a", "b")
        client.checkpoint("good")
        add(client, "c").delete(ids=["a"])
        client.live._wrote = False  # or its close would make a checkpoint
    return place


def entry_file(store: Path, sequence: int) -> Path:
    return store / "log" / "000000000" / f"{sequence:012d}"


def rows_at(folder: Path) -> set[str]:
    """Those of a directory that anybody can open."""
    with bare_chroma(folder) as client:
        return ids(client)


def test_status(store: Path) -> None:
    said = invoke("status", store, "--json")
    assert said.code == 0
    found = said.document
    assert list(found) == STATUS_KEYS
    sizes = [entry_file(store, number).stat().st_size for number in (1, 2, 3, 4)]
    assert found == {
        "ok": True,
        "last_drill": None,
        "last_proven": None,
        "cost": None,
        "snapshots": 1,
        "position": 2,
        "first": 1,
        "last": 4,
        "replay": 2,
        "truncated": 0,
        "missing": [],
        **{name: found[name] for name in ("url", "checkpoint", "checkpoint_time")},
        "log_bytes": sum(sizes),
    }
    [good] = invoke("snapshots", store, "--json").document["snapshots"]
    assert (found["checkpoint"], found["checkpoint_time"]) == (good["id"], good["time"])
    assert re.fullmatch(r"file://\S+/store", found["url"])


def test_status_for_people(store: Path) -> None:
    said = invoke("status", store)
    assert (said.code, said.err) == (0, "")
    [good] = invoke("snapshots", store, "--json").document["snapshots"]
    told = dict(line.split("\t") for line in said.out.splitlines()[1:])
    assert told["newest checkpoint"].startswith(good["id"][:12])
    assert told["it covers the log up to"] == "2"
    assert told["to be replayed by an opening"] == "2 entries"
    assert re.fullmatch(r"1 to 4, \d+ B|1 to 4, [\d.]+ KiB", told["log"])


def test_status_misses_an_entry(store: Path) -> None:
    entry_file(store, 3).unlink()
    said = invoke("status", store)
    assert said.code == 5
    assert "entry 3 of the log is missing" in said.err
    assert "--set-state" in said.err
    found = invoke("status", store, "--json")
    assert (found.code, found.document["ok"], found.document["missing"]) == (5, False, [3])


def test_where_nothing_is(tmp_path: Path) -> None:
    for verb in ("status", "log", "checkpoint"):
        assert invoke(verb, tmp_path / "nothing", "--json").code == 3
    assert not (tmp_path / "nothing").exists()


def test_where_nothing_was_logged(repository: Path) -> None:
    found = invoke("status", repository, "--json").document
    assert (found["first"], found["last"], found["replay"], found["position"]) == (None, 0, 0, None)
    assert found["checkpoint"] is not None
    assert "no entry" in invoke("status", repository).out
    assert invoke("log", repository, "--json").document["entries"] == []


def test_log(store: Path) -> None:
    said = invoke("log", store, "--json")
    assert said.code == 0
    assert list(said.document) == ["url", "entries"]
    entries = said.document["entries"]
    assert [each["sequence"] for each in entries] == [1, 2, 3, 4]
    assert [each["operations"] for each in entries] == [
        ["create collection 'notes'"],
        ["add 2 rows in 'notes'"],
        ["add 1 rows in 'notes'"],
        ["delete 1 rows in 'notes'"],
    ]
    for each in entries:
        assert list(each) == ENTRY_KEYS
        assert WRITER.fullmatch(each["writer"])
        assert each["size"] == entry_file(store, each["sequence"]).stat().st_size
        assert abs(datetime.fromisoformat(each["time"]) - datetime.now(UTC)) < timedelta(minutes=10)
        assert each["problem"] is None


def test_log_for_people(store: Path) -> None:
    said = invoke("log", store)
    assert (said.code, said.err) == (0, "")
    head, *lines = [line.split("\t") for line in said.out.splitlines()]
    assert head == ["entry", "time (UTC)", "size", "writer", "what"]
    assert [line[0] for line in lines] == ["1", "2", "3", "4"]
    assert [line[4] for line in lines][3] == "delete 1 rows in 'notes'"
    assert all(WRITER.fullmatch(line[3]) for line in lines)


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (["--last", "1"], [4]),
        (["--last", "3"], [2, 3, 4]),
        (["--last", "9"], [1, 2, 3, 4]),
        (["--after", "0"], [1, 2, 3, 4]),
        (["--after", "3"], [4]),
        (["--after", "4"], []),
        (["--after", "1", "--last", "1"], [2, 3, 4]),
    ],
)
def test_which_entries(store: Path, chosen: list[str], numbers: list[int]) -> None:
    found = invoke("log", store, *chosen, "--json").document["entries"]
    assert [each["sequence"] for each in found] == numbers


def test_log_of_a_damaged_entry(store: Path) -> None:
    path = entry_file(store, 3)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    said = invoke("log", store, "--json")
    assert said.code == 5
    problems = {each["sequence"]: each["problem"] for each in said.document["entries"]}
    assert "fails its checksum" in problems.pop(3)
    assert problems == {1: None, 2: None, 4: None}
    assert invoke("log", store, "--after", "3").code == 0


def test_follow_until_ctrl_c(store: Path) -> None:
    assert invoke("log", store, "--follow", "--json").code == 2
    command = [sys.executable, "-c", HEEDING, "log", str(store), "--last", "1", "--follow", "--interval", "0.05"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdout=pipe, stderr=pipe, text=True) as process:
        guard = threading.Timer(100, process.kill)
        guard.start()
        assert process.stdout is not None
        assert process.stdout.readline().startswith("entry\t")
        assert "delete 1 rows" in process.stdout.readline()
        with opened(store) as client:
            add(client, "d")
        assert re.fullmatch(r"5  \S+ \S+  \d+ B  \S+:\d+  add 1 rows in 'notes'\n", process.stdout.readline())
        said = stop(process, signal.SIGINT)
        guard.cancel()
    assert said == Said(130, "", "interrupted; what was committed before stands, nothing else is visible\n")


def test_set_state(store: Path, tmp_path: Path) -> None:
    """A log that cannot be applied any more goes on from a snapshot, and those who have it open follow."""
    with opened(store) as other:
        assert ids(other) == {"b", "c"}
        said = invoke("log", store, "--set-state", "good", "--json")
        assert said.code == 0
        assert list(said.document) == ["url", "snapshot", "sequence"]
        [good] = invoke("snapshots", store, "--json").document["snapshots"]
        assert (said.document["snapshot"], said.document["sequence"]) == (good["id"], 5)
        assert other.refresh()
        assert ids(other) == {"a", "b"}
        other.live._wrote = False
    entry_file(store, 3).unlink()
    said = invoke("log", store, "--set-state", "good")
    assert (said.code, said.out) == (0, f"entry 6: the state is snapshot {good['id'][:12]}\n")
    with opened(store) as client:
        assert ids(client) == {"a", "b"}
    assert invoke("log", store, "--set-state", "typo").code == 3
    assert f"the state is snapshot {good['id'][:12]}" in invoke("log", store).out


def test_checkpoint(store: Path) -> None:
    said = invoke("checkpoint", store, "--name", "now", "--tag", "x", "--tag", "y", "--json")
    assert said.code == 0
    assert list(said.document) == ["url", "position", "snapshot"]
    made = said.document["snapshot"]
    assert list(made) == SNAPSHOT_KEYS
    assert (made["name"], made["position"], said.document["position"]) == ("now", 4, 4)
    assert {"x", "y"} <= set(made["tags"])
    assert invoke("status", store, "--json").document["replay"] == 0
    assert invoke("restore", store, "out").code == 0
    assert rows_at(Path("out")) == {"b", "c"}
    said = invoke("checkpoint", store)
    assert re.fullmatch(r"checkpoint [0-9a-f]{12} covers the log up to entry 4: .* stored now\n", said.out)


def test_restore_at_between_two_writes(store: Path) -> None:
    with opened(store) as client:
        add(client, "d")
        moment = datetime.now(UTC)
        add(client, "e")
        client.live._wrote = False
    before = {path for path in store.rglob("*") if path.is_file()}
    said = invoke("restore", store, "then", "--at", moment.isoformat(), "--json")
    assert said.code == 0
    assert rows_at(Path("then")) == {"b", "c", "d"}
    assert {path for path in store.rglob("*") if path.is_file()} == before
    newest = invoke("restore", store, "newest")
    assert rows_at(Path("newest")) == {"a", "b"}
    assert newest.err == ("the log has 4 entries that this checkpoint has not: restore --at a time brings them, too\n")
    assert invoke("restore", store, "never", "--at", "2020-01-01").code == 3
    assert not Path("never").exists()


def test_prune_truncates_the_log(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = invoke("prune", store, "--grace", "0s", "--json")
    assert found.document["log"] == {"deleted": 0, "bytes": 0, "kept": 4, "through": 2, "dry_run": False}
    monkeypatch.setattr("thoth_storage.store.retention.GRACE", -1.0)  # as if an hour had passed
    sizes = sum(entry_file(store, number).stat().st_size for number in (1, 2))
    said = invoke("prune", store, "--grace", "0s", "--dry-run")
    assert f"would be deleted: 2 entries of the log ({sizes} B)" in said.out
    assert invoke("status", store, "--json").document["first"] == 1
    found = invoke("prune", store, "--grace", "0s", "--json").document
    assert found["log"] == {"deleted": 2, "bytes": sizes, "kept": 2, "through": 2, "dry_run": False}
    told = invoke("status", store, "--json").document
    assert (told["first"], told["truncated"], told["missing"], told["ok"]) == (3, 2, [], True)
    with opened(store) as client:
        assert ids(client) == {"b", "c"}


def test_a_rule_keeps_what_openings_begin_with(tmp_path: Path) -> None:
    """Though the newest snapshot is another: one that lost to another writer."""
    place = tmp_path / "store"
    with opened(place) as client:
        add(client, "a")
    loser = PersistentClient(place, cache_dir=tmp_path / "loser", cache_limit=0, durability="checkpoint")
    add(loser, "of the loser")
    with PersistentClient(place, cache_limit=0, durability="checkpoint") as winner:
        add(winner, "b")
    with pytest.raises(ConflictError):
        loser.close()
    said = invoke("forget", place, "--keep-last", "1", "--json")
    assert [each["reasons"] for each in said.document["kept"]] == [["last"], ["needed"]]
    with opened(place) as client:
        assert ids(client) == {"a", "b"}
