"""What ``check`` tells of an identity that lacks one permission: which, and what will work all the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest

from tests.servers.faults import ANY, FOREVER
from tests.servers.s3 import S3Server
from tests.store.places import Places, places
from thoth_storage import check_listing, open_backend
from thoth_storage.check import CheckReport, check_backend
from thoth_storage.errors import PermissionError_
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import FaultyBackend

READING = {"restore and verify", "read-only replica", "drill"}
_numbers = itertools.count()


def failed(report: CheckReport) -> set[str]:
    return {step.name for step in report.steps if not step.ok}


def works(report: CheckReport) -> set[str]:
    return {feature.name for feature in report.features if feature.works}


def detail(report: CheckReport, name: str) -> str:
    return next(step.detail for step in report.steps if step.name == name)


def refusing(*verbs: str) -> FaultyBackend:
    inner = MemoryBackend(f"memory://check-permissions-{next(_numbers)}")
    inner.put("precious", b"of the user")
    backend = FaultyBackend(inner)
    backend.add("before", verbs, count=None, error=PermissionError_)
    return backend


def test_all_is_allowed() -> None:
    report = check_backend(MemoryBackend("memory://check-permissions-all"))
    assert report.ok
    assert all(feature.works and not feature.why for feature in report.features)


def test_who_may_only_read_has_what_only_reads() -> None:
    backend = refusing("put", "create", "delete")
    report = check_backend(backend)
    assert failed(report) == {"permission to create"}
    assert works(report) == READING
    assert [step.name for step in report.steps if step.ok] == ["permission to list", "permission to read"]
    assert [info.key for info in backend.inner.list()] == ["precious"]


def test_who_may_do_nothing_is_the_wrong_one() -> None:
    with pytest.raises(PermissionError_, match="refused; grant it"):
        check_backend(refusing("put", "create", "delete", "get", "list"))


@pytest.mark.parametrize(
    ("verb", "lacks"),
    [
        ("list", "permission to list"),
        ("get", "permission to read"),
        ("create", "permission to create conditionally"),
        ("delete", "permission to delete"),
    ],
)
def test_one_verb_refused(verb: str, lacks: str) -> None:
    report = check_backend(refusing(verb))
    assert lacks in failed(report)
    assert detail(report, lacks).startswith("refused; grant it")
    broken = [feature for feature in report.features if not feature.works]
    assert broken
    assert all(lacks in feature.why for feature in broken)
    expected = {"list": set(), "get": set(), "create": READING}
    if verb == "delete":
        assert {feature.name for feature in broken} == {"forget and prune"}
    else:
        assert works(report) == expected[verb]


def test_the_pages_can_be_left_out() -> None:
    names = [step.name for step in check_backend(MemoryBackend("memory://check-quick"), pages=False).steps]
    assert "listing across pages" not in names
    assert "listing" in names


@pytest.fixture(scope="module")
def all_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with places(tmp_path_factory.mktemp("places")) as found:
        yield found


CASES = [
    ("gs", ["delete"], {"permission to delete"}, "storage.objects.delete"),
    ("gs", ["list"], {"permission to list"}, "storage.objects.list"),
    ("gs", ["read"], {"permission to read"}, "storage.objects.get"),
    ("gs", ["write"], {"permission to create"}, "storage.objects.create"),
    ("s3", ["delete"], {"permission to delete"}, "s3:DeleteObject"),
    ("s3", ["list"], {"permission to list"}, "s3:ListBucket"),
    ("s3", ["read"], {"permission to read"}, "s3:GetObject"),
    ("s3", ["write"], {"permission to create"}, "s3:PutObject"),
]


@pytest.mark.parametrize(("scheme", "operations", "lacks", "named"), CASES)
def test_on_a_service_the_missing_permission_is_named(
    all_places: Places, scheme: str, operations: Sequence[str], lacks: set[str], named: str
) -> None:
    place = all_places.fresh(scheme)
    backend = open_backend(place.url, **place.options)
    faults = all_places.servers[scheme].faults
    faults.add("403", FOREVER, methods=ANY, operations=operations)
    try:
        report = check_backend(backend, pages=False)
    finally:
        faults.clear()
    permissions = {name for name in failed(report) if name.startswith("permission")}
    assert permissions == lacks
    [name] = lacks
    assert f"grant {named} (" in detail(report, name)
    assert not report.ok
    backend.delete(*(info.key for info in backend.list()))
    backend.close()


@pytest.mark.parametrize(
    ("scheme", "page"), [("gs", 1000), ("s3", 50), pytest.param("s3", 1000, marks=pytest.mark.soak)]
)
def test_on_a_service_a_listing_goes_across_pages(
    all_places: Places, scheme: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto takes its time for a thousand objects."""
    monkeypatch.setattr(check_listing, "_PAGE", page)
    place = all_places.fresh(scheme)
    backend = open_backend(place.url, **place.options)
    server = all_places.servers[scheme]
    if isinstance(server, S3Server):
        monkeypatch.setattr(server, "page", page)
    report = check_backend(backend)
    assert failed(report) == set()
    assert detail(report, "listing across pages") == f"{page + 1} objects, complete and in order"
    assert not list(backend.list())
    backend.close()
