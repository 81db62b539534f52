"""The error tree: grouped by what a caller would do, not by where the failure arose.

    StorageError                      anything that this package raises on purpose
    ├── ConfigurationError            fix the URL, the option or the setting, then try again
    │   ├── InvalidArgumentError      a key, range or name that no backend accepts (also a ValueError)
    │   └── EncryptionKeyError        the encryption key is missing, wrong or superfluous (also a PermissionError_)
    ├── PluginError                   install, upgrade or remove a plugin
    ├── NotFoundError                 what was asked for is not there (also a KeyError)
    ├── AlreadyExistsError            somebody created it first
    ├── ConflictError                 somebody else changed what this work builds on: look, then redo
    ├── PermissionError_              get credentials, or more rights for them
    ├── UnavailableError              try again later; the only kind that is retried
    ├── CorruptionError               stored bytes are not what was written: repair or restore
    ├── CapacityError                 make room: a disk, quota or memory budget is full
    ├── CapabilityError               the backend cannot do this: use another one
    └── FormatError                   written by a newer version: upgrade this package

Every error says what was wrong in its message, and carries ``url``, ``key`` and ``hint`` (what to do) where
they are known. None of these ever holds a secret: a URL is masked before it gets here.
"""

from __future__ import annotations

__all__ = [
    "AlreadyExistsError",
    "CapabilityError",
    "CapacityError",
    "ConfigurationError",
    "ConflictError",
    "CorruptionError",
    "EncryptionKeyError",
    "FormatError",
    "InvalidArgumentError",
    "NotFoundError",
    "PermissionError_",
    "PluginError",
    "StorageError",
    "UnavailableError",
    "for_http_status",
]


class StorageError(Exception):
    """Base of the tree, so that one ``except`` can catch whatever this package raises on purpose.

    ``url`` and ``key`` tell where, ``hint`` tells what to do. They are plain attributes, not parts of the
    message, so that a program can read them; ``str()`` puts them together for people.
    """

    def __init__(self, message: str, *, url: str | None = None, key: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.url = url
        self.key = key
        self.hint = hint

    def __str__(self) -> str:
        where = "/".join(part.rstrip("/") for part in (self.url, self.key) if part)
        text = f"{self.message} [{where}]" if where and where not in self.message else self.message
        return f"{text}; {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with all fields: errors cross process borders in worker pools."""
        return _rebuild, (type(self), self.message, self.url, self.key, self.hint)


def _rebuild(
    kind: type[StorageError], message: str, url: str | None, key: str | None, hint: str | None
) -> StorageError:
    return kind(message, url=url, key=key, hint=hint)


class ConfigurationError(StorageError):
    """A URL, option or setting is wrong; nothing was done."""


class InvalidArgumentError(ConfigurationError, ValueError):
    """A key, range or name that breaks the rules of the contract, whatever the backend."""


class PluginError(StorageError):
    """A plugin is broken, or two of them claim one thing."""


class NotFoundError(StorageError, KeyError):
    """An object, snapshot, repository or bucket is not there. Never used for "empty"."""


class AlreadyExistsError(StorageError):
    """``create`` found an object under that key; it was left as it is."""


class ConflictError(StorageError):
    """Something changed beneath this operation; its own work was not mixed in."""


class PermissionError_(StorageError):  # noqa: N801, N818 - the name is public; it must not hide the builtin
    """The service refused the identity, or there was none."""


class EncryptionKeyError(ConfigurationError, PermissionError_):
    """The encryption key is missing, wrong, or given for what is not encrypted. Never holds the key."""


class UnavailableError(StorageError):
    """The service did not answer, or asked to slow down. The operation may or may not have happened."""


class CorruptionError(StorageError):
    """Stored bytes fail a check. ``key`` names the object; the message tells what was expected."""


class CapacityError(StorageError):
    """There is no room: the disk, a quota or a budget is full. What was there before is untouched."""


class CapabilityError(StorageError):
    """The backend lacks something that this operation cannot do without."""


class FormatError(StorageError):
    """Stored data has a format version that this version of the package cannot read."""


def for_http_status(status: object) -> type[StorageError] | None:
    """The class for an HTTP status (int or digits); None for one that says nothing, or for no status at all."""
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int):
        return None
    if status in (401, 403, 407):
        return PermissionError_
    if status in (404, 410):
        return NotFoundError
    if status == 412:
        return AlreadyExistsError
    if status in (408, 409, 425, 429) or 500 <= status < 600:
        return UnavailableError
    if status == 400:
        return ConfigurationError
    return None
