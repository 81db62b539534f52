"""The demo: the main job from end to end, and every command that it says to type next."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import SNAPSHOT_KEYS, environment, invoke, program
from tests.servers.gcs import GcsServer
from thoth_storage import Repository, VectorStore
from thoth_storage.cli.corpus import corpus as own_corpus
from thoth_storage.cli.demo import _QUESTIONS


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Small, and with many documents at one distance from every question."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(3):
        parts = [f"## Section {number}.{part}\n\nHerring number {part} of shoal {number}.\n" for part in range(9)]
        (folder / f"{number}.md").write_text(f"# Fish {number}\n\n" + "\n".join(parts))
    return folder


def test_on_the_local_disk(tmp_path: Path) -> None:
    """Without a URL, in a process of its own; then what it says to type next is typed."""
    said = program("demo", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "the answers are equal" in said.out
    assert "NO" not in said.out
    commands = [shlex.split(line) for line in re.findall(r"^  ((?:thoth-storage|python) .*)$", said.out, re.MULTILINE)]
    assert [command[1] for command in commands] == ["snapshots", "verify", "restore", "-c"]
    for command in commands[:3]:
        assert invoke(*command[1:]).code == 0
    done = subprocess.run(
        [sys.executable, *commands[3][1:]], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 50
    assert (tmp_path / "restored" / "chroma.sqlite3").is_file()


def test_json(corpus: Path) -> None:
    said = invoke("demo", "memory://tests/demo", "--json", "--corpus", corpus)
    assert (said.code, said.err) == (0, "")
    found = said.document
    assert list(found) == [
        *("url", "documents", "answers", "equal"),
        *("first_backup", "second_backup", "restored_files"),
    ]
    assert found["equal"] is True
    assert (found["url"], found["documents"]) == ("memory://tests/demo", 27)
    assert [list(each) for each in found["answers"]] == [["question", "title", "distance", "same"]] * len(_QUESTIONS)
    assert [list(found[each]) for each in ("first_backup", "second_backup")] == [SNAPSHOT_KEYS] * 2
    assert found["restored_files"] == found["second_backup"]["files"]
    assert [each.name for each in Repository.open("memory://tests/demo").snapshots()] == ["demo-second", "demo-first"]


def test_quiet(corpus: Path) -> None:
    said = invoke("demo", "memory://tests/demo-quiet", "--quiet", "--corpus", corpus)
    assert (said.code, said.out, said.err) == (0, "", "")


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


def test_on_google_cloud_storage(server: GcsServer, corpus: Path, tmp_path: Path) -> None:
    options = [f"-o{name}={value}" for name, value in server.options().items()]
    found = invoke("demo", "gs://bucket/demo", "--json", "--corpus", corpus, *options).document
    assert found["equal"] is True
    store = VectorStore(
        "gs://bucket/demo", "handbook", "lexical", storage_options=server.options(), cache_dir=tmp_path / "cache"
    )
    with store:
        assert store.get_document_count() == 27


def test_again_at_the_same_place(corpus: Path) -> None:
    """Sections keep their ids, so that a second run replaces them."""
    for _ in range(2):
        found = invoke("demo", "memory://tests/demo-again", "--json", "--corpus", corpus).document
        assert (found["equal"], found["documents"]) == (True, 27)


def test_answers_that_differ_are_told(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = VectorStore.search_similar

    def forget(self: VectorStore, query: str, n_results: int) -> object:
        found = search(self, query, n_results)
        if "elsewhere" in str(self._live.path):
            found["ids"].reverse()
        return found

    monkeypatch.setattr(VectorStore, "search_similar", forget)
    said = invoke("demo", "memory://tests/demo-differs", "--corpus", corpus)
    assert said.code == 1
    assert "the answers are NOT EQUAL" in said.out
    assert invoke("demo", "memory://tests/demo-differs", "--json", "--corpus", corpus).document["equal"] is False


def test_it_leaves_nothing_beside_the_store(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    assert invoke("demo", "memory://tests/demo-leaves", "--corpus", corpus, "-q").code == 0
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "cache").exists()


def test_the_corpus_is_complete() -> None:
    found = own_corpus()
    assert len(found) > 200
    assert len({section.id for section in found}) == len(found)
    assert all(section.text.startswith(f"{section.title}\n\n") and section.file.endswith(".md") for section in found)
