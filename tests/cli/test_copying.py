"""Copies from one service to another, and repairs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import invoke
from tests.servers.gcs import GcsServer
from tests.servers.s3 import S3Server
from thoth_storage import Repository


@pytest.fixture
def gcs() -> Iterator[list[str]]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield [f"{name}={value}" for name, value in server.options().items()]


@pytest.fixture
def s3() -> Iterator[list[str]]:
    with S3Server() as server:
        server.create_bucket("bucket")
        yield [f"endpoint_url={server.endpoint}", "key=AKIAEXAMPLE", "secret=example"]


def given(option: str, values: list[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def test_from_one_cloud_to_another(tree: Path, tmp_path: Path, gcs: list[str], s3: list[str]) -> None:
    assert invoke("backup", tree, "gs://bucket/b", "--name", "first", *given("-o", gcs)).code == 0
    arguments = ["gs://bucket/b", "s3://bucket/b", *given("-o", gcs), *given("--to-option", s3)]
    said = invoke("copy", *arguments)
    assert (said.code, said.err) == (0, "")
    assert "copied 1 snapshots to s3://bucket/b, 0 were there already: 2 blocks, " in said.out
    said = invoke("copy", *arguments)
    assert "copied 0 snapshots to s3://bucket/b, 1 were there already: 0 blocks, " in said.out
    said = invoke("restore", "s3://bucket/b", tmp_path / "out", "--snapshot", "first", *given("-o", s3))
    assert said.code == 0
    assert (tmp_path / "out" / "sub" / "b.bin").read_bytes() == (tree / "sub" / "b.bin").read_bytes()


def test_some_of_them(repository: Path, tree: Path) -> None:
    for name in ("second", "third"):
        (tree / "a.txt").write_text(name)
        invoke("backup", tree, repository, "--name", name)
    said = invoke("copy", repository, "there", "--snapshot", "first", "--snapshot", "third", "--json")
    assert said.code == 0
    assert list(said.document) == ["url", "target", "dry_run", "report", "estimate"]
    assert list(said.document["report"]) == ["snapshots", "skipped", "blocks", "read", "stored", "seconds"]
    here, there = Repository.open(repository), Repository.open("there")
    assert [each.name for each in there.snapshots()] == ["third", "first"]
    assert there.get("first") == here.get("first")
    assert said.document["report"]["snapshots"] == [here.get("first").id, here.get("third").id]


def test_a_typo_copies_nothing(repository: Path) -> None:
    assert invoke("copy", repository, "there", "--snapshot", "first", "--snapshot", "typo").code == 3
    assert Repository.open("there", create=True).snapshots() == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def test_repair_of_what_is_well(repository: Path) -> None:
    said = invoke("repair", repository)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("1 snapshots, 0 blocks with 0 B healed in ")
    assert said.out.endswith("s: all is well\n")


def test_repair_from_the_files(repository: Path, tree: Path, tmp_path: Path) -> None:
    [pack] = (repository / "packs").glob("*/*")
    flip(pack)
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    said = invoke("repair", repository, "--source", tree, "--dry-run")
    assert "blocks with " in said.out
    assert " would be healed in " in said.out
    assert {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()} == before
    said = invoke("repair", repository, "--source", tree, "--json")
    assert list(said.document) == ["url", "ok", "report"]
    assert (said.code, said.document["ok"]) == (0, True)
    assert said.document["report"]["healed_blocks"] == 1
    assert invoke("verify", repository, "-q").code == 0
    assert invoke("restore", repository, tmp_path / "out", "--snapshot", "first").code == 0


def test_repair_that_must_drop(repository: Path) -> None:
    [pack] = (repository / "packs").glob("*/*")
    flip(pack)
    said = invoke("repair", repository)
    assert said.code == 5
    assert "lost: " in said.out
    assert invoke("verify", repository, "-q").code == 5
    said = invoke("repair", repository, "--drop")
    assert said.code == 0
    assert "replaced: snapshot " in said.out
    assert invoke("verify", repository, "-q").code == 0
    assert invoke("show", repository, "first", "--json").document["details"]["snapshot"]["files"] == 1
