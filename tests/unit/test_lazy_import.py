"""What an import costs: the package alone pulls in nothing; a backend imports its SDK with the first verb."""

from __future__ import annotations

import json
import re

import pytest

import thoth_storage as ts
from tests.unit.helpers import run_python

SDKS = ("aiobotocore", "aiohttp", "botocore", "fsspec", "gcsfs", "google", "requests", "s3fs")
HEAVY = (
    *SDKS,
    *("asyncio", "blake3", "chromadb", "click", "httpx", "msgspec", "numpy", "platformdirs", "pluggy", "pydantic"),
    *("rich", "tenacity", "yaml", "zstandard"),
)

LOADED = """
    import json, sys
    before = set(sys.modules)
    {code}
    print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


def loaded(code: str) -> set[str]:
    """The top-level packages that ``code`` imports."""
    return set(json.loads(run_python(LOADED.format(code=code), "-P").splitlines()[-1]))


def test_the_package_alone_imports_nothing_heavy() -> None:
    assert loaded("import thoth_storage") & set(HEAVY) == set()
    assert "thoth_storage" in loaded("import thoth_storage")


def test_nor_does_looking_at_it() -> None:
    code = "import thoth_storage as ts; dir(ts); ts.__all__; ts.__version__; ts.errors.NotFoundError; ts.StorageError"
    assert loaded(code) & set(HEAVY) == set()


@pytest.mark.parametrize(
    "url", ["gs://bucket/p", "gcs://bucket", "s3://key:secret@bucket/p", "s3a://bucket", "file:///tmp/x", "memory://b"]
)
def test_opening_a_backend_imports_no_sdk(url: str) -> None:
    found = loaded(
        f"import thoth_storage as ts; b = ts.open_backend({url!r}); repr(b), b.url, b.capabilities, b.close()"
    )
    assert found & {*SDKS, "chromadb", "numpy", "click", "rich"} == set()


def test_listing_the_plugins_imports_no_sdk() -> None:
    assert loaded("import thoth_storage as ts; assert len(ts.list_plugins()) >= 4") & set(SDKS) == set()


def test_the_first_verb_does() -> None:
    """Else the tests above would pass for a backend that never works."""
    code = """if True:
        import contextlib, thoth_storage as ts
        with contextlib.suppress(KeyError):
            ts.open_backend('file:///nowhere/at/all').head('key')
    """
    assert "fsspec" in loaded(code)


def test_a_backend_in_memory_needs_no_fsspec_at_all() -> None:
    code = "import thoth_storage as ts; b = ts.open_backend('memory://b'); b.put('a', b'1'); list(b.list())"
    assert loaded(code) & set(SDKS) == set()


def test_every_public_name_is_there() -> None:
    assert list(ts.__all__) == sorted(ts.__all__)
    for name in ts.__all__:
        assert getattr(ts, name) is not None, name
        assert name in dir(ts)
    assert len(set(ts.__all__)) == len(ts.__all__)


def test_dir_promises_no_more_than_there_is() -> None:
    for name in dir(ts):
        assert hasattr(ts, name), name


def test_a_name_is_the_one_of_its_home() -> None:
    for name in ts.__all__:
        home = getattr(getattr(ts, name), "__module__", "")
        assert name == "errors" or home.startswith(("thoth_storage.", "pluggy")), (name, home)


@pytest.mark.parametrize("name", ["Backends", "__path_", "open", ""])
def test_a_name_that_is_not_there_is_an_attribute_error(name: str) -> None:
    assert not hasattr(ts, name)
    with pytest.raises(AttributeError, match=f"module 'thoth_storage' has no attribute '{re.escape(name)}'"):
        getattr(ts, name)


def test_star_import_gives_all_public_names() -> None:
    names: dict[str, object] = {}
    exec("from thoth_storage import *", names)
    assert set(ts.__all__) <= set(names)


def test_the_import_is_short() -> None:
    """Loose, by the CPU's own count in the import itself: 60 ms are promised, five times that are a mistake."""
    code = """
        import time
        began = time.process_time()
        import thoth_storage
        print(time.process_time() - began)
    """
    assert min(float(run_python(code)) for _ in range(3)) < 0.3
