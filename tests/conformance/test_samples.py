"""The suite's own data is what it claims to be."""

import subprocess
import sys

import pytest

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.keys import check_key, check_prefix
from thoth_storage.testing import samples, stateful, suite_listing


@pytest.mark.parametrize(
    "keys",
    [
        samples.ODD_KEYS,
        stateful._KEYS,
        suite_listing._TREE,
        (*suite_listing._ORDER, *suite_listing._UNICODE),
        *((pattern, *matches) for pattern, matches in samples.GLOBS.items()),
    ],
    ids=lambda keys: f"{len(keys)}-from-{keys[0].encode().hex()[:8]}",
)
def test_keys_are_valid_and_none_is_a_folder_of_another(keys: tuple[str, ...]) -> None:
    assert len(set(keys)) == len(keys)
    for key in keys:
        check_key(key)
        assert not [other for other in keys if other.startswith(f"{key}/")]


def test_code_points_and_utf16_disagree_about_the_order_that_is_tested() -> None:
    keys = list(suite_listing._UNICODE)
    assert sorted(keys) == keys == sorted(keys, key=str.encode)
    assert sorted(keys, key=lambda key: key.encode("utf-16-be")) != keys


def test_invalid_keys_are_invalid() -> None:
    for key in samples.INVALID_KEYS:
        with pytest.raises(InvalidArgumentError):
            check_key(key)
    for prefix in samples.INVALID_PREFIXES:
        with pytest.raises(InvalidArgumentError):
            check_prefix(prefix)


def test_pattern_tells_parts_and_mixtures() -> None:
    one, two = samples.pattern("one", 5000), samples.pattern("two", 5000)
    assert (len(one), one[:1000]) == (5000, samples.pattern("one", 1000))
    assert one[2500:] not in one[:2500]
    assert two[:2500] + one[2500:] not in (one, two)


def test_the_kit_imports_nothing_but_pytest_and_hypothesis() -> None:
    heavy = "{'chromadb', 'fsspec', 'gcsfs', 's3fs', 'moto', 'aiohttp', 'botocore', 'xdist', 'numpy'}"
    code = f"import sys, thoth_storage.testing; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
