"""The kit as the author of a plugin elsewhere has it: installed, in a folder that knows nothing of this tree, strict.

Installed by hand, as a wheel is unpacked, so that no network is needed; ``scripts/smoke_wheels.sh`` does it with pip.
"""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "thoth-storage-share"
STRICT = (
    "--strict-markers",
    "--strict-config",
    "-W",
    "error",
    "-p",
    "no:cacheprovider",
    "-q",
    "--tb=short",
    "-p",
    "no:langsmith_plugin",
)

VARIANTS = """
import uuid

import pytest

from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import BackendMachine, BackendSuite


def place():
    return f"memory://{uuid.uuid4().hex}/store"


class TestBackendAlone(BackendSuite):
    @pytest.fixture
    def backend(self):
        return MemoryBackend(place())


class TestUrlAlone(BackendSuite):
    @pytest.fixture
    def url(self):
        return place()


class TestOptionsAsAttribute(BackendSuite):
    storage_options = {"colour": "blue"}

    @pytest.fixture
    def url(self):
        return place()


class TestNeither(BackendSuite):
    pass


TestMachine = BackendMachine.for_backend(lambda: MemoryBackend(place())).TestCase
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    install(ROOT, "thoth_storage", site)
    install(EXAMPLE, "thoth_storage_share", site)
    return site


def install(project: Path, package: str, site: Path) -> None:
    shutil.copytree(project / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    info = site / f"{package}-{metadata['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {metadata['name']}\nVersion: {metadata['version']}\n")
    for group, entries in metadata.get("entry-points", {}).items():
        lines = "".join(f"{name} = {target}\n" for name, target in entries.items())
        (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")


def run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        # What is compiled goes elsewhere: all share it, and no folder of a test is written to.
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONPYCACHEPREFIX": str(site.with_name("compiled"))},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.parametrize("chosen", ["reply or put_replaces", pytest.param("", marks=pytest.mark.soak, id="all")])
def test_the_example_passes_with_nothing_but_its_own_test(chosen: str, site: Path, tmp_path: Path) -> None:
    """Some of it by day: ``scripts/smoke_wheels.sh`` runs all of it in each run of CI."""
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(EXAMPLE / "pyproject.toml", tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = run(site, tmp_path, "-m", "pytest", *STRICT, "-k", chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    assert sorted(tmp_path.rglob("*")) == before, "the suite left files behind"


def test_it_is_the_installed_kit_that_was_used(site: Path, tmp_path: Path) -> None:
    code = "import thoth_storage.testing as t, thoth_storage_share as s; print(t.__file__, s.__file__, sep='\\n')"
    done = run(site, tmp_path, "-c", code)
    assert [Path(line).is_relative_to(site) for line in done.stdout.split("\n") if line] == [True, True], done


def test_either_fixture_will_do_and_none_is_told(site: Path, tmp_path: Path) -> None:
    (tmp_path / "test_variants.py").write_text(VARIANTS)
    chosen = "sibling or pickled or second or reply or sequence or put_replaces or Machine"
    done = run(site, tmp_path, "-m", "pytest", *STRICT, "-k", f"not Neither and not Options and ({chosen})")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(site, tmp_path, "-m", "pytest", *STRICT, "-k", "Neither and put_replaces")
    assert "TestNeither has to give a fixture `url` or a fixture `backend`" in done.stdout
    done = run(site, tmp_path, "-m", "pytest", *STRICT, "-k", "Options and put_replaces")
    assert "memory:// takes no storage options, got colour" in done.stdout


def test_a_failing_assertion_is_explained(site: Path, tmp_path: Path) -> None:
    """Asserts of an installed module are bare unless it is registered for rewriting before it is imported."""
    broken = VARIANTS.replace("return MemoryBackend(place())", "return Wrong(place())", 1)
    wrong = "class Wrong(MemoryBackend):\n    def get(self, key, start=0, end=None):\n        return b'wrong'\n"
    (tmp_path / "test_wrong.py").write_text(broken.replace("def place", f"{wrong}\n\ndef place"))
    done = run(site, tmp_path, "-m", "pytest", *STRICT, "-k", "BackendAlone and put_replaces")
    assert "assert b'wrong' == b'first'" in done.stdout


def test_the_example_is_under_fifteen_lines() -> None:
    source = (EXAMPLE / "thoth_storage_share" / "__init__.py").read_text()
    tree = ast.parse(source)
    docstring = tree.body.pop(0)
    lines = source.splitlines()[docstring.end_lineno :]
    assert len([line for line in lines if line.strip()]) < 15
