"""Any fsspec file system as a Backend: the base class of plugins, and the one home of fsspec.

fsspec has file systems for dozens of services, but promises less than the contract asks: listings are cached,
errors are each library's own, instances break after a fork, a write that is retried inside the library may
report a conflict with itself. Each is put right here once, so that a plugin is a subclass of a few lines.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from thoth_storage import fsspec_files, urls
from thoth_storage.backend import Capabilities, ObjectInfo
from thoth_storage.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    PermissionError_,
    PluginError,
    StorageError,
    UnavailableError,
)
from thoth_storage.fsspec_errors import classify, raise_from
from thoth_storage.fsspec_info import object_info
from thoth_storage.keys import check_data, check_key, check_prefix, check_range, is_key
from thoth_storage.per_process import PerProcess
from thoth_storage.redaction import redact, scrub, secrets_of

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["FsspecBackend"]

_T = TypeVar("_T")
_HINTS: dict[type[StorageError], str] = {
    PermissionError_: "check which identity is used and which permissions it has there",
    UnavailableError: "check the network and the endpoint, then try again",
    PluginError: "install the package that it names",
}
_DELETE_THREADS = 16


class FsspecBackend:
    """A Backend over the fsspec file system of the URL's scheme. Meant to be subclassed.

    ``storage_options`` go to the file system as they are. It is made on first use, once per process (a forked child
    makes its own), and once per thread where the file system is not built for threads. No request is sent and no SDK
    imported before that.

    A subclass may set ``protocol`` (fsspec's name of the file system, where it is not the URL's scheme),
    ``capabilities``, ``permissions``, ``file_like`` and override the methods without underscore that follow
    ``identity`` below.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()
    protocol: ClassVar[str | None] = None
    permissions: ClassVar[Mapping[str, str]] = {}
    """What the service calls the permissions to ``read``, ``list``, ``create``, ``overwrite`` and ``delete``."""
    file_like: ClassVar[bool] = False
    """Files in real folders (SFTP, SMB, a disk) rather than objects: parents are made, writes go by rename."""

    def __init__(self, url: str, **storage_options: Any) -> None:
        self._full_url = url
        self._storage_options = storage_options
        self.url = urls.mask_url(url)
        self.scheme, self.location = self.split(url)
        self.url = urls.mask_url(f"{self.scheme}://{self.location}")
        self._instances = PerProcess(self.make_fs, shared=lambda fs: fs.async_impl)

    # The seven verbs.

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        if end is not None and end <= start:
            self.head(key)
            return b""
        path = self._path(key)
        try:
            return bytes(self.read(path, start, end))
        except Exception as error:
            ours = self._translate(error, key)
            # Services refuse a range that starts at or behind the end (416); as a slice it is empty.
            if (start or end is not None) and not isinstance(ours, NotFoundError | PermissionError_ | UnavailableError):
                with suppress(StorageError):
                    if start >= self.head(key).size:
                        return b""
            if isinstance(ours, ConflictError):
                ours = NotFoundError("no such object (a folder is there)", url=self.url, key=key)
            raise_from(ours, error)

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        self._call(key, lambda: self.write(path, check_data(data)))

    def create(self, key: str, data: bytes) -> None:
        path, stamp = self._path(key), uuid.uuid4().hex
        try:
            self.write_new(path, check_data(data), stamp)
        except Exception as error:
            ours = self._translate(error, key)
            # The library may have stored the object, lost the reply, tried again and met itself.
            if isinstance(ours, AlreadyExistsError | UnavailableError):
                with suppress(Exception):
                    if self.read_stamp(path) == stamp:
                        return
            raise_from(ours, error)

    def head(self, key: str) -> ObjectInfo:
        path = self._path(key)
        info = self._call(key, lambda: self.info(path))
        if info.get("type") == "directory":
            raise NotFoundError("no such object (a folder is there)", url=self.url, key=key)
        return object_info(key, info)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        folder, _, leaf = prefix.rpartition("/")
        root = self._call(None, self.root)
        infos = self._call(prefix, lambda: list(self.find(f"{root}/{folder}" if folder else root, leaf)))
        found = []
        for info in infos:
            name = str(info["name"])
            key = name[len(root) + 1 :] if name.startswith(f"{root}/") else ""
            if info.get("type") != "directory" and key.startswith(prefix) and is_key(key):
                found.append(object_info(key, info))
        if not found:
            self._call(None, self.check_container)
        return iter(sorted(found, key=lambda info: info.key))

    def delete(self, *keys: str) -> None:
        paths = {self._path(key): key for key in keys}
        self._call(keys[0] if len(keys) == 1 else None, lambda: self.remove(list(paths)))

    def close(self) -> None:
        self._instances.clear()

    def identity(self) -> str | None:
        """Who requests are made as, for people; never a secret. Raises PermissionError_ without usable credentials."""
        return self._call(None, self.who)

    # What a subclass may override. ``path`` is always one of the file system's own.

    def split(self, url: str) -> tuple[str, str]:
        """Check the URL and split it into scheme and ``bucket/prefix``. Raises ConfigurationError."""
        return urls.check_bucket_url(url)

    def options(self) -> dict[str, Any]:
        """The options for the file system: those of the URL and the caller's, which win."""
        return dict(self._storage_options)

    def root(self) -> str:
        """The URL's prefix as a path of the file system, without a slash at its end."""
        protocol = self.protocol or self.scheme
        return str(type(self.fs)._strip_protocol(f"{protocol}://{self.location}")).rstrip("/")

    def make_fs(self) -> AbstractFileSystem:
        """A new file system, which keeps no listings: a stale listing is a wrong answer."""
        import fsspec

        protocol = self.protocol or self.scheme
        cls = fsspec.get_filesystem_class(protocol)
        from_url = cls._get_kwargs_from_urls(f"{protocol}://{urls.split_url(self._full_url).rest}")
        options = {**from_url, "use_listings_cache": False, "skip_instance_cache": True, **self.options()}
        return cls(**options)

    def read(self, path: str, start: int, end: int | None) -> bytes:
        """``[start, end)`` of a file in one consistent read."""
        if self.file_like:
            return fsspec_files.read(self.fs, path, start, end)
        if start == 0 and end is None:
            return self.fs.cat_file(path)  # type: ignore[no-any-return]
        return self.fs.cat_file(path, start=start, end=end)  # type: ignore[no-any-return]

    def write(self, path: str, data: bytes) -> None:
        """Store so that readers never see a part."""
        if self.file_like:
            fsspec_files.replace(self.fs, path, data)
        else:
            self.fs.pipe_file(path, data)

    def write_new(self, path: str, data: bytes, stamp: str) -> None:
        """Store if absent, else FileExistsError; with ``stamp`` in the object's metadata where there is any."""
        if self.file_like:
            fsspec_files.create(self.fs, path, data)
        else:
            self.fs.pipe_file(path, data, mode="create")

    def read_stamp(self, path: str) -> str | None:
        """The stamp that the stored object was created with; None where objects have no metadata."""
        return None

    def info(self, path: str) -> dict[str, Any]:
        """fsspec's ``info`` of one file: ``name``, ``size``, ``type``, a time."""
        return self.fs.info(path)  # type: ignore[no-any-return]

    def find(self, folder: str, leaf: str) -> Iterable[dict[str, Any]]:
        """``info`` of all files below ``folder``, at least those whose name starts with ``folder/leaf``."""
        if self.file_like:
            return fsspec_files.find(self.fs, folder)
        return self.fs.find(folder, detail=True).values()  # type: ignore[no-any-return]

    def check_container(self) -> None:
        """Raise FileNotFoundError if the bucket does not exist. Asked when a listing is empty."""

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; those that are missing are no error. Never given a pattern to expand."""

        def one(path: str) -> None:
            with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                self.fs.rm_file(path)

        if len(paths) <= 1:
            for path in paths:
                one(path)
            return
        with ThreadPoolExecutor(min(_DELETE_THREADS, len(paths))) as pool:
            for _ in pool.map(one, paths):
                pass

    def who(self) -> str | None:
        """The account, user or key that requests are made with; None where the service's library does not tell."""
        return None

    def refine(self, error: Exception) -> type[StorageError] | StorageError | None:
        """What this service's library means by ``error``, where Python's own classes do not tell; else None."""
        return None

    @property
    def user(self) -> tuple[str | None, str | None]:
        """User and password of the URL's user part, decoded. Not to be shown."""
        _, user, password = urls.split_user(self._full_url)
        return user, password

    # Machinery.

    @property
    def fs(self) -> AbstractFileSystem:
        """The file system of this process (and thread, where it must be). Made anew after a fork: its event
        loop's thread does not exist in the child."""
        return self._instances.get()

    def _path(self, key: str) -> str:
        check_key(key)
        return self._call(key, lambda: f"{self.root()}/{key}")

    def _call(self, key: str | None, do: Callable[[], _T]) -> _T:
        try:
            return do()
        except Exception as error:
            raise_from(self._translate(error, key), error)

    def _translate(self, error: Exception, key: str | None) -> StorageError:
        secrets = secrets_of(self._full_url, self._storage_options)
        scrub(error, secrets)
        ours = error if isinstance(error, StorageError) else self.refine(error)
        if isinstance(ours, StorageError):
            scrub(ours, secrets)
            ours.url, ours.key = ours.url or self.url, ours.key or key or None
            return ours
        cls = ours or classify(error)
        text = redact(str(error), secrets).strip() or type(error).__name__
        if cls is NotFoundError:
            text = f"no such object or bucket ({text})"
        elif cls is AlreadyExistsError:
            text = "the object already exists"
        return cls(text, url=self.url, key=key or None, hint=_HINTS.get(cls))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (type(self), self._full_url, self._storage_options)


def _reopen(cls: type[FsspecBackend], url: str, options: dict[str, Any]) -> FsspecBackend:
    return cls(url, **options)
