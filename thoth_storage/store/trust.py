"""Embedding functions that a stored configuration may bring to life, and what stands in for the others.

A collection stores which function embeds its texts, with its settings, and Chroma builds it anew on the first query:
a store from a stranger could name a server of his and the environment variable whose value it is to be sent. So a
function is built from a stored configuration only if it runs here without any network, or the caller named it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from chromadb.api.types import EmbeddingFunction, Schema, SparseEmbeddingFunction
from chromadb.utils import embedding_functions as known

from thoth_storage.errors import ConfigurationError

__all__ = ["LOCAL", "Trust"]

LOCAL = frozenset({"default", "onnx_mini_lm_l6_v2", "chroma_bm25", "thoth_lexical"})
"""Functions that send nothing anywhere and load no code: Chroma's own model, and those that count words. Not "bm25",
which fetches files from a hub and takes paths and arguments for another library."""

_STAND_IN = "thoth_refused"


class Trust:
    """What is trusted: the names in ``LOCAL`` and those that the caller ``allowed``; classes that the program
    registered itself; and a function that the caller passed, with just the settings that it had then."""

    def __init__(self, allowed: frozenset[str] = frozenset()) -> None:
        self._names = LOCAL | allowed
        self._passed: set[tuple[str, str]] = set()
        self._now = threading.local()

    @contextmanager
    def passing(self, function: object, schema: object = None) -> Iterator[None]:
        """The caller passes ``function``, or functions within a ``schema``, in a call that lasts as long as the
        ``with`` block. Chroma compares the name with the stored one there, so that is left as it is; the settings are
        those of the function that was passed, as Chroma builds it anew from them whenever it looks at the schema."""
        passed = _told(function)
        if passed:
            self._passed.add(passed)
        self._passed.update(_told_in(schema))
        before, self._now.passed = getattr(self._now, "passed", None), passed
        self._now.refused = None
        try:
            yield
        except ValueError as error:
            refused, words = self._now.refused, str(error)
            if refused is None or type(error) is not ValueError or _STAND_IN not in words:
                raise
            raise ValueError(words.replace(_STAND_IN, refused)) from error
        finally:
            self._now.passed = before

    def check(self, arguments: dict[str, Any]) -> None:
        """Raises ConfigurationError where the arguments of a call would store what stands for a function."""
        told = [arguments.get(name) for name in ("configuration", "new_configuration")]
        functions = [each.get("embedding_function") for each in told if isinstance(each, dict)]
        names = [each.refused for each in functions if isinstance(each, _Refused)]
        schema = _told_in(arguments.get("schema"))
        names += [json.loads(settings)["name"] for name, settings in schema if name == _STAND_IN]
        for each in names:
            raise ConfigurationError(
                f"these settings have the embedding function {each!r} on the word of a stored configuration, and are"
                " not stored again",
                hint=_way_out(each),
            )

    def disarm(self, model: Any) -> None:
        """Put a stand-in, which tells what it stands for when it is used, for each function in the stored settings of a
        collection that is not trusted."""
        for field in ("configuration_json", "serialized_schema"):
            stored = model[field]
            if not stored or not (isinstance(stored, dict | str)):
                continue
            settings = json.loads(stored) if isinstance(stored, str) else stored
            if self._disarm(settings):
                model[field] = json.dumps(settings) if isinstance(stored, str) else settings

    def _disarm(self, settings: Any) -> bool:
        """Whether anything was replaced, at any depth."""
        if isinstance(settings, list):
            return sum(self._disarm(each) for each in settings) > 0
        if not isinstance(settings, dict):
            return False
        found = False
        for key, value in settings.items():
            if key == "embedding_function" and _is_function(value):
                put = self._instead(value["name"], value.get("config"))
                if put:
                    settings[key] = put
                    found = True
            else:
                found |= self._disarm(value)
        return found

    def _instead(self, name: object, settings: object) -> dict[str, Any] | None:
        """What to put in the place of a stored function; None to leave it as it is."""
        if self._trusts(name, settings):
            return None
        passed = getattr(self._now, "passed", None)
        if passed and passed[0] == name:
            return {"type": "known", "name": name, "config": json.loads(passed[1])}
        self._now.refused = str(name)
        return {"type": "known", "name": _STAND_IN, "config": {"name": str(name)}}

    def _trusts(self, name: object, settings: object) -> bool:
        if not isinstance(name, str):
            return False
        if name in self._names or name == _STAND_IN or (name, _text(settings)) in self._passed:
            return True
        kind = known.known_embedding_functions.get(name) or known.sparse_known_embedding_functions.get(name)
        return kind is not None and not kind.__module__.startswith("chromadb.")


def _is_function(value: object) -> bool:
    """Whether Chroma would build a function from it: from whatever has a name, but that it knows as legacy."""
    return isinstance(value, dict) and "name" in value and value.get("type") != "legacy"


def _told(function: object) -> tuple[str, str] | None:
    """What a function would be stored as, name and settings; None for one that cannot be stored."""
    try:
        name = function.name()  # type: ignore[attr-defined]
        settings = function.get_config()  # type: ignore[attr-defined]
    except Exception:
        # Foreign code, of which there are many kinds: one that cannot tell its settings has none to be trusted with.
        return None
    return (name, _text(settings)) if isinstance(name, str) else None


def _told_in(schema: object) -> Iterator[tuple[str, str]]:
    """What the functions of a schema would be stored as."""
    if isinstance(schema, Schema):
        todo: list[Any] = [schema.serialize_to_json()]
        while todo:
            each = todo.pop()
            if isinstance(each, dict):
                told: Any = each.get("embedding_function")
                if _is_function(told):
                    yield told["name"], _text(told.get("config"))
                todo.extend(each.values())


def _way_out(name: str) -> str:
    return f"pass the function itself as embedding_function, or allow_embedding_functions=[{name!r}]"


def _text(settings: object) -> str:
    return json.dumps(settings, sort_keys=True, default=repr)


class _Refused(EmbeddingFunction[Any], SparseEmbeddingFunction[Any]):  # type: ignore[misc]
    """Stands where a function was stored that is not trusted. The collection works as long as nothing is embedded."""

    def __init__(self, refused: str) -> None:
        self.refused = refused

    def __call__(self, input: Any) -> NoReturn:  # noqa: A002 - Chroma's name
        raise ConfigurationError(
            f"the collection was stored with the embedding function {self.refused!r}, which is not run on the word of"
            " a stored configuration",
            hint=_way_out(self.refused),
        )

    def embed_query(self, input: Any) -> NoReturn:  # noqa: A002 - Chroma's name
        self(input)

    @staticmethod
    def name() -> str:
        return _STAND_IN

    def get_config(self) -> dict[str, Any]:
        return {"name": self.refused}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> _Refused:
        return _Refused(str(config.get("name")))


known.register_embedding_function(_Refused)  # type: ignore[no-untyped-call]
known.register_sparse_embedding_function(_Refused)  # type: ignore[no-untyped-call]
