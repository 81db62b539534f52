"""A small source directory and a fresh repository in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.stores import SMALL, new_repository, objects, put_back
from tests.repository.subject import Subject
from tests.repository.trees import noise, text, write_tree
from thoth_storage.repository import Repository


@pytest.fixture
def repository() -> Iterator[Repository]:
    repository = new_repository()
    yield repository
    repository.backend.delete(*(info.key for info in repository.backend.list()))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Some blocks that compress, some that do not, a block twice, an empty file, an empty folder."""
    tree = {
        "noise": noise(2 * SMALL + 100),
        "text": text(3 * SMALL),
        "folder/again": noise(2 * SMALL + 100),
        "folder/empty": b"",
        "void": None,
    }
    return write_tree(tmp_path / "source", tree)


@pytest.fixture(scope="module", params=["plain", "encrypted"])
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """Nobody pulls a plug, so nothing needs to be flushed: hundreds of restores then take seconds."""
    made = Subject(tmp_path_factory.mktemp("damage"), encrypted=request.param == "encrypted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield made
    assert objects(made.repository.backend) == made.stored
    assert made.repository.verify().ok
    put_back(made.repository.backend, {})
