"""One number in several places is the same number."""

from __future__ import annotations

import json
import re

from tests.infra.hcl import INFRA, Block, everything

ROOT = INFRA.parent
VARIABLES = {block.labels[0]: block for block in everything() if block.kind == "variable"}


def default(name: str) -> str:
    return VARIABLES[name].attributes["default"].strip('"')


def test_gcloud_deploys_what_terraform_deploys() -> None:
    script = (ROOT / "scripts/deploy_with_gcloud.sh").read_text(encoding="utf-8")
    options = dict(re.findall(r"--([a-z-]+)=([\w/.,=]+)", script))
    assert options["memory"] == default("memory")
    assert options["cpu"] == default("cpu")
    assert options["timeout"] == default("timeout_seconds")
    assert options["min-instances"] == default("min_instances")
    assert options["max-instances"] == default("max_instances")
    assert options["concurrency"] == default("concurrency")
    assert probe(options["startup-probe"]) == terraform_probe("startup_probe")
    assert probe(options["liveness-probe"]) == terraform_probe("liveness_probe")


def probe(option: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in option.split(","))


def terraform_probe(kind: str) -> dict[str, str]:
    (service,) = [block for block in everything() if block.labels[:1] == ["google_cloud_run_v2_service"]]
    container = only(only(service, "template"), "containers")
    block = only(container, kind)
    http = only(block, "http_get")
    seconds = re.fullmatch(r"var.startup_seconds / (\d+)", block.attributes["failure_threshold"])
    failures = int(default("startup_seconds")) // int(seconds[1]) if seconds else block.attributes["failure_threshold"]
    return {
        "httpGet.path": http.attributes["path"].strip('"'),
        "httpGet.port": http.attributes["port"],
        "periodSeconds": block.attributes["period_seconds"],
        "timeoutSeconds": block.attributes["timeout_seconds"],
        "failureThreshold": str(failures),
    }


def only(block: Block, kind: str) -> Block:
    (found,) = [each for each in block.blocks if each.kind == kind]
    return found


def test_verification_wants_what_terraform_deploys() -> None:
    script = (ROOT / "scripts/verify_deployment.sh").read_text(encoding="utf-8")
    wanted = re.search(r"^memory=(\S+) cpu=(\S+) timeout=(\S+) max_instances=(\S+)", script, re.MULTILINE)
    assert wanted
    assert wanted.groups() == tuple(default(name) for name in ("memory", "cpu", "timeout_seconds", "max_instances"))


def test_names_and_the_port_are_the_same_everywhere() -> None:
    container = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "PORT=8080" in container
    for script in ("deploy_cloud_run.sh", "verify_deployment.sh"):
        assert f"service={default('service_name')} " in (ROOT / "scripts" / script).read_text(encoding="utf-8")
    assert f"gs://$bucket/{default('store_prefix')}," in (ROOT / "scripts/deploy_with_gcloud.sh").read_text()


def test_the_last_stage_of_the_container_runs_as_nobody_in_particular() -> None:
    last = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]
    command = next(line for line in last.splitlines() if line.startswith("CMD "))
    assert json.loads(command.removeprefix("CMD "))[:2] == ["thoth-storage", "serve"]
    assert re.search(r"^USER (?!0)\d+:\d+$", last, re.MULTILINE)
    assert "apt-get" not in last
    assert re.search(r"^HEALTHCHECK (.|\n)*/health", last, re.MULTILINE)
