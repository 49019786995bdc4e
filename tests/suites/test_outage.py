"""Where pytest is run by hand, a service that is down ends the session, and is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.harness.cli.command import ROOT
from tests.planting import Forward
from tests.suites.conftest import Users
from tests.suites.system import System
from tests.suites.test_journeys import JOURNEYS

BROKEN_FROM = "/keys/audit"


def test_it_ends_with_the_name_of_the_service(
    system: System, users_left: Users, tmp_path: Path
) -> None:
    is_down = []

    async def defect(request: Request, forward: Forward) -> Response:
        is_down.extend([True] * (request.url.path == BROKEN_FROM))
        if not is_down or request.method == "DELETE":
            return await forward(request)
        return JSONResponse({"status": "fail"}, 503 if request.url.path == "/health" else 502)

    (tmp_path / "conftest.py").touch()
    with system.broken("gateway", defect):
        (tmp_path / "here.yaml").write_text(json.dumps(system.declaration()))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "--env=here.yaml"),
                *("-p", "no:cacheprovider", "-p", "harness.plugin", "-p", "pytest_timeout"),
                *(f"{JOURNEYS}/test_audit.py", f"{JOURNEYS}/test_editors.py"),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "KEYARC_ARGON2_COST": "1.64.1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert "gateway is down: GET /health: expected" in done.stdout, done.stdout
    assert "1 failed" in done.stdout, done.stdout
    assert "last request" in done.stdout
    assert "httpx/_client.py" not in done.stdout, "where it stands in a journey is of interest"
