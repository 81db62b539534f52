"""Without the extra all works but ``serve``, which says what to install; and nobody else loads what it brings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.helpers import environment, make_tree
from tests.unit.helpers import run_python

EXTRA = ("jinja2", "mcp", "mcp_types", "starlette", "uvicorn")
BLOCKED = f"""
import sys
sys.modules.update(dict.fromkeys({EXTRA!r}))  # as if they were not installed
from thoth_storage.cli import main
main()
"""


def test_what_the_others_load() -> None:
    code = f"""
        import json, sys
        import click, thoth_storage
        from importlib import import_module
        from thoth_storage.cli.group import thoth_storage as group
        context = click.Context(group)
        for name in group.list_commands(context):
            group.get_command(context, name)
        import thoth_storage.store, thoth_storage.service.settings
        print(json.dumps([each for each in {EXTRA!r} if each in sys.modules]))
    """
    assert json.loads(run_python(code)) == []


def without(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED, *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


def test_what_serve_says_without_it(tmp_path: Path) -> None:
    said = without(tmp_path, "serve", "memory://x", "--port", "0", "--json")
    error = json.loads(said.stdout)["error"]
    assert (said.returncode, error["type"]) == (2, "ConfigurationError")
    assert error["message"].startswith("the service needs the module ")
    assert error["hint"] == "pip install thoth-storage[service]"
    assert said.stderr.count("\n") == 1


def test_what_works_without_it(tmp_path: Path) -> None:
    make_tree(tmp_path / "tree")
    assert without(tmp_path, "serve", "--help").returncode == 0
    said = without(tmp_path, "backup", "tree", "store")
    assert (said.returncode, said.stderr) == (0, "")
