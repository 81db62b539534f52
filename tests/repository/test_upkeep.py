"""Slips in what the verbs of upkeep are given are told, and nothing is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.stores import objects
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository import Repository


@pytest.mark.parametrize("grace", [3600, 0, "24h", None])
def test_a_grace_is_a_timedelta(grace: object, repository: Repository, source: Path) -> None:
    repository.backup(source)
    before = objects(repository.backend)
    with pytest.raises(InvalidArgumentError, match="a grace is a timedelta") as caught:
        repository.prune(grace=grace)  # type: ignore[arg-type]  # as people do
    assert "timedelta(" in str(caught.value.hint)
    assert objects(repository.backend) == before
