"""The verbs that make a repository smaller: forget and prune."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.cli.helpers import SNAPSHOT_KEYS, invoke
from thoth_storage import Repository

FREES = "'thoth-storage prune' frees the bytes"


@pytest.fixture
def three(repository: Path, tree: Path) -> Path:
    """Snapshots ``first`` (tagged t), ``second`` and ``third``, each with bytes of its own."""
    for name in ("second", "third"):
        (tree / "a.txt").write_bytes(random.Random(name).randbytes(200))
        assert invoke("backup", tree, repository, "--name", name).code == 0
    return repository


def left(repository: Path) -> list[str | None]:
    return [each.name for each in Repository.open(repository).snapshots()]


def test_a_dry_run_lists_what_and_why(three: Path) -> None:
    invoke("name", three, "good", "first")
    said = invoke("forget", three, "--keep-last", "1", "--keep-tag", "t", "--dry-run")
    assert (said.code, said.err) == (0, "")
    *lines, usage, cost = said.out.splitlines()
    rows = [line.split("\t") for line in lines[:-1]]
    assert usage.startswith("about ")
    assert cost.startswith("about USD 0.00 once")
    assert rows[0] == ["", "id", "time (UTC)", "name", "tags", "why"]
    assert [[row[0], *row[3:]] for row in rows[1:]] == [
        ["keep", "third", "", "last"],
        ["forget", "second", "", "no rule keeps it"],
        ["keep", "first, good", "t", "tag t, name good"],
    ]
    assert lines[-1] == f"would forget 1 snapshots, 2 stay; {FREES}"
    assert left(three) == ["third", "second", "first"]


def test_by_policy(three: Path) -> None:
    said = invoke("forget", three, "--keep-daily", "1")
    assert said.out.splitlines()[-1] == f"forgot 2 snapshots, 1 stay; {FREES}"
    assert left(three) == ["third"]
    assert invoke("forget", three, "--keep-daily", "1").out.splitlines()[-1] == "forgot 0 snapshots, 1 stay"


def test_by_name(three: Path) -> None:
    said = invoke("forget", three, "first", "third")
    assert said.out.splitlines()[-1] == f"forgot 2 snapshots; {FREES}"
    assert left(three) == ["second"]


def test_json(three: Path) -> None:
    found = invoke("forget", three, "--keep-last", "2", "--dry-run", "--json").document
    assert list(found) == ["url", "dry_run", "rules", "rules_from", "kept", "forgotten", "unreadable", "estimate"]
    assert [list(each) for each in found["kept"]] == [["snapshot", "reasons"]] * 2
    assert [each["reasons"] for each in found["kept"]] == [["last"], ["last"]]
    assert [list(each) for each in found["forgotten"]] == [SNAPSHOT_KEYS]
    assert (found["dry_run"], found["unreadable"]) == (True, [])
    assert (found["rules"], found["rules_from"]) == ({"keep_last": 2}, "options")
    named = invoke("forget", three, "first", "--dry-run", "--json").document
    assert (named["rules"], named["rules_from"]) == ({}, None)
    assert left(three) == ["third", "second", "first"]


CONFIGURED = """\
[stores.default]
url = "repository"
keep_last = 1
keep_tags = ["t"]
"""


def test_rules_of_the_configuration(three: Path, tmp_path: Path) -> None:
    (tmp_path / "thoth-storage.toml").write_text(CONFIGURED)
    said = invoke("forget", "--dry-run")
    assert said.code == 0
    assert said.err == "by the rules of thoth-storage.toml [stores.default]: keep_last = 1, keep_tags = t\n"
    found = invoke("forget", "--dry-run", "--json").document
    assert found["rules"] == {"keep_last": 1, "keep_tags": ["t"]}
    assert found["rules_from"] == "thoth-storage.toml [stores.default]"
    assert [each["reasons"] for each in found["kept"]] == [["last"], ["tag t"]]
    assert left(three) == ["third", "second", "first"]
    assert invoke("forget", three, "--configured").code == 0
    assert left(three) == ["third", "first"]
    assert invoke("forget", "--keep-last", "1").err == ""
    assert left(three) == ["third"]


def test_rules_of_another_store_are_not_taken(three: Path, tmp_path: Path) -> None:
    (tmp_path / "thoth-storage.toml").write_text(CONFIGURED)
    said = invoke("forget", tmp_path / "other", "--configured")
    assert said.code == 2
    assert "set keep_last and the like for the store in thoth-storage.toml" in said.err
    for words in (["--configured", "--keep-last", "1"], ["--configured", "repository", "first"]):
        assert invoke("forget", *words).code == 2
    assert left(three) == ["third", "second", "first"]


def test_what_a_name_means_stays(three: Path) -> None:
    invoke("name", three, "good", "first")
    said = invoke("forget", three, "first", "--json")
    assert said.code == 2
    assert said.error["type"] == "InvalidArgumentError"
    assert said.error["hint"].endswith("thoth-storage name good --remove")
    assert left(three) == ["third", "second", "first"]


def test_a_damaged_snapshot_is_told_and_kept(three: Path) -> None:
    wanted = Repository.open(three).get("first").id
    [path] = (three / "snapshots").glob(f"*{wanted}")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:60])
    said = invoke("forget", three, "--keep-last", "1")
    assert said.code == 0
    assert f"kept {wanted[:12]}, which cannot be read; 'thoth-storage verify' tells more" in said.err
    assert path.exists()


def test_without_a_url(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_URL", str(three))
    assert invoke("forget", "first").code == 0
    assert left(three) == ["third", "second"]
    assert invoke("forget", "--keep-last", "1").code == 0
    assert left(three) == ["third"]


def test_the_first_of_several_is_the_url_whatever_is_configured(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else how a word looks would decide what is deleted where."""
    monkeypatch.setenv("THOTH_STORAGE_URL", str(three))
    assert invoke("forget", "first", "second").code == 3
    assert left(three) == ["third", "second", "first"]


def stored(repository: Path) -> int:
    return sum(path.stat().st_size for path in (repository / "packs").glob("*/*"))


def test_prune_in_one_go(three: Path) -> None:
    invoke("forget", three, "first", "second")
    before = stored(three)
    said = invoke("prune", three, "--grace", "0", "--max-unused", "0%")
    assert (said.code, said.err) == (0, "")
    assert re.match(r"1 snapshots, 3 packs with \d+ B\n", said.out)
    assert stored(three) < before
    assert invoke("verify", three, "-q").code == 0
    assert left(three) == ["third"]


def test_prune_in_two_runs(three: Path) -> None:
    """What is found unneeded is marked only; a run behind the grace deletes it."""
    invoke("forget", three, "second")
    before = stored(three)
    said = invoke("prune", three, "--json")
    assert said.code == 0
    assert list(said.document) == ["url", "ok", "report", "log", "estimate"]
    assert said.document["report"]["deleted"] == 0
    assert stored(three) == before


def test_prune_dry_run(three: Path) -> None:
    invoke("forget", three, "second")
    before = {path: path.stat().st_mtime_ns for path in three.rglob("*") if path.is_file()}
    said = invoke("prune", three, "--grace", "0", "--dry-run")
    assert said.code == 0
    assert "would be deleted: " in said.out
    found = invoke("prune", three, "--dry-run", "--json").document
    assert found["report"]["dry_run"] is True
    assert {path: path.stat().st_mtime_ns for path in three.rglob("*") if path.is_file()} == before


def test_prune_of_a_damaged_repository(three: Path) -> None:
    [path] = (three / "snapshots").glob(f"*{Repository.open(three).get('first').id}")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:60])
    before = stored(three)
    said = invoke("prune", three, "--grace", "0", "--json")
    assert said.code == 5
    assert said.error["type"] == "CorruptionError"
    assert stored(three) == before


@pytest.mark.parametrize("verb", ["forget", "show", "tag", "diff", "name"])
def test_a_path_is_not_taken_for_a_snapshot(
    three: Path, tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who forgets the snapshot hears of another repository, or of none; what to type is told."""
    monkeypatch.setenv("THOTH_STORAGE_URL", str(tmp_path / "other"))
    more = {"diff": ["first"], "name": ["good"], "tag": ["--add", "t"]}.get(verb, [])
    for path in (f"./{three.name}", three.name, str(three), "."):
        said = invoke(verb, path, *more)
        assert said.code == 2
        assert f"{path!r} is a folder here; if that is the repository, type: {path} " in said.err
    assert left(three) == ["third", "second", "first"]


def test_a_snapshot_may_be_called_like_a_folder(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOTH_STORAGE_URL", str(three))
    (tmp_path / "second").mkdir()
    assert invoke("forget", "second").code == 0
    (tmp_path / "of" / "third").mkdir(parents=True)
    assert invoke("name", three, "of/third", "third").code == 0
    assert invoke("show", "of/third").code == 2
    assert invoke("show", three, "of/third").code == 0
    assert left(three) == ["third", "first"]
