"""What `doctor` looks at for an environment; the only part of it that sends anything."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.cli._finding import Finding, found, missing, optional
from harness.cli._imagined import IMAGINED_HOST, imagined
from harness.cli._names import LIMIT_S, public_hosts, unresolved
from harness.cli._platform import platform_of
from harness.cli._requirements import rehearsal_hint
from harness.connection import connected
from harness.environment import Environment, find, parse, resolve
from harness.environment import missing as missing_variables
from harness.errors import ContractViolation, EnvironmentFileError, HarnessError
from harness.exchange import tls_context
from harness.network import Network, host_of
from harness.plan import plan
from harness.trail import Trail


def environment_findings(env: str) -> Iterator[Finding]:
    """The file, what it asks of its caller, and whether what it names answers.

    Raises:
        UsageError: There is no such environment.
    """
    file = find(env)
    try:
        environment = parse(file)
        checks = len(plan(imagined(environment)).checks)
    except EnvironmentFileError as error:
        yield from (missing("file", problem, f"mend {file}") for problem in error.problems)
        return
    except HarnessError as error:
        yield missing("file", str(error), f"mend {file}")
        return
    yield found("file", f"{file.name}: {checks} checks")
    yield from _variables(environment)
    yield from _platform(imagined(environment), file)
    if environment.stack is None:
        yield from asyncio.run(_reached(imagined(environment), env))
        return
    references = _running(file)
    yield _stack(env, references)
    looked_at = environment.to_look_at()
    if references is not None and not missing_variables(looked_at, os.environ):
        yield from asyncio.run(_reached(resolve(looked_at, references, os.environ), env))


def _variables(environment: Environment) -> Iterator[Finding]:
    absent = {each.name: each for each in missing_variables(environment, os.environ)}
    needed = {each.name for each in missing_variables(environment.to_look_at(), os.environ)}
    yield from (found(name, "is set") for name in environment.variables if name not in absent)
    for name, each in absent.items():
        if name in needed:
            yield missing(name, "is not set", f"set it: {each.purpose}")
        else:
            why = "`gate`, `rollback` and `release` need it, nothing else does"
            yield optional(name, f"is not set; {each.purpose}", why)


def _platform(environment: Environment, file: Path) -> Iterator[Finding]:
    """Whether its tool is here; whether it lets us in, only asking would tell."""
    if environment.platform is None:
        return
    what = f"platform {environment.platform.name}"
    try:
        platform_of(environment, file, {}, limit_s=300.0, progress=lambda line: None)
    except HarnessError as error:
        yield optional(what, str(error), "`gate` and `rollback` need it, nothing else does")
    else:
        yield found(what, "what it needs on this machine is here")


def _running(file: Path) -> Mapping[str, str] | None:
    from harness.stack.state import default_directory, running_references

    return running_references(default_directory(file.stem))


def _stack(env: str, references: Mapping[str, str] | None) -> Finding:
    if references is None:
        mend = f"`keyarc-verify up --env {env}`; `smoke` starts one for the run"
        return optional("stack", "is not up", mend)
    return found("stack", f"is up, release {references.get('stack:release', 'unknown')}")


async def _reached(environment: Environment, env: str) -> list[Finding]:
    """Names first; addresses only where the names lead somewhere."""
    hosts = [host for host in public_hosts(environment) if host != IMAGINED_HOST]
    silent = set(await unresolved(hosts))
    hint = rehearsal_hint(environment, env)
    mend = "ask where these names are known, or give `connect`" + (f"; {hint}" if hint else "")
    names = [
        missing(host, "does not resolve here", mend) if host in silent else found(host, "resolves")
        for host in hosts
    ]
    addresses = [
        address for address in _addresses(environment) if address[0] not in {*silent, IMAGINED_HOST}
    ]
    network = Network.of(environment)
    return names + await asyncio.gather(*(_answers(network, address) for address in addresses))


def _addresses(environment: Environment) -> list[tuple[str, int, bool]]:
    """Host, port, and whether it speaks TLS, of every public address."""
    return list(
        dict.fromkeys(
            (*host_of(url), url.startswith("https:"))
            for service in environment.services.values()
            if service.visibility == "public"
            for url in service.urls
        )
    )


async def _answers(network: Network, address: tuple[str, int, bool]) -> Finding:
    host, port, secure = address
    what = f"{host}:{port}"
    try:
        tls = tls_context(network.ca_file) if secure else None
        with Trail().followed():
            async with connected(network, host, port, tls=tls, limit_s=LIMIT_S):
                return found(what, "answers, with a trusted certificate" if tls else "answers")
    except ContractViolation as violation:
        return missing(what, violation.came, f"{violation.expected} is needed; see tls.ca_file")
    except HarnessError as error:
        return missing(what, str(error), "start it, or open the way to it from here")
