"""Stacks whose services run a release of their own: the small application, as a module `shop`."""

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from harness.stack import control
from tests.harness.stack import application
from tests.harness.stack.conftest import Sandbox

APP = {"python": {"app": "shop:app"}}
ENV = {"RELEASE_ID": "${stack:release}", "INSTANCE_ID": "${stack:instance}"}


class Shop:
    """A sandbox with services `one` and `two`, which depends on it, both of release `v1`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.env = ["--env", sandbox.env]

    def declare(self, *, instances: int = 1, **stack: Any) -> None:
        """Writes the environment file, and the code that `up` starts."""
        stack.setdefault("services", {"two": APP, "one": APP})
        stack.setdefault("env", ENV)
        services = {
            name: {
                "url": f"${{stack:{name}.url}}",
                "instances": instances,
                "depends_on": ["one"] if name == "two" else [],
                "health": {"path": "/health", "format": "none"},
            }
            for name in stack["services"]
            if name != "front"
        }
        environment = {"name": "here", "services": services, "stack": stack}
        self.sandbox.file.write_text(yaml.safe_dump(environment, sort_keys=False))
        self.write(".")

    def write(self, folder: str, more: str = "") -> Path:
        """Writes a release of the application, with something more at its end."""
        path = self.sandbox.path / folder
        path.mkdir(exist_ok=True)
        shutil.copyfile(application.__file__, path / "shop.py")
        with (path / "shop.py").open("a") as file:
            file.write(f"\n# {folder}\n{more}\n")
        return path

    def up(self) -> None:
        up = self.sandbox.up("--release", "v1")
        assert up.code == 0, up

    def deploy(self, release: str, *arguments: str) -> Any:
        return self.sandbox.run("deploy", *self.env, "--release", release, *arguments)

    def url(self, service: str = "one") -> str:
        return self.sandbox.references()[f"stack:{service}.url"]

    def about(self, service: str = "one") -> dict[str, Any]:
        """What an instance tells of itself."""
        with urllib.request.urlopen(self.url(service)) as answer:
            about: dict[str, Any] = json.load(answer)
        return about

    def release(self, service: str = "one") -> str:
        release: str = self.about(service)["environment"]["RELEASE_ID"]
        return release

    def status(self) -> dict[str, Any]:
        return control.status(self.sandbox.state.path)
