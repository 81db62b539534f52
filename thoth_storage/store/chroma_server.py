"""A Chroma server that runs somewhere, known by ``chroma+http://host:port``."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from thoth_storage.errors import (
    ConfigurationError,
    NotFoundError,
    StorageError,
    UnavailableError,
    for_http_status,
)
from thoth_storage.store.portable import PortableReader
from thoth_storage.store.portable_writing import PortableWriter

__all__ = ["SCHEMES", "ServerPlace", "is_server", "reading_server", "writing_server"]

SCHEMES = ("chroma+http", "chroma+https")
_PORTS = {"chroma+http": 8000, "chroma+https": 443}
_ROWS = 300
"""Rows of one request: what Chroma's cloud takes at most. A server that is nearer is hardly slower for it."""
_CONNECT, _ANSWER = 10.0, 120.0
"""Seconds to wait for a connection, and for an answer."""


@dataclass(frozen=True)
class ServerPlace:
    """``headers`` go with every request, and have the token if there is one: nothing of them is ever shown."""

    url: str
    host: str
    port: int
    ssl: bool
    tenant: str
    database: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, url: str, tenant: str, database: str, headers: Mapping[str, str]) -> ServerPlace:
        """Raises ConfigurationError."""
        hint = "write chroma+http://host:port, and a token by --token or the configuration"
        try:
            parts = urlsplit(url)
            port, scheme = parts.port, parts.scheme.lower()
        except ValueError as error:
            raise ConfigurationError(f"the URL of the Chroma server is none: {error}", hint=hint) from error
        if parts.username is not None or parts.password is not None:
            raise ConfigurationError("the URL of a Chroma server takes no user and password", hint=hint)
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ConfigurationError(f"{url!r} is not the URL of a Chroma server", hint=hint)
        return cls(
            url.rstrip("/"), parts.hostname, port or _PORTS[scheme], scheme.endswith("s"), tenant, database, headers
        )


def is_server(url: Any) -> bool:
    """Whether ``url`` names a Chroma server."""
    return isinstance(url, str) and url.partition("://")[0].lower() in SCHEMES and "://" in url


@contextmanager
def reading_server(place: ServerPlace) -> Iterator[PortableReader]:
    """Raises UnavailableError, PermissionError_, NotFoundError for the tenant or the database."""
    with _connected(place) as server:
        yield PortableReader(server, place.tenant, place.database, place.url, _ROWS)


@contextmanager
def writing_server(place: ServerPlace, *, merge: bool) -> Iterator[PortableWriter]:
    """Raises the same."""
    with _connected(place) as server:
        most = min(_ROWS, server.get_max_batch_size())
        yield PortableWriter(server, lambda: server, place.tenant, place.database, place.url, most=most, merge=merge)


@contextmanager
def _connected(place: ServerPlace) -> Iterator[Any]:
    _knock(place)
    with _told(place):
        import chromadb

        from thoth_storage.store.quiet import quiet_settings

        try:
            client = chromadb.HttpClient(
                place.host,
                place.port,
                ssl=place.ssl,
                headers=dict(place.headers),
                settings=quiet_settings(),
                tenant=place.tenant,
                database=place.database,
            )
        except ValueError as error:
            raise _away(place, _cause(error)) from error
        server: Any = client._server  # type: ignore[attr-defined]  # noqa: SLF001 - chromadb's own way in
        server._session.timeout = _ANSWER  # noqa: SLF001 - chromadb waits for ever
        try:
            yield server
        finally:
            client.close()  # type: ignore[attr-defined]


def _knock(place: ServerPlace) -> None:
    """chromadb waits for a connection as long as the system lets it, and tells nothing of why there is none."""
    try:
        with socket.create_connection((place.host, place.port), _CONNECT):
            pass
    except OSError as error:
        raise _away(place, error) from error


def _away(place: ServerPlace, error: BaseException) -> StorageError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    kind = for_http_status(status) or UnavailableError
    return kind(
        f"no Chroma server answers: {error}",
        url=place.url,
        hint="start it with 'chroma run', and check host, port and token",
    )


def _cause(error: BaseException) -> BaseException:
    """The first failure, which chromadb hides behind a question."""
    while error.__context__ is not None:
        error = error.__context__
    return error


@contextmanager
def _told(place: ServerPlace) -> Iterator[None]:
    """What goes wrong on the way to a server, as errors of ours."""
    import httpx
    from chromadb.errors import ChromaAuthError, ChromaError
    from chromadb.errors import NotFoundError as ChromaNotFoundError

    from thoth_storage.errors import InvalidArgumentError, PermissionError_

    try:
        yield
    except StorageError:
        raise
    except httpx.HTTPStatusError as error:
        raise _away(place, error) from error
    except httpx.HTTPError as error:
        raise UnavailableError(
            f"the Chroma server does not answer: {type(error).__name__}: {error}", url=place.url, hint="try again later"
        ) from error
    except ChromaAuthError as error:
        raise PermissionError_(
            f"the Chroma server refuses: {error.message()}", url=place.url, hint="check the token, tenant and database"
        ) from error
    except ChromaNotFoundError as error:
        raise NotFoundError(f"the Chroma server says: {error.message()}", url=place.url) from error
    except ChromaError as error:
        kind = InvalidArgumentError if error.code() < 500 else StorageError
        raise kind(f"the Chroma server refuses: {error.message()}", url=place.url) from error
