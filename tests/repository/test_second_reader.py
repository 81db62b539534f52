"""docs/format.md is enough: a reader written from it alone reads what the package writes and refuses what it does."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard
from blake3 import blake3
from hypothesis import given, settings

from tests.repository import (
    second_reader,
    second_reader_checks,
    second_reader_records,
    second_reader_seal,
    test_fixture_v1,
    test_fixture_v2,
)
from tests.repository.forge import KEY, forge, header, innocent, pack_u32, record
from tests.repository.second_reader import Damaged, Newer, Reader, WrongKey
from tests.repository.stores import SMALL, new_repository, objects
from tests.repository.subject import SECOND, Subject
from tests.repository.test_fixture_v1 import described
from tests.repository.test_fixture_v2 import KEYS
from tests.repository.test_hostile_bodies import NUMBERS
from tests.repository.test_hostile_frames import FRAMES, PACK, frame, replaced, store
from tests.repository.test_hostile_records import RECORDS
from tests.repository.trees import contents, trees, walk, write_tree
from thoth_storage.errors import CorruptionError
from thoth_storage.repository import Repository
from thoth_storage.repository.index import Index, write_entry
from thoth_storage.repository.manifest import FileEntry
from thoth_storage.repository.moves import Moves, Place, write_moves
from thoth_storage.repository.wrapping import to_secret

GOLDEN: list[tuple[Path, dict[str, Any], str | None]] = [
    (test_fixture_v1.FIXTURE / "repository", test_fixture_v1.EXPECTED, None),
    (test_fixture_v2.FIXTURE / "plain", test_fixture_v2.EXPECTED["plain"], None),
    *((test_fixture_v2.FIXTURE / "encrypted", test_fixture_v2.EXPECTED["encrypted"], key) for key in KEYS),
]
DOCUMENT = (test_fixture_v1.FIXTURE.parent.parent.parent / "docs" / "format.md").read_text(encoding="utf-8")
MODULES = (second_reader, second_reader_checks, second_reader_records, second_reader_seal)


def reader_of(root: Path, key: str | None = None) -> Reader:
    """The second reader is given a password or 32 bytes; how people write them is none of its business."""
    secret = None if key is None else to_secret(key)
    assert secret is None or isinstance(secret, str | bytes)
    return Reader(root, secret)


def laid_out(repository: Repository, folder: Path) -> Path:
    """The objects as files, whatever the backend."""
    return write_tree(folder, dict(objects(repository.backend)))


@pytest.mark.parametrize(("root", "expected", "key"), GOLDEN, ids=["v1", "v2", "password", "random key"])
def test_it_restores_the_golden_repositories(
    root: Path, expected: dict[str, Any], key: str | None, tmp_path: Path
) -> None:
    reader = reader_of(root, key)
    assert [one.id for one in reader.snapshots()] == [snapshot["id"] for snapshot in expected["snapshots"]]
    for snapshot in expected["snapshots"]:
        found = reader.restore(snapshot["id"], tmp_path / snapshot["id"])
        assert described(tmp_path / snapshot["id"]) == snapshot["tree"]
        born = {**snapshot, **snapshot.get("header", {})}
        for name in ("id", "name", "tags", "files", "size", "added", "parent", "position"):
            assert getattr(found, name) == born[name]


@pytest.mark.parametrize("key", ["another password", "base64:" + "A" * 43 + "=", None])
def test_it_opens_nothing_with_another_key(key: str | None) -> None:
    with pytest.raises(WrongKey):
        reader_of(test_fixture_v2.FIXTURE / "encrypted", key)


def test_it_refuses_an_open_repository_in_the_place_of_an_encrypted_one() -> None:
    with pytest.raises(WrongKey):
        reader_of(test_fixture_v2.FIXTURE / "plain", KEYS[0])


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
        if subject.second not in subject.users[key]:
            continue
        for offset in range(0, len(data), 3):
            flipped = bytearray(data)
            flipped[offset] ^= 1 << offset % 8
            (root / key).write_bytes(flipped)
            with pytest.raises((Damaged, Newer, WrongKey)):
                Reader(root, subject.key).restore(subject.second, tmp_path / f"{key.replace('/', '-')}-{offset}")
        (root / key).write_bytes(data)
    Reader(root, subject.key).restore(subject.second, tmp_path / "target")
    assert contents(tmp_path / "target") == SECOND


def test_it_finds_damage_under_a_seal(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    shutil.copytree(test_fixture_v2.FIXTURE / "encrypted", root)
    reader = reader_of(root, KEYS[1])
    latest = reader.snapshots()[0]
    for path in sorted([*(root / "packs").rglob("*/*"), root / latest.key]):
        data = path.read_bytes()
        for offset in range(0, len(data), 199):
            path.write_bytes(data[:offset] + bytes([data[offset] ^ 1 << offset % 8]) + data[offset + 1 :])
            with pytest.raises((Damaged, Newer)):
                reader.restore(latest.id, tmp_path / f"{path.name}-{offset}")
        path.write_bytes(data)
    reader.restore(latest.id, tmp_path / "target")


def test_it_follows_blocks_that_moved_more_than_once(tmp_path: Path) -> None:
    """Two records, of which the later changes its mind; and a kind of record that nobody knows."""
    root = tmp_path / "repository"
    shutil.copytree(test_fixture_v2.FIXTURE / "plain", root)
    vault = Repository.open(root).vault
    pack = max((root / "packs").rglob("*/*"), key=lambda path: path.stat().st_size)
    data = pack.read_bytes()
    far, near = "cd" * 16, "ce" * 16
    hops: list[dict[Place, Place]] = [{}, {}]
    moved = [data[:16]]
    for offset, each in reversed(list(frames(data))):
        new = sum(map(len, moved))
        hops[0][pack.name, offset] = ("ab" * 16, 7) if offset % 2 else (near, new)
        hops[1] |= {(pack.name, offset): (near, new)} if offset % 2 else {}
        hops[1][near, new] = (far, new)
        moved.append(each)
    write_tree(root, {f"packs/cd/{far}": b"".join(moved)})
    pack.unlink()
    write_entry(vault, "later", innocent()[1]["files"][0])
    for hop in hops:
        write_moves(vault, Moves(hop), Index(vault))
    assert Repository.open(root).verify().ok
    for snapshot in test_fixture_v2.EXPECTED["plain"]["snapshots"]:
        Reader(root).restore(snapshot["id"], tmp_path / snapshot["id"])
        assert described(tmp_path / snapshot["id"]) == snapshot["tree"]


def frames(pack: bytes) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each frame: a pack can be read without a manifest."""
    offset = 16
    while offset < len(pack):
        end = offset + 48 + int.from_bytes(pack[offset + 36 : offset + 40], "little")
        yield offset, pack[offset:end]
        offset = end


NONE = 0xFFFFFFFF
CHAINS: dict[str, dict[str, bytes]] = {
    "sound": {},
    "a base out of range": {"base": pack_u32([NONE, 3, NONE])},
    "a base that is no row": {"base": pack_u32([NONE, NONE - 1, NONE])},
    "a delta without a base": {"base": pack_u32([NONE] * 3)},
    "a base without a delta": {"base": pack_u32([2, 2, NONE])},
    "another base": {"base": pack_u32([NONE, 0, NONE])},
    "a delta on itself": {"base": pack_u32([NONE, 1, NONE])},
    "a circle": {"base": pack_u32([NONE, 2, 1])},
    "too many rows": {name: pack_u32([1] * 35) for name in ("pack", "offset", "stored", "plain", "base")},
    "a file of a base": {"digests": blake3(b"B" * 904).digest()},
}


def store_chain(repository: Repository, changes: dict[str, bytes]) -> None:
    """A file of a full block and of a delta, whose base is a row without a digest. Made by hand."""
    base, second = bytes(range(256)) * 4, bytes(range(256)) * 3 + b"B" * 136
    packer = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    )
    names = [blake3(plain).digest() for plain in (b"A" * 4096, second, base)]
    stored = [
        frame(names[0], 0, b"A" * 4096, 4096),
        frame(names[1], 2, names[2] + packer.compress(second), 904),
        frame(names[2], 0, base, 1024),
    ]
    body = {
        **innocent()[1],
        "digests": b"".join(names[:2]),
        "pack": pack_u32([0] * 3),
        "offset": pack_u32([16, 16 + len(stored[0]), 16 + len(stored[0] + stored[1])]),
        "stored": pack_u32(map(len, stored)),
        "plain": pack_u32([4096, 904, 1024]),
        "base": pack_u32([NONE, 2, NONE]),
        **changes,
    }
    repository.backend.put(PACK, b"THOTHPAK\x02" + bytes(7) + b"".join(stored))
    repository.backend.put(KEY, record(header(body), body, version=2))


@pytest.mark.parametrize("name", CHAINS)
def test_it_refuses_chains_that_the_package_refuses(name: str, repository: Repository, tmp_path: Path) -> None:
    store_chain(repository, CHAINS[name])
    reader = Reader(laid_out(repository, tmp_path / "repository"))
    if name == "sound":
        repository.restore("latest", tmp_path / "target")
        reader.restore("latest", tmp_path / "second")
        assert walk(tmp_path / "second") == walk(tmp_path / "target")
        return
    with pytest.raises(CorruptionError):
        repository.restore("latest", tmp_path / "target")
    with pytest.raises(Damaged):
        reader.restore("latest", tmp_path / "second")


@pytest.mark.parametrize("deltas", [16, 17])
def test_it_takes_no_longer_chain_than_the_package(deltas: int, repository: Repository, tmp_path: Path) -> None:
    """Numbers alone: the frames are not there, so what is looked at is when the chain is refused."""
    count = deltas + 1
    one = {name: pack_u32([value] * count) for name, value in {"pack": 0, "offset": 16, "stored": 49}.items()}
    bases = [*range(1, count), NONE]
    body: dict[str, Any] = {
        **innocent()[1],
        "digests": bytes(32),
        **one,
        "plain": pack_u32([1] * count),
        "base": pack_u32(bases),
    }
    body["files"] = [FileEntry("a", 1, 0o644, 0, pack_u32([0]))]
    if deltas == 17:  # else it were refused for its rows
        body["digests"] = bytes(63) + b"1"
    repository.backend.put(KEY, record(header(body), body, version=2))
    with pytest.raises(CorruptionError, match=r"pack is missing" if deltas == 16 else "chain of more"):
        repository.restore("latest", tmp_path / "target")
    with pytest.raises(Damaged, match=r"is missing" if deltas == 16 else "chain without"):
        Reader(laid_out(repository, tmp_path / "repository")).restore("latest", tmp_path / "second")


def test_it_shares_no_code_with_the_package() -> None:
    for module in MODULES:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not [name for name in imported if name.startswith("thoth")]
        assert {name for name in imported if name.startswith("tests")} <= {each.__name__ for each in MODULES}


def test_the_documents_examples_are_the_golden_repositorys() -> None:
    root = test_fixture_v2.FIXTURE / "encrypted"
    settings_, key = re.findall(r"```json\n(.*?)\n```", DOCUMENT, re.DOTALL)
    assert settings_ == (root / "repository.json").read_text(encoding="utf-8")
    assert key in [path.read_text(encoding="utf-8") for path in (root / "keys").iterdir()]
