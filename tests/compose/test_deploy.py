"""`deploy.sh` onto the system that is up: every service gets its image, and is told the release."""

import asyncio
import os
from pathlib import Path

from tests.compose.conftest import System
from tests.environments.deploying import DONE, ORDER, deploys, images

RELEASE = "deployed-by-the-lane"


def test_what_is_deployed_is_what_runs_and_passes_its_checks(
    system: System, tmp_path: Path
) -> None:
    # Of this one system: that of the file's own name may be a developer's.
    project = os.environ["COMPOSE_PROJECT_NAME"]
    env = system.env.with_name("lane.yaml")
    env.write_text(system.env.read_text().replace("project: keyarc,", f"project: {project},"))
    before = {service: system.containers()[service]["Image"] for service in ORDER}
    words = ("--env", str(env), "--release", RELEASE, "--images", images(tmp_path, before))
    try:
        done = asyncio.run(deploys(tmp_path, *words, variables=os.environ))
        assert done.code == DONE, done.err
        after = system.containers()
        assert {service: after[service]["Image"] for service in ORDER} == before
        for service in ORDER:
            assert f"RELEASE_ID={RELEASE}" in after[service]["Config"]["Env"], service
        code, verdict = system.smoke("--release", RELEASE)
        assert (code, verdict["verdict"]) == (0, "GO")
    finally:
        env.unlink()
        system.up()
