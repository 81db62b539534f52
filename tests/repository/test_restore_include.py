"""A part of a snapshot: by pattern, by folder, by several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.repository.stores import SMALL
from tests.repository.trees import contents, noise, walk, write_tree
from thoth_storage.errors import NotFoundError
from thoth_storage.repository import Repository

TREE = {
    "chroma.sqlite3": noise(3 * SMALL, 1),
    "a/data.bin": noise(2 * SMALL, 2),
    "a/deep/data.bin": noise(SMALL, 3),
    "ab/data.bin": noise(2 * SMALL, 2),
    "ab/[x].bin": b"brackets",
    "Ü/ß": b"unicode",
    "empty": b"",
}


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("*.sqlite3", {"chroma.sqlite3"}),
        ("a", {"a/data.bin", "a/deep/data.bin"}),
        ("a/", {"a/data.bin", "a/deep/data.bin"}),
        ("a/deep", {"a/deep/data.bin"}),
        ("a/data.bin", {"a/data.bin"}),
        ("*data.bin", {"a/data.bin", "a/deep/data.bin", "ab/data.bin"}),
        ("ab/[x].bin", {"ab/x.bin"} & TREE.keys()),
        ("ab/[[]x].bin", {"ab/[x].bin"}),
        ("Ü/?", {"Ü/ß"}),
        (["empty", "ab"], {"empty", "ab/data.bin", "ab/[x].bin"}),
        (("a/*", "nothing"), {"a/data.bin", "a/deep/data.bin"}),
        ("*", set(TREE)),
    ],
)
def test_patterns(include: str | Sequence[str], expected: set[str], repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", TREE))
    if not expected:
        with pytest.raises(NotFoundError):
            repository.restore("latest", tmp_path / "target", include=include)
        return
    report = repository.restore("latest", tmp_path / "target", include=include)
    restored = contents(tmp_path / "target")
    assert restored == {path: TREE[path] for path in expected}
    assert (report.files, report.bytes) == (len(restored), sum(map(len, restored.values())))
    folders = {path for path, seen in walk(tmp_path / "target").items() if seen[0] == "folder"}
    assert folders == {str(parent) for path in expected for parent in Path(path).parents} - {"."}


@pytest.mark.parametrize("include", ["nothing", "A", "*.SQLITE3", "", "/", "..", "/a", "void", []])
def test_what_matches_no_file_is_an_error_and_leaves_an_old_target(
    include: str | list[str], repository: Repository, tmp_path: Path
) -> None:
    repository.backup(write_tree(tmp_path / "source", {**TREE, "void": None}))
    write_tree(tmp_path / "target", {"old": b"precious"})
    before = walk(tmp_path)
    with pytest.raises(NotFoundError, match="matches"):
        repository.restore("latest", tmp_path / "target", include=include, overwrite=True)
    assert walk(tmp_path) == before


def test_only_the_packs_that_are_needed_are_read(repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"one": noise(SMALL, 1)})
    repository.backup(source)
    first = {info.key for info in repository.backend.list("packs/")}
    write_tree(source, {"two": noise(SMALL, 2)})
    repository.backup(source)
    both = {info.key for info in repository.backend.list("packs/")}
    (second,) = both - first
    repository.backend.delete(second)
    repository.restore("latest", tmp_path / "target", include="one")
    assert contents(tmp_path / "target") == {"one": noise(SMALL, 1)}
