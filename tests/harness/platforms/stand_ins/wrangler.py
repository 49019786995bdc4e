"""A stand-in for `wrangler`: a file instead of Cloudflare, and what it prints of it.

As wrangler 4 does: ten versions are listed, the newest last, and WRANGLER_LOG=none empties what
`--json` prints. `.ci/wrangler` runs the same example with the real one.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

FILE = Path(os.environ["STAND_IN_FILE"])


def deploy(state: dict[str, Any], app: dict[str, Any], wanted: str) -> str:
    version, _, percentage = wanted.partition("@")
    if version not in app["versions"]:
        sys.exit("A request to the Cloudflare API failed. Version not found [code: 10007]")
    if state["ill"] == "does nothing":
        return "SUCCESS"
    share = int(percentage.removesuffix("%")) if state["ill"] != "half" else 50
    rest = [{**each, "percentage": 100 - share} for each in app["deployed"][:1] if share < 100]
    app["deployed"] = [{"version_id": version, "percentage": share}, *rest]
    app["count"] += 1
    return "SUCCESS"


def answer(state: dict[str, Any], words: list[str]) -> object:
    app = state["apps"][words[words.index("--name") + 1]]
    verb = tuple(words[:2])
    if verb == ("versions", "deploy"):
        return deploy(state, app, words[2])
    if verb == ("versions", "list"):
        return [{"id": each, "number": number} for number, each in enumerate(app["versions"][-10:])]
    if verb == ("versions", "view"):
        if words[2] not in app["versions"]:
            sys.exit("A request to the Cloudflare API failed. Version not found [code: 10007]")
        return {"id": words[2]}
    assert verb == ("deployments", "status")
    return {"id": f"deployment-{app['count']}", "versions": app["deployed"]}


def main() -> None:
    state = json.loads(FILE.read_text())
    printed = answer(state, sys.argv[2:])
    if "deploy" in sys.argv:  # those that read run side by side
        FILE.write_text(json.dumps(state))
    text = printed if isinstance(printed, str) else json.dumps(printed)
    if os.environ.get("WRANGLER_LOG") != "none":
        sys.stdout.write(text)


main()
