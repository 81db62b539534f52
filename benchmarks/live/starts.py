"""From a URL to the first answer: ours, what is the least that it takes, and LanceDB's; in turn, in fresh processes."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.corpus import Corpus
from benchmarks.live.found import Found, gathered
from benchmarks.live.probe import probe
from benchmarks.live.rows import COLLECTION, Rows
from benchmarks.places import Place, copy_folder
from benchmarks.runner import Command, run

__all__ = ["CHROMA", "COLD", "EXACT", "INDEX", "RAW", "WARM", "starts"]

COLD, WARM = "thoth-storage, cold", "thoth-storage, warm"
RAW, CHROMA = "raw download", "Chroma, local directory"
INDEX, EXACT = "LanceDB, index", "LanceDB, all vectors"
_IMPORTED = ("thoth_storage.store.client", "thoth_storage.store.live")
_FILE_SYSTEMS = {"local": "fsspec.implementations.local", "gcs": "gcsfs", "s3": "s3fs"}

_Round = Callable[[], Mapping[str, float]]


def starts(there: Place, target: str, made: Corpus, scratch: Path, rounds: int, *, lance: bool) -> list[Found]:
    """One round warms up where several count."""
    seeded = probe("seed", url=there.url("store"), options=there.options, base=made.base)
    copy_folder(made.base, scratch / "chroma")
    shown: dict[str, list[Mapping[str, float]]] = {}
    with _cache(scratch) as warm:
        _thoth(there, warm)  # leaves what the warm starts find
        tools: dict[str, _Round] = {
            COLD: lambda: _cold(there, scratch),
            WARM: lambda: _thoth(there, warm),
            RAW: lambda: _raw(there, scratch, seeded["bytes"]),
            CHROMA: lambda: _start("start_chroma", directory=scratch / "chroma", **_asked()),
        }
        if lance and there.kind != "gcs":
            _place_table(there, made, scratch)
            tools[INDEX] = lambda: _lance(there, exact=False)
            tools[EXACT] = lambda: _lance(there, exact=True)
        for number in range(rounds + (rounds > 1)):
            for name, tool in tools.items():
                os.sync()
                there.requests()
                one = {**tool(), **(_requests(there))}
                if number or rounds == 1:
                    shown.setdefault(name, []).append(one)
    shutil.rmtree(scratch / "chroma")
    imports = probe("imports", modules=[*_IMPORTED, _FILE_SYSTEMS[there.kind]])
    found = [Found("start", target, made.documents, made.size, name, gathered(some)) for name, some in shown.items()]
    return [*found, Found("imports", target, made.documents, made.size, "imports", {"peak": [imports["peak"]]})]


def _start(module: str, **arguments: Any) -> dict[str, float]:
    """``seconds`` from before the process was started until it had its answer, and the parts that it told."""
    told = dict(probe(module, **arguments))
    spawned = told.pop("spawned")
    told["seconds"] = told.pop("answered") - spawned
    if "running" in told:
        told["interpreter"] = told.pop("running") - spawned
    return told


def _asked() -> dict[str, Any]:
    return {"vector": Rows(1).vectors(1)[0].tolist(), "collection": COLLECTION}


def _thoth(there: Place, cache: Path) -> dict[str, float]:
    return _start("start_thoth", url=there.url("store"), options=there.options, cache=cache, **_asked())


def _cold(there: Place, scratch: Path) -> dict[str, float]:
    with _cache(scratch) as cache:
        return _thoth(there, cache)


def _raw(there: Place, scratch: Path, size: int) -> dict[str, float]:
    with _cache(scratch) as folder:
        told = _start("start_raw", url=there.url("store"), options=there.options, folder=folder)
    assert told["bytes"] == size, (told, size)
    return told


def _requests(there: Place) -> dict[str, float]:
    counted = there.requests()
    return {"requests": counted["requests"], "received": counted["bytes_out"]} if counted else {}


@contextmanager
def _cache(scratch: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield Path(folder)


def _lance(there: Place, *, exact: bool) -> dict[str, float]:
    options = {}
    if there.endpoint:
        options = {
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "aws_region": "us-east-1",
            "aws_endpoint": there.endpoint,
            "allow_http": "true",
        }
    asked = _asked()
    asked["table"] = asked.pop("collection")
    return _start("start_lance", url=there.url("lance"), options=options, exact=exact, **asked)


def _place_table(there: Place, made: Corpus, scratch: Path) -> None:
    """The table is written once for a size, and kept with the documents."""
    kept = made.folder / f"lancedb-{metadata.version('lancedb')}"
    if not kept.exists():
        unfinished = kept.with_name(f"{kept.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        probe("lance_table", directory=scratch / "chroma", collection=COLLECTION, target=unfinished)
        unfinished.rename(kept)
    words = (sys.executable, "-m", "benchmarks.by_hand", "put", there.url("lance"), json.dumps(there.options))
    run(Command((*words, str(kept)), folder=Path(__file__).parents[2]))
