"""Do browsers hear that they are to come back over https alone?

Source: RFC 6797.
"""

import re
from collections.abc import Iterator

from harness.check import Check
from harness.checks.health import ANSWERED
from harness.environment import Environment
from harness.errors import ContractViolation
from harness.target import Target

HEADER = "Strict-Transport-Security"
# Section 6.1: a token, and a value that is a token or a quoted string.
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  of a grammar
_DIRECTIVE = re.compile(rf'[ \t]*({_TOKEN})(?:[ \t]*=[ \t]*({_TOKEN}|"(?:[^"\\]|\\.)*"))?')
_END = re.compile(r"[ \t]*(;|$)")


def derive(environment: Environment) -> Iterator[Check]:
    """One check for each public service that has an https address."""
    for name, service in environment.services.items():
        urls = tuple(url for url in service.urls if url.startswith("https://"))
        if service.visibility == "public" and urls:
            given = {"urls": urls}
            yield Check(id=f"hsts.{name}", service=name, function=promised, given=given)


async def promised(target: Target, environment: Environment, urls: tuple[str, ...]) -> None:
    """Every https address promises https for long enough, in Strict-Transport-Security."""
    least_s = environment.tls.hsts_min_age_s
    for url in urls:
        path = target.service.health.path
        response = await target.at(url).get(path, expect=ANSWERED, shared=True)
        values = response.headers.get_list(HEADER)
        age_s = max_age_s(values)
        if age_s is None or age_s < least_s:
            raise ContractViolation(
                f"{HEADER} of {url}",
                expected=f"one header with max-age of at least {least_s}",
                came=" and ".join(map(repr, values)) or "none",
            )


def max_age_s(values: list[str]) -> int | None:
    """The promise in seconds; None where a browser would hear none, or may hear another."""
    if len(values) != 1:
        return None
    directives = _directives(values[0])
    age = None if directives is None else directives.get("max-age")
    return int(age) if age is not None and re.fullmatch("[0-9]{1,18}", age) else None


def _directives(text: str) -> dict[str, str | None] | None:
    """By name in lower case; None where one is there twice, or the text is out of grammar."""
    found: dict[str, str | None] = {}
    position = 0
    while position < len(text):
        directive = _DIRECTIVE.match(text, position)
        if directive is not None:
            name, value = directive[1].lower(), directive[2]
            if name in found:
                return None
            found[name] = _unquoted(value)
            position = directive.end()
        end = _END.match(text, position)
        if end is None:
            return None
        position = end.end()
    return found


def _unquoted(value: str | None) -> str | None:
    if value is None or not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])
