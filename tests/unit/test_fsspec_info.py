"""fsspec's info dictionaries: every file system has its own name and form for the time; all of them end up in UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from thoth_storage.fsspec_info import object_info

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("field", ["mtime", "LastModified", "last_modified", "modified", "updated", "created"])
@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5))),
        NOON.timestamp(),
        int(NOON.timestamp()),
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.000+00:00",
        "2026-03-01T07:00:00-05:00",
        "2026-03-01T12:00:00",
    ],
    ids=str,
)
def test_times(field: str, value: object) -> None:
    found = object_info("k", {field: value, "size": 3})
    assert (found.key, found.size, found.mtime) == ("k", 3, NOON)
    assert found.mtime is not None
    assert found.mtime.utcoffset() == timedelta(0), "ages are reckoned in UTC"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_time_without_a_zone_is_in_utc_wherever_this_machine_is(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        found = [object_info("k", {"mtime": value}).mtime for value in (NOON.replace(tzinfo=None), NOON.timestamp())]
    time.tzset()
    assert found == [NOON, NOON]


@pytest.mark.parametrize("info", [{}, {"mtime": None}, {"mtime": "yesterday"}, {"mtime": b"2026"}, {"atime": NOON}])
def test_no_time_is_none_and_not_now(info: dict[str, Any]) -> None:
    assert object_info("k", info).mtime is None


def test_a_change_goes_before_a_creation() -> None:
    assert object_info("k", {"created": NOON - timedelta(days=9), "updated": NOON}).mtime == NOON


def test_an_unusable_field_gives_way_to_the_next() -> None:
    assert object_info("k", {"mtime": None, "LastModified": "?", "created": NOON}).mtime == NOON


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (7, 7), ("7", 7), (None, 0)])
def test_sizes(size: object, expected: int) -> None:
    assert object_info("k", {"size": size}).size == expected


@pytest.mark.parametrize("fs", [MemoryFileSystem(skip_instance_cache=True), LocalFileSystem(skip_instance_cache=True)])
def test_real_ones(fs: Any, tmp_path: Any) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    fs.pipe_file(f"{tmp_path}/a", b"123")
    found = object_info("a", fs.info(f"{tmp_path}/a"))
    assert found.size == 3
    assert found.mtime is not None
    assert before < found.mtime < before + timedelta(seconds=60)
