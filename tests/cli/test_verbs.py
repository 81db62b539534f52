"""Every verb: what it does, what it says to people, and the document it gives to programs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import SNAPSHOT_KEYS, invoke
from thoth_storage import Repository
from thoth_storage.cli.output import human_bytes
from thoth_storage.registry import list_plugins

RESTORE_KEYS = [
    *("snapshot", "target", "files", "bytes", "seconds"),
    *("reused", "read", "requests", "dry_run", "paths"),
]
STEPS = [
    *(f"permission to {verb}" for verb in ("create", "list", "read", "overwrite", "create conditionally", "delete")),
    "read after write",
    "ranges",
    "listing",
    "listing across pages",
    "listing after overwrite",
    "create",
    "atomic create",
    "missing objects",
    "delete",
    "latency",
    "clock",
    "clean up",
]


def test_backup_says_what_it_stored(tree: Path, tmp_path: Path) -> None:
    said = invoke("backup", tree, tmp_path / "here", "--name", "nightly")
    assert said.code == 0
    assert said.err == ""
    [snapshot] = Repository.open(tmp_path / "here").snapshots()
    assert snapshot.name == "nightly"
    assert said.out.startswith(f"snapshot {snapshot.id[:12]} (nightly): 2 files, 25.0 KiB, of which ")
    assert said.out.count("\n") == 1


def test_backup_json(tree: Path, tmp_path: Path) -> None:
    said = invoke("backup", tree, tmp_path / "here", "--json", "--name", "n", "--tag", "one", "--tag", "two")
    assert said.code == 0
    assert said.err == ""
    found = said.document
    assert list(found) == ["url", "dry_run", "snapshot", "seconds", "estimate"]
    assert found["url"] == f"file://{tmp_path}/here"
    assert list(found["snapshot"]) == SNAPSHOT_KEYS
    [snapshot] = Repository.open(tmp_path / "here").snapshots()
    assert found["snapshot"] == {
        **vars(snapshot),
        "time": snapshot.time.isoformat(),
        "tags": ["one", "two"],
        "names": [],
    }
    assert found["snapshot"]["time"].endswith("+00:00")


def test_snapshots(repository: Path, tree: Path) -> None:
    assert invoke("backup", tree, repository).code == 0
    said = invoke("snapshots", repository)
    assert said.code == 0
    assert said.err == ""
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert lines[0] == ["id", "time (UTC)", "name", "tags", "files", "size", "added"]
    assert [line[2:6] for line in lines[1:]] == [["", "", "2", "25.0 KiB"], ["first", "t", "2", "25.0 KiB"]]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line[1]) for line in lines[1:])


def test_snapshots_json(repository: Path, tree: Path) -> None:
    invoke("backup", tree, repository)
    found = invoke("snapshots", repository, "--json").document
    assert list(found) == ["url", "snapshots"]
    assert [list(each) for each in found["snapshots"]] == [SNAPSHOT_KEYS] * 2
    assert [each["id"] for each in found["snapshots"]] == [each.id for each in Repository.open(repository).snapshots()]


def test_no_snapshots_yet(tmp_path: Path) -> None:
    Repository.open(tmp_path / "empty", create=True)
    said = invoke("snapshots", tmp_path / "empty")
    assert (said.code, said.out, said.err) == (0, "", "the repository has no snapshot yet\n")
    said = invoke("snapshots", tmp_path / "empty", "--json")
    assert said.document == {"url": f"file://{tmp_path}/empty", "snapshots": []}


def test_restore(repository: Path, tree: Path, tmp_path: Path) -> None:
    (tree / "later.txt").write_text("later")
    invoke("backup", tree, repository)
    said = invoke("restore", repository, tmp_path / "out", "--snapshot", "first")
    assert said.code == 0
    assert said.err == ""
    assert re.fullmatch(
        rf"restored snapshot [0-9a-f]{{12}} to {tmp_path}/out: 2 files, 25.0 KiB, in \d+\.\d s\n", said.out
    )
    assert not (tmp_path / "out" / "later.txt").exists()
    assert (tmp_path / "out" / "sub" / "b.bin").read_bytes() == (tree / "sub" / "b.bin").read_bytes()
    invoke("restore", repository, tmp_path / "newest")
    assert (tmp_path / "newest" / "later.txt").read_text() == "later"


def test_restore_json_a_part_over_what_is_there(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("old")
    said = invoke("restore", repository, tmp_path / "out", "--include", "sub", "--overwrite", "--json")
    assert said.code == 0
    found = said.document
    assert list(found) == RESTORE_KEYS
    assert (found["dry_run"], found["paths"], found["reused"]) == (False, [], 0)
    assert 0 < found["read"] < 1000  # it compresses well
    assert found["requests"] == 1
    assert found["snapshot"] == Repository.open(repository).get("first").id
    assert (found["target"], found["files"], found["bytes"]) == (str(tmp_path / "out"), 1, 25_600)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == ["b.bin", "old", "sub"]


def test_verify(repository: Path) -> None:
    said = invoke("verify", repository)
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"1 snapshots, 1 packs, 2 blocks with 25.0 KiB read in \d+\.\d s: all is well\n", said.out)
    said = invoke("verify", repository, "--no-read-data")
    assert re.fullmatch(r"1 snapshots, 1 packs, data not read in \d+\.\d s: all is well\n", said.out)


def test_verify_json(repository: Path) -> None:
    found = invoke("verify", repository, "--json").document
    assert list(found) == ["url", "ok", "report"]
    assert list(found["report"]) == ["snapshots", "packs", "blocks", "bytes", "seconds", "problems", "part"]
    assert found["ok"] is True
    assert found["report"]["problems"] == []


def test_verify_names_the_damage(repository: Path) -> None:
    [pack] = (repository / "packs").glob("*/*")
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    key = pack.relative_to(repository).as_posix()
    [snapshot] = Repository.open(repository).snapshots()
    said = invoke("verify", repository)
    assert said.code == 5
    assert f"damaged: {key}: " in said.out
    assert f"(snapshots {snapshot.id[:12]})" in said.out
    said = invoke("verify", repository, "--json")
    assert said.code == 5
    assert said.document["ok"] is False
    [problem] = said.document["report"]["problems"]
    assert list(problem) == ["key", "message", "snapshots"]
    assert problem["key"] == key
    assert problem["snapshots"] == [snapshot.id]
    assert invoke("verify", repository, "--no-read-data").code == 0


def test_plugins() -> None:
    said = invoke("plugins")
    assert (said.code, said.err) == (0, "")
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert lines[0] == ["plugin", "version", "schemes", "atomic create", "state"]
    assert [line[0] for line in lines[1:]] == [plugin.name for plugin in list_plugins()]
    assert {line[2] for line in lines[1:]} >= {"memory://", "file://", "gcs:// gs://"}


def test_plugins_json() -> None:
    [found] = invoke("plugins", "--json").document.values()
    assert [list(each) for each in found] == [
        ["name", "version", "schemes", "capabilities", "key_schemes", "error"]
    ] * len(found)
    [core] = [each for each in found if each["name"] == "thoth-storage"]
    assert core["schemes"] == ["memory"]
    assert core["capabilities"] == {"memory": {"atomic_create": True, "process_local": True}}
    assert core["error"] is None


def test_check() -> None:
    said = invoke("check", "memory://tests/cli-check")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    steps, features = lines[: len(STEPS)], lines[len(STEPS) : -1]
    assert [re.match(r"ok    ([a-z ]+): .* \(\d+\.\d\d s\)$", line)[1] for line in steps] == STEPS  # type: ignore[index]
    assert features
    assert all(line.startswith("works: ") for line in features)
    assert lines[-1] == "snapshots: yes; several writers on one log: yes"


def test_check_json() -> None:
    found = invoke("check", "memory://tests/cli-check", "--json").document
    assert list(found) == ["url", "ok", "snapshots", "shared_log", "steps", "features"]
    assert [list(each) for each in found["steps"]] == [["name", "ok", "seconds", "detail"]] * len(STEPS)
    assert [each["name"] for each in found["steps"]] == STEPS
    assert (found["url"], found["ok"], found["snapshots"], found["shared_log"]) == (
        *("memory://tests/cli-check", True),
        *(True, True),
    )


QUIET: dict[str, tuple[Any, ...]] = {
    "backup": ("backup", "tree", "elsewhere"),
    "check": ("check", "memory://tests/quiet"),
    "copy": ("copy", "repository", "memory://tests/quiet-copy"),
    "diff": ("diff", "repository", "first", "latest"),
    "forget": ("forget", "repository", "--keep-last", "1"),
    "key": ("key", "generate"),
    "name": ("name", "repository", "good", "first"),
    "plugins": ("plugins",),
    "prune": ("prune", "repository"),
    "repair": ("repair", "repository"),
    "restore": ("restore", "repository", "out"),
    "show": ("show", "repository", "first"),
    "snapshots": ("snapshots", "repository"),
    "tag": ("tag", "repository", "first", "--add", "x"),
    "verify": ("verify", "repository"),
}


@pytest.mark.parametrize("verb", QUIET)
def test_quiet_is_silent(repository: Path, verb: str) -> None:
    for option in ("-q", "--quiet"):
        said = invoke(*QUIET[verb], option, *(["--overwrite"] if verb == "restore" else []))
        assert (said.code, said.out, said.err) == (0, "", "")


def test_quiet_still_gives_the_document(repository: Path) -> None:
    assert list(invoke("snapshots", repository, "--quiet", "--json").document) == ["url", "snapshots"]


@pytest.mark.parametrize("verb", ["prune", "repair", "snapshots", "verify"])
def test_without_a_url_the_environment_names_the_store(
    repository: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("THOTH_STORAGE_URL", str(repository))
    assert invoke(verb, "--json").document["url"] == f"file://{repository}"
    assert invoke(verb, f"{repository}-typo").code == 3


def test_backup_and_restore_without_a_url(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_URL", str(tmp_path / "configured"))
    assert invoke("backup", tree).code == 0
    assert invoke("restore", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "a.txt").read_text() == "alpha"


def test_a_backup_is_not_put_into_its_own_source(tree: Path, tmp_path: Path) -> None:
    """As where Chroma's directory is ./chroma_db, which is also the default URL."""
    tree.rename(tmp_path / "chroma_db")
    for arguments in (["chroma_db"], ["chroma_db", "chroma_db/backups"], [tmp_path, "chroma_db"]):
        said = invoke("backup", *arguments, "--json")
        assert said.code == 2
        assert said.error["message"].startswith("the repository would lie in the directory ")
    assert sorted(path.name for path in (tmp_path / "chroma_db").iterdir()) == ["a.txt", "sub"]


def test_a_source_that_is_not_there_makes_no_repository(tmp_path: Path) -> None:
    said = invoke("backup", tmp_path / "missing", tmp_path / "here")
    assert said.code == 3
    assert said.err == f"error: no such directory: {tmp_path}/missing; nothing was backed up\n"
    assert not (tmp_path / "here").exists()


def test_a_target_that_is_a_url_is_a_slip(tmp_path: Path) -> None:
    said = invoke("restore", "s3://key:secret@bucket/backups")
    assert said.code == 2
    assert "TARGET is expected, and 's3://***@bucket/backups' is a URL" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (3 << 40, "3.0 TiB")],
)
def test_bytes_for_people(count: int, text: str) -> None:
    assert human_bytes(count) == text
