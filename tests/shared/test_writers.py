"""Several processes write one store at once, while replies are lost and requests fail: one history explains it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared.judging import check_answers, check_history
from tests.shared.logged import read_writes
from tests.shared.model import Row
from tests.shared.writers import COLLECTION, Plan, rows_of, working
from tests.store.places import Place, Places, places
from thoth_storage import PersistentClient
from thoth_storage.registry import open_backend

FAULTS = {"after create": 9, "before create": 13, "before get": 29, "before list": 5}
"""Of each process by itself: each 9th entry that it stores is stored, and the reply lost."""
ON_SERVERS = ("drop", "503", "503-before")


@pytest.fixture(scope="module")
def all_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with places(tmp_path_factory.mktemp("places")) as found:
        yield found


def fresh_reader(place: Place, cache: Path) -> dict[str, Row]:
    with PersistentClient(place.url, storage_options=place.options, cache_dir=cache, cache_limit=0, mode="r") as client:
        collection: Any = client.get_collection(COLLECTION, embedding_function=None)
        return rows_of(collection.get(include=["embeddings", "documents", "metadatas"]))


def race(all_places: Places, scheme: str, folder: Path, processes: int, **how: Any) -> None:
    place = all_places.fresh(scheme)
    plans = [
        Plan(place.url, place.options, str(folder / f"cache-{number}"), number, checkpoints=number == 1, **how)
        for number in range(processes)
    ]
    server = all_places.servers.get(scheme)
    if server:
        for kind in ON_SERVERS:
            server.faults.add(kind, 4 * processes, match="log/")
    seen: dict[str, dict[str, Row]] = {}
    with working(plans) as (workers, calls):
        if server:
            assert server.faults.pending == 0
        for number, each in enumerate(workers):
            each.tell("rows")
            seen[f"writer {number}"] = each.answer(dict[str, Row])
        seen["a reader of the log"] = fresh_reader(place, folder / "cache-reader")
    seen["a reader of the last checkpoint"] = fresh_reader(place, folder / "cache-reader")
    assert any(each.outcome == "unknown" for each in calls) or not how.get("faults")
    logged = read_writes(open_backend(place.url, **place.options))
    check_history(calls, logged, seen)
    assert check_answers(calls, logged) >= 30


@pytest.mark.parametrize(("scheme", "processes", "threads"), [("file", 4, 1), ("gs", 2, 1), ("s3", 2, 2)])
def test_one_history(all_places: Places, tmp_path: Path, scheme: str, processes: int, threads: int) -> None:
    race(all_places, scheme, tmp_path, processes, threads=threads, calls=60 // processes // threads, faults=FAULTS)


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["file", "gs", "s3"])
@pytest.mark.parametrize(("processes", "threads"), [(2, 1), (4, 2), (8, 1)])
def test_one_long_history(all_places: Places, tmp_path: Path, scheme: str, processes: int, threads: int) -> None:
    race(all_places, scheme, tmp_path, processes, threads=threads, calls=320 // processes // threads, faults=FAULTS)
