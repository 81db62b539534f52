"""Whether a store can be relied on: checks of this machine, of the service that stores, and of what is stored.

``examine`` looks at all of it within a deadline; ``live`` and ``ready`` are for a process that has a store open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from thoth_storage import config
from thoth_storage.errors import ConfigurationError
from thoth_storage.health import machine, services, stores
from thoth_storage.health.instance import live, ready
from thoth_storage.health.report import FAIL, OK, WARN, Check, Outcome, Report
from thoth_storage.health.running import run
from thoth_storage.health.scene import Scene

__all__ = ["CHECKS", "FAIL", "OK", "WARN", "Check", "Report", "examine", "live", "ready"]

CHECKS: Mapping[str, Callable[[Scene], Outcome]] = {
    "python": machine.versions,
    "plugins": machine.plugins,
    "configuration": machine.configuration,
    "backend": services.backend,
    "credentials": services.credentials,
    "repository": stores.repository,
    "checkpoint": stores.checkpoint,
    "log": stores.log,
    "drill": stores.drill,
    "disk": machine.disk,
    "memory": machine.memory,
    "clock": services.clock,
}
"""Each by the name that its line in a report has."""


def examine(
    url: Any = None,
    storage_options: Mapping[str, Any] | None = None,
    *,
    encryption_key: object = None,
    deadline: float | None = None,
    write: bool = True,
    cache_dir: Any = None,
) -> Report:
    """All checks, side by side, within ``deadline`` seconds (the setting ``health_deadline``): one that hangs is told
    as failed, and the others answer. ``url``, ``storage_options`` and ``encryption_key`` as for ``PersistentClient``.
    ``write=False``: the backend is not tried with a write. What is wrong is in the report, and nothing is raised.
    """
    began = time.perf_counter()
    if deadline is None:
        try:
            deadline = float(config.get("health_deadline", url))
        except ConfigurationError:
            deadline = 10.0  # the check of the configuration tells
    scene = Scene(url, storage_options, encryption_key, write=write, cache_dir=cache_dir, patience=deadline / 2)
    checks = run(CHECKS, scene, deadline)
    if all(check.seconds < deadline for check in checks):
        scene.close()  # else somebody still waits for it
    return Report(scene.url, checks, time.perf_counter() - began)
