"""A service as the environment file declares it: where it answers, and how it speaks of itself."""

from typing import Literal

from pydantic import Field

from harness.environment.section import Host, HostPort, Name, Pointer, Section


class Health(Section):
    """How a service says that it can do its work."""

    path: str = Field("/health", pattern="^/")
    live: str | None = Field(
        None,
        pattern="^/",
        description="Where the process says that it answers itself, whatever it depends on;"
        " not looked at unless given.",
    )
    within_s: float = Field(
        2.0, gt=0, le=4, description="How long either takes at most, whatever is broken."
    )
    expect_status: int = Field(200, ge=100, le=599)
    format: Literal["draft-06", "none"] = "draft-06"
    service_id: str | None = Field(
        None, description="What its `serviceId` says; not compared unless given."
    )
    via: Name | None = Field(
        None, description="For a private service: the public one whose health names it."
    )


class Release(Section):
    """Where a service says, in its health answer, which release and which instance it is.

    `pointer` and `instance` are JSON pointers into the body, or `instance` is a header's name
    where `from` is `header`. `via`: both are seen in another service's health.
    """

    from_: Literal["header", "json_pointer", "none"] = Field("json_pointer", alias="from")
    header: str | None = None
    pointer: Pointer = "/releaseId"
    instance: str | None = Field(
        None, description="`/instanceId` unless given, where `from` is json_pointer."
    )
    via: Name | None = None


class PlainHttp(Section):
    """What plain http does beside https: it redirects, or nothing is there."""

    expect: Literal["redirect", "closed"] = "redirect"
    url: str | None = Field(
        None, description="Known for https on port 443; elsewhere not checked unless given."
    )
    connect: HostPort | None = Field(None, description="As `connect` of the service.")


class Cors(Section):
    """Which pages of other origins may read its answers."""

    origins: list[str] = []
    open: bool = Field(False, description="Any page may: an API that is public on purpose.")


class Service(Section):
    """One part of the system under test."""

    url: str = Field(description="Where it answers, without a slash at the end.")
    also_at: list[str] = Field([], description="Further addresses of the same service.")
    visibility: Literal["public", "private"] = "public"
    not_at: list[Host] = Field(
        [], description="For a private one: `host` or `host:port` where it must not answer."
    )
    instances: int = Field(1, ge=1, le=64)
    depends_on: list[Name] = []
    health: Health = Health()
    release: Release = Release.model_validate({"from": "json_pointer"})
    connect: HostPort | None = Field(
        None, description="Where its host names are reached, when not through DNS."
    )
    http: PlainHttp = PlainHttp()
    cors: Cors = Cors()
    headers: dict[str, str] = Field({}, description="Sent with every request.")
    identity: Name | None = Field(None, description="Who asks: one of `identities`.")
    openapi: str | None = Field(None, description="Its OpenAPI document, beside this file.")

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address that it is declared at."""
        return (self.url, *self.also_at)
