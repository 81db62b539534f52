"""What version 2 wrote opens for ever: the golden repositories under tests/fixtures/v2, made by make_v2.py there."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repository.forge import KEY, header, innocent, record
from tests.repository.second_reader import Damaged, Newer, Reader
from tests.repository.stores import objects
from tests.repository.test_fixture_v1 import described
from tests.repository.trees import contents
from thoth_storage.errors import CorruptionError, EncryptionKeyError, FormatError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository.checks import checked_blocks
from thoth_storage.repository.index import Index
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.moves import NO_MOVES, load_moves
from thoth_storage.repository.records import list_keys, read_snapshot
from thoth_storage.wrappers import ReadOnlyBackend

FIXTURE = Path(__file__).parent.parent / "fixtures" / "v2"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text(encoding="utf-8"))
KEYS: list[str] = EXPECTED["encrypted"]["keys"]
"""In clear, and harmless: what they protect is made by make_v2.py, which anybody can read."""
EACH = [(kind, number) for kind in ("plain", "encrypted") for number in range(len(EXPECTED[kind]["snapshots"]))]
WHICH = [("plain", None), *(("encrypted", key) for key in KEYS)]


@pytest.fixture(autouse=True)
def no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THOTH_STORAGE_KEY", raising=False)


def golden(kind: str, key: str | None = None) -> Repository:
    repository = Repository.open(FIXTURE / kind, encryption_key=key or (KEYS[0] if kind == "encrypted" else None))
    return Repository(replace(repository.vault, backend=ReadOnlyBackend(repository.backend)))


def test_there_is_in_it_what_it_is_for() -> None:
    """Chains to the end and begun anew, bases without a digest, moved blocks, records of both versions."""
    vault = golden("plain").vault
    blocks: list[Block] = []
    named = rows = moved = 0
    moves = load_moves(vault, Index(vault))
    for key in list_keys(vault.backend):
        _, body = read_snapshot(vault, key)
        named += len(body.digests) // 32
        rows += len(body.pack) // 4
        before = checked_blocks(body, url="", key="", moves=NO_MOVES)
        after = checked_blocks(body, url="", key="", moves=moves)
        moved += sum(old.chain[1:] != new.chain[1:] for old, new in zip(before, after, strict=True))
        blocks += after
    assert {block.depth for block in blocks} == {0, 1, 2, 3, 4}
    assert rows > named
    assert moved
    versions = {data[8] for key, data in objects(vault.backend).items() if key.startswith(("packs/", "snapshots/"))}
    assert versions == {1, 2}


@pytest.mark.parametrize(("kind", "key"), WHICH)
def test_the_snapshots_are_listed_with_their_labels(kind: str, key: str | None) -> None:
    expected, repository = EXPECTED[kind], golden(kind, key)
    assert repository.id == expected["id"]
    assert repository.encrypted == (kind == "encrypted")
    found = repository.snapshots()
    assert [snapshot.id for snapshot in found] == [one["id"] for one in expected["snapshots"]]
    for snapshot, one in zip(found, expected["snapshots"], strict=True):
        assert snapshot.time.isoformat() == one["time"]
        assert (list(snapshot.tags), list(snapshot.names)) == (one["tags"], one["names"])
        for name in ("name", "files", "size", "added", "parent", "position"):
            assert getattr(snapshot, name) == one[name]
    assert {name: repository.get(name).id for name in expected["means"]} == expected["means"]
    for name in expected["nothing"]:
        with pytest.raises(NotFoundError):
            repository.get(name)


@pytest.mark.parametrize(("kind", "number"), EACH)
def test_each_restores_to_the_byte(kind: str, number: int, tmp_path: Path) -> None:
    expected = EXPECTED[kind]["snapshots"][number]
    report = golden(kind).restore(expected["id"], tmp_path / "target")
    assert (report.files, report.bytes) == (expected["files"], expected["size"])
    assert described(tmp_path / "target") == expected["tree"]


@pytest.mark.parametrize(("kind", "key"), WHICH)
def test_it_verifies(kind: str, key: str | None) -> None:
    report = golden(kind, key).verify()
    assert report.problems == []
    assert report.snapshots == len(EXPECTED[kind]["snapshots"])


@pytest.mark.parametrize("key", ["another password", "base64:" + "A" * 43 + "=", None])
def test_no_other_key_opens_it(key: str | None) -> None:
    with pytest.raises(EncryptionKeyError):
        Repository.open(FIXTURE / "encrypted", encryption_key=key)


@pytest.mark.parametrize("kind", ["plain", "encrypted"])
def test_it_takes_further_backups_that_build_on_it(kind: str, tmp_path: Path) -> None:
    shutil.copytree(FIXTURE / kind, tmp_path / "repository")
    repository = Repository.open(tmp_path / "repository", encryption_key=KEYS[0] if kind == "encrypted" else None)
    before = objects(repository.backend)
    repository.restore("latest", tmp_path / "again")
    assert repository.backup(tmp_path / "again").added == 0
    changed = bytearray((tmp_path / "again" / "index/level0.bin").read_bytes())
    changed[5] ^= 1
    (tmp_path / "again" / "index/level0.bin").write_bytes(changed)
    assert 0 < repository.backup(tmp_path / "again").added < 300
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == contents(tmp_path / "again")
    after = objects(repository.backend)
    assert {key: after[key] for key in before} == before
    assert repository.verify().ok


@pytest.mark.parametrize(("kind", "flags"), [("encrypted", 0), ("plain", 1)])
def test_a_record_that_is_sealed_otherwise_than_its_repository_is_refused(
    kind: str, flags: int, tmp_path: Path
) -> None:
    """Who can write the bucket has no key, and must not pass off a snapshot of his own."""
    with pytest.raises(CorruptionError, match="unlike its repository"):
        forged(kind, tmp_path, version=2, flags=flags).restore("latest", tmp_path / "target")
    with pytest.raises(Damaged):
        second(kind, tmp_path).restore("latest", tmp_path / "target")


@pytest.mark.parametrize(("version", "flags"), [(3, 0), (2, 2), (1, 1)])
def test_a_newer_record_asks_for_an_upgrade(version: int, flags: int, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="upgrade"):
        forged("plain", tmp_path, version=version, flags=flags).restore("latest", tmp_path / "target")
    with pytest.raises(Newer):
        second("plain", tmp_path).restore("latest", tmp_path / "target")


def forged(kind: str, folder: Path, version: int, flags: int) -> Repository:
    """A copy with one snapshot more, whose prologue is as given."""
    shutil.copytree(FIXTURE / kind, folder / "repository")
    stored, body = innocent()
    repository = Repository.open(folder / "repository", encryption_key=KEYS[0] if kind == "encrypted" else None)
    for key, data in {**stored, KEY: record(header(body), body, version=version, flags=flags)}.items():
        repository.backend.put(key, data)
    return repository


def second(kind: str, folder: Path) -> Reader:
    return Reader(folder / "repository", KEYS[0] if kind == "encrypted" else None)
