"""Worker processes that fill one store at a URL at the same time, with nobody to coordinate them; then one that reads.

    python examples/parallel_ingest/main.py                                # a temporary folder, three workers
    python examples/parallel_ingest/main.py file:///tmp/parallel-ingest 4  # or gs://, s3://, and how many workers
    python examples/parallel_ingest/main.py URL 100 --task                 # one of a hundred tasks, each on its machine

Needs no model: the embedding function below hashes words.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings
from chromadb.utils.embedding_functions import register_embedding_function

import thoth_storage as ts

TOPICS = ("green tea", "sourdough bread", "a racing bike", "an oak table", "the winter sky", "a fishing boat")
VERBS = ("How to buy", "How to clean", "How to mend", "How to draw", "A short history of", "What it costs to own")
TEXTS = [f"{verb} {topic}" for topic in TOPICS for verb in VERBS]
BATCH = 4


@register_embedding_function
class Words(EmbeddingFunction[Documents]):
    """How often each word occurs, by its hash. Put a real model in its place: each worker has one of its own."""

    def __init__(self) -> None: ...

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        vectors = np.zeros((len(input), 256), dtype=np.float32)
        for vector, text in zip(vectors, input, strict=True):
            for word in text.lower().split():
                vector[zlib.crc32(word.encode()) % 256] += 1
        return list(vectors)

    @staticmethod
    def name() -> str:
        return "example_words"

    def default_space(self):
        return "cosine"

    def get_config(self):
        return {}

    @staticmethod
    def build_from_config(config):  # noqa: ARG004 - Chroma's signature
        return Words()


def work(url: str, index: int, count: int) -> int:
    """All that a worker knows: the URL, which of them it is, and how many there are. The share follows from that.

    - Ray: ``ray.get([ray.remote(work).remote(url, index, count) for index in range(count)])``
    - Dask: ``client.gather(client.map(work, [url] * count, range(count), [count] * count))``
    - Tasks of a Cloud Run job, or of an array of AWS Batch: see ``task`` below

    Ids follow from the texts, and ``upsert`` writes the same row again where it is there: so a worker that was killed
    is started again as it is, which all of these can do by themselves.
    """
    share = range(index, len(TEXTS), count)
    # Each process has a local directory of its own; what they share is the URL.
    with ts.PersistentClient(url) as client:
        titles = client.get_or_create_collection("titles", embedding_function=Words())
        for start in range(0, len(share), BATCH):
            numbers = share[start : start + BATCH]
            titles.upsert(  # at the URL when it returns
                ids=[f"title-{number}" for number in numbers],
                documents=[TEXTS[number] for number in numbers],
                metadatas=[{"worker": index} for _ in numbers],
            )
    return len(share)


def task(url: str, count: int) -> None:
    """One worker as a task of its own. The environment tells which of them it is: all of these count from 0."""
    names = ("CLOUD_RUN_TASK_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX")
    index = next(int(os.environ[name]) for name in names if name in os.environ)
    print(f"task {index} of {count}: wrote {work(url, index, count)} titles")


def read(url: str) -> None:
    with ts.PersistentClient(url, mode="r") as replica:
        titles = replica.get_collection("titles")
        workers = {each["worker"] for each in titles.get(include=["metadatas"])["metadatas"]}
        print(f"the store has {titles.count()} titles from {len(workers)} workers")
        found = titles.query(query_texts=["mend a bike"], n_results=1)
        print(f"found: {found['documents'][0][0]!r}")


def main(url: str, count: int) -> None:
    # spawn: a child that is forked would inherit connections and threads of its parent.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        written = pool.starmap(work, [(url, index, count) for index in range(count)], chunksize=1)
    print(f"{count} workers wrote {sum(written)} titles")
    read(url)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--task"]
    workers = int(words[1]) if len(words) > 1 else 3
    if "--task" in sys.argv:
        task(words[0], workers)
    elif words:
        main(words[0], workers)
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder, "store").as_uri(), workers)
