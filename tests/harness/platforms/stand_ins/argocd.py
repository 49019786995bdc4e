"""A stand-in for `argocd`: a file instead of a server, and what it prints of it.

As Argo CD does: a sync that fails can end with 0, a rollback is refused
while auto-sync is on, and afterwards the application is OutOfSync.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

FILE = Path(os.environ["STAND_IN_FILE"])


def rollback(state: dict[str, Any], app: dict[str, Any], wanted: int) -> str:
    found = [each for each in app["history"] if each["id"] == wanted]
    if app["automated"]:
        sys.exit("rollback cannot be performed when auto-sync is enabled")
    if not found:
        sys.exit(f"application does not have deployment id {wanted} in history")
    if state["ill"] == "does nothing":
        return ""
    app["phase"] = "Failed" if state["ill"] == "fails with 0" else "Succeeded"
    if app["phase"] == "Failed":
        # The images are there already: the phase alone tells that it is not whole.
        app["images"] = [found[0]["image"]]
        return ""
    kept = app["images"][1:] if state["ill"] == "half" else []
    app["images"] = [found[0]["image"], *kept]
    app["history"].append({"id": app["history"][-1]["id"] + 1, "image": found[0]["image"]})
    return ""


def got(app: dict[str, Any], name: str) -> object:
    images = [f"registry.example/{name}@{image}" for image in app["images"]]
    return {
        "spec": {"syncPolicy": {"automated": {}} if app["automated"] else {}},
        **({"operation": {"sync": {}}} if app["asked"] else {}),
        "status": {
            "history": [{"id": each["id"], "revision": "abc"} for each in app["history"]],
            "summary": {"images": ["registry.example/proxy@sha256:" + "0" * 64, *images]},
            "operationState": {"phase": app["phase"]},
            "health": {"status": "Healthy"},
            "sync": {"status": "OutOfSync"},
        },
    }


def main() -> None:
    state = json.loads(FILE.read_text())
    of, verb, name, *rest = sys.argv[2:]
    assert of == "app"
    app = state["apps"][name]
    if verb == "rollback":
        sys.stdout.write(rollback(state, app, int(rest[0])))
        FILE.write_text(json.dumps(state))
    elif verb == "get":
        sys.stdout.write(json.dumps(got(app, name.removeprefix("shop-"))))


main()
