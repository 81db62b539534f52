"""scripts/verify_deployment.sh asks a service that runs here: `thoth-storage serve`, with a token and as a replica."""

from __future__ import annotations

import json
from pathlib import Path

from tests.infra.conftest import Run
from tests.service.helpers import call, service

SCRIPT = "verify_deployment.sh"


def test_it_passes_and_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    store, token = str(tmp_path / "store"), "a-token-for-tests"
    with service(tmp_path / "first", store, env={"THOTH_STORAGE_TOKEN": token}) as running:
        done = run(SCRIPT, "--url", running.address, "--json", THOTH_STORAGE_TOKEN=token)
        told = json.loads(done.stdout)
        assert (done.returncode, told["ok"], told["passed"]) == (0, True, 3), told
        headers = {"Authorization": f"Bearer {token}"}
        assert call(running.address, "get_documents", headers, limit=10).data["documents"] == []
        without = json.loads(run(SCRIPT, "--url", running.address, "--json").stdout)
        assert "HTTP 401" in without["checks"][-1]["detail"]
        assert running.terminate() == 0
    with service(tmp_path / "second", store, "--read-only") as replica:
        told = json.loads(run(SCRIPT, "--url", replica.address, "--json").stdout)
        assert (told["ok"], told["checks"][-1]["name"]) == (False, "write, read, search, delete")
        assert json.loads(run(SCRIPT, "--url", replica.address, "--json", "--read-only").stdout)["ok"]
