"""The last step of a restore: what was gathered takes the place of what was there, as a whole.

Beside the target two folders change places. Inside of it the old entries go aside and the new ones come in, one by one,
since what is mounted cannot be renamed; an error puts all back.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from thoth_storage.errors import AlreadyExistsError, ConfigurationError
from thoth_storage.repository.folders import flush_folder, move, remove
from thoth_storage.repository.swap import exchange
from thoth_storage.repository.targets import Site

__all__ = ["move_inside", "move_whole"]


def move_whole(staging: Path, site: Site, *, durable: bool) -> None:
    """Let ``staging`` be the target. What was there is afterwards in ``staging``, or gone."""
    path = site.path
    try:
        # Renaming replaces an empty folder, and no other.
        if not site.replaces or not _is_folder(path):
            staging.rename(path)
        elif not exchange(staging, path):
            _rename_both(staging, site)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _meanwhile(path) from error
        raise
    if not durable:
        return
    try:
        flush_folder(path.parent)
    except OSError as error:
        raise ConfigurationError(
            f"{path} is restored, but a loss of power could undo that ({error})", hint="look at the disk"
        ) from error


def _rename_both(staging: Path, site: Site) -> None:
    """Where folders cannot change places. Between the two renames there is no target; who is killed there leaves the
    old one beside, by a name that tells what it is."""
    old = site.new_aside()
    site.path.rename(old)
    try:
        staging.rename(site.path)
    except BaseException:
        old.rename(site.path)
        raise
    flush_folder(site.path.parent)
    remove(old)


def _is_folder(path: Path) -> bool:
    if path.is_dir():
        return True
    if os.path.lexists(path):
        raise ConfigurationError(f"{path} came to be a file meanwhile", hint="nothing was changed there")
    return False


def move_inside(staging: Path, site: Site, mode: int | None) -> None:
    """Let the entries of ``staging``, which is in the target, be those of the target, and ``mode`` its permissions."""
    path, old = site.path, site.new_aside()
    moved: list[tuple[Path, Path]] = []
    with _locked(path):
        new = os.listdir(staging)  # noqa: PTH208 - names are wanted
        before = site.entries()
        if before and not site.replaces:
            raise _meanwhile(path)
        before += [name for name in new if name not in before and os.path.lexists(path / name)]
        try:
            old.mkdir(mode=0o700)
            pairs = [(path / name, old / name) for name in before]
            for source, place in [*pairs, *((staging / name, path / name) for name in new)]:
                move(source, place)
                moved.append((source, place))
        except BaseException:
            for source, place in reversed(moved):
                move(place, source)
            with suppress(OSError):
                old.rmdir()
            raise
    if mode is not None:
        # The root of a volume may be another user's, who decides.
        with suppress(PermissionError):
            path.chmod(mode & 0o777)
    flush_folder(path)
    remove(old)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Of two restores that come to their ends at once, one waits."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _meanwhile(path: Path) -> AlreadyExistsError:
    return AlreadyExistsError(f"{path} came to be meanwhile", hint="nothing was changed there")
