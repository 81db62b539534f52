"""Checks of this machine: what is installed, and whether the store fits here."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

from thoth_storage import config
from thoth_storage.health.report import Outcome, fail, ok, warn
from thoth_storage.health.scene import Scene
from thoth_storage.registry import list_plugins
from thoth_storage.store.budget import is_memory_backed, memory_left

__all__ = ["configuration", "disk", "memory", "plugins", "versions"]

_OLDEST = (3, 11)
_ROOM = 256 * 2**20
"""Bytes below which it is tight whatever the store."""


def versions(_: Scene) -> Outcome:
    """Python, this package, and whether what it needs is there in the versions that it needs."""
    told = f"Python {platform.python_version()}"
    if sys.version_info < _OLDEST:
        return fail(f"{told} is too old", f"use Python {'.'.join(map(str, _OLDEST))} or later")
    wrong = []
    for requirement in metadata.requires("thoth-storage") or ():
        if ";" not in requirement:  # of the core, and not of an extra
            wrong += _unmet(requirement)
    told += "".join(f", {name} {metadata.version(name)}" for name in ("thoth-storage", "chromadb") if _has(name))
    if wrong:
        return fail(f"{told}; unfit: {'; '.join(wrong)}", "pip install --upgrade thoth-storage")
    return ok(told)


def plugins(_: Scene) -> Outcome:
    """A broken plugin harms only who wants its URLs."""
    found = list_plugins()
    broken = [f"{each.name} ({each.error})" for each in found if each.error]
    if broken:
        names = " ".join(each.name for each in found if each.error)
        return warn(f"broken: {'; '.join(broken)}", f"pip install --upgrade --force-reinstall {names}")
    return ok(", ".join(f"{each.name} {each.version or '?'}" for each in found))


def configuration(scene: Scene) -> Outcome:
    """Every setting can be read, and which store is meant."""
    settings = scene.settings()
    config.values(settings.url, settings.storage_options)
    if settings.source == "default":
        return warn("no store is configured: ./chroma_db on the local disk", "set THOTH_STORAGE_URL")
    return ok(f"the store is named by {settings.source}")


def disk(scene: Scene) -> Outcome:
    """Where local directories are made, and whether the newest snapshot fits there."""
    folder = config.cache_root(scene.cache_dir, scene.settings().url)
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return _headroom(scene, shutil.disk_usage(existing).free, f"below {folder}", "cache_dir: point it at a larger disk")


def memory(scene: Scene) -> Outcome:
    """What this container may still use; where files are memory the store has to fit in it."""
    budget = scene.setting("memory_budget")
    left = min((each for each in (memory_left(), _available()) if each is not None), default=None)
    folder = config.cache_root(scene.cache_dir, scene.settings().url)
    hint = "give the instance more memory, or point cache_dir at a disk"
    if is_memory_backed(folder) and (limits := [each for each in (left, budget) if each is not None]):
        return _headroom(scene, min(limits), "of memory, in which files are here", hint)
    if left is None:
        return ok("this system tells no limit")
    told = f"{_mib(left)} are left"
    return ok(told) if left >= _ROOM else warn(told, hint)


def _headroom(scene: Scene, free: int, where: str, hint: str) -> Outcome:
    needed = scene.size.within(scene.patience)  # where it is not known, other checks tell why
    told = f"{_mib(free)} are free {where}"
    if needed is None:
        return ok(told) if free >= _ROOM else warn(told, hint)
    told += f"; the store needs {_mib(needed)}"
    if free < needed:
        return fail(told, hint)
    # To go on to a newer checkpoint both are there for a while.
    return ok(told) if free >= 2 * needed and free >= _ROOM else warn(told, hint)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _has(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _unmet(requirement: str) -> list[str]:
    """What is wrong with one requirement; nothing where it is met."""
    try:
        from packaging.requirements import Requirement
    except ImportError:  # it comes with chromadb, and is no requirement of ours
        return []
    wanted = Requirement(requirement)
    if not _has(wanted.name):
        return [f"{wanted.name} is not installed"]
    found = metadata.version(wanted.name)
    return [] if wanted.specifier.contains(found, prereleases=True) else [f"{requirement} is needed, {found} is there"]


def _mib(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"
