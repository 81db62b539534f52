"""A Chroma program whose store lives at a URL: written here, read there, and taken back to an earlier state.

    python examples/live_store/main.py                         # in this process's memory
    python examples/live_store/main.py file:///tmp/live-store  # or gs://, s3://

Needs no model: the embedding function below counts letters.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings
from chromadb.utils.embedding_functions import register_embedding_function

import thoth_storage as ts

NOTES = {
    "tea": "Steep green tea for two minutes, at eighty degrees.",
    "bread": "Knead the dough, let it rise, and bake it for forty minutes.",
    "bike": "Pump up both tyres and oil the chain.",
}


# Registered, a function may be brought to life from a stored collection, here and in any program that imports this.
@register_embedding_function
class Letters(EmbeddingFunction[Documents]):
    """How often each letter of the alphabet occurs. Put a real model in its place."""

    def __init__(self) -> None: ...

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        counts = [[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in input]
        return [np.array(each, dtype=np.float32) for each in counts]

    @staticmethod
    def name() -> str:
        return "example_letters"

    def default_space(self):
        return "cosine"

    def get_config(self):
        return {}

    @staticmethod
    def build_from_config(config):  # noqa: ARG004 - Chroma's signature
        return Letters()


def write(url: str, machine: Path) -> None:
    # The one line that changes. It was: client = chromadb.PersistentClient("./chroma_db")
    client = ts.PersistentClient(url, cache_dir=machine)
    with client:  # closed at the end, and then all of it is at the URL
        notes = client.get_or_create_collection("notes", embedding_function=Letters())
        notes.upsert(ids=list(NOTES), documents=list(NOTES.values()))
        client.checkpoint("three-notes")
        notes.delete(ids=["tea"])
        print(f"written: {len(NOTES)} notes, then one deleted; checkpoints: {len(client.snapshots())}")


def read(url: str, machine: Path) -> None:
    with ts.PersistentClient(url, cache_dir=machine, mode="r") as replica:  # refresh=30 would follow the writer
        notes = replica.get_collection("notes")
        found = notes.query(query_texts=["oil for a chain"], n_results=1)
        print(f"elsewhere, read-only: {notes.count()} notes; found {found['ids'][0][0]!r}")
        try:
            notes.delete(ids=["bike"])
        except ts.errors.PermissionError_ as error:
            print(f"a replica is not written to: {error.message}")


def restore(url: str, machine: Path) -> None:
    with ts.PersistentClient(url, cache_dir=machine) as client:
        notes = client.get_collection("notes")
        before = notes.count()
        client.restore("three-notes")  # the collection object goes on working
        print(f"restored: {before} notes before, {notes.count()} after: {sorted(notes.get()['ids'])}")


def main(url: str) -> None:
    with tempfile.TemporaryDirectory() as machines:
        # Three machines, as far as the store can tell: nothing but the URL goes from one to the next.
        write(url, Path(machines, "writer"))
        read(url, Path(machines, "reader"))
        restore(url, Path(machines, "operator"))
        read(url, Path(machines, "another"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "memory://live-store")
