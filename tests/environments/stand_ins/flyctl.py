"""A stand-in, not flyctl: keeps what it is told in a file, and prints as 0.4.87 does.

What it prints is after flyctl's source (`internal/command`), with the connection strings that
`mpg create` and `mpg attach` show. `KEPT` names its folder: `state.json` is what there is at Fly,
`calls.jsonl` who was called how. A command that begins with one of the state's `refused` fails.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

KEPT = Path(os.environ["KEPT"])
STATE: dict[str, Any] = json.loads((KEPT / "state.json").read_text())
ARGUMENTS = sys.argv[1:]
URI = "postgresql://fly-user:CANARY-PASSWORD@pgbouncer.CLUSTER.flympg.net/fly-db"
PREFIXES = {"v6": "2a09:8280:1::", "shared_v4": "66.241.124.", "private_v6": "fdaa:0:1:0:1::"}


def main() -> None:
    given = sys.stdin.read()
    with (KEPT / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"arguments": ARGUMENTS, "input": given}) + "\n")
    if any(" ".join(ARGUMENTS).startswith(refused) for refused in STATE["refused"]):
        refuse(f"Fly says no to {URI}")
    match ARGUMENTS[0]:
        case "auth":
            said("somebody@example.org") if STATE["logged_in"] else refuse("no access token")
        case "apps":
            apps()
        case "mpg":
            postgres()
        case "ips":
            addresses()
        case "secrets":
            secrets(given)
        case "certs":
            certificates()
        case "machine":
            listed(app()["machines"])
        case "scale":
            scale()
    (KEPT / "state.json").write_text(json.dumps(STATE))


def apps() -> None:
    org = option("--org")
    if ARGUMENTS[1] == "list":
        listed([{"Name": name} for name, one in STATE["apps"].items() if one["org"] == org])
    else:
        nothing: dict[str, Any] = {"ips": [], "secrets": {}, "certs": [], "machines": []}
        STATE["apps"][ARGUMENTS[2]] = {"org": org, **nothing}


def addresses() -> None:
    if ARGUMENTS[1] == "list":
        listed(app()["ips"])
    elif ARGUMENTS[1] == "release":
        app()["ips"] = [one for one in app()["ips"] if one["Address"] != ARGUMENTS[2]]
    else:
        v6 = "private_v6" if "--private" in ARGUMENTS else "v6"
        kind = "shared_v4" if "--shared" in ARGUMENTS else v6
        number = sum(len(each["ips"]) for each in STATE["apps"].values()) + 1
        app()["ips"].append({"Type": kind, "Address": f"{PREFIXES[kind]}{number}"})


def postgres() -> None:
    if ARGUMENTS[1] == "list":
        listed(STATE["clusters"], "No managed postgres clusters found in organization some")
    elif ARGUMENTS[1] == "backup":
        listed(STATE["backups"], "No backups found for cluster some in the last 24 hours")
    elif ARGUMENTS[1] == "create":
        made = {"id": "k1v53olmy", "name": option("--name"), "status": STATE["new_cluster"]}
        options = {name: option(f"--{name}") for name in ("region", "plan", "volume-size")}
        STATE["clusters"].append({**made, **options})
        said(f"Managed Postgres cluster created successfully!\n  Connection string: {URI}")
    else:
        if ARGUMENTS[2] not in [one["id"] for one in STATE["clusters"]]:
            refuse(f"managed postgres cluster {ARGUMENTS[2]} not found")
        app()["secrets"]["DATABASE_URL"] = "digest"
        said(f"The following secret was added:\n  DATABASE_URL={URI}")


def secrets(given: str) -> None:
    if ARGUMENTS[1] == "list":
        listed([{"name": name, "digest": "d"} for name in app()["secrets"]])
        return
    pairs = dict(line.split("=", 1) for line in given.splitlines())
    app()["secrets"].update(dict.fromkeys(pairs, "digest"))
    STATE["exposed"] += exposing(pairs.values())


def certificates() -> None:
    if ARGUMENTS[1] == "list":
        listed([{"hostname": host} for host in app()["certs"]])
    elif ARGUMENTS[1] == "add":
        app()["certs"].append(ARGUMENTS[2])
    else:
        found = {one["Type"]: one["Address"] for one in app()["ips"]}
        needs = {"a": [found["shared_v4"]], "aaaa": [found["v6"]]}
        said(json.dumps({"configured": False, "dns_requirements": needs}))


def scale() -> None:
    machines, region = app()["machines"], option("--region")
    if region in STATE["full"]:
        refuse(f"insufficient resources available to fulfill request in {region}")
    group = {"metadata": {"fly_process_group": "app"}}
    # flyctl counts those of the named regions alone.
    for _ in range(int(ARGUMENTS[2]) - sum(one["region"] == region for one in machines)):
        machines.append({"region": region, "state": "started", "config": group})


def option(name: str) -> str:
    return ARGUMENTS[ARGUMENTS.index(name) + 1]


def app() -> dict[str, Any]:
    found: dict[str, Any] = STATE["apps"].get(option("--app")) or refuse("Could not find App")
    return found


def listed(items: list[Any], otherwise: str = "[]") -> None:
    said(json.dumps(items) if items else otherwise)


def exposing(values: Iterable[str]) -> list[str]:
    """Processes that show a value to others now: in their arguments, or in their environment."""
    found = []
    for file in [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")]:
        try:
            shown = file.read_bytes()
        except OSError:
            continue
        if any(value.encode() in shown for value in values):
            found.append(str(file))
    return found


def said(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def refuse(text: str) -> NoReturn:
    sys.exit(f"Error: {text}")


main()
