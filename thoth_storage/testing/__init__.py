"""The conformance kit: a plugin proves in a few lines that it keeps the contract. Needs pytest and hypothesis only.

    from thoth_storage.testing import BackendSuite

    class TestMine(BackendSuite):
        @pytest.fixture
        def url(self, tmp_path):
            return f"mine://{tmp_path}"

No configuration, no marks, no conftest: the suite is a class like any other, and runs under ``--strict-markers`` and
with warnings as errors.
"""

import pkgutil

import pytest

# Before the modules with the asserts are imported: else a failure tells "AssertionError" and nothing else.
pytest.register_assert_rewrite(*(module.name for module in pkgutil.iter_modules(__path__, f"{__name__}.")))

from thoth_storage.testing.faults import Fault, FaultyBackend, Injected  # noqa: E402 - see above
from thoth_storage.testing.stateful import BackendMachine  # noqa: E402
from thoth_storage.testing.suite import BackendSuite  # noqa: E402

__all__ = ["BackendMachine", "BackendSuite", "Fault", "FaultyBackend", "Injected"]
