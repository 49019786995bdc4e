"""A stand-in for docker and its plugin compose: one project, kept in `state.json` beside it.

What it was asked is in `heard.jsonl`: the words, the variables that matter, and the override.
"""

import json
import os
import sys

# Started very often: without pathlib, which takes as long as all else.
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
with open(f"{HERE}/state.json") as file:  # noqa: PTH123
    state = json.load(file)
words = sys.argv[1:]
files = [words[place + 1] for place, word in enumerate(words) if word == "-f"]
override = json.loads("{}")
if len(files) > 1:
    with open(files[1]) as file:  # noqa: PTH123
        override = json.load(file)["services"]
NAMES = ("RELEASE_ID", "COMPOSE_REMOVE_ORPHANS", "CI")


def ends(text: str = "", error: str = "") -> None:
    sys.stderr.write(f"{error}\n" if error else "")
    sys.stdout.write(text)
    sys.exit(1 if error else 0)


def keep() -> None:
    with open(f"{HERE}/state.json", "w") as file:  # noqa: PTH123
        json.dump(state, file)


def heard() -> None:
    told = {"words": words, "env": {name: os.environ.get(name) for name in NAMES}}
    if len(files) > 1:
        mode = os.stat(os.path.dirname(files[1])).st_mode  # noqa: PTH116, PTH120
        told |= {"override": override, "at": files[1], "mode": oct(mode & 0o777)}
    with open(f"{HERE}/heard.jsonl", "a") as file:  # noqa: PTH123
        file.write(json.dumps(told) + "\n")


def up() -> None:
    ((service, wanted),) = override.items()
    if service in state["idle"]:
        return
    for one in state["containers"]:
        if one["service"] == service:
            variables = [f"{n}={v}".replace("$$", "$") for n, v in wanted["environment"].items()]
            one |= {"image": wanted["image"], "variables": [*variables, None]}
    keep()


def objects(known: dict[str, object], wanted: list[str], kind: str) -> None:
    told = [one for one in wanted if one in known and one not in state["hidden"]]
    sys.stdout.write("".join(json.dumps(known[one]) + "\n" for one in told))
    gone = [one for one in wanted if one not in known]
    ends(error=f"Error: No such {kind}: {gone[0]}" if gone else "")


heard()
failure = next((text for word, text in state["fails"].items() if word in words), None)
if words == ["compose", "version"]:
    ends(error=state["compose"])
elif "up" in words:
    up()
    ends(error=state["fails"].get(words[-1], failure) or "")
elif failure is not None:
    ends(error=failure)
elif "config" in words:
    for name in state["unset"]:
        said = f'The \\"{name}\\" variable is not set. Defaulting to a blank string.'
        sys.stderr.write(f'time="now" level=warning msg="{said}"\n')
    ends("".join(f"{one}\n" for one in state["services"]))
elif words[0] == "ps":
    gone, state["vanishing"] = state["vanishing"][:1], state["vanishing"][1:]
    keep()
    ends("".join(f"{one['id']}\n" for one in state["containers"]) + "".join(gone))
elif words[0] == "inspect":
    objects({one["id"]: one for one in state["containers"]}, words[5:], "object")
elif words[:2] == ["image", "inspect"]:
    objects({one: {"id": one, "digests": []} for one in state["images"]}, words[4:], "image")
elif words[0] == "pull":
    got = state["registry"].get(words[-1])
    state["images"] += [got] if got else []
    keep()
    ends(error="" if got else "manifest unknown")
