"""A compose project for tests, real, on a real engine.

It takes minutes, and so is run where KEYARC_VERIFY_COMPOSE is `required` alone: there, what is
missing is a failure. Elsewhere it is skipped, with the reason.
"""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from harness.deployment import Artifact, Vector
from harness.environment import Environment
from harness.platforms import Place
from harness.platforms.compose import Compose, connect

SHOP = Path(__file__).parent / "compose_shop"
BASE = "debian:bookworm-slim"
IMAGE = "keyarc-verify/compose-shop"
GOOD, BAD = "r1", "r2"
SERVICES = {"web": 1, "api": 2}
LIMIT_S = 60.0


@cache
def missing_means() -> str:
    """What keeps a project from being run here; nothing: it can be."""
    asked = {
        "docker does not answer": ("docker", "info"),
        "docker has no compose": ("docker", "compose", "version"),
        f"the image {BASE} is not here": ("docker", "image", "inspect", BASE),
    }
    if shutil.which("docker") is None:
        return "docker is not here"
    for missing, words in asked.items():
        if subprocess.run(words, capture_output=True, check=False).returncode != 0:
            return missing
    return ""


def needs_compose() -> None:
    """Skips the test where there is none, or fails it where there has to be."""
    is_asked_for = os.environ.get("KEYARC_VERIFY_COMPOSE") == "required"
    missing = missing_means()
    if missing and is_asked_for:
        pytest.fail(missing)
    if not is_asked_for:
        pytest.skip(f"{missing or 'it takes minutes'}; `.ci/compose` runs it")


def docker(*words: str, given: str | None = None, **variables: str) -> str:
    """The real one; what it prints."""
    done = subprocess.run(
        ["docker", *words],
        input=given,
        env={**os.environ, "COMPOSE_PROGRESS": "quiet", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


@dataclass
class Project:
    """The shop of `compose_shop/`, under a name of its own.

    Attributes:
        images: By the release that is of them, their ids.
        said: What the platform told of its progress.
        variables: That compose fills in, beside the release.
    """

    folder: Path
    name: str = field(default_factory=lambda: f"keyarc-verify-test-{uuid.uuid4().hex[:12]}")
    images: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copy(SHOP / "compose.yaml", self.folder)
        self.set(DB_PASSWORD="of the database")

    def set(self, **variables: str) -> None:
        """Variables in the project's `.env`."""
        self.variables |= variables
        lines = [f"{name}='{value}'\n" for name, value in self.variables.items()]
        (self.folder / ".env").write_text("".join(lines))

    def build(self, release: str, *more: str) -> str:
        """An image of this project's own for a release; its id."""
        if not docker("images", "--quiet", IMAGE):
            docker("build", "--quiet", "--tag", IMAGE, str(SHOP))
        lines = [f"FROM {IMAGE}", f"LABEL of={self.name}-{release}", *more]
        built = docker("build", "--quiet", "-", given="\n".join(lines)).strip()
        self.images[release] = built
        return built

    def deploy(
        self, release: str, *words: str, image: str | None = None, wait: bool = True
    ) -> None:
        """As anybody deploys; `words`: which services, and options."""
        known = {"SHOP_IMAGE": image or self.images[release], "RELEASE_ID": release}
        self.set(SHOP_IMAGE=known["SHOP_IMAGE"])
        self.compose("up", "--detach", *(["--wait"] if wait else []), *words, **known)

    def compose(self, *words: str, **variables: str) -> str:
        files = [word for file in self.files() for word in ("-f", str(file))]
        return docker("compose", *files, "-p", self.name, *words, **variables)

    def files(self) -> Iterator[Path]:
        yield self.folder / "compose.yaml"
        if (self.folder / "busy.yaml").exists():
            yield self.folder / "busy.yaml"

    def seen(self, service: str, what: str = "{{.Image}}") -> tuple[str, ...]:
        """Of each container of a service that runs: the image, or what else is asked of it."""
        return self._told(what, self.ids(service))

    def ids(self, service: str) -> str:
        """The containers of a service that run."""
        return docker("ps", "--quiet", *self._filters(service))

    def all(self, service: str, what: str) -> tuple[str, ...]:
        """The same, of those too that do not run."""
        return self._told(what, docker("ps", "--all", "--quiet", *self._filters(service)))

    def _told(self, what: str, ids: str) -> tuple[str, ...]:
        told = docker("inspect", "--format", what, *ids.split()) if ids else ""
        return tuple(told.splitlines())

    def place(self, *, limit_s: float = LIMIT_S, **settings: str) -> Place:
        given = {"project": self.name, "release_variable": "RELEASE_ID", **settings}
        services = {
            name: {"url": f"http://{name}.example", "instances": count}
            for name, count in SERVICES.items()
        }
        services["web"]["depends_on"] = ["api"]
        environment = Environment.model_validate(
            {
                "name": "some",
                "services": services,
                "platform": {"name": "compose", "settings": given},
            }
        )
        return Place(
            environment=environment,
            file=self.folder / "some.yaml",
            references={},
            limit_s=limit_s,
            progress=self.said.append,
        )

    def platform(self, *, limit_s: float = LIMIT_S, **settings: str) -> Compose:
        platform = connect(self.place(limit_s=limit_s, **settings))
        assert isinstance(platform, Compose)
        return platform

    def vector(self, release: str) -> Vector:
        return dict.fromkeys(SERVICES, Artifact(identity=self.images[release], release=release))

    def remove(self) -> None:
        containers = docker("ps", "--all", "--quiet", *self._filters()).split()
        if containers:
            docker("rm", "--force", "--volumes", *containers)
        images = docker("images", "--quiet", "--no-trunc", "--all").split()
        left = [image for image in dict.fromkeys(self.images.values()) if image in images]
        if left:
            docker("rmi", "--force", *left)

    def _filters(self, service: str | None = None) -> list[str]:
        label = "label=com.docker.compose"
        more = ["--filter", f"{label}.service={service}"] if service else []
        return ["--filter", f"{label}.project={self.name}", *more]


@contextmanager
def project(folder: Path) -> Iterator[Project]:
    """The shop, with nothing deployed yet; removed in the end."""
    needs_compose()
    made = Project(folder)
    try:
        yield made
    finally:
        made.remove()
