"""A stand-in of the executable `flyctl`, behaving as recorded from flyctl 0.4.87: not Fly's own.

It asks the same APIs the same things in the same order, and prints the same. What is beside this
file in `flyctl_recorded/` is what the real one printed and asked; test_fly_recorded.py compares.
"""

import argparse
import http.client
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

RUN = "failed to run query"


def main() -> None:
    if not (os.environ.get("FLY_ACCESS_TOKEN") or os.environ.get("FLY_API_TOKEN")):
        fail("no access token available. Please login with 'flyctl auth login'")
    given = _arguments()
    given.config_read = _read_config(given)
    match given.words:
        case ["status"]:
            status(given.app)
        case ["releases"]:
            releases(given.app)
        case ["machine", "leases", "view", *machines]:
            leases(given.app, machines)
        case ["deploy"] | ["deploy", _]:
            deploy(given)
        case _:
            fail(f'unknown command "{" ".join(given.words)}" for "flyctl"')


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="+")
    parser.add_argument("-a", dest="app")
    parser.add_argument("-c", dest="config")
    for flag in ("image", "strategy", "wait-timeout", "deploy-retries"):
        parser.add_argument(f"--{flag}")
    parser.add_argument("--env", action="append", default=[])
    for flag in ("json", "build-only", "remote-only", "update-only"):
        parser.add_argument(f"--{flag}", action="store_true")
    for flag in ("skip-release-command", "no-public-ips"):
        parser.add_argument(f"--{flag}", action="store_true")
    for flag in ("ha", "smoke-checks", "dns-checks"):
        parser.add_argument(f"--{flag}", choices=("true", "false"), default="true")
    return parser.parse_intermixed_args()


def _read_config(given: argparse.Namespace) -> dict[str, Any] | None:
    """As flyctl does before anything else: the file that is named, else that of the folder."""
    folder = Path(given.words[1]) if given.words[:1] == ["deploy"] != given.words else Path.cwd()
    file = Path(given.config) if given.config else folder / "fly.toml"
    if not file.exists() and not given.config:
        return None
    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        fail(f"failed loading app config from {file}: {error}")


def status(app: str) -> None:
    known = query(app, "failed to get app", "appcompact:app(name: $appName)")
    found = known.get("appcompact") or {}
    name = found.get("name") or ""
    machines = call("GET", f"/v1/apps/{name}/machines", "failed to list active VMs")
    current = query(app, "could not get current release", "app{currentReleaseUnprocessed{version}}")
    organization = found["organization"]
    shown = {
        "AppURL": found["appUrl"],
        "Deployed": found["deployed"],
        "Hostname": found["hostname"],
        "ID": found["id"],
        "Machines": sorted(map(_machine, machines), key=lambda one: one["id"], reverse=True),
        "Name": found["name"],
        "Organization": {
            "ID": organization["id"],
            "InternalNumericID": organization["internalNumericId"],
            "Name": organization["name"],
            "Slug": organization["slug"],
            "RawSlug": "",
            "PaidPlan": organization["paidPlan"],
        },
        "PlatformVersion": found["platformVersion"],
        "Status": found["status"],
        "Version": current["app"]["currentRelease"]["version"],
    }
    say(json.dumps(shown, indent=4))


def _machine(machine: dict[str, Any]) -> dict[str, Any]:
    """As Go prints it: what is empty is left out."""
    image = {key: value for key, value in machine["image_ref"].items() if value}
    checks = [{key: value for key, value in one.items() if value} for one in machine["checks"]]
    config = {key: value for key, value in machine["config"].items() if value}
    rest = {"config": {"init": {}, **config}, "cordoned": False}
    return {**machine, "image_ref": image, "checks": checks, **rest}


def releases(app: str) -> None:
    answer = query(app, f"failed retrieving app releases {app}", "releasesUnprocessed", limit=25)
    nodes = ((answer.get("app") or {}).get("releases") or {}).get("nodes")
    say(json.dumps([_release(one) for one in nodes] if nodes else None, indent=4))


def _release(one: dict[str, Any]) -> dict[str, Any]:
    user = one["user"]
    person = {"ID": user["id"], "Name": user["name"], "Email": user["email"]}
    return {
        "ID": one["id"],
        "Version": one["version"],
        "Stable": one["stable"],
        "InProgress": False,
        "Reason": one["reason"],
        "Description": one["description"],
        "Status": one["status"],
        "DeploymentStrategy": "",
        "Metadata": None,
        "User": {**person, "EnablePaidHobby": False},
        "EvaluationID": "",
        "CreatedAt": one["createdAt"],
        "ImageRef": one["imageRef"],
    }


def leases(app: str, machines: list[str]) -> None:
    for machine in machines:
        call("GET", f"/v1/apps/{app}/machines/{machine}", f"could not get machine {machine}")
    held = {}
    for machine in machines:
        code, answer = request("GET", f"/v1/apps/{app}/machines/{machine}/lease")
        if code == 200:
            held[machine] = answer
    say(json.dumps(held, indent=4))


def deploy(given: argparse.Namespace) -> None:
    app, image = given.app, given.image
    told("==> Verifying app config")
    if given.config_read is None:
        query(app, "", "configDefinition")
    where = given.config or "--config path unset--"
    say(f"Validating {where}\n\x1b[32m✓\x1b[0m Configuration is valid\n")
    told("--> Verified app config")
    call("GET", f"/v1/apps/{app}", "")
    found = resolved(app, image) or resolved(app, image)
    if found is None:
        fail(f'failed to fetch an image or build from source: could not find image "{image}"')
    told(f"image found: {found['id']}")
    if given.build_only:
        return
    say(f"Watch your deployment at https://fly.io/apps/{app}/monitoring\n")
    replaced(given, found["ref"])
    say("\nYour app is deployed but does not have a public or private IP address\n")


def resolved(app: str, image: str) -> dict[str, Any] | None:
    told("==> Building image")
    call("GET", "/api/v1/organizations/stand-in", "")
    call("POST", "/api/v1/builds", "", {"app_name": app})
    told(f"Searching for image '{image}' remotely...")
    found: dict[str, Any] | None = query(app, "", "image(ref: $imageRef)", imageRef=image)["app"][
        "image"
    ]
    call("POST", "/api/v1/builds/finish", "", {"app_name": app})
    return found


def replaced(given: argparse.Namespace, image: str) -> None:
    app = given.app
    machines = call("GET", f"/v1/apps/{app}/machines", "")
    if not machines:
        call("GET", f"/v1/apps/{app}/machines", "")
    body = {"app_name": app, "image": image, "strategy": given.strategy.upper()}
    release = call("POST", "/api/v1/releases", "", body)["release"]
    query(app, "", "egressIps")
    became = f"/api/v1/releases/{release['id']}"
    call("PATCH", became, "", {"status": "running"})
    why = released(given, release["version"], image)
    if why:
        call("PATCH", became, "", {"status": "failed"})
        fail(f"release command failed - aborting deployment. {why}")
    ids = sorted(one["id"] for one in machines)
    nonces = {}
    for id_ in reversed(ids):
        lease = call("POST", f"/v1/apps/{app}/machines/{id_}/lease?ttl=13", "")
        nonces[id_] = lease["data"]["nonce"]
    if ids:
        say(f"Updating existing machines in '{app}' with {given.strategy} strategy")
    why = ""
    for number, id_ in enumerate(ids, 1):
        why = changed(given, id_, release["version"], image, nonces[id_])
        if why:
            break
        say(f"✔ [{number}/{len(ids)}] Machine {id_} [app] update succeeded")
    for id_ in ids:
        request("DELETE", f"/v1/apps/{app}/machines/{id_}/lease", None, nonces[id_])
    call("PATCH", became, "", {"status": "failed" if why else "complete"})
    if why:
        fail(why)


def released(given: argparse.Namespace, version: int, image: str) -> str:
    """Runs the release command, where there is one; what went wrong."""
    command = (given.config_read or {}).get("deploy", {}).get("release_command")
    if not command or given.skip_release_command:
        return ""
    told(f"Running {given.app} release_command: {command}")
    here, wait_s = f"/v1/apps/{given.app}/machines", waits_s(given)
    config = configured(given, version, image)
    config["env"] |= {"RELEASE_COMMAND": "1", "FLY_PROCESS_GROUP": "fly_app_release_command"}
    config["metadata"]["fly_process_group"] = "fly_app_release_command"
    config["init"] = {"cmd": command.split()}
    made = call("POST", here, "", {"config": config, "skip_launch": True})
    call("GET", f"{here}/{made['id']}/wait?state=stopped&timeout={wait_s}", "")
    call("POST", f"{here}/{made['id']}/start", "")
    call("GET", f"{here}/{made['id']}/wait?state=started&timeout={wait_s}", "")
    call("GET", f"{here}/{made['id']}/wait?state=destroyed&timeout=60", "")
    exited = call("GET", f"{here}/{made['id']}", "")["events"][0]
    code = exited["request"]["exit_event"]["exit_code"]
    if code == 0:
        return ""
    ran = f"machine {made['id']} exited with non-zero status of {code}"
    told(f"Error release_command failed running on machine {made['id']} with exit code {code}.")
    return ran


def waits_s(given: argparse.Namespace) -> str:
    """For a machine's state, at a time; where the file says longer, it asks again."""
    return given.wait_timeout.rstrip("s") if given.wait_timeout else "60"


def configured(given: argparse.Namespace, version: int, image: str) -> dict[str, Any]:
    """Of a machine: what the file says and, before it, what the arguments say."""
    declared = (given.config_read or {}).get("env", {})
    env = declared | dict(word.split("=", 1) for word in given.env)
    return {"image": image, "env": env, "metadata": {"fly_release_version": str(version)}}


def changed(given: argparse.Namespace, machine: str, version: int, image: str, nonce: str) -> str:
    """What went wrong; nothing where the machine was changed."""
    here = f"/v1/apps/{given.app}/machines/{machine}"
    config = configured(given, version, image)
    code, answer = request("POST", here, {"config": config}, nonce)
    if code != 200:
        return f"failed to update VM {machine}: {answer['error']}"
    wait_s = waits_s(given)
    call("GET", f"{here}/wait?state=started&timeout={wait_s}", "")
    checks = call("GET", here, "")["checks"]
    if all(check["status"] == "passing" for check in checks):
        return ""
    return f"timeout reached waiting for health checks to pass for machine {machine}"


def query(app: str, doing: str, text: str, **variables: object) -> Any:
    body = {"query": text, "variables": {"appName": app, **variables}}
    _, answer = request("POST", "/graphql", body)
    if answer is None:
        fail(f"{doing}: {RUN}: decoding response: invalid character '<'")
    if answer.get("errors") and text != "egressIps":
        fail(f"{doing}: {RUN}: {answer['errors'][0]['message']}")
    return answer.get("data") or {}


def call(method: str, path: str, doing: str, body: object = None) -> Any:
    code, answer = request(method, path, body)
    if code >= 300 or answer is None:
        why = answer.get("error") if answer else "failed decoding response"
        fail(f"{doing}: {why}")
    return answer


def request(method: str, path: str, body: object = None, nonce: str = "") -> tuple[int, Any]:
    name = "FLY_FLAPS_BASE_URL" if path.startswith("/v1/") else "FLY_API_BASE_URL"
    name = "FLY_UIEX_BASE_URL" if path.startswith("/api/v1/") else name
    connection = http.client.HTTPConnection(urlsplit(os.environ[name]).netloc)
    headers = {"authorization": "Bearer of-somebody", "fly-machine-lease-nonce": nonce}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    try:
        return answer.status, json.loads(text)
    except ValueError:
        return answer.status, None


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def told(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def fail(why: str) -> NoReturn:
    told(f"Error: {why}")
    sys.exit(1)


if __name__ == "__main__":
    main()
