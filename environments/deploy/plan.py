"""What a deployment consists of, read from an environment file and a list of images.

    plan.py FOLDER [IMAGES] <ENVIRONMENT

ENVIRONMENT is what `keyarc-verify env show NAME --format json` prints, FOLDER where its file is.
Prints, with tabs between, the services in the order in which they are deployed:

    platform  NAME
    fly       VARIABLE  SMOKE-CHECKS
    app       SERVICE   APP  FLY-TOML  IMAGE  SPARE-MACHINES
    compose   PROJECT   COMPOSE-FILE  VARIABLE  ENV-FILE
    image     SERVICE   IMAGE
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# auth first: its release command migrates. What others call comes before them, the page at the end.
ORDER = ("auth", "account", "keys", "gateway", "frontend")
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+@sha256:[0-9a-f]{64}")
Images = dict[str, str]
Lines = Iterator[tuple[str, ...]]


def lines(declared: dict[str, Any], folder: Path, images: Images | None) -> Lines:
    name, platform = declared["name"], _platform(declared)
    yield "platform", platform["name"]
    if platform["name"] == "local":
        _must(images is None, "--images is for environments of images; here it is --from DIR")
    elif platform["name"] == "fly":
        _must(images is not None, f"{name} is on Fly: name its images by --images FILE")
        yield from _fly(declared, platform, folder, images or {})
    elif platform["name"] == "compose":
        yield from _compose(platform, folder, images)
    else:
        other = platform["name"]
        sys.exit(f"{name} is deployed by tools of its own: this script does not know {other!r}")


def _platform(declared: dict[str, Any]) -> dict[str, Any]:
    found = declared.get("platform") or {"name": "local" if declared.get("stack") else None}
    if not found["name"]:
        sys.exit(f"{declared['name']} has no `platform`, which would say how it is deployed")
    return dict(found)


def _fly(declared: dict[str, Any], platform: dict[str, Any], folder: Path, images: Images) -> Lines:
    settings, apps = platform.get("settings") or {}, platform["apps"]
    _must_be_these("platform.apps names", set(apps))
    for service, image in images.items():
        _must(PINNED.fullmatch(image), f"{service}: an image is NAME@sha256:…, not {image!r}")
    variable, config = settings.get("release_variable", ""), settings.get("config", "")
    _must(variable, "platform.settings.release_variable is missing, such as RELEASE_ID")
    _must(config, "platform.settings.config is missing, such as fly/staging/{service}.toml")
    yield "fly", variable, str(settings.get("smoke_checks", "yes") == "yes").lower()
    for service in ORDER:
        app = apps[service]
        file = folder / config.replace("{service}", service).replace("{app}", app)
        _must_be_of(file, app)
        spare = str(declared["services"][service]["instances"] > 1).lower()
        yield "app", service, app, str(file.resolve()), images[service], spare


def _compose(platform: dict[str, Any], folder: Path, images: Images | None) -> Lines:
    settings = platform.get("settings") or {}
    file = (folder / settings.get("file", "compose.yaml")).resolve()
    _must(file.is_file(), f"platform.settings.file: {file} is no file")
    _must(settings.get("project"), "platform.settings.project is missing: compose's name of it")
    own = settings.get("env_file")
    env_file = (folder / own).resolve() if own else file.with_name(".env")
    variable = settings.get("release_variable") or "RELEASE_ID"
    yield "compose", settings["project"], str(file), variable, str(env_file)
    for service, image in (images or {}).items():
        yield "image", service, image


def _images(file: Path) -> Images:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"--images: {file} cannot be read: {error}")
    _must(isinstance(found, dict), f"--images: {file} is no object of services and images")
    _must_be_these(f"--images: {file} names", set(found))
    for service, image in found.items():
        usable = isinstance(image, str) and re.fullmatch(r"[A-Za-z0-9][!-~]*", image)
        _must(usable, f"{service}: {image!r} is no name of an image")
    return {service: found[service] for service in ORDER}


def _must_be_of(file: Path, app: str) -> None:
    try:
        own = tomllib.loads(file.read_text()).get("app")
    except (OSError, ValueError) as error:
        sys.exit(f"{file} cannot be read: {error}")
    _must(own == app, f"{file} is of the app {own}; the environment file names {app}")


def _must_be_these(what: str, services: set[str]) -> None:
    for wrong, why in ((set(ORDER) - services, "without"), (services - set(ORDER), "unknown here")):
        _must(not wrong, f"{what} {', '.join(sorted(services))}; {why}: {', '.join(sorted(wrong))}")


def _must(holds: object, why: str) -> None:
    if not holds:
        sys.exit(why)


def main() -> None:
    folder, *images = (Path(word) for word in sys.argv[1:])
    for line in lines(json.load(sys.stdin), folder, _images(images[0]) if images else None):
        sys.stdout.write("\t".join(line) + "\n")


if __name__ == "__main__":
    main()
