"""From one cloud to another: live servers, real clients."""

from __future__ import annotations

from pathlib import Path

from tests.repository.copies import KEYS, check_equal, write_history
from tests.repository.trees import noise, write_tree
from tests.servers.gcs import GcsServer
from tests.servers.s3 import S3Server
from thoth_storage.repository import Repository


def test_from_gs_to_s3(tmp_path: Path) -> None:
    with GcsServer() as gcs, S3Server() as s3:
        gcs.create_bucket("source")
        s3.create_bucket("target")
        with (
            Repository.open("gs://source/store", create=True, storage_options=gcs.options()) as source,
            Repository.open(
                "s3://target/store", create=True, encryption_key=KEYS[0], storage_options=s3.options()
            ) as target,
        ):
            ids = write_history(source, tmp_path / "source", 2)
            write_tree(tmp_path / "source", {"large": noise(20 * 1024 * 1024)})
            ids.append(source.backup(tmp_path / "source").id)
            assert source.copy_to(target).snapshots == tuple(ids)
            check_equal(source, target, tmp_path)
            gcs.stats.reset()
            assert source.copy_to(target).skipped == tuple(ids)
            assert gcs.stats.bytes_out < 10_000
