"""What an image holds, what it may do, how it starts and ends."""

import json
import os
import time
from functools import cache
from typing import Any

from tests.harness.stack.conftest import until
from tests.images.conftest import SETTINGS, docker, inspected, logs, started
from tests.images.sources import files

# All that comes on top of the base.
OWN_MB = 130
FORBIDDEN = ("pip", "pip3", "gcc", "cc", "ld", "make", "curl", "wget", "git")
LOOK = f"""
import importlib.util, json, os, pathlib, shutil
folders = [pathlib.Path("services"), pathlib.Path("/opt/venv/lib")]
code = [file for folder in folders for file in folder.rglob("*.py")]
print(json.dumps({{
    "files": [str(f) for f in folders[0].rglob("*") if f.is_file() and f.suffix != ".pyc"],
    "uncompiled": [str(f) for f in code if not any(f.parent.glob(f"__pycache__/{{f.stem}}.*.pyc"))],
    "compiled": len(code),
    "tools": [name for name in {FORBIDDEN} if shutil.which(name)]
    + [name for name in ("pip", "ensurepip") if importlib.util.find_spec(name)],
    "ids": [os.getuid(), os.getgid(), *os.getgroups()],
    "writable": [str(p) for p in pathlib.Path("/opt").rglob("*")
        if not p.is_symlink() and os.access(p, os.W_OK)],
}}))
"""
ALIVE = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8080/health/live").read().decode())
"""


@cache
def found(image: str) -> dict[str, Any]:
    """What is seen by whoever runs in it."""
    told = docker("run", "--rm", "--network=none", image, "python", "-c", LOOK)
    seen: dict[str, Any] = json.loads(told)
    return seen


def state(container: str) -> Any:
    return inspected(container)["State"]


def sees(container: str, problem: str) -> bool:
    """Whether the image's own check passed at last, or found just this."""
    health = state(container)["Health"]
    told = health["Log"][-1]["Output"] if health["Log"] else ""
    return problem in told if problem else bool(health["Status"] == "healthy")


def test_it_holds_its_service_and_what_that_imports(target: str, image: str) -> None:
    assert set(found(image)["files"]) == files(target)


def test_every_module_is_compiled(image: str) -> None:
    assert found(image)["compiled"] > 500
    assert found(image)["uncompiled"] == []


def test_it_holds_no_tool_to_build_or_fetch_with(image: str) -> None:
    assert found(image)["tools"] == []


def test_it_runs_as_nobody_and_can_change_nothing_of_itself(image: str) -> None:
    assert inspected(image)["Config"]["User"] == "10001:10001"
    assert set(found(image)["ids"]) == {10001}
    assert found(image)["writable"] == []


def test_it_tells_where_it_comes_from(target: str, image: str) -> None:
    labels = inspected(image)["Config"]["Labels"]
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == f"keyarc-{target}"
    assert labels[f"{prefix}revision"] == os.environ.get("KEYARC_VERIFY_COMMIT")
    assert "unknown" not in {labels[f"{prefix}version"], labels[f"{prefix}source"]}


def test_it_bears_no_trace_of_how_it_was_built(image: str) -> None:
    source = inspected(image)["Config"]["Labels"]["org.opencontainers.image.source"]
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    told = [*history.replace(source, "").splitlines(), *inspected(image)["Config"]["Env"]]
    assert [line for line in told if "://" in line or "PIP_" in line or "/wheels" in line] == []


def test_it_adds_little_to_its_base(image: str) -> None:
    layers = docker("history", "--human=false", "--format", "{{.Size}}", image).split()
    own = [int(size) for size in layers[:-1]]
    assert 10 < sum(own) / 1e6 < OWN_MB


def test_it_starts_where_nothing_can_be_written_and_ends_in_order(
    target: str, image: str, needed: list[str]
) -> None:
    quick = ("--health-interval=300ms", "--health-retries=1", "--health-start-period=1ms")
    with started(image, *quick, *needed) as container:
        # Alone, these two have all that they need; the others are alive, and not ready.
        until(lambda: sees(container, "" if target in ("frontend", "edge") else " 503 "), 60)
        if target != "edge":
            alive = json.loads(docker("exec", container, "python", "-c", ALIVE))
            assert (alive["serviceId"], alive["releaseId"]) == (target, SETTINGS["RELEASE_ID"])
            assert container.startswith(alive["instanceId"])
        began_s = time.monotonic()
        docker("stop", "--time", "10", container)
        assert state(container)["ExitCode"] == 0, logs(container)
        assert time.monotonic() - began_s < 8


def test_missing_setting_is_one_clear_line(image: str, needed: list[str]) -> None:
    with started(image, *needed, RELEASE_ID="") as container:
        until(lambda: state(container)["Status"] == "exited", 60)
        assert state(container)["ExitCode"] == 1
        (line,) = logs(container).splitlines()
        assert line.startswith("cannot start: RELEASE_ID: ")
