"""The calls of `docker` that the platform `compose` makes, and what their failures mean."""

import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from harness.deployment import Artifact
from harness.errors import PlatformError, UsageError
from harness.platforms._compose_override import override_of
from harness.platforms._compose_reading import Clock, Container, Image, read
from harness.platforms._compose_secrets import redactor_of
from harness.platforms._compose_settings import Settings
from harness.platforms._tool import Ended, Tool

_TO_GET = "to get docker with its plugin compose: https://docs.docker.com/compose/install/"
_QUIET = {
    "DOCKER_CLI_HINTS": "false",
    "COMPOSE_ANSI": "never",
    "COMPOSE_PROGRESS": "quiet",
    # What is no part of the file is none of ours either.
    "COMPOSE_REMOVE_ORPHANS": "0",
    "COMPOSE_IGNORE_ORPHANS": "1",
}
_READS_WITHIN_S = 60.0
_READS_AGAIN = 3
_GONE = re.compile(r"no such (object|container|image)", re.IGNORECASE)
_UNSET = re.compile(r'\\?"(\w+)\\?" variable is not set')
# Only what is needed: the rest of what `inspect` knows holds the secrets of each container. By
# `index`, what is missing is null; and by it all names are the API's, whatever docker's age.
_CONTAINER = (
    '{"id":{{json .Id}},"name":{{json .Name}},"image":{{json .Image}},'
    '"configured":{{json .Config.Image}},"created":{{json .Created}},'
    '"service":{{json (index .Config.Labels "com.docker.compose.service")}},'
    '"number":{{json (index .Config.Labels "com.docker.compose.container-number")}},'
    '"config_hash":{{json (index .Config.Labels "com.docker.compose.config-hash")}},'
    '"depends_on":{{json (index .Config.Labels "com.docker.compose.depends_on")}},'
    '"status":{{json .State.Status}},"exit_code":{{json .State.ExitCode}},'
    '"error":{{json .State.Error}},"restarts":{{json .RestartCount}},'
    '"health":{{with index .State "Health"}}{{json .Status}}{{else}}""{{end}},'
    '"variables":[{{range .Config.Env}}{{if eq (index (split . "=") 0) "VARIABLE"}}'
    "{{json .}},{{end}}{{end}}null]}"
)
_IMAGE = '{"id":{{json .Id}},"digests":{{json (index . "RepoDigests")}}}'
_CLOCK = '{"now":{{json .SystemTime}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """What is asked of one `docker`, of one project."""

    settings: Settings
    limit_s: float

    @property
    def tool(self) -> Tool:
        return Tool(program=self.settings.program, to_get=_TO_GET, env=_QUIET)

    def must_be_there(self) -> None:
        """Looks for docker and its plugin compose.

        Raises:
            UsageError: One is missing; says how to get it.
        """
        program = self.tool.must_be_there()
        try:
            asked = [program, "compose", "version"]
            done = subprocess.run(
                asked, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UsageError(f"{program} cannot be run: {type(error).__name__}") from None
        if done.returncode != 0:
            raise UsageError(f"{program} has no `compose`; {_TO_GET}")

    async def containers(self) -> list[Container]:
        """All of the project, also those that do not run, by name.

        Raises:
            PlatformError: There is none at all: what is asked is another engine, or project.
        """
        label, kind = "label=com.docker.compose.", _CONTAINER
        kind = kind.replace("VARIABLE", self.settings.release_variable or "")
        words = ["ps", "--all", "--quiet", "--no-trunc"]
        words += ["--filter", f"{label}project={self.settings.project}"]
        words += ["--filter", f"{label}oneoff=False"]
        for _ in range(_READS_AGAIN):
            ids = (await self._done(*words)).out.split()
            if not ids:
                raise PlatformError(
                    f"docker knows no container of the project {self.settings.project}: is it"
                    " the right one, and the right engine (DOCKER_HOST, or docker's context)?"
                )
            ended = await self._run("inspect", "--type", "container", "--format", kind, *ids)
            if ended.code == 0:
                break
            if not _GONE.search(ended.err):
                raise PlatformError(ended.told)
        else:
            raise PlatformError("containers come and go faster than they can be looked at")
        found = read(Container, "containers", ended.out)
        if {one.id for one in found} != set(ids):
            raise PlatformError(f"asked of {len(ids)} containers, docker told of {len(found)}")
        clean = redactor_of(self.settings).text
        found = [one.model_copy(update={"error": clean(one.error)}) for one in found]
        return sorted(found, key=lambda one: one.name)

    async def images(self, names: Collection[str]) -> dict[str, Image]:
        """Those of them that are here, by their ids."""
        if not names:
            return {}
        ended = await self._run("image", "inspect", "--format", _IMAGE, *names)
        if ended.code != 0 and not _GONE.search(ended.err):
            raise PlatformError(ended.told)
        found = read(Image, "images", ended.out)
        if ended.code == 0 and not found:
            raise PlatformError(f"asked of {len(names)} images, docker told of none")
        return {one.id: one for one in found}

    async def pull(self, reference: str, limit_s: float) -> None:
        await self._done("pull", "--quiet", reference, limit_s=limit_s)

    async def now(self) -> datetime:
        """By the engine's clock, by which containers are created."""
        printed = (await self._done("info", "--format", _CLOCK)).out
        times = read(Clock, "its clock", printed)
        if len(times) != 1:
            raise PlatformError("docker does not tell its time")
        return times[0].now

    async def services(self, release: str | None) -> tuple[list[str], list[str]]:
        """What the compose file declares, and the variables it names that are not set anywhere."""
        words = (*self._compose(), "--profile", "*", "config", "--services")
        ended = await self._done(*words, variables=self._variables(release))
        return ended.out.split(), sorted(set(_UNSET.findall(ended.err)))

    async def up(
        self, app: str, image: str, artifact: Artifact, count: int, limit_s: float
    ) -> Ended:
        """Has all containers of a service replaced by `count` of this image; nothing else.

        Args:
            count: None of them known: as many as the file says.
        """
        variables = self._variables(artifact.release)
        with override_of(app, image, variables) as override:
            words = [*self._compose(override), "up", "--detach", "--no-deps", "--no-build"]
            # Shorter than ours, so that compose itself ends it, in order.
            wait_s = max(1, int(min(300, self.limit_s / 3, limit_s * 0.9)))
            words += ["--wait", "--wait-timeout", str(wait_s)]
            words += ["--scale", f"{app}={count}"] if count else []
            return await self._run(
                *words, app, variables=variables, limit_s=limit_s, operation=True
            )

    def _compose(self, *overrides: Path) -> list[str]:
        settings = self.settings
        words = ["compose", "-p", settings.project]
        words += ["--project-directory", str(settings.file.parent)]
        words += ["--env-file", str(settings.env_file)] if settings.env_file else []
        return words + [word for file in (settings.file, *overrides) for word in ("-f", str(file))]

    def _variables(self, release: str | None) -> dict[str, str]:
        name = self.settings.release_variable
        return {name: release} if name and release else {}

    async def _done(
        self, *words: str, variables: dict[str, str] | None = None, limit_s: float = _READS_WITHIN_S
    ) -> Ended:
        ended = await self._run(*words, variables=variables, limit_s=limit_s)
        if ended.code != 0:
            raise PlatformError(ended.told)
        return ended

    async def _run(
        self,
        *words: str,
        variables: dict[str, str] | None = None,
        limit_s: float = _READS_WITHIN_S,
        operation: bool = False,
    ) -> Ended:
        tool = replace(self.tool, env={**_QUIET, **(variables or {})})
        clean = redactor_of(self.settings).text
        try:
            ended = await tool.run(*words, limit_s=min(limit_s, self.limit_s), operation=operation)
        except PlatformError as error:
            raise PlatformError(clean(str(error))) from None
        return replace(
            ended, err=clean(ended.err), out=ended.out if ended.code == 0 else clean(ended.out)
        )
