"""What all parts of an environment file have in common."""

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_HOST = re.compile(r"[^\s/:@\[\]?#]+")
_HOST_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s/:@]+):([0-9]{1,5})")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
Pointer = Annotated[str, StringConstraints(pattern="^/")]


def host_and_port(text: str) -> tuple[str, int]:
    """`host:port` as its parts, IPv6 addresses without brackets. ValueError if it is none."""
    match = _HOST_PORT.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError("write host:port, such as 127.0.0.1:8443 or [::1]:8443")
    return match[1].strip("[]"), int(match[2])


def _is_host_and_port(text: str) -> str:
    if "${" not in text:
        host_and_port(text)
    return text


HostPort = Annotated[str, AfterValidator(_is_host_and_port)]


def _is_host_with_or_without_port(text: str) -> str:
    if "${" in text or _HOST.fullmatch(text):
        return text
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        host_and_port(text)
    return text


Host = Annotated[str, AfterValidator(_is_host_with_or_without_port)]


class Section(BaseModel):
    """A part of the file: unknown keys are errors, and errors never show what was loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
