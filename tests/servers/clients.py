"""The real clients, as tests want them: fresh, without caches, and in a hurry."""

import asyncio
from typing import Any, TypeVar

import pytest
from gcsfs.core import GCSFileSystem
from s3fs import S3FileSystem

from .common import ObjectServer

AnyServer = TypeVar("AnyServer", bound=ObjectServer)
CLIENTS = {"gs": GCSFileSystem, "s3": S3FileSystem}


def connect(server: ObjectServer, **options: Any) -> Any:
    """The fsspec file system of a server's scheme. For gs the plain class, which never asks over gRPC."""
    options = server.options() | options
    return CLIENTS[server.scheme](**options, use_listings_cache=False, skip_instance_cache=True)


def fresh(server: AnyServer, monkeypatch: pytest.MonkeyPatch) -> AnyServer:
    """As new, with a bucket called ``bucket``, and its client in a hurry."""
    hurry(monkeypatch)
    server.reset()
    server.create_bucket("bucket")
    return server


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clients retry at once. They sleep between tries, gcsfs for up to half a minute in all."""
    for module in ("gcsfs.core", "gcsfs.retry", "s3fs.core", "aiobotocore.endpoint"):
        monkeypatch.setattr(f"{module}.asyncio", _Sleepless())


class _Sleepless:
    """asyncio for one module, but for its sleep, which lets others run and returns."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)
