"""A stand-in for `helm` and `kubectl`: a file instead of a cluster, and what they print of it.

As Helm 3 does: a rollback makes a new revision, its description says
to which one it goes back, and without `--wait` it exits before anything is replaced.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

FILE = Path(os.environ["STAND_IN_FILE"])
KEPT = 10


def helm(state: dict[str, Any], words: list[str]) -> object:
    verb, app, *rest = words
    release, ill = state["apps"][app], state["ill"]
    if verb == "status":
        last = release["revisions"][-1]
        info = {"status": last["status"], "description": last["description"]}
        return {"name": app, "version": last["revision"], "info": info}
    if verb == "history":
        return release["revisions"][-KEPT:]
    wanted = int(rest[0])
    found = [each for each in release["revisions"][-KEPT:] if each["revision"] == wanted]
    if verb != "rollback" or not found:
        sys.exit("Error: release has no 0 version")
    if ill == "does nothing":
        return "Rollback was a success! Happy Helming!"
    if "--wait" in rest and ill != "half":
        release["pods"] = [found[0]["image"]] * len(release["pods"])
    elif ill == "half":
        release["pods"][0] = found[0]["image"]
    number = release["revisions"][-1]["revision"] + 1
    release["revisions"][-1]["status"] = "superseded"
    how = {"status": "deployed", "description": f"Rollback to {wanted}"}
    release["revisions"].append({"revision": number, "image": found[0]["image"], **how})
    return "Rollback was a success! Happy Helming!"


def kubectl(state: dict[str, Any], words: list[str]) -> object:
    assert words[:2] == ["get", "pods"]
    app = words[2].removeprefix("--selector=app.kubernetes.io/instance=")
    pods = [pod(image, {}) for image in state["apps"][app]["pods"]]
    leaving = state["apps"][app].get("leaving", [])
    return {"items": pods + [pod(image, {"deletionTimestamp": "2026"}) for image in leaving]}


def pod(image: str, metadata: dict[str, str]) -> object:
    status = {"imageID": f"registry.example/shop@{image}"} if image else {}
    return {"metadata": metadata, "status": {"containerStatuses": [status]}}


def main() -> None:
    state = json.loads(FILE.read_text())
    printed = {"helm": helm, "kubectl": kubectl}[sys.argv[1]](state, sys.argv[2:])
    if "rollback" in sys.argv:  # those that read run side by side
        FILE.write_text(json.dumps(state))
    sys.stdout.write(printed if isinstance(printed, str) else json.dumps(printed))


main()
