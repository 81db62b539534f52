"""docs/format.md is enough: a reader written from it alone reads what the package writes and refuses what it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.repository import second_reader, second_reader_checks
from tests.repository.forge import KEY, forge, innocent
from tests.repository.second_reader import Damaged, Newer, Reader
from tests.repository.stores import SMALL, new_repository, objects
from tests.repository.subject import SECOND, Subject
from tests.repository.test_fixture_v1 import EXPECTED, FIXTURE, described
from tests.repository.test_hostile_bodies import NUMBERS
from tests.repository.test_hostile_frames import FRAMES, replaced, store
from tests.repository.test_hostile_records import RECORDS
from tests.repository.trees import contents, trees, walk, write_tree
from thoth_storage.repository import Repository

DOCUMENT = (FIXTURE.parent.parent.parent / "docs" / "format.md").read_text(encoding="utf-8")


def laid_out(repository: Repository, folder: Path) -> Path:
    """The objects as files, whatever the backend."""
    return write_tree(folder, dict(objects(repository.backend)))


@pytest.mark.parametrize("number", [0, 1])
def test_it_restores_the_golden_repository(number: int, tmp_path: Path) -> None:
    expected = EXPECTED["snapshots"][number]
    reader = Reader(FIXTURE / "repository")
    assert [id_ for _, id_, _ in reader.snapshots()] == [snapshot["id"] for snapshot in EXPECTED["snapshots"]]
    header = reader.restore(expected["id"], tmp_path / "target")
    assert described(tmp_path / "target") == expected["tree"]
    for name in ("id", "name", "tags", "files", "size", "added", "parent", "position"):
        assert getattr(header, name) == expected[name]


def store_frame(repository: Repository, frame: bytes) -> None:
    store(repository, *replaced(frame))


def store_record(repository: Repository, data: bytes) -> None:
    repository.backend.put(KEY, data)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(tree=trees(SMALL))
def test_it_restores_any_tree(tree: dict[str, bytes | None], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("second")
    source = write_tree(folder / "source", tree)
    repository = new_repository()
    repository.backup(source)
    Reader(laid_out(repository, folder / "repository")).restore("latest", folder / "target")
    assert walk(folder / "target") == walk(source)


HOSTILE: dict[str, Callable[[Repository], None]] = {
    **{name: partial(forge, change=change) for name, change in NUMBERS.items()},
    **{name: partial(store_frame, frame=frame) for name, frame in FRAMES.items()},
    **{name: partial(store_record, data=data) for name, data in RECORDS.items()},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_refuses_what_the_package_refuses(name: str, repository: Repository, tmp_path: Path) -> None:
    for key, data in innocent()[0].items():
        repository.backend.put(key, data)
    HOSTILE[name](repository)
    reader = Reader(laid_out(repository, tmp_path / "repository"))
    with pytest.raises(Damaged):
        reader.restore("latest", tmp_path / "target")
    assert not (tmp_path / "target").exists() or name in FRAMES


def test_it_finds_each_damaged_byte(subject: Subject, tmp_path: Path) -> None:
    root = laid_out(subject.repository, tmp_path / "repository")
    for key, data in subject.stored.items():
        if subject.second not in subject.users.get(key, {subject.second}):
            continue
        for offset in range(0, len(data), 3):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << offset % 8
            (root / key).write_bytes(flipped)
            with pytest.raises((Damaged, Newer)):
                Reader(root).restore(subject.second, tmp_path / f"{key.replace('/', '-')}-{offset}")
        (root / key).write_bytes(data)
    Reader(root).restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == SECOND


def test_it_shares_no_code_with_the_package() -> None:
    for module in (second_reader, second_reader_checks):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not [name for name in imported if name.startswith("thoth")]
        assert {name for name in imported if name.startswith("tests")} <= {"tests.repository.second_reader_checks"}


def test_the_documents_example_is_the_golden_repositorys() -> None:
    (example,) = re.findall(r"```json\n(.*?)\n```", DOCUMENT, re.DOTALL)
    assert example == (FIXTURE / "repository" / "repository.json").read_text(encoding="utf-8")
