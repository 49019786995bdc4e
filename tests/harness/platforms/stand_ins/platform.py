"""A stand-in for any platform: a file that says what runs, and commands that print and change it.

`python platform.py FILE VERB`, as docs/platforms.md describes each command.
"""

import json
import os
import sys
import time
from pathlib import Path

file, verb = Path(sys.argv[1]), sys.argv[2]
state = json.loads(file.read_text())
ill = state["ill"]


def instances(service: str) -> list[dict[str, str]]:
    return [{"identity": each, "reference": f"ref-{each}"} for each in state["running"][service]]


def identified() -> object:
    services = {
        service: {"instances": instances(service), "changing": ill == "BUSY"}
        for service in state["running"]
    }
    return {"services": services}


def listed() -> object:
    return {
        "services": {
            name: [{"identity": each} for each in state["known"]] for name in state["running"]
        }
    }


def obtainable() -> object:
    target = json.loads(os.environ["VERIFY_TARGET"])
    gone = [
        f"{name}: {one['identity']} is gone"
        for name, one in target.items()
        if one["identity"] not in state["known"]
    ]
    return {"obtainable": False, "why": gone} if gone else {"obtainable": True}


def roll_back() -> object:
    if ill == "FAILS":
        sys.exit("a stand-in refuses")
    if ill != "DOES_NOTHING":
        for service, one in json.loads(os.environ["VERIFY_TARGET"]).items():
            running = state["running"][service]
            count = 1 if ill == "HALF" else len(running)
            running[:count] = [one["reference"].removeprefix("ref-")] * count
        file.write_text(json.dumps(state))
    return {"said": "done"}


if ill == "HANGS":
    time.sleep(600)
elif ill == "RUBBISH":
    sys.stdout.write("<html>502 Bad Gateway</html>")
elif ill == "UNREACHABLE":
    sys.exit("dial tcp: connection refused")
elif ill != "EMPTY":
    answers = {
        "identify": identified,
        "list": listed,
        "obtainable": obtainable,
        "roll_back": roll_back,
    }
    sys.stdout.write(json.dumps(answers[verb]()))
