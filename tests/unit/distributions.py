"""Distributions made in a folder, as pip would install them: modules, METADATA and entry points."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.helpers import run_python

__all__ = ["GOOD", "Site"]

GOOD = """
    import thoth_storage as ts

    class Backend(ts.FsspecBackend):
        protocol = "memory"
        capabilities = ts.Capabilities(atomic_create=True)

    @ts.hookimpl
    def thoth_storage_backends():
        return {"SCHEME": Backend}
"""

PROBE = """
    import json, sys
    sys.path.insert(0, {site!r})
    for module in {hidden!r}:
        sys.modules[module] = None
    import thoth_storage as ts
    answers = {{}}
    for url in {urls!r}:
        try:
            backend = ts.open_backend(url)
            answers[url] = ["opened", repr(backend)]
        except ts.StorageError as error:
            answers[url] = [type(error).__name__, str(error), error.url, error.hint]
    plugins = {{p.name: [p.version, list(p.schemes), sorted(p.capabilities), p.error] for p in ts.list_plugins()}}
    print(json.dumps([answers, plugins]))
"""


@dataclass
class Site:
    """A folder to put on ``sys.path`` of another interpreter, with what is installed there."""

    path: Path
    number: int = field(default=0, init=False)

    def install(self, name: str, code: str, *, metadata: str | None = None, entry: str | None = None) -> None:
        """Install a distribution whose module ``code`` is; ``SCHEME`` in it stands for the last part of ``name``."""
        self.number += 1
        module = name.replace("-", "_")
        text = textwrap.dedent(code).replace("SCHEME", name.rpartition("-")[2])
        (self.path / f"{module}.py").write_text(text)
        info = self.path / f"{module}-1.{self.number}.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.{self.number}\n" if metadata is None else metadata
        )
        info.joinpath("entry_points.txt").write_text(f"[thoth_storage]\n{entry or f'{module} = {module}'}\n")

    def ask(self, *urls: str, hidden: tuple[str, ...] = ()) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        """What opening each URL answers there (class, text, url and hint of the error), and the plugins listed."""
        out = run_python(PROBE.format(site=str(self.path), urls=urls, hidden=hidden))
        answers, plugins = json.loads(out)
        return answers, plugins
