"""Memory is bounded whatever the size: measured in a process of its own, as the kernel counts it."""

from __future__ import annotations

import multiprocessing
import os
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.repository.trees import noise, write_tree
from thoth_storage.repository import Repository

MIB = 1024 * 1024


def peak() -> int:
    """MiB of the largest resident set so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(url: str, source: Path, target: Path, pipe: Connection) -> None:
    """Growth over what the imports and a tiny backup take."""
    repository = Repository.open(url, create=True)
    repository.backup(write_tree(source.parent / "tiny", {"a": noise(1000)}))
    repository.restore("latest", source.parent / "tiny-again")
    before = peak()
    repository.backup(source)
    backup = peak() - before
    repository.restore("latest", target)
    restore = peak() - before
    assert repository.verify().ok
    pipe.send((backup, restore, peak() - before))


@pytest.mark.timeout(120)
def test_of_a_large_directory(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with (source / "noise").open("wb") as handle:
        for _ in range(50):
            handle.write(os.urandom(4 * MIB))
    with (source / "holes").open("wb") as handle:
        for offset in range(0, 300, 30):
            handle.seek(offset * MIB)
            handle.write(os.urandom(MIB))
        handle.truncate(300 * MIB)
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    arguments = (f"file://{tmp_path / 'repository'}", source, tmp_path / "target", sending)
    process = context.Process(target=measure, args=arguments)
    process.start()
    sending.close()
    growth = receiving.recv()
    process.join(60)
    receiving.close()
    assert max(growth) < 150, f"MiB more after backup, restore, verify: {growth}"
    for name in ("noise", "holes"):
        with (source / name).open("rb") as mine, (tmp_path / "target" / name).open("rb") as other:
            while chunk := mine.read(4 * MIB):
                assert other.read(4 * MIB) == chunk
            assert not other.read(1)
