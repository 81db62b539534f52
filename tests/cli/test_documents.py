"""``add`` and ``query``: texts into a store and answers out, by the command line alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import PROGRAM, environment, invoke, stop
from tests.cli.test_processes import HEEDING
from tests.servers.gcs import GcsServer
from tests.store.helpers import wait_until
from thoth_storage import VectorStore
from thoth_storage.errors import ConflictError

TEA = "# Tea\n\n## Green\n\nGreen tea is steamed.\n\n## Black\n\nBlack tea is oxidised.\n"
BREAD = "Bread rises by yeast.\n"
ENVIRONMENT = {"THOTH_STORAGE_EMBEDDER": "lexical"}


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THOTH_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("THOTH_STORAGE_EMBEDDER", "lexical")
    (tmp_path / "texts" / "sub").mkdir(parents=True)
    (tmp_path / "texts" / "tea.md").write_text(TEA)
    (tmp_path / "texts" / "sub" / "bread.txt").write_text(BREAD)
    (tmp_path / "texts" / "code.py").write_text("pass\n")
    (tmp_path / "texts" / ".hidden.md").write_text("hidden\n")


def rows(url: str = "store", collection: str = "thoth_documents") -> dict[str, Any]:
    """All metadata by id."""
    with VectorStore(url, collection, mode="r") as store:
        found = store.get_documents()
    return dict(zip(found["ids"], found["metadatas"], strict=True))


def test_add_then_query() -> None:
    said = invoke("add", "texts", "--url", "store", "--json")
    assert said.code == 0, said.err
    assert {**said.document, "url": ""} == {
        "url": "",
        "collection": "thoth_documents",
        "dry_run": False,
        "parts": 3,
        "removed": 0,
        "files": [
            {"file_path": "texts/sub/bread.txt", "bytes": len(BREAD), "parts": 1, "removed": 0},
            {"file_path": "texts/tea.md", "bytes": len(TEA), "parts": 2, "removed": 0},
        ],
    }
    assert rows() == {
        "texts/sub/bread.txt#1": {"file_path": "texts/sub/bread.txt", "part": 1},
        "texts/tea.md#1": {"file_path": "texts/tea.md", "part": 1, "title": "Tea > Green"},
        "texts/tea.md#2": {"file_path": "texts/tea.md", "part": 2, "title": "Tea > Black"},
    }
    said = invoke("query", "--url", "store", "-n", "1", "what", "is", "oxidised?")
    assert (said.code, said.err) == (0, "")
    head, line = said.out.splitlines()
    assert head == "distance\tid\ttext"
    distance, hit, text = line.split("\t")
    assert 0 < float(distance) < 1
    assert (hit, text) == ("texts/tea.md#2", "## Black Black tea is oxidised.")
    where = '{"file_path": "texts/sub/bread.txt"}'
    found = invoke("query", "oxidised tea", "--url", "store", "--where", where, "--json").document
    assert list(found) == ["url", "collection", "query", "hits"]
    assert (found["query"], [hit["id"] for hit in found["hits"]]) == ("oxidised tea", ["texts/sub/bread.txt#1"])
    assert list(found["hits"][0]) == ["id", "distance", "document", "metadata"]
    assert found["hits"][0]["document"] == BREAD.strip()
    none = invoke("query", "tea", "--url", "store", "--where", '{"part": 9}')
    assert (none.code, none.out, none.err) == (0, "", "nothing in the collection matches\n")


def test_adding_again_replaces(tmp_path: Path) -> None:
    tea = Path("texts/tea.md")
    assert invoke("add", tea, "--url", "store").code == 0
    assert invoke("add", "./texts/../texts/tea.md", "--url", "store").code == 0
    assert sorted(rows()) == ["texts/tea.md#1", "texts/tea.md#2"]
    with VectorStore("store") as store:  # what a program put there of the same file
        store.add_documents(["old"], [{"file_path": "texts/tea.md"}], ["other"])
        store.add_documents(["mine"], [{"file_path": "texts/bread.md"}], ["kept"])
    tea.write_text("# Tea\n\nNo more.\n")
    said = invoke("add", tea, "--url", "store")
    assert said.out.endswith("added 1 files as 1 documents to 'thoth_documents' at " + said.out.split(" at ")[1])
    assert said.out.endswith("; 2 that they had before are gone\n")
    assert rows() == {
        "kept": {"file_path": "texts/bread.md"},
        "texts/tea.md#1": {"file_path": "texts/tea.md", "part": 1, "title": "Tea"},
    }
    tea.write_text("")
    assert invoke("add", tea, "--url", "store", "--json").document["removed"] == 1
    assert list(rows()) == ["kept"]


def test_prefix_collection_glob_and_size() -> None:
    arguments = ["--url", "store", "--prefix", "v1/", "--collection", "notes", "--glob", "*.txt", "--glob", "*.py"]
    assert invoke("add", "texts", "texts/tea.md", "--part-size", "100", *arguments).code == 0
    assert sorted(rows(collection="notes")) == [
        *("v1/texts/code.py#1", "v1/texts/sub/bread.txt#1", "v1/texts/tea.md#1", "v1/texts/tea.md#2"),
    ]
    with VectorStore("store", "notes") as store:
        assert store.delete_by_file_path("v1/texts/tea.md") == 2


def piped(text: str, *arguments: str, **variables: str) -> str:
    """What the program says to ``text`` on its stdin."""
    env = environment({**ENVIRONMENT, **variables})
    done = subprocess.run([*PROGRAM, *arguments], input=text, env=env, text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout


def test_stdin() -> None:
    said = piped("\ufeff" + TEA, "add", "-", "--name", "notes.md", "--url", "store", "--dry-run")
    assert said.splitlines()[1] == f"notes.md\t2\t{len(TEA)}"


def test_a_pipe_is_read_once() -> None:
    """As of ``add <(command)``."""
    read, write = os.pipe()
    os.write(write, BREAD.encode())
    os.close(write)
    assert invoke("add", f"/dev/fd/{read}", "--url", "store", "--json").document["parts"] == 1
    os.close(read)
    assert list(rows()) == [f"/dev/fd/{read}#1"]


def test_a_file_called_like_stdin() -> None:
    Path("-").write_text(BREAD)
    assert invoke("add", "./-", "--url", "store", "--dry-run").out.splitlines()[1] == f"-\t1\t{len(BREAD)}"


@pytest.mark.parametrize("glob", ["", "/etc/*.md", "../*.md"])
def test_a_pattern_that_leads_out(glob: str) -> None:
    Path("sub").mkdir()
    Path("a.md").write_text(TEA)
    said = invoke("add", "sub", "--glob", glob, "--url", "store", "--json")
    assert (said.code, said.error["type"]) in {(2, "InvalidArgumentError"), (3, "NotFoundError")}


def test_a_name_that_is_no_text() -> None:
    Path(os.fsdecode(b"texts/\xff.md")).write_text(BREAD)
    said = invoke("add", "texts", "--url", "store", "--json")
    assert (said.code, said.error["message"]) == (2, "the name of the file 'texts/\\udcff.md' is no text in UTF-8")
    assert not Path("store").exists()


def test_query_of_stdin_and_of_words_that_look_like_options(tmp_path: Path) -> None:
    assert invoke("add", "texts", "--url", "store").code == 0
    cache = str(tmp_path / "cache")
    said = piped("yeast\n", "query", "-", "-n1", THOTH_STORAGE_URL="store", THOTH_STORAGE_CACHE_DIR=cache)
    assert said.splitlines()[1].split("\t")[1] == "texts/sub/bread.txt#1"
    for words, text in (
        (["--", "--json", "-n"], "--json -n"),
        (["s3://yeast", "--", "--at"], "s3://yeast --at"),
        (["texts"], "texts"),
    ):
        assert invoke("query", "--url", "store", "--json", *words).document["query"] == text


def test_a_dry_run_opens_nothing() -> None:
    said = invoke("add", "texts", "--url", "store", "--dry-run")
    assert said.code == 0
    assert said.out.startswith(f"file\tparts\tbytes\ntexts/sub/bread.txt\t1\t{len(BREAD)}\ntexts/tea.md\t2\t")
    assert "would add 2 files as 3 documents" in said.out
    assert not Path("store").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"caf\xe9 au lait", "texts/z.txt is no text in UTF-8: invalid continuation byte at byte 3"),
        (b"a\0b", "texts/z.txt is no text: it has a zero byte"),
    ],
)
def test_what_is_no_text_is_told_before_anything_is_written(data: bytes, message: str) -> None:
    Path("texts/z.txt").write_bytes(data)
    said = invoke("add", "texts", "--url", "store", "--json")
    assert (said.code, said.error["type"], said.error["message"]) == (2, "InvalidArgumentError", message)
    assert not Path("store").exists()


@pytest.mark.parametrize("arguments", [["nowhere.md"], ["texts", "--glob", "*.rst"]])
def test_what_is_not_there(arguments: list[str]) -> None:
    said = invoke("add", *arguments, "--url", "store")
    assert said.code == 3
    assert arguments[0] in said.err
    assert not Path("store").exists()


def test_query_makes_nothing() -> None:
    assert invoke("query", "tea", "--url", "store").code == 3
    assert not Path("store").exists()
    assert invoke("add", "texts", "--url", "store").code == 0
    before = {path for path in Path("store").rglob("*") if path.is_file()}
    said = invoke("query", "tea", "--url", "store", "--collection", "typo", "--json")
    assert (said.code, said.error["message"]) == (3, "the store has no collection 'typo'")
    assert invoke("query", "tea", "--url", "store").code == 0
    assert {path for path in Path("store").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("where", ["{", "[]", '"a"'])
def test_a_filter_that_is_none(where: str) -> None:
    assert invoke("query", "tea", "--url", "store", "--where", where).code == 2


def test_a_filter_that_chroma_refuses() -> None:
    assert invoke("add", "texts", "--url", "store").code == 0
    assert invoke("query", "tea", "--url", "store", "--where", '{"$near": 1}').code == 2


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


def test_ctrl_c_in_an_add_tells_what_is_stored(server: GcsServer, tmp_path: Path) -> None:
    """The first 500 documents are stored, and the second write is on its way when it comes."""
    for number in range(2):
        Path(f"texts/{number}.txt").write_text("\n\n".join(f"{number} {line} " + "x" * 90 for line in range(500)))
    options = [f"-o{name}={value}" for name, value in server.options().items()]
    arguments = ["add", "texts/0.txt", "texts/1.txt", "--url", "gs://bucket/x", "--part-size", "100"]
    server.faults.add("slow", 1 << 30, match="log/000000000/000000000003", methods=["POST"], seconds=1)
    env = environment({**ENVIRONMENT, "THOTH_STORAGE_CACHE_DIR": str(tmp_path / "other")})
    with subprocess.Popen(
        [sys.executable, "-c", HEEDING, *arguments, *options],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: server.faults.fired, 60)
        said = stop(process, signal.SIGINT)
    assert (said.code, said.out) == (130, "")
    assert said.err.splitlines()[-1] == (
        "interrupted; 1 of 2 files are stored; add them again, and the rest comes and nothing twice"
    )
    server.faults.clear()
    assert invoke(*arguments, "-q", *options).code == 0
    with VectorStore("gs://bucket/x", storage_options=server.options(), mode="r") as store:
        assert store.get_document_count() == 1000


def test_an_error_on_the_way_tells_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("texts/0.txt").write_text("\n\n".join("x" * 90 for _ in range(500)))
    calls: list[int] = []
    real = VectorStore.add_documents

    def full(self: VectorStore, *arguments: Any, **more: Any) -> list[str]:
        calls.append(1)
        if len(calls) > 1:
            raise ConflictError("somebody was quicker")
        return real(self, *arguments, **more)

    monkeypatch.setattr(VectorStore, "add_documents", full)
    said = invoke("add", "texts", "--url", "store", "--part-size", "100")
    assert said.code == 4
    assert said.err.splitlines()[-2:] == [
        "error: somebody was quicker",
        "1 of 3 files are stored; add them again, and the rest comes and nothing twice",
    ]
