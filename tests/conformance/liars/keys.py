"""Names that are changed on their way, or not looked at."""

import unicodedata
from typing import Any
from urllib.parse import unquote, unquote_plus

from thoth_storage.backend import ObjectInfo

from .base import Liar

ODD = ("test_odd_keys_are_read_as_they_were_written", "test_odd_keys_are_listed_as_they_were_written")


class KeysAreUnquoted(Liar):
    caught_by = ("test_odd_keys_are_listed_as_they_were_written",)

    def put(self, key: str, data: bytes) -> None:
        super().put(unquote(key) if "\0" not in unquote(key) and unquote(key) != "/" else key, data)


class PlusIsASpace(Liar):
    caught_by = ODD

    def put(self, key: str, data: bytes) -> None:
        super().put(key if "%" in key else unquote_plus(key), data)


class QuestionMarkEndsTheKey(Liar):
    caught_by = ODD

    def put(self, key: str, data: bytes) -> None:
        super().put(key.partition("?")[0], data)


class HashEndsTheKey(Liar):
    caught_by = ODD

    def put(self, key: str, data: bytes) -> None:
        super().put(key.partition("#")[0] or key, data)


class KeysAreComposed(Liar):
    """Some file systems bring names to a normal form of Unicode."""

    caught_by = ODD

    def put(self, key: str, data: bytes) -> None:
        super().put(unicodedata.normalize("NFC", key), data)


class KeysAreStripped(Liar):
    caught_by = ODD

    def put(self, key: str, data: bytes) -> None:
        super().put(key.strip(), data)


class LongKeysAreCut(Liar):
    caught_by = ODD

    def put(self, key: str, data: bytes) -> None:
        super().put(key[:250].rstrip("/"), data)


class HiddenFilesAreHidden(Liar):
    caught_by = ("test_odd_keys_are_listed_as_they_were_written",)

    def list(self, prefix: str = "") -> Any:
        return (info for info in super().list(prefix) if not info.key.startswith("."))


class KeysAreNotChecked(Liar):
    caught_by = ("test_invalid_keys_are_refused_by_every_verb", "test_errors_tell_where")

    def put(self, key: Any, data: bytes) -> None:
        super().put("escaped", data)


class HeadDoesNotCheck(Liar):
    caught_by = ("test_invalid_keys_are_refused_by_every_verb",)

    def head(self, key: Any) -> ObjectInfo:
        return super().head(key if isinstance(key, str) and "//" not in key else "missing")
