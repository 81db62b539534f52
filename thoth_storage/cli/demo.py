"""``thoth-storage demo``: the main job from end to end, on real text, without account or download."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thoth_storage.cli.corpus import Section, sections
from thoth_storage.cli.corpus import corpus as own_corpus
from thoth_storage.cli.output import Output, human_bytes
from thoth_storage.cli.verb import FAILED, options_option, verb
from thoth_storage.redaction import redact, secrets_of
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository
from thoth_storage.urls import mask_url

if TYPE_CHECKING:
    from thoth_storage.store import VectorStore

__all__ = ["demo"]

_QUESTIONS = (
    "which scrolls were walled up in a desert cave by monks and found by a caretaker around 1900?",
    "why did the kernel mark dirty pages clean so that a second flush returned success although data was lost?",
    "how do I get ten neighbours when only Finnish rows match, if filtering after the search leaves two?",
    "what stops a process that paused in garbage collection from writing after its lock timed out?",
    "how many trustees are needed to restore a key from its shares?",
)
_LATER = 12
"""Sections that are kept back for the second backup."""


@verb(short_help="Build a store, back it up, bring it up elsewhere, compare.")
@click.argument("url", required=False)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder of markdown files; else a handbook and the docs.",
)
@options_option
def demo(output: Output, url: str | None, corpus: Path | None, storage_options: dict[str, Any]) -> int:
    """Index a handbook and the docs, save the store at URL (else in ./demo-out), bring it up from there in a fresh
    directory, and show that both give the same answers. Exit code 1 if they do not.

    \b
    Example:
        thoth-storage demo gs://bucket/demo
    """
    place = url or str(Path("demo-out") / f"store-{time.strftime('%Y%m%d-%H%M%S')}")
    texts = sections(corpus) if corpus else own_corpus()
    first, later = texts[:-_LATER], texts[-_LATER:]
    open_backend(place, **storage_options)  # a bad URL is told before any work
    with tempfile.TemporaryDirectory(prefix="thoth-demo-") as scratch:
        with _open(place, storage_options, Path(scratch) / "here") as store:
            began = time.perf_counter()
            _add(store, first)
            output.say(f"1. indexed {len(first)} sections in {time.perf_counter() - began:.1f} s")
            began = time.perf_counter()
            full = store.backup("demo-first")
            output.say(
                f"2. saved to {store.url}: {human_bytes(full.size)} in {full.files} files, "
                f"{human_bytes(full.added)} stored, in {time.perf_counter() - began:.1f} s"
            )
            began = time.perf_counter()
            with _open(place, storage_options, Path(scratch) / "elsewhere") as other:
                output.say(f"3. brought up in an empty directory in {time.perf_counter() - began:.1f} s")
                output.say("")
                answers = [_ask(question, store, other) for question in _QUESTIONS]
                output.table(
                    ["question", "first answer", "distance", "same elsewhere"],
                    [
                        [a["question"], a["title"], f"{a['distance']:.4f}", "yes" if a["same"] else "NO"]
                        for a in answers
                    ],
                    right=("distance",),
                )
            began = time.perf_counter()
            _add(store, later)
            more = store.backup("demo-second")
            output.say("")
            output.say(
                f"4. added {len(later)} sections and saved again: {human_bytes(more.added)} of "
                f"{human_bytes(more.size)} stored, in {time.perf_counter() - began:.1f} s"
            )
            where, count = store.url, store.get_document_count()
        with Repository.open(place, storage_options=storage_options) as repository:
            target = Path(scratch) / "restored"
            restored = repository.restore("demo-second", target)
        output.say(f"5. restored 'demo-second' to a directory: {restored.files} files, every block verified")
    same = all(answer["same"] for answer in answers)
    output.document(
        {
            "url": where,
            "documents": count,
            "answers": answers,
            "equal": same,
            "first_backup": full,
            "second_backup": more,
            "restored_files": restored.files,
        }
    )
    output.say("")
    output.say(f"the answers are {'equal' if same else 'NOT EQUAL'}. What to type next:")
    for line in _next(place, storage_options).split("\n"):
        output.say(line)
    return 0 if same else FAILED


def _next(place: str, storage_options: dict[str, Any]) -> str:
    """Commands for this place. The secrets in them are masked: what is on a screen stays there."""
    url = mask_url(place)
    options = "".join(f" -o {name}={value}" for name, value in storage_options.items())
    keyword = f", storage_options={storage_options}" if storage_options else ""
    text = (
        f"  thoth-storage snapshots {url}{options}\n"
        f"  thoth-storage verify {url}{options}\n"
        f"  thoth-storage restore {url} ./restored --snapshot demo-first{options}\n"
        f"  python -c \"import thoth_storage as ts; print(ts.VectorStore({url!r}, 'handbook', 'lexical'{keyword})"
        ".search_similar('durable writes')['documents'][0])\""
    )
    return redact(text, secrets_of(place, storage_options))


def _open(place: str, options: dict[str, Any], cache: Path) -> VectorStore:
    # Here, not above: it brings chromadb along, and this module is imported for the list of verbs in --help.
    from thoth_storage.store import VectorStore

    return VectorStore(place, "handbook", "lexical", storage_options=options, cache_dir=cache)


def _add(store: VectorStore, texts: list[Section]) -> None:
    store.add_documents(
        [text.text for text in texts],
        metadatas=[{"title": text.title, "file_path": text.file} for text in texts],
        ids=[text.id for text in texts],
    )


def _ask(question: str, here: VectorStore, elsewhere: VectorStore) -> dict[str, Any]:
    mine, theirs = (store.search_similar(question, 3) for store in (here, elsewhere))
    return {
        "question": question,
        "title": mine["metadatas"][0]["title"],
        "distance": mine["distances"][0],
        "same": _same(mine, theirs),
    }


def _same(mine: dict[str, list[Any]], theirs: dict[str, list[Any]]) -> bool:
    """Whether two answers are equal. Of documents at one distance any may come first, and at the end any one."""

    def nearer(answer: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
        last = max(answer["distances"], default=0)
        rows = zip(*(answer[field] for field in ("distances", "ids", "documents", "metadatas")), strict=True)
        return sorted((row for row in rows if row[0] < last), key=lambda row: row[:2])

    return mine["distances"] == theirs["distances"] and nearer(mine) == nearer(theirs)
