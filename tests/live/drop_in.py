"""The same program on chromadb's own client and on ours, and what it gives on both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import chromadb
import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.api.types import Documents, EmbeddingFunction, Embeddings
from chromadb.config import Settings
from chromadb.utils.embedding_functions import register_embedding_function

from thoth_storage import PersistentClient

__all__ = ["VERSION", "Letters", "Pair", "Program", "Raised", "filled", "plain"]

VERSION = tuple(int(part) for part in chromadb.__version__.split(".")[:3])
Program = Callable[[Any], Any]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Raised:
    """An error, with what differs between two runs of the same program taken out."""

    kind: type[BaseException]
    message: str


class Pair:
    """Both clients, on stores of their own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self._folder = folder
        self._settings = settings
        self.open()

    def open(self) -> None:
        """Ours has another cache directory each time, so that nothing but the URL carries the state over."""
        self._folder.mkdir(exist_ok=True)
        number = len(list(self._folder.iterdir()))
        self.theirs = chromadb.PersistentClient(self._folder / "theirs", settings=self._new_settings())
        self.ours = PersistentClient(
            f"file://{self._folder}/ours", settings=self._new_settings(), cache_dir=self._folder / f"cache-{number}"
        )

    def _new_settings(self) -> Settings:
        return Settings(anonymized_telemetry=False, **self._settings)

    def close(self) -> None:
        self.theirs.close()  # type: ignore[attr-defined]
        self.ours.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, **settings: Any) -> Iterator[Pair]:
        pair = cls(folder, **settings)
        try:
            yield pair
        finally:
            pair.close()

    def same(self, program: Program) -> Any:
        """What ``program`` gives on both. An error on both is none of this: a test that expects one says so."""
        expected, found = _outcome(program, self.theirs), _outcome(program, self.ours)
        assert found == expected, f"ours: {found}\ntheirs: {expected}"
        assert not isinstance(expected, Raised), expected
        return expected

    def both(self, program: Program) -> Any:
        """What ``program`` gives on both, be it a result or an error."""
        expected, found = _outcome(program, self.theirs), _outcome(program, self.ours)
        assert found == expected, f"ours: {found}\ntheirs: {expected}"
        return expected

    def same_refusal(self, program: Program) -> Raised:
        """The error that ``program`` ends with on both."""
        expected, found = _outcome(program, self.theirs), _outcome(program, self.ours)
        assert found == expected, f"ours: {found}\ntheirs: {expected}"
        assert isinstance(expected, Raised), expected
        return expected


@register_embedding_function
class Letters(EmbeddingFunction[Documents]):
    """A program's own function, of three dimensions: how many of a, b and c a text has."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, input: Documents) -> Embeddings:  # noqa: A002 - Chroma's name
        return [np.array([text.count(each) * self.scale for each in "abc"], dtype=np.float32) for text in input]

    @staticmethod
    def name() -> str:
        return "tests_letters"

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> Letters:
        return Letters(config["scale"])


def filled(client: Any, name: str = "filled") -> Any:
    """Six rows with all that a row can have; made on the first call."""
    collection: Any = client.get_or_create_collection(name, embedding_function=Letters(1.0))
    if not collection.count():
        collection.add(
            ids=[f"id{number}" for number in range(6)],
            embeddings=[[number, 1.0, number / 2] for number in range(6)],
            documents=["red apple", "green apple", "Red pear", "", "été 苹果 🍎", "line\nbreak apple%_"],
            metadatas=[
                {"n": 0, "x": 0.5, "s": "a", "even": True},
                {"n": 1, "x": -1.5, "s": "b", "even": False},
                {"n": 2, "x": 2.0, "s": "苹果", "even": True},
                {"n": 3, "s": ""},
                {"n": 4, "x": 1e300, "even": True},
                {"n": 2**53, "s": "a"},
            ],
            uris=[f"file:///{number}" for number in range(6)],
        )
    return collection


def _outcome(program: Program, client: Any) -> Any:
    try:
        return plain(program(client))
    except Exception as error:
        # Whatever it is: that both raise the same is what is asked.
        return Raised(type(error), _masked(str(error)))


def _masked(text: str) -> str:
    """Without random ids and the name of the client's class."""
    return _UUID.sub("UUID", text).replace("LiveClient.", "Client.")


def plain(value: Any) -> Any:
    """Something that compares with ``==`` and tells what it was made of."""
    if isinstance(value, Collection):
        return type(value), value.name, value.metadata, plain(value.configuration_json), value.tenant, value.database
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype), value.tolist()
    if isinstance(value, UUID):
        return "UUID"
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [type(value), *(plain(each) for each in value)]
    return _masked(value) if isinstance(value, str) else value
