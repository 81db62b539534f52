"""``python -m benchmarks.service``: a service from nothing, and its memory, at a number of documents of 384 dimensions.

The store lies on the test server of GCS, which is a process of its own on this machine and has no latency: the seconds
are those of Python, Chroma and the disk. ``--quick`` has few documents, and is to show that this still runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import machine

__all__ = ["main"]

_ROOT = Path(__file__).parent.parent
_IMPORTS = (
    ("Python", "pass"),
    ("the web", "import thoth_storage.service.asgi, uvicorn"),
    ("the web and Chroma", "import thoth_storage.service.asgi, uvicorn, chromadb, thoth_storage.store"),
)
_FILL = """
import sys
import numpy
from thoth_storage import VectorStore
url, count, folder, endpoint = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
options = {"project": "test", "token": "anon", "endpoint_url": endpoint}
chance = numpy.random.default_rng(1)
words = [f"word{number}" for number in range(5000)]
with VectorStore(url, storage_options=options, cache_dir=folder, durability="checkpoint") as store:
    collection = store.client.get_collection(store.collection_name)
    for start in range(0, count, 1000):
        vectors = chance.standard_normal((1000, 384)).astype("float32")
        texts = [" ".join(chance.choice(words, 50)) for _ in range(1000)]
        ids = [f"d{start + place}" for place in range(1000)]
        collection.add(ids, vectors, [{"number": start + place} for place in range(1000)], texts)
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 documents")
    parser.add_argument("--documents", type=int, nargs="+", default=[50_000, 200_000], help="thousands, whole")
    arguments = parser.parse_args()
    counts = [1000] if arguments.quick else arguments.documents
    with tempfile.TemporaryDirectory(prefix="thoth-benchmarks-") as work:
        for name, told in machine.facts(Path(work)).items():
            print(f"{name}: {told}")
        for name, code in _IMPORTS:
            print(f"import of {name}: {_import(code):.2f} s")
        for count in counts:
            folder = Path(work, str(count))
            folder.mkdir()
            with _gcs() as endpoint:
                print(f"\n{count} documents")
                for name, told in _measure(folder, endpoint, count):
                    print(f"  {name}: {told}", flush=True)


def _measure(folder: Path, endpoint: str, count: int) -> Iterator[tuple[str, str]]:
    url, env = "gs://bucket/store", _environment(folder / "cache")
    _run([sys.executable, "-c", _FILL, url, str(count), str(folder / "filled"), endpoint], env)
    with _service(url, endpoint, env) as running:
        yield "listening", f"{running.listening:.2f} s"
        yield "first answer of /health", f"{running.until('/health'):.2f} s"
        yield "first ready", f"{running.until('/ready'):.2f} s"
        hydrated = running.metric('thoth_operation_seconds_sum{operation="hydrate"}')
        yield "of that hydration (files here, checked and opened)", f"{hydrated:.2f} s"
        yield "first search", f"{running.search():.2f} s"
        yield "memory when ready", _mib(running.memory("VmRSS"))
        times = sorted(running.search() for _ in range(50))
        yield "median of 50 searches", f"{times[25] * 1000:.0f} ms"
        for number in range(20):
            running.add(number, 100)
        yield "memory after 20 adds of 100", _mib(running.memory("VmRSS"))
        yield "most memory so far", _mib(running.memory("VmHWM"))
        running.process.terminate()
        began = time.monotonic()
        code = running.process.wait(60)
        yield "SIGTERM to the end", f"{time.monotonic() - began:.2f} s, exit code {code}"
    files = sum(each.stat().st_size for each in (folder / "cache").rglob("*") if each.is_file())
    yield "files, which are memory on Cloud Run", _mib(files)


class _Running:
    """A service that was just started; times are seconds since that."""

    def __init__(self, process: subprocess.Popen[str], began: float) -> None:
        self.process = process
        self._began = began
        text = ""
        assert process.stdout is not None
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, "the service ended"
            text += line
        self.listening = time.monotonic() - began
        self._address = json.loads(text)["address"]

    def until(self, path: str) -> float:
        while True:
            try:
                urllib.request.urlopen(f"{self._address}{path}", timeout=30).read()
            except urllib.error.HTTPError:
                time.sleep(0.01)  # not ready
            else:
                return time.monotonic() - self._began

    def metric(self, name: str) -> float:
        text = urllib.request.urlopen(f"{self._address}/metrics", timeout=30).read().decode()
        return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))

    def search(self) -> float:
        return self._call("search", {"query": "word1 word2 word3"})

    def add(self, number: int, count: int) -> float:
        ids = [f"new{number}-{place}" for place in range(count)]
        return self._call("add_documents", {"documents": [f"a new document {each}" for each in ids], "ids": ids})

    def memory(self, name: str) -> int:
        """Bytes; ``VmRSS`` now, ``VmHWM`` the most there was."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))

    def _call(self, tool: str, arguments: dict[str, object]) -> float:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        began = time.monotonic()
        request = urllib.request.Request(f"{self._address}/mcp", json.dumps(body).encode(), headers)
        result = json.loads(urllib.request.urlopen(request, timeout=60).read())["result"]
        assert not result.get("isError"), result
        return time.monotonic() - began


@contextmanager
def _service(url: str, endpoint: str, env: dict[str, str]) -> Iterator[_Running]:
    words = [sys.executable, "-m", "thoth_storage", "serve", url, "--port", "0", "--json"]
    words += ["-o", "project=test", "-o", "token=anon", "-o", f"endpoint_url={endpoint}"]
    began = time.monotonic()
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _Running(process, began)
        finally:
            process.kill()


@contextmanager
def _gcs() -> Iterator[str]:
    words = [sys.executable, "-m", "tests.servers.gcs", "--bucket", "bucket"]
    with subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _environment(cache: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        "THOTH_STORAGE_EMBEDDER": "benchmarks.small_vectors:EMBEDDER",
        "THOTH_STORAGE_CACHE_DIR": str(cache),
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
    }


def _import(code: str) -> float:
    """The best of three, so that files are in memory."""
    return min(_run([sys.executable, "-c", code], dict(os.environ)) for _ in range(3))


def _run(words: list[str], env: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(words, env=env, cwd=_ROOT, check=True)
    return time.monotonic() - began


def _mib(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"


if __name__ == "__main__":
    main()
