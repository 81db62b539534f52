"""What a diff tells, against two plain directories and a look at their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repository.stores import SMALL, new_repository, objects
from tests.repository.trees import noise, trees, walk, write_tree
from thoth_storage.errors import CorruptionError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository.diffing import Change, ModeChange

CONTENT = noise(3 * SMALL, "content")
BEFORE = {"same": noise(9000), "gone": noise(300, "gone"), "changed": CONTENT, "empty": None, "to-go": None}
AFTER = {
    "same": noise(9000),
    "new/file": noise(SMALL + 1, "new"),
    "changed": CONTENT[: 2 * SMALL] + b"x",
    "empty": None,
}


def blocks_of(content: bytes) -> list[bytes]:
    return [content[i : i + SMALL] for i in range(0, len(content), SMALL)]


@pytest.fixture
def pair(repository: Repository, tmp_path: Path) -> Repository:
    """Snapshots ``a`` and ``b``."""
    repository.backup(write_tree(tmp_path / "a", BEFORE), name="a")
    repository.backup(write_tree(tmp_path / "b", AFTER), name="b")
    return repository


def test_all_kinds_of_change(pair: Repository) -> None:
    found = pair.diff("a", "b")
    assert (found.a, found.b) == (pair.get("a").id, pair.get("b").id)
    assert found.added == (Change("new/file", None, SMALL + 1),)
    assert found.removed == (Change("gone", 300, None),)
    assert found.changed == (Change("changed", 3 * SMALL, 2 * SMALL + 1),)
    assert found.modes == ()
    assert (found.folders_added, found.folders_removed) == (("new",), ("to-go",))
    assert (found.files_equal, found.bytes_equal) == (1, 9000)
    assert (found.bytes_added, found.bytes_removed, found.bytes_changed) == (SMALL + 1, 300, 2 * SMALL + 1)
    assert found.bytes_new == (SMALL + 1) + 1
    assert not found.same


def test_a_snapshot_and_itself(pair: Repository) -> None:
    found = pair.diff("a", "a")
    assert found.same
    assert (found.files_equal, found.bytes_equal, found.bytes_new) == (3, 9300 + 3 * SMALL, 0)


def test_times_alone_are_no_change(repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"x": b"1"})
    first = repository.backup(source)
    (source / "x").write_bytes(b"1")
    second = repository.backup(source)
    assert repository.diff(first.id, second.id).same


def test_permissions(repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"folder/x": b"1", "y": b"2"})
    (source / "folder").chmod(0o755)
    (source / "folder/x").chmod(0o644)
    first = repository.backup(source)
    (source / "folder").chmod(0o700)
    (source / "folder/x").chmod(0o600)
    found = repository.diff(first.id, repository.backup(source).id)
    assert found.modes == (ModeChange("folder", 0o755, 0o700), ModeChange("folder/x", 0o644, 0o600))
    assert (found.changed, found.files_equal, found.same) == ((), 2, False)


def test_a_file_where_a_folder_was(repository: Repository, tmp_path: Path) -> None:
    first = repository.backup(write_tree(tmp_path / "a", {"x": None}))
    second = repository.backup(write_tree(tmp_path / "b", {"x": b"1"}))
    found = repository.diff(first.id, second.id)
    assert found.added == (Change("x", None, 1),)
    assert (found.folders_removed, found.modes) == (("x",), ())


def test_no_content_is_read(pair: Repository) -> None:
    before = pair.diff("a", "b")
    pair.backend.delete(*objects(pair.backend, "packs/"))
    assert pair.diff("a", "b") == before


def test_what_cannot_be_compared(pair: Repository) -> None:
    with pytest.raises(NotFoundError):
        pair.diff("a", "typo")
    [key] = [key for key in objects(pair.backend, "snapshots/") if pair.get("b").id in key]
    wanted = pair.get("b").id
    pair.backend.put(key, pair.backend.get(key)[:-1])
    with pytest.raises(CorruptionError):
        pair.diff("a", wanted)


@settings(max_examples=30, deadline=None)
@given(trees(SMALL), trees(SMALL), st.booleans())
def test_any_two_directories(
    tmp_path_factory: pytest.TempPathFactory, a: dict[str, bytes | None], b: dict[str, bytes | None], mixed: bool
) -> None:
    folder = tmp_path_factory.mktemp("diff")
    if mixed:
        b = _joined(a, b)
    repository = new_repository()
    first = repository.backup(write_tree(folder / "a", a))
    second = repository.backup(write_tree(folder / "b", b))
    found = repository.diff(first.id, second.id)
    old, new = (
        {path: content for path, (kind, content, _, _) in walk(folder / side).items() if kind == "file"}
        for side in ("a", "b")
    )
    assert {each.path for each in found.added} == new.keys() - old.keys()
    assert {each.path for each in found.removed} == old.keys() - new.keys()
    assert {each.path for each in found.changed} == {p for p in old.keys() & new.keys() if old[p] != new[p]}
    assert all(each.after == len(new[each.path]) for each in (*found.added, *found.changed))
    assert all(each.before == len(old[each.path]) for each in (*found.removed, *found.changed))
    had = {block for content in old.values() for block in blocks_of(content)}
    has = {block for content in new.values() for block in blocks_of(content)}
    assert found.bytes_new == sum(map(len, has - had))
    assert found.bytes_equal + found.bytes_added + found.bytes_changed == sum(map(len, new.values()))
    back = repository.diff(second.id, first.id)
    assert [each.path for each in back.added] == [each.path for each in found.removed]
    assert (back.files_equal, back.same) == (found.files_equal, found.same)


def _joined(a: Mapping[str, bytes | None], b: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
    """Much of the one and some of the other, where no path of the one lies below a file of the other."""
    more = {path: content for path, content in b.items() if "/" not in path and path not in a}
    return {**{path: content for path, content in a.items() if len(path) % 3}, **more}
