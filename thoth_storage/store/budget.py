"""Whether a store fits where its local directory is to be: told before the first byte, with the figures.

On Cloud Run and other hosts whose file system is memory, a directory that is too large does not fail: the instance is
killed. There the limit of the control group is what counts.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from thoth_storage import config
from thoth_storage.errors import CapacityError

__all__ = ["check_room", "fits", "is_memory_backed", "memory_left"]

_MEMORY = {"tmpfs", "ramfs", "rootfs"}
_VOLUMES = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "nfs", "nfs4", "fuse"}
_CGROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Version 2 and version 1: the limit of this container, what it uses, and what of that is given back when asked:
what was read from disks stays in memory while there is room."""


def check_room(folder: Path, needed: int, budget: int | None, *, url: str) -> None:
    """Raises CapacityError if ``needed`` bytes are more than the caller's ``budget``, the room on the disk of
    ``folder`` or, where that is memory, what this container may still use."""
    limits = [
        ("the memory budget", budget),
        (f"the room left below {folder}", shutil.disk_usage(_existing(folder)).free),
    ]
    if is_memory_backed(folder):
        limits.append(("the memory that this container may still use", memory_left()))
    for what, limit in limits:
        if limit is not None and needed > limit:
            raise CapacityError(
                f"the store needs {_mib(needed)} on this machine, {what} is {_mib(limit)}",
                url=url,
                hint="give the instance more memory or a disk, or point cache_dir at a larger one",
            )


def fits(folder: Path, needed: int) -> bool:
    """Whether there is a disk with that much room, and it is no memory."""
    return not is_memory_backed(folder) and shutil.disk_usage(_existing(folder)).free > needed


def is_memory_backed(folder: Path) -> bool:
    """Whether files below ``folder`` take memory. On Cloud Run all do that are on no mounted volume."""
    kind = _file_system(_existing(folder).resolve())
    return kind in _MEMORY or (config.on_cloud_run() and kind.partition(".")[0] not in _VOLUMES)


def _file_system(folder: Path) -> str:
    """The kind of the file system that a folder is on; nothing where the kernel does not tell."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].replace("\\040", " "))
        if (folder == point or point in folder.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind


def memory_left() -> int | None:
    """Bytes that this container may still use; None where it has no limit."""
    for folder, limit, used, cached in _CGROUPS:
        try:
            most = Path(folder, limit).read_text().strip()
            if most == "max":
                return None
            taken = int(Path(folder, used).read_text()) - _figure(Path(folder, "memory.stat"), cached)
            return max(int(most) - taken, 0)
        except (OSError, ValueError):
            continue
    return None


def _figure(path: Path, name: str) -> int:
    """One of the figures in a file of the kernel's; 0 where it does not tell."""
    try:
        figures = dict(line.partition(" ")[::2] for line in path.read_text().splitlines())
        return int(figures.get(name, 0))
    except (OSError, ValueError):
        return 0


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def _mib(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"
