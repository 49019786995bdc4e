"""A compose project for tests where there is no engine: over a stand-in of docker."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.deployment import Artifact, Vector
from harness.environment import Environment
from harness.platforms import Place
from harness.platforms.compose import Compose, connect

STAND_IN = Path(__file__).parent / "stand_ins" / "docker.py"
IDS = {"web": "1" * 64, "api": "2" * 64}
OLD, NEW = (f"sha256:{digit * 64}" for digit in "ab")
MADE = datetime(2026, 5, 1, 12, tzinfo=UTC)


def printed(**more: Any) -> dict[str, Any]:
    """A container as docker prints it, well unless told."""
    service = more.get("service", "web")
    return {
        "id": "1" * 64,
        "name": f"/shop-{service}-1",
        "service": service,
        "number": "1",
        "image": NEW,
        "configured": "shop:2",
        "config_hash": "c1",
        "depends_on": "",
        "status": "running",
        "health": "healthy",
        "exit_code": 0,
        "error": "",
        "restarts": 0,
        "created": MADE.isoformat(),
        "variables": [None],
        **more,
    }


@dataclass
class Shop:
    """A project of two services, `web` and `api`, of which the first depends on the other."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.program.write_text(f"#!{sys.executable} -IS\n{STAND_IN.read_text()}")
        self.program.chmod(0o700)
        (self.folder / "compose.yaml").touch()
        self.keep(
            containers=[self.container(name) for name in IDS],
            images=[OLD, NEW],
            services=["db", *IDS],
            compose="",
            fails={},
            hidden=[],
            idle=[],
            registry={},
            unset=[],
            vanishing=[],
        )

    @property
    def program(self) -> Path:
        return self.folder / "docker"

    def container(self, service: str, **more: Any) -> dict[str, Any]:
        made = {"id": IDS[service], "service": service, "variables": ["RELEASE_ID=r2", None]}
        return printed(**made | more)

    def keep(self, **state: Any) -> None:
        file = self.folder / "state.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(known | state))

    def compose(self, **settings: str) -> Compose:
        known = {"project": "shop", "program": str(self.program), "release_variable": "RELEASE_ID"}
        given = {name: value for name, value in (known | settings).items() if value}
        services: dict[str, Any] = {name: {"url": f"http://{name}.example"} for name in IDS}
        services["web"]["depends_on"] = ["api"]
        environment = Environment.model_validate(
            {
                "name": "some",
                "services": services,
                "platform": {"name": "compose", "settings": given},
            }
        )
        place = Place(
            environment=environment,
            file=self.folder / "some.yaml",
            references={},
            limit_s=30.0,
            progress=self.said.append,
        )
        platform = connect(place)
        assert isinstance(platform, Compose)
        return platform

    def heard(self, word: str = "") -> list[dict[str, Any]]:
        told = map(json.loads, (self.folder / "heard.jsonl").read_text().splitlines())
        return [one for one in told if not word or word in one["words"]]

    def does(self, act: Callable[[Compose], Awaitable[Any]], **settings: str) -> Any:
        """What the platform answers."""

        async def inside() -> Any:
            return await act(self.compose(**settings))

        return asyncio.run(inside())


def target(release: str | None = "r1", **more: Any) -> Vector:
    return {
        name: Artifact(**{"identity": OLD, "reference": OLD, "release": release} | more)
        for name in IDS
    }
