"""A deployed environment rehearsed on this machine: another one's stack, in this one's shape.

The same checks run against the same names and addresses; only where these lead is another place.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from harness.environment import (
    Environment,
    LedgerPlace,
    Missing,
    PlainHttp,
    Platform,
    Rehearsal,
    Service,
    Stack,
    parse,
    stack_of,
)
from harness.errors import EnvironmentFileError
from harness.network import host_of
from harness.registry import PLATFORMS

NAMESERVER = "stack:nameserver"
PLATFORM = "stack:platform"
# What a rehearsal earned is nothing that the deployed environment may be rolled back to.
LEDGER = LedgerPlace(settings={"path": ".keyarc-verify/ledger/rehearsed"})


def staged(file: Path) -> Environment:
    """An environment with a stack in its shape: its instances, its host names, its settings; and a
    ledger of its rehearsals, so that it needs nothing of what the deployed one's is kept with.

    Raises:
        EnvironmentFileError: The file does not say how it is rehearsed, or says what cannot be.
    """
    environment = parse(file)
    rehearsal = environment.rehearsal
    if rehearsal is None:
        raise EnvironmentFileError(
            file, ["it has no `rehearsal`, which would say what to start: `{stack_of: local, …}`"]
        )
    stack = stack_of(file, rehearsal.stack_of, "rehearsal.stack_of")
    problems = list(_problems(rehearsal, stack))
    if problems:
        raise EnvironmentFileError(file, problems)
    shaped = {"stack": _shaped(environment, rehearsal, stack), "ledger": LEDGER}
    return environment.model_copy(update=shaped)


def led_here(environment: Environment, references: Mapping[str, str]) -> Environment:
    """The environment with its public names leading to the stack that stands for it.

    Args:
        references: Those of the stack that was started for `staged`.
    """
    assert environment.rehearsal is not None, "only what can be staged is rehearsed"
    edge = f"stack:{environment.rehearsal.edge}"
    https, http = (f"127.0.0.1:{references[f'{edge}.{key}']}" for key in ("port", "http_port"))

    def led(service: Service) -> Service:
        plain = PlainHttp(expect=service.http.expect, url=service.http.url, connect=http)
        return service.model_copy(update={"connect": https, "http": plain})

    services = {
        name: led(service) if service.visibility == "public" else service
        for name, service in environment.services.items()
    }
    rules = {"nameserver": references[NAMESERVER], "loopback_only": True}
    return environment.model_copy(
        update={
            "services": services,
            "tls": environment.tls.model_copy(update={"ca_file": references["stack:ca_file"]}),
            "network": environment.network.model_copy(update=rules),
            "platform": _stood_in_for(environment.platform, references),
            "control_url": None,
        }
    )


def invented(missing: list[Missing]) -> dict[str, str]:
    """A value for each variable that the deployed environment would need, and a rehearsal not."""
    return {each.name: secrets.token_urlsafe(32) for each in missing}


def _stood_in_for(platform: Platform | None, references: Mapping[str, str]) -> Platform | None:
    """The platform, asked at its stand-in; where there is none, the stack is its own platform."""
    if platform is None or PLATFORM not in references:
        return None
    return platform.model_copy(
        update={"settings": {**platform.settings, "api": references[PLATFORM]}}
    )


def _has_stand_in(platform: Platform | None) -> bool:
    return platform is not None and hasattr(PLATFORMS.load(platform.name), "stand_in")


def _problems(rehearsal: Rehearsal, stack: Stack) -> list[str]:
    known = ", ".join(stack.services)
    unknown = [name for name in rehearsal.services if name not in stack.services]
    found = [f"rehearsal.services.{name}: the stack has {known}" for name in unknown]
    if rehearsal.edge not in stack.services or not stack.services[rehearsal.edge].tls:
        with_tls = ", ".join(name for name, service in stack.services.items() if service.tls)
        found.append(f"rehearsal.edge: a service of the stack with `tls` is needed: {with_tls}")
    return found


def _shaped(environment: Environment, rehearsal: Rehearsal, stack: Stack) -> Stack:
    hosts = dict.fromkeys(
        host_of(url)[0]
        for service in environment.services.values()
        if service.visibility == "public"
        for url in service.urls
    )
    services = {}
    for name, service in stack.services.items():
        own = rehearsal.services[name].env if name in rehearsal.services else {}
        changes: dict[str, object] = {"env": {**service.env, **own}, "port": None}
        if name == rehearsal.edge:
            changes |= {"tls": list(hosts), "http_port": None}
        services[name] = service.model_copy(update=changes)
    postgres, platform = stack.postgres, environment.platform
    return stack.model_copy(
        update={
            "env": {**stack.env, **rehearsal.env},
            "names": list(hosts),
            "platform": platform.name if platform and _has_stand_in(platform) else None,
            "services": services,
            # A rehearsal never touches a database that a variable happens to name.
            "postgres": postgres and postgres.model_copy(update={"url_from": None}),
        }
    )
