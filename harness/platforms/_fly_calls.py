"""The calls of `flyctl` that the platform `fly` makes, and what their failures mean."""

import os
import re
import tempfile
from dataclasses import dataclass, replace

from harness.deployment import Artifact
from harness.errors import PlatformError
from harness.platforms._fly_reading import (
    Machine,
    Release,
    leased_of,
    releases_of,
    status_of,
)
from harness.platforms._fly_settings import Settings
from harness.platforms._tool import Ended, Tool

_TO_GET = (
    "to get flyctl: https://fly.io/docs/flyctl/install/,"
    " or `go install github.com/superfly/flyctl@latest`"
)
_TOKENS = ("FLY_ACCESS_TOKEN", "FLY_API_TOKEN", "FLY_METRICS_TOKEN")
_NOT_LOGGED_IN = re.compile(
    r"no access token available|must be (authenticated|logged in)|not authorized|unauthorized",
    re.IGNORECASE,
)
_FOUND, _PRUNED = "image found:", "could not find image"
_READS_WITHIN_S = 60.0
_SHORTEST_TOKEN = 8
_QUIET = {"FLY_NO_UPDATE_CHECK": "1", "FLY_SEND_METRICS": "0", "FLY_SYNTHETICS_AGENT": "0"}
# Only an explicit file keeps a `fly.toml` of the current folder out.
_NO_CONFIG = ("-c", os.devnull)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What is asked of one `flyctl`. Each call names its app."""

    settings: Settings
    limit_s: float

    @property
    def tool(self) -> Tool:
        """It, pointed at a stand-in where the settings name one."""
        api = self.settings.api
        env = _QUIET if api is None else _QUIET | _env_of_standin(api)
        return Tool(program=self.settings.program, to_get=_TO_GET, env=env)

    async def machines(self, app: str) -> list[Machine]:
        ended = await self._run("status", "-a", app, "--json", *_NO_CONFIG)
        return status_of(app, ended.json())

    async def releases(self, app: str) -> list[Release]:
        ended = await self._run("releases", "-a", app, "--json", *_NO_CONFIG)
        return releases_of(app, ended.json())

    async def leased(self, app: str, machines: list[Machine]) -> list[str]:
        """The machines that somebody holds to change them."""
        if not machines:
            return []
        ids = [machine.id for machine in machines]
        words = ("machine", "leases", "view", *ids, "-a", app, "--json", *_NO_CONFIG)
        return leased_of(app, (await self._run(*words)).json())

    async def has_image(self, app: str, reference: str) -> bool:
        """Whether Fly still finds an image: as in a deployment, up to where that would begin."""
        with tempfile.TemporaryDirectory() as nowhere:
            words = ("deploy", nowhere, "-a", app, "--image", reference)
            ended = await self._run(*words, "--build-only", "--remote-only")
        said = ended.out + ended.err
        if ended.code == 0 and _FOUND in said:
            return True
        if ended.code != 0 and _PRUNED in said:
            return False
        raise PlatformError(ended.told)

    async def deploy(self, service: str, image: Artifact, reference: str, limit_s: float) -> Ended:
        """Has the machines of an app run this image; no others are made, and no address."""
        settings = self.settings
        app, config = settings.apps[service], settings.config.get(service)
        with tempfile.TemporaryDirectory() as nowhere:
            # Never `--yes`: it would agree to detach volumes. Of the strategies, `immediate` asks
            # nobody whether the new machines are well, and the others make machines of their own.
            words = ["deploy", nowhere, "-a", app, "--image", reference, "--skip-release-command"]
            words += ["--strategy", "rolling", "--deploy-retries", "0", "--remote-only"]
            words += ["--update-only", "--ha=false", "--no-public-ips", "--dns-checks=false"]
            words += [f"--smoke-checks={str(settings.smoke_checks).lower()}"]
            words += ["--wait-timeout", f"{settings.wait_timeout_s}s"]
            if settings.release_variable:
                words += ["--env", f"{settings.release_variable}={image.release}"]
            words += ["-c", str(config)] if config else []
            return await self._run(*words, limit_s=limit_s, operation=True)

    async def _run(
        self, *words: str, limit_s: float = _READS_WITHIN_S, operation: bool = False
    ) -> Ended:
        limit_s = min(limit_s, self.limit_s)
        with tempfile.TemporaryDirectory() as own:
            tool = self.tool
            if self.settings.api is not None:
                # No login of the caller's, and nothing left in the home folder.
                tool = replace(tool, env={**tool.env, "FLY_CONFIG_DIR": own})
            ended = await tool.run(*words, limit_s=limit_s, operation=operation)
        return _checked(_clean(ended))


def _env_of_standin(url: str) -> dict[str, str]:
    """All of its APIs at one address; no token of the caller's, and no other host."""
    urls = ("FLY_API_BASE_URL", "FLY_FLAPS_BASE_URL", "FLY_UIEX_BASE_URL", "FLY_METRICS_BASE_URL")
    return {
        **dict.fromkeys(urls, url),
        **dict.fromkeys(_TOKENS, "stand-in"),
        # flyctl asks for feature flags elsewhere, too: nothing answers on this port.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }


def _clean(ended: Ended) -> Ended:
    """Without the caller's tokens, should it have said one."""
    out, err = ended.out, ended.err
    for token in (part for name in _TOKENS for part in os.environ.get(name, "").split(",")):
        # What is shorter is no token, and could be a part of any word.
        if len(token) >= _SHORTEST_TOKEN:
            out, err = out.replace(token, "***"), err.replace(token, "***")
    return replace(ended, out=out, err=err)


def _checked(ended: Ended) -> Ended:
    if ended.code != 0 and _NOT_LOGGED_IN.search(ended.err):
        raise PlatformError(
            f"{ended.told}\nflyctl is not logged in, or its token is not for this app:"
            " set FLY_API_TOKEN (or FLY_ACCESS_TOKEN), or run `fly auth login`"
        )
    return ended
