"""Where a restore may write, found out before anything is written: what is there, and where its files are gathered.

Beside the target is best, since one rename then puts all in its place. A target that cannot be renamed (a volume that
is mounted there, a folder in one that may not be written) has them gathered inside of it.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from thoth_storage.errors import AlreadyExistsError, ConfigurationError, InvalidArgumentError, PermissionError_
from thoth_storage.repository.layout import new_id

__all__ = ["Site", "look_at", "may_write", "mounts", "refuse_own", "resolve"]

_NO_CONTENT = re.compile(r"\.thoth-(restore|old)-[0-9a-f]{8}|lost\+found")
"""In a volume: what restores gather or have put aside there, and what a fresh ext4 has."""


@dataclass(frozen=True)
class Site:
    """The target ``path``. ``inside``: its files are gathered within it. ``merges``: what is there stays but for the
    files that are restored; ``replaces``: it does not."""

    path: Path
    inside: bool
    merges: bool
    replaces: bool

    @property
    def prefix(self) -> str:
        """How the names begin of the folders in which files for this target are gathered."""
        return ".thoth-restore-" if self.inside else f".{self.path.name}.thoth-restore-"

    @property
    def parent(self) -> Path:
        """Where those folders are."""
        return self.path if self.inside else self.path.parent

    def new_staging(self) -> Path:
        return self.parent / f"{self.prefix}{new_id()[:8]}"

    def new_aside(self) -> Path:
        """A name for what was there before, until the new is in its place."""
        return self.parent / f"{self.prefix.replace('-restore-', '-old-')}{new_id()[:8]}"

    def entries(self) -> list[str]:
        """What is in the target, but for what is no content of it."""
        names = os.listdir(self.path)  # noqa: PTH208 - names are wanted
        return [name for name in names if not self.inside or not _NO_CONTENT.fullmatch(name)]


def resolve(target: object) -> Path:
    """The absolute path that a target means, links followed. Raises ConfigurationError."""
    text = os.fspath(target) if isinstance(target, os.PathLike) else target
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidArgumentError(f"a target is the path of a directory, not {target!r:.80}")
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        # A circle of links, a home of nobody, a name that no file can have.
        raise ConfigurationError(f"{text!r:.200} leads nowhere ({error})", hint="name another target") from error


def refuse_own(path: Path, url: str) -> None:
    """A restore into the repository, or over it, would destroy what it reads."""
    scheme, _, location = url.partition("://")
    if scheme != "file":
        return
    own = Path(unquote(location)).resolve()
    if _lies_in(path, own) or _lies_in(own, path):
        raise ConfigurationError(
            f"the target {path} is the folder of the repository itself, in it or around it", url=url
        )


def _lies_in(path: Path, folder: Path) -> bool:
    """Also where a bind mount gives a folder another name."""
    around = (path, *path.parents)
    return folder in around or any(_is_same(each, folder) for each in around)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def look_at(path: Path, *, overwrite: bool, part: bool) -> Site:
    """All that can be said of a target before it is written to. ``part``: not all of a snapshot is wanted.

    Raises ConfigurationError, AlreadyExistsError, PermissionError_, OSError.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise ConfigurationError(f"{path} is a file, a directory is expected", hint="name another target")
    if not path.exists():
        _check_new(path)
        return Site(path, inside=False, merges=False, replaces=overwrite and not part)
    known = mounts()
    inside = not _can_be_renamed(path, known)
    filled = bool(Site(path, inside, merges=False, replaces=False).entries())
    if filled and not overwrite:
        raise AlreadyExistsError(f"{path} exists and is not empty", hint="name another target, or pass overwrite")
    site = Site(path, inside, merges=filled and part, replaces=overwrite and not part)
    if inside and not may_write(path):
        raise PermissionError_(f"{path} cannot be written", hint="choose a target that this user may write")
    if not site.merges:
        below = next((mount for mount in sorted(known) if path in mount.parents), None)
        if below:
            raise ConfigurationError(f"{below}, in the target, is a mount point", hint="unmount it first")
    _check_names(site.parent, [site.new_staging().name])
    return site


def _check_new(path: Path) -> None:
    """Whether a folder and those above it can be made."""
    missing = [path]
    for parent in path.parents:
        if os.path.lexists(parent):
            break
        missing.append(parent)
    if not parent.is_dir():
        raise ConfigurationError(f"{parent} is a file, a directory is expected", hint="name another target")
    if not may_write(parent):
        raise PermissionError_(f"{parent} cannot be written", hint="choose a target that this user may write")
    site = Site(path, inside=False, merges=False, replaces=False)
    _check_names(parent, [*(each.name for each in missing), site.new_staging().name])


def _check_names(folder: Path, names: list[str]) -> None:
    """Raises OSError for a name that is too long for the file system."""
    for name in names:
        with suppress(FileNotFoundError):
            (folder / name).lstat()


def _can_be_renamed(path: Path, known: set[Path]) -> bool:
    if path in known or os.path.ismount(path) or not may_write(path.parent):
        return False
    above, user = path.parent.stat(), os.geteuid()
    # In a folder such as /tmp one may rename only what is one's own.
    return not above.st_mode & stat.S_ISVTX or user in (0, above.st_uid, path.stat().st_uid)


def may_write(folder: Path) -> bool:
    """Also read: only what can be opened can be flushed."""
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def mounts() -> set[Path]:
    """What is mounted, as far as the kernel tells. The device number alone does not tell bind mounts."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return set()
    return {Path(os.fsdecode(_OCTAL.sub(_plain, line.split()[4]))) for line in lines}


_OCTAL = re.compile(rb"\\([0-7]{3})")


def _plain(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)])
