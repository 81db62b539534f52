"""A part of a snapshot: by pattern, by folder, by several."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.stores import SMALL
from tests.repository.trees import contents, noise, walk, write_tree
from thoth_storage.errors import InvalidArgumentError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository.selecting import Include

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
        ("ab/[x].bin", {"ab/[x].bin"}),
        ("./a", {"a/data.bin", "a/deep/data.bin"}),
        ("./a/./deep//", {"a/deep/data.bin"}),
        (".", set(TREE)),
        ("?", {"a/data.bin", "a/deep/data.bin", "Ü/ß"}),
        (Path("a"), {"a/data.bin", "a/deep/data.bin"}),
        ([Path("ab/[x].bin"), "empty"], {"ab/[x].bin", "empty"}),
        ("ab/[[]x].bin", {"ab/[x].bin"}),
        ("Ü/?", {"Ü/ß"}),
        (["empty", "ab"], {"empty", "ab/data.bin", "ab/[x].bin"}),
        (("a/*", "empty"), {"empty", "a/data.bin", "a/deep/data.bin"}),
        ("*", set(TREE)),
    ],
)
def test_patterns(include: Include, expected: set[str], repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", TREE))
    report = repository.restore("latest", tmp_path / "target", include=include)
    restored = contents(tmp_path / "target")
    assert restored == {path: TREE[path] for path in expected}
    assert (report.files, report.bytes) == (len(restored), sum(map(len, restored.values())))
    folders = {path for path, seen in walk(tmp_path / "target").items() if seen[0] == "folder"}
    assert folders == {str(parent) for path in expected for parent in Path(path).parents} - {"."}


@pytest.mark.parametrize("include", ["nothing", "A", "*.SQLITE3", "", "/", "..", "/a", "a/data", []])
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


def test_of_several_patterns_each_must_match_something(repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", TREE))
    before = walk(tmp_path)
    for dry_run in (True, False):
        with pytest.raises(NotFoundError, match=r"'no\[thing'"):
            repository.restore("latest", tmp_path / "target", ["a/*", "no[thing", "empty"], dry_run=dry_run)
    assert walk(tmp_path) == before


@pytest.mark.parametrize("include", ["void", "void/deep/..", "void/*", "[v]*/deep", ["void/deep"]])
def test_empty_folders_come_back(include: str | list[str], repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", {**TREE, "void/deep": None}))
    (tmp_path / "source" / "void").chmod(0o750)
    repository.backup(tmp_path / "source")
    if ".." in include:
        with pytest.raises(NotFoundError):
            repository.restore("latest", tmp_path / "target", include)
        return
    report = repository.restore("latest", tmp_path / "target", include)
    assert report.files == 0
    source = walk(tmp_path / "source")
    assert walk(tmp_path / "target") == {path: source[path] for path in ("void", "void/deep")}


@pytest.mark.parametrize("include", [5, b"a", [b"a"], [None], {"a": 1}.items()])
def test_what_is_no_pattern(include: Include, repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", TREE))
    with pytest.raises(InvalidArgumentError, match="include is"):
        repository.restore("latest", tmp_path / "target", include)
