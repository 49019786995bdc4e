"""What an environment needs on Fly, read from its file: a line for each app and each host name.

Standard input is what `keyarc-verify env show NAME --format json` prints; the argument is the
folder of its fly.toml files. Prints, with tabs between:

    environment  NAME     production|other
    app          SERVICE  APP  public|private  INSTANCES  REGION
    host         SERVICE  HOST
"""

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def lines(declared: dict[str, Any], folder: Path) -> Iterator[tuple[str, ...]]:
    name, platform = declared["name"], declared.get("platform") or {}
    if platform.get("name") != "fly":
        sys.exit(f"the environment {name} is not on Fly: its file has no `platform: {{name: fly}}`")
    yield "environment", name, "production" if declared.get("production") else "other"
    for service, app in platform["apps"].items():
        one = declared["services"][service]
        region = _region(folder / f"{service}.toml", app)
        yield "app", service, app, one["visibility"], str(one["instances"]), region
    for service in platform["apps"]:
        for host in _hosts(declared["services"][service]):
            yield "host", service, host


def _region(file: Path, app: str) -> str:
    try:
        document = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        sys.exit(f"cannot read {file}: {error}")
    if document.get("app") != app:
        sys.exit(f"{file} is of the app {document.get('app')}; the environment file names {app}")
    return str(document["primary_region"])


def _hosts(service: dict[str, Any]) -> Iterator[str]:
    """The names that are the app's own; where there is a path, the name is another app's."""
    if service["visibility"] == "public":
        for url in (service["url"], *service["also_at"]):
            if urlsplit(url).path in ("", "/"):
                yield str(urlsplit(url).hostname)


if __name__ == "__main__":
    for line in lines(json.load(sys.stdin), Path(sys.argv[1])):
        sys.stdout.write("\t".join(line) + "\n")
