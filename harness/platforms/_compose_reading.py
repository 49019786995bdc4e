"""What `docker` prints of the containers of a project, as values. Pure."""

import json
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.errors import PlatformError

T = TypeVar("T", bound="_Read")
ImageId = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_RUN = frozenset({"running", "paused", "restarting"})


class _Read(BaseModel):
    # No error shows what was read: it may hold what the containers were given.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Image(_Read):
    """An image that is here. `digests`: by what registries know it."""

    id: ImageId
    digests: list[str] | None

    def reference(self, configured: str) -> str:
        """By what it can be had again: from where its container had it, if that is known."""
        digests = sorted(self.digests or ())
        there = [one for one in digests if one.partition("@")[0] == _repository(configured)]
        return next(iter(there or digests), self.id)


class Container(_Read):
    """One container. `variables` holds that of the release, as `NAME=value`, and None."""

    id: str = Field(min_length=12)
    name: str = Field(min_length=1)
    service: str = Field(min_length=1)
    number: str | None
    image: ImageId
    configured: str
    config_hash: str | None
    depends_on: str | None
    status: str = Field(min_length=1)
    health: str
    exit_code: int
    error: str
    restarts: int
    created: datetime
    variables: list[str | None]

    @property
    def runs(self) -> bool:
        return self.status in _RUN

    @property
    def was_made_only(self) -> bool:
        """It was never started, and nobody has tried yet."""
        return self.status == "created" and not self.error

    @property
    def is_starting(self) -> bool:
        """Who has crashed meanwhile is no more part of an operation: it may go on like that."""
        return self.status == "running" and self.health == "starting" and not self.restarts

    def release(self) -> str | None:
        told = [one.partition("=")[2] for one in self.variables if one]
        return told[-1] or None if told else None

    def has_failed(self, condition: str) -> bool:
        """Whether compose will not start what depends on it so."""
        if condition == "service_healthy":
            # While it crashes, its health is `starting` again and again.
            crashes = self.restarts > 0 and self.health != "healthy"
            is_ill = crashes or self.status == "exited" or self.health == "unhealthy"
        else:
            is_ill = condition == "service_completed_successfully" and self.exit_code != 0
        return is_ill or self.status == "dead" or bool(self.error)

    def is_awaited(self, condition: str) -> bool:
        """Whether compose still waits for it, to start what depends on it so."""
        if condition == "service_completed_successfully":
            return self.runs
        return condition == "service_healthy" and self.is_starting


class Clock(_Read):
    """The engine's."""

    now: datetime


def read(kind: type[T], what: str, printed: str) -> list[T]:
    """The values in what was printed, one JSON object a line.

    Raises:
        PlatformError: Something else was.
    """
    try:
        return [kind.model_validate(json.loads(line)) for line in printed.splitlines() if line]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "all of it"
        why = f"{where}: {first['msg']}"
    except (ValueError, RecursionError):
        why = "it is no JSON"
    raise PlatformError(f"what docker printed of {what} is not understood: {why}")


def _repository(image: str) -> str:
    """`ghcr.io:443/some/web:1` without the tag."""
    name = image.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
