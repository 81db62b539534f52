"""Writers whose clocks are hours apart: what they write and its order are right, times that people read are theirs, and
going back to a time follows the clock of the service, which is the one that all share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import invoke
from tests.live.conftest import OpenClient
from tests.live.programs import add, python
from tests.shared.logged import read_writes
from thoth_storage import Repository
from thoth_storage.registry import open_backend

LATE, EARLY = timedelta(hours=-7), timedelta(hours=5)

SKEWED = """
import json
from datetime import datetime, timedelta
from importlib import import_module
ahead = timedelta(seconds=SECONDS)
class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + ahead
true = time.time
time.time = lambda: true() + SECONDS
for name in ("log.log", "repository.backup", "repository.naming", "repository.settings", "repository.index",
             "repository.prune", "repository.sweep", "store.line"):
    module = import_module(f"thoth_storage.{name}")
    assert module.datetime is datetime, name
    module.datetime = Clock
client = None
def rows():
    return sorted(client.get_collection("notes", embedding_function=None).get(include=[])["ids"])
say('"ready"')
for line in sys.stdin:
    word, *rest = json.loads(line)
    answer = None
    if word == "open":
        client = opened(cache_limit=0, **rest[0])
    elif word == "add":
        add(client, *rest)
    elif word == "checkpoint":
        answer = client.checkpoint(*rest).id
    elif word == "restore":
        client.restore(at=datetime.fromisoformat(rest[0]))
    elif word == "rows":
        client.refresh()
    elif word == "truncate":
        from thoth_storage.store.retention import truncate_log
        say(json.dumps(truncate_log(client.live.repository).deleted))
        continue
    elif word == "close":
        client.close()
        say("null")
        continue
    say(json.dumps({"answer": answer, "rows": rows() if word != "open" else None}))
"""


class Machine:
    """A process with a clock of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._hear() == "ready"

    def __call__(self, *words: Any) -> Any:
        assert self._process.stdin
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return self._hear()

    def rows(self) -> set[str]:
        return set(self("rows")["rows"])

    def _hear(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(self._process.communicate()[1])
        return json.loads(line)


@pytest.fixture
def machines(place: str, tmp_path: Path) -> Iterator[list[Machine]]:
    """One whose clock is slow, one whose clock is fast; nothing is open."""
    with ExitStack() as stack:
        programs = [SKEWED.replace("SECONDS", str(each.total_seconds())) for each in (LATE, EARLY)]
        yield [
            Machine(stack.enter_context(python(program, place, tmp_path / f"cache-{number}")))
            for number, program in enumerate(programs)
        ]


def shown(client: Any) -> set[str]:
    return set(client.get_collection("notes", embedding_function=None).get(include=[])["ids"])


def now() -> datetime:
    """By the clock of the disk, which is the service here."""
    return datetime.now(UTC)


def test_order_contents_and_newest_checkpoint(machines: list[Machine], connect: OpenClient, place: str) -> None:
    late, early = machines
    for each in machines:
        each("open", {})
    began = now()
    early("add", "a")
    late("add", "b")
    early("checkpoint", "one")
    late("add", "c")
    late("checkpoint", "two")
    early("add", "d")
    late("rows")
    early("checkpoint", "three")
    late("add", "e")
    newest = late("checkpoint", "four")["answer"]
    early("add", "f")
    everything = set("abcdef")
    assert late.rows() == early.rows() == everything
    reader = connect(mode="r")
    assert shown(reader) == everything
    assert reader.status().checkpoint == newest
    with Repository.open(place) as repository:
        made = repository.snapshots()
        assert [each.name for each in made] == ["four", "three", "two", "one"]
        assert [each.position for each in made] == sorted((each.position or 0 for each in made), reverse=True)
        assert repository.get("latest").id == newest
    assert [each.write.ids[0] for each in read_writes(open_backend(place)) if each.write] == list("abcdef")
    told = [each for each in invoke("log", place, "--json").document["entries"] if "add" in each["operations"][0]]
    offsets = [round((datetime.fromisoformat(each["time"]) - began) / timedelta(hours=1)) for each in told]
    assert offsets == [5, -7, -7, 5, -7, 5]


def test_back_to_a_time(machines: list[Machine], connect: OpenClient) -> None:
    late, early = machines
    for each in machines:
        each("open", {})
    times: list[tuple[datetime, set[str]]] = []
    for number in range(8):
        machines[number % 2]("add", str(number))
        if number == 3:
            early("checkpoint", "middle")
        times.append((now(), {str(each) for each in range(number + 1)}))
    mine = connect(refresh=0)
    for place, (moment, wanted) in enumerate(times):
        if place % 2:
            mine.restore(at=moment)
        else:
            machines[place // 2 % 2]("restore", moment.isoformat())
        assert shown(mine) == late.rows() == early.rows() == wanted


@pytest.mark.parametrize("which", [0, 1], ids=["late", "early"])
def test_work_that_was_not_logged_is_as_old_as_the_service_says(
    machines: list[Machine], connect: OpenClient, which: int
) -> None:
    with connect() as mine:
        add(mine, "old")
    before = now()
    bulk = machines[which]
    bulk("open", {"durability": "checkpoint"})
    bulk("add", "bulk")
    bulk("checkpoint", "bulk")
    bulk("close")
    behind = now()
    mine = connect()
    assert shown(mine) == {"old", "bulk"}
    mine.restore(at=before)
    assert shown(mine) == {"old"}
    mine.restore(at=behind)
    assert shown(mine) == {"old", "bulk"}


def test_nobody_truncates_by_his_own_clock(machines: list[Machine], connect: OpenClient) -> None:
    """Seen from the fast clock all entries are older than the grace time."""
    late, early = machines
    for each in machines:
        each("open", {})
    late("add", "a")
    early("add", "b")
    late("rows")
    late("checkpoint", "all")
    assert early("truncate") == late("truncate") == 0
    assert shown(connect(mode="r")) == {"a", "b"}
