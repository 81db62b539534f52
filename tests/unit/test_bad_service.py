"""The real clients against servers that refuse, or lack what was asked for: what a person is told."""

from __future__ import annotations

import pytest

from tests.servers.common import ObjectServer
from tests.servers.faults import FOREVER, READS, WRITES
from tests.unit.service import ALL, WRITING, connect, refusal
from thoth_storage.errors import NotFoundError, PermissionError_


@pytest.mark.parametrize("verb", [verb for verb in ALL if not verb.startswith("delete")])
def test_no_such_bucket(server: ObjectServer, verb: str) -> None:
    error = refusal(connect(server, "no-such-bucket"), verb, NotFoundError)
    assert "bucket" in error.message
    assert "no-such-bucket/db" in str(error)


def test_an_empty_listing_of_a_bucket_that_exists_is_no_error(server: ObjectServer) -> None:
    assert list(connect(server).list()) == []


@pytest.mark.parametrize("verb", ALL)
def test_no_permission(server: ObjectServer, verb: str) -> None:
    backend = connect(server)
    server.faults.add("403", FOREVER, methods=READS | WRITES)
    error = refusal(backend, verb, PermissionError_)
    assert "refused" in error.message
    assert "\n" not in str(error), "one line for people"
    if server.scheme == "gs":
        assert "tester@test-project.iam.gserviceaccount.com does not have storage." in error.message
        assert "roles/storage.objectUser" in str(error)
    else:
        assert "AccessDenied" in error.message or "Forbidden" in error.message
        assert "s3:PutObject" in str(error)
    if verb != "delete two":  # whose second request, in another thread, may or may not have left when the first fails
        requests = server.faults.fired
        refusal(backend.inner, verb, PermissionError_)
        assert server.faults.fired == 2 * requests, "no retry brings a permission"


@pytest.mark.parametrize("verb", ALL)
def test_credentials_that_are_not_known(server: ObjectServer, verb: str) -> None:
    backend = connect(server)
    server.faults.add("401", FOREVER, methods=READS | WRITES)
    error = refusal(backend, verb, PermissionError_)
    words = {"gs": "gcloud auth application-default login", "s3": "AWS_ACCESS_KEY_ID"}
    assert words[server.scheme] in str(error)


def test_a_target_that_may_only_be_read(server: ObjectServer) -> None:
    backend = connect(server)
    backend.put("a", b"old")
    server.faults.add("403", FOREVER, methods=WRITES)
    for verb in WRITING:
        refusal(backend, verb, PermissionError_)
    assert backend.get("a") == b"old"
    assert [info.key for info in backend.list()] == ["a"]
