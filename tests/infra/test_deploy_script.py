"""scripts/deploy_cloud_run.sh with a gcloud that only writes down what it is asked."""

from __future__ import annotations

import pytest

from tests.infra.conftest import ROOT, Run, Stub

SCRIPT = "deploy_cloud_run.sh"
PROJECT = ("--project", "test-project", "--tag", "t1")
GCLOUD = (*PROJECT, "--method", "gcloud", "--no-verify")
ALL_IS_NEW = (
    *("gcloud run services describe", "gcloud artifacts repositories describe"),
    *("gcloud storage buckets describe", "gcloud iam service-accounts describe"),
)


@pytest.fixture
def empty_project(stub: Stub) -> Stub:
    for words in ALL_IS_NEW:
        stub.answer(words, 1)
    return stub


def test_gcloud_makes_all_in_an_empty_project(empty_project: Stub, run: Run) -> None:
    done = run(SCRIPT, *GCLOUD, "--invoker", "user:a@example.com")
    assert done.returncode == 0, done.stderr
    made = [" ".join(command[:4]) for command in empty_project.commands() if "create" in command]
    assert made == [
        "gcloud artifacts repositories create",
        "gcloud storage buckets create",
        "gcloud iam service-accounts create",
    ]
    (deploy,) = empty_project.asked("gcloud run deploy thoth-mcp-server")
    assert "--image=us-central1-docker.pkg.dev/test-project/thoth-mcp-server/thoth-mcp-server:t1" in deploy
    assert {"--ingress=internal", "--no-allow-unauthenticated", "--memory=4Gi", "--cpu=2", "--timeout=300"} <= set(
        deploy
    )
    (environment,) = [word for word in deploy if word.startswith("--set-env-vars=")]
    assert "THOTH_STORAGE_URL=gs://test-project-thoth-storage/chroma_db" in environment
    (grant,) = empty_project.asked("gcloud run services add-iam-policy-binding")
    assert {"--member=user:a@example.com", "--role=roles/run.invoker"} <= set(grant)


def test_what_is_there_is_kept(stub: Stub, run: Run) -> None:
    assert run(SCRIPT, *GCLOUD).returncode == 0
    assert [command for command in stub.commands() if "create" in command] == []


def test_the_service_gets_its_own_bucket_and_no_more(empty_project: Stub, run: Run) -> None:
    run(SCRIPT, *GCLOUD)
    roles = sorted(word for command in empty_project.commands() for word in command if word.startswith("--role="))
    assert roles == [
        "--role=roles/logging.logWriter",
        "--role=roles/monitoring.metricWriter",
        "--role=roles/storage.objectUser",
    ]


def test_secrets_are_named_never_shown(stub: Stub, run: Run) -> None:
    assert run(SCRIPT, *GCLOUD, "--key-secret", "key", "--token-secret", "token").returncode == 0
    (deploy,) = stub.asked("gcloud run deploy")
    assert "--set-secrets=THOTH_STORAGE_KEY=key:latest,THOTH_STORAGE_TOKEN=token:latest" in deploy
    assert [command[3] for command in stub.asked("gcloud secrets add-iam-policy-binding")] == ["key", "token"]


def test_terraform_makes_the_repository_before_the_image(stub: Stub, run: Run) -> None:
    assert run(SCRIPT, *PROJECT, "--no-verify", "--ingress", "all", "--invoker", "user:a@b.c").returncode == 0
    order = [" ".join(command[:3]) for command in stub.commands() if command[0] == "terraform" or "builds" in command]
    infra = f"terraform -chdir={ROOT}/infra"
    assert order[1:] == [f"{infra} init", f"{infra} apply", "gcloud builds submit", f"{infra} apply"]
    first, last = (command for command in stub.commands() if "apply" in command)
    assert first[-1] == "-target=google_artifact_registry_repository.images"
    assert {"-var=ingress=INGRESS_TRAFFIC_ALL", '-var=invokers=["user:a@b.c"]', "-var=image_tag=t1"} <= set(last)


def test_docker_builds_here(stub: Stub, run: Run) -> None:
    assert run(SCRIPT, *GCLOUD, "--build", "docker", "--embedder", "lexical").returncode == 0
    build, push = [command for command in stub.commands() if command[:2] in (["docker", "build"], ["docker", "push"])]
    assert build[2:4] == ["--build-arg", "EMBEDDER=lexical"]
    assert push[2] == build[5]


def test_a_dry_run_prints_all_and_runs_nothing(stub: Stub, run: Run) -> None:
    done = run(SCRIPT, *PROJECT, "--method", "gcloud", "--dry-run")
    assert done.returncode == 0
    assert [command[1] for command in stub.commands()] == ["version"]
    lines = done.stdout.splitlines()
    assert len(lines) > 10
    assert any(line.startswith("gcloud storage buckets create gs://test-project-thoth-storage ") for line in lines)
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--rollback", None])
def test_a_failed_deployment_goes_back_when_asked(stub: Stub, run: Run, option: str | None) -> None:
    stub.answer("--format=value(status.latestReadyRevisionName)", 0, "thoth-00001")
    stub.answer("gcloud run deploy", 1)
    done = run(SCRIPT, *GCLOUD, *([option] if option else []))
    assert done.returncode == 1
    back = [
        command
        for command in stub.asked("gcloud run services update-traffic")
        if "--to-revisions=thoth-00001=100" in command
    ]
    assert len(back) == (1 if option else 0)
    assert "thoth-00001" in done.stderr


def test_a_deployment_that_does_not_pass_verification_fails(stub: Stub, run: Run) -> None:
    stub.answer(
        "gcloud run services describe thoth-mcp-server --project=test-project --region=us-central1 --format=json", 1
    )
    done = run(SCRIPT, *PROJECT, "--method", "gcloud")
    assert done.returncode == 1
    assert "does not pass" in done.stderr


def test_a_grant_to_a_new_account_is_tried_again(stub: Stub, run: Run) -> None:
    stub.answer("gcloud storage buckets add-iam-policy-binding", 1)
    assert run(SCRIPT, *GCLOUD).returncode == 1
    assert len(stub.asked("gcloud storage buckets add-iam-policy-binding")) == 5
    assert stub.asked("gcloud run deploy") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "helm"), "it may be: terraform gcloud"),
        (("--ingress", "public"), "it may be: internal"),
        (("--invoker", "allUsers"), "Everybody is never let in"),
        (("--project",), "--project needs a value"),
        (("--tag", "--dry-run"), "--tag needs a value"),
        (("--loud",), "unknown option --loud"),
        (("--no-verify",), "no project"),
    ],
)
def test_wrong_usage(stub: Stub, run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(SCRIPT, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert [command for command in stub.commands() if "deploy" in command or "apply" in command] == []


@pytest.mark.parametrize(
    ("tool", "answer"), [("gcloud version", "Google Cloud SDK 400.0.0"), ("terraform version", "v1.5.7")]
)
def test_an_old_tool_is_named_with_where_to_get_it(stub: Stub, run: Run, tool: str, answer: str) -> None:
    stub.answer(tool, 0, answer)
    done = run(SCRIPT, *PROJECT)
    assert done.returncode == 2
    assert f"{tool.split(maxsplit=1)[0]} " in done.stderr
    assert "https://" in done.stderr


def test_without_an_account_nothing_begins(stub: Stub, run: Run) -> None:
    stub.answer("gcloud auth list", 0, "")
    done = run(SCRIPT, *GCLOUD)
    assert (done.returncode, "gcloud auth login" in done.stderr) == (2, True)
