"""Every long verb tells how fast it is and how long the rest takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.repository.pruning import forget_all_but
from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import noise, write_tree
from thoth_storage.repository import Progress, Repository
from thoth_storage.repository.reports import ProgressCallback

Verb = Callable[[Repository, Path, ProgressCallback], object]

VERBS: dict[str, Verb] = {
    "backup": lambda repository, folder, tell: repository.backup(folder / "source", progress=tell),
    "restore": lambda repository, folder, tell: repository.restore("latest", folder / "target", progress=tell),
    "verify": lambda repository, _, tell: repository.verify(progress=tell),
    "repair": lambda repository, _, tell: repository.repair(progress=tell),
    "prune": lambda repository, _, tell: repository.prune(grace=timedelta(0), max_unused=0, progress=tell),
    "copy": lambda repository, _, tell: repository.copy_to(new_repository(), progress=tell),
}


@pytest.mark.parametrize("verb", VERBS)
def test_rate_and_time_left(verb: str, repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {f"{n}": noise(30 * SMALL, n) for n in range(6)})
    repository.backup(source)
    for number in range(3):
        (source / f"{number}").unlink()
    last = repository.backup(source)
    forget_all_but(repository, last.id)
    told: list[Progress] = []
    VERBS[verb](repository, tmp_path, told.append)
    assert {each.action for each in told} == {verb}
    assert [each.seconds for each in told] == sorted(each.seconds for each in told)
    assert told[-1].done == told[-1].total > 0
    assert told[-1].seconds > 0
    assert told[-1].rate == told[-1].done / told[-1].seconds
    assert told[-1].remaining == 0
    half = [each for each in told if 0 < each.done < each.total]
    assert all(each.remaining is not None and each.remaining > 0 for each in half)
