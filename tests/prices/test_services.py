"""Estimates against what live servers of two services see: requests are counted by who would bill them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import thoth_storage as ts
from tests.servers.common import ObjectServer
from tests.servers.stats import Stats
from thoth_storage.prices import Estimate
from thoth_storage.repository import Repository
from thoth_storage.repository.estimating import estimate_backup, estimate_prune

READING = {"read", "stat", "list"}


@pytest.fixture(scope="module", params=["gs", "s3"])
def server(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    """Imported here: moto takes a second."""
    if request.param == "gs":
        from tests.servers.gcs import GcsServer as Server
    else:
        from tests.servers.s3 import S3Server as Server  # type: ignore[assignment]
    with Server() as running:
        running.create_bucket("bucket")
        yield running


def only_reads(stats: Stats) -> bool:
    seen = {name for name, count in stats.operations.items() if count}
    stats.reset()
    return seen <= READING


def agree(told: Estimate, stats: Stats) -> None:
    seen = stats.operations
    assert told.requests["put"] + told.requests["create"] == seen["write"]
    assert (told.requests["get"], told.requests["head"]) == (seen["read"], seen["stat"])
    assert (told.requests["list"], told.requests["delete"]) == (seen["list"], seen["delete"])
    # Of a multipart upload the server also counts what stands between the parts.
    assert told.sent == pytest.approx(stats.bytes_in, rel=0.01, abs=300 * seen["write"])


def test_what_is_foretold_is_what_the_server_sees(server: ObjectServer, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    backend = ts.open_backend(f"{server.scheme}://bucket/db", **{"endpoint_url": server.endpoint, **server.options()})
    for seed in range(2):
        (tmp_path / "tree" / "data").write_bytes(random.Random(seed).randbytes(900_000))
        server.stats.reset()
        _, told = estimate_backup(backend, tmp_path / "tree")
        assert only_reads(server.stats)
        repository = Repository.open(backend, create=True)
        newest = repository.backup(tmp_path / "tree")
        agree(told, server.stats)
    repository.forget([each.id for each in repository.snapshots() if each.id != newest.id])
    server.stats.reset()
    told = estimate_prune(repository, timedelta(0), 0.5)
    assert only_reads(server.stats)
    assert repository.prune(grace=timedelta(0)).deleted == 1
    agree(told, server.stats)
