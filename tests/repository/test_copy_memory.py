"""A copy streams: memory is bounded whatever the size, measured in a process of its own, as the kernel counts it."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.repository.copies import KEYS
from tests.repository.test_memory import MIB, peak
from tests.repository.trees import noise, write_tree
from thoth_storage.repository import Repository


def measure(source: str, target: str, tiny: str, pipe: Connection) -> None:
    """Growth over what the imports and a tiny copy take."""
    with Repository.open(target, create=True, encryption_key=KEYS[0]) as there:
        with Repository.open(tiny) as here:
            here.copy_to(there)
        before = peak()
        with Repository.open(source) as here:
            here.copy_to(there)
        pipe.send(peak() - before)


@pytest.mark.timeout(120)
def test_of_a_large_snapshot_and_its_deltas(tmp_path: Path) -> None:
    source = Repository.open(tmp_path / "source", create=True)
    tiny = Repository.open(tmp_path / "tiny", create=True)
    tiny.backup(write_tree(tmp_path / "a", {"a": noise(1000)}))
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "noise").open("wb") as handle:
        for _ in range(75):
            handle.write(os.urandom(4 * MIB))
    source.backup(tree)
    with (tree / "noise").open("r+b") as handle:
        for offset in range(0, 300 * MIB, MIB // 8):
            handle.seek(offset)
            handle.write(os.urandom(500))
    source.backup(tree)
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(source.url, str(tmp_path / "target"), tiny.url, sending))
    process.start()
    sending.close()
    growth = receiving.recv()
    process.join(60)
    receiving.close()
    assert growth < 200, f"MiB more after the copy: {growth}"
    assert Repository.open(tmp_path / "target", encryption_key=KEYS[0]).verify(0.1).ok
