"""Progress begins at nothing, never goes back, ends at the total; and who raises in it stops the work cleanly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository.stores import BLOCK, new_repository
from tests.repository.trees import noise, text, walk, write_tree
from thoth_storage.repository import Progress, Repository, ranges


def check(told: list[Progress], action: str, total: int, files: int) -> None:
    assert {(each.action, each.total) for each in told} == {(action, total)}
    assert {each.files_total for each in told} == {files}
    for values in ([each.done for each in told], [each.files_done for each in told], [each.stored for each in told]):
        assert values == sorted(values)
    assert told[0].done == 0
    assert (told[-1].done, told[-1].files_done) == (total, files)


@pytest.mark.parametrize("block", [4096, BLOCK])
@pytest.mark.parametrize("kind", ["many", "large", "empty files", "nothing"])
def test_of_each_verb(kind: str, block: int, tmp_path: Path) -> None:
    trees: dict[str, dict[str, bytes]] = {
        "many": {f"{n}": text(n * 700, n % 3) for n in range(40)},
        "large": {"a": noise(3 * BLOCK + 1), "b": noise(3 * BLOCK + 1), "c": noise(9 * BLOCK, 2)},
        "empty files": {"a": b"", "b": b""},
        "nothing": {},
    }
    tree = trees[kind]
    source = write_tree(tmp_path / "source", tree)
    repository = new_repository(block=block)
    size = sum(map(len, tree.values()))
    for action in ("backup", "backup", "restore", "verify"):
        told: list[Progress] = []
        if action == "backup":
            snapshot = repository.backup(source, progress=told.append)
            assert told[-1].stored == snapshot.added
        elif action == "restore":
            repository.restore("latest", tmp_path / "target", progress=told.append)
        else:
            report = repository.verify(progress=told.append)
            size = report.bytes
        check(told, action, size, 0 if action == "verify" else len(tree))


def test_a_restore_counts_the_files_that_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_RANGE", 8192)
    tree = {"a": noise(5 * 4096), "b": noise(7), "c": noise(4 * 4096 + 1, 3), "d": b"", "e": noise(7), "f": noise(9, 4)}
    source = write_tree(tmp_path / "source", tree)
    repository = new_repository(block=4096)
    repository.backup(source)
    for fresh in (True, False):
        told: list[Progress] = []
        repository.restore("latest", tmp_path / "target", overwrite=True, progress=told.append)
        check(told, "restore", sum(map(len, tree.values())), len(tree))
        assert told[0].files_done == 1
        if fresh:
            assert {2, 3, 4, 5} & {each.files_done for each in told[1:-1]}
            whole = [sum(len(c) for c in sorted(tree.values(), key=len)[: each.files_done]) for each in told]
            assert all(bytes_ <= each.done for bytes_, each in zip(whole, told, strict=True))


class Stop(Exception):
    pass


def stop_at(number: int) -> Callable[[Progress], None]:
    told: list[Progress] = []

    def tell(progress: Progress) -> None:
        told.append(progress)
        if len(told) == number:
            raise Stop

    return tell


def test_an_error_in_the_callback_stops_the_work(repository: Repository, source: Path, tmp_path: Path) -> None:
    repository.backup(source)
    write_tree(source, {"more": noise(100_000)})
    before = walk(tmp_path)
    snapshots = repository.snapshots()
    for number in (1, 2, 3):
        with pytest.raises(Stop):
            repository.backup(source, progress=stop_at(number))
        with pytest.raises(Stop):
            repository.restore("latest", tmp_path / "target", progress=stop_at(number))
        with pytest.raises(Stop):
            repository.verify(progress=stop_at(number))
    assert repository.snapshots() == snapshots
    assert walk(tmp_path) == before
    assert repository.verify().ok
