"""Keeps what was given in confidence out of errors: foreign libraries put URLs, options and headers into theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

from thoth_storage import urls
from thoth_storage.errors import StorageError

__all__ = ["redact", "scrub", "secrets_of"]

_WORDS = ("secret", "pass", "pwd", "token", "key", "credential", "sas", "auth", "connection_string")


def secrets_of(url: str, options: Mapping[str, Any]) -> frozenset[str]:
    """The user part of ``url``, as it stands there and decoded, and the ``options`` whose name tells of a secret."""
    bare, *user = urls.split_user(url)
    written = url[: len(url) - len(bare.partition("://")[2])].partition("://")[2].removesuffix("@").partition(":")
    return frozenset(value for value in (*user, written[0], written[2], *_of_options(options)) if value)


def redact(text: str, secrets: frozenset[str]) -> str:
    """``text`` with every one of ``secrets`` replaced, also where it is written as in a URL, by which libraries send
    and show it. Short ones are left: masking 'a' would hide the message."""
    forms = {form for secret in secrets if len(secret) >= 4 for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def _forms(secret: str) -> set[str]:
    encoded = secret.encode(errors="surrogatepass")
    return {secret, quote(encoded), quote(encoded, safe=""), quote_plus(encoded)}


def scrub(error: BaseException, secrets: frozenset[str]) -> None:
    """Take ``secrets`` out of an error and out of those it hangs on, in place: a trace prints all of them."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error] if secrets else []
    while pending:
        each = pending.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            _scrub_one(each, secrets)
            pending += [each.__cause__, each.__context__, *(arg for arg in each.args if isinstance(arg, BaseException))]


def _scrub_one(error: BaseException, secrets: frozenset[str]) -> None:
    def clean(value: Any) -> Any:
        if isinstance(value, BaseException):
            return value
        text = str(value)
        cleaned = redact(text, secrets)
        return value if cleaned == text else cleaned

    # OSError prints these, not its args (and takes any text for an errno). The place of one of our own errors is data
    # for programs, masked already.
    kept = {"url", "key"} if isinstance(error, StorageError) else set()
    names = {"errno", "strerror", "filename", "filename2", *vars(error)} - kept
    with suppress(Exception):  # a stranger's class may refuse; its message is then cleaned where we quote it
        error.args = tuple(clean(arg) for arg in error.args)
    for name in names:
        value = getattr(error, name, None)
        with suppress(Exception):
            if isinstance(value, str):
                setattr(error, name, clean(value))
            elif name == "__notes__":
                error.__notes__ = [clean(note) for note in error.__notes__]


def _of_options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _of_options(value)
        elif isinstance(value, str) and any(word in str(name).lower() for word in _WORDS):
            yield value
