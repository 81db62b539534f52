"""scripts/verify_deployment.sh: Google's side told by a stub, the service's side by a real MCP server on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tests.infra.conftest import Run, Stub

SCRIPT = "verify_deployment.sh"
PROJECT = ("--project", "test-project", "--json")
ACCOUNT = "thoth-mcp-server-run@test-project.iam.gserviceaccount.com"
STORE = "gs://test-project-thoth-storage/chroma_db"


@dataclass
class Service:
    """``loses``: what is added is not kept. ``ready``: the status of /ready."""

    url: str = ""
    documents: dict[str, str] = field(default_factory=dict)
    added: int = 0
    loses: bool = False
    ready: int = 200
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    server: MCPServer[Any] = MCPServer("for tests", log_level="WARNING")

    @server.tool()
    def add_documents(documents: list[str], ids: list[str], metadatas: list[dict[str, Any]]) -> dict[str, Any]:
        service.added += 1
        if not service.loses:
            service.documents.update(zip(ids, documents, strict=True))
        return {"ids": ids}

    @server.tool()
    def get_documents(ids: list[str]) -> dict[str, Any]:
        return {"documents": [service.documents[each] for each in ids if each in service.documents]}

    @server.tool()
    def search(query: str, n_results: int, where: dict[str, Any]) -> dict[str, Any]:
        return {"results": [each for each, text in service.documents.items() if text == query][:n_results]}

    @server.tool()
    def delete_documents(ids: list[str]) -> dict[str, Any]:
        return {"deleted": [service.documents.pop(each, None) for each in ids]}

    @server.tool()
    def status() -> dict[str, Any]:
        return {"documents": len(service.documents)}

    @server.custom_route("/health", methods=["GET"])  # type: ignore[untyped-decorator]
    async def health(request: Request) -> Response:
        service.headers.append(dict(request.headers))
        return PlainTextResponse("alive")

    @server.custom_route("/ready", methods=["GET"])  # type: ignore[untyped-decorator]
    async def ready(request: Request) -> Response:
        return PlainTextResponse("the store is being opened", service.ready)

    web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=web.run)
    thread.start()
    while not web.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = web.servers[0].sockets[0].getsockname()[1]
    service.url = f"http://127.0.0.1:{port}"
    yield service
    web.should_exit = True
    thread.join()


def described(url: str, **changes: Any) -> str:
    """What ``gcloud run services describe --format json`` prints, as far as it is read."""
    env = [{"name": "THOTH_STORAGE_URL", "value": changes.get("store", STORE)}]
    limits = {"cpu": "2", "memory": changes.get("memory", "4Gi")}
    template = {
        "metadata": {"annotations": {"autoscaling.knative.dev/maxScale": "3"}},
        "spec": {
            "containers": [{"env": env, "resources": {"limits": limits}}],
            "serviceAccountName": changes.get("account", ACCOUNT),
            "timeoutSeconds": 300,
        },
    }
    status = {
        "conditions": [{"type": "Ready", "status": changes.get("ready", "True")}],
        "latestCreatedRevisionName": "thoth-00002",
        "latestReadyRevisionName": changes.get("serving", "thoth-00002"),
        "url": url,
    }
    return json.dumps({"spec": {"template": template}, "status": status})


def bucket(**changes: Any) -> str:
    return json.dumps({"uniform_bucket_level_access": True, "public_access_prevention": "enforced"} | changes)


def granted(role: str, member: str) -> str:
    return json.dumps({"bindings": [{"role": role, "members": [member]}]})


@pytest.fixture
def google(stub: Stub, service: Service) -> Stub:
    stub.answer("gcloud run services describe", 0, described(service.url))
    stub.answer("gcloud run services get-iam-policy", 0, granted("roles/run.invoker", "user:a@example.com"))
    stub.answer("gcloud storage buckets describe", 0, bucket())
    stub.answer(
        "gcloud storage buckets get-iam-policy", 0, granted("roles/storage.objectUser", f"serviceAccount:{ACCOUNT}")
    )
    stub.answer("gcloud storage objects list", 0, f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M:%S+0000}")
    stub.answer("gcloud logging read", 0, "[]")
    stub.answer("gcloud auth print-identity-token", 0, "identity")
    return stub


def verified(done: Any) -> dict[str, str]:
    """The failed checks of its JSON by name; and that exit code, counts and checks say the same."""
    document = json.loads(done.stdout)
    checks = document["checks"]
    failed = {each["name"]: each["detail"] for each in checks if each["status"] == "fail"}
    assert done.returncode == (1 if failed else 0), done.stderr
    assert document["ok"] is not bool(failed)
    assert len(checks) == document["passed"] + document["failed"] + document["skipped"]
    return failed


def test_a_good_deployment_passes_and_nothing_is_left(google: Stub, service: Service, run: Run) -> None:
    done = run(SCRIPT, *PROJECT)
    assert verified(done) == {}
    assert json.loads(done.stdout)["passed"] == 20
    assert (service.added, service.documents) == (1, {})
    (objects,) = google.asked("gcloud storage objects list")
    assert objects[4] == f"{STORE}/snapshots/**"


def test_the_identity_leaves_room_for_the_token(google: Stub, service: Service, run: Run) -> None:
    assert run(SCRIPT, *PROJECT, THOTH_STORAGE_TOKEN="token").returncode == 0
    assert service.headers[0]["x-serverless-authorization"] == "Bearer identity"
    assert service.headers[0]["authorization"] == "Bearer token"


def test_a_federated_account_asks_as_another(google: Stub, service: Service, run: Run) -> None:
    assert run(SCRIPT, *PROJECT, "--read-only", VERIFY_AS="deploy@test").returncode == 0
    (asked,) = google.asked("gcloud auth print-identity-token")
    assert asked[3:] == ["--impersonate-service-account=deploy@test", f"--audiences={service.url}"]


def test_faults_of_the_service_fail_each(google: Stub, service: Service, run: Run) -> None:
    """In one run: each asks gcloud and Python a dozen times."""
    faults = {"memory": "512Mi", "ready": "False", "serving": "thoth-00001", "store": "./chroma_db"}
    faults["account"] = "1-compute@developer.gserviceaccount.com"
    google.answer("gcloud run services describe", 0, described(service.url, **faults))
    google.answer("gcloud run services get-iam-policy", 0, granted("roles/run.invoker", "allUsers"))
    assert verified(run(SCRIPT, *PROJECT)).keys() == {
        *("memory", "ready", "newest revision serves", "THOTH_STORAGE_URL", "account", "who may call"),
    }


def test_faults_of_what_is_around_fail_each(google: Stub, run: Run) -> None:
    google.answer(
        "gcloud storage buckets describe",
        0,
        bucket(public_access_prevention="inherited", uniform_bucket_level_access=False),
    )
    google.answer("gcloud storage buckets get-iam-policy", 0, "{}")
    google.answer("gcloud storage objects list", 0, "2026-01-01T00:00:00+0000")
    google.answer("gcloud auth print-identity-token", 0, "")
    google.answer("gcloud logging read", 1)
    assert verified(run(SCRIPT, *PROJECT)).keys() == {
        *("uniform access", "public access prevention", "the service may write the bucket", "newest checkpoint"),
        *("identity token", "logs can be read"),
    }


def test_what_is_not_there_fails(google: Stub, run: Run) -> None:
    google.answer("gcloud run services describe", 1)
    google.answer("gcloud storage buckets describe", 1)
    assert verified(run(SCRIPT, *PROJECT, "--bucket", "b")).keys() == {"service thoth-mcp-server", "bucket gs://b"}


def test_a_store_without_a_checkpoint_is_said_and_passes(google: Stub, run: Run) -> None:
    google.answer("gcloud storage objects list", 0, "")
    done = run(SCRIPT, *PROJECT)
    assert verified(done) == {}
    assert json.loads(done.stdout)["skipped"] == 1


def test_a_local_service_needs_no_google(stub: Stub, service: Service, run: Run) -> None:
    done = run(SCRIPT, "--url", service.url)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("3 passed, 0 failed, 0 skipped\n")
    assert "\x1b" not in done.stdout + done.stderr
    assert stub.commands() == []


def test_a_replica_is_not_written(service: Service, run: Run) -> None:
    assert run(SCRIPT, "--url", service.url, "--read-only").returncode == 0
    assert service.added == 0


def test_a_write_that_is_lost_fails(service: Service, run: Run) -> None:
    service.loses = True
    failed = verified(run(SCRIPT, "--url", service.url, "--json"))
    assert list(failed) == ["write, read, search, delete"]
    assert "does not give back" in failed["write, read, search, delete"]


def test_not_ready_says_why(service: Service, run: Run) -> None:
    service.ready = 503
    assert verified(run(SCRIPT, "--url", service.url, "--json")) == {"/ready": "HTTP 503 the store is being opened"}


def test_no_answer_fails(run: Run) -> None:
    assert len(verified(run(SCRIPT, "--url", "http://127.0.0.1:1", "--json"))) == 3


@pytest.mark.parametrize("arguments", [("--url",), ("--loud",), ("--max-age", "soon", "--url", "http://x"), ()])
def test_wrong_usage(stub: Stub, run: Run, arguments: tuple[str, ...]) -> None:
    done = run(SCRIPT, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: " in done.stderr
