"""Environment files: what runs where, and what is expected of it.

A file has two halves. `services` says what is verified and where it answers; every environment
has it. `stack` says how the same system is started on this machine; only local ones have it.
Text may hold references: `${env:NAME}` (a variable of the caller), `${stack:WHAT}` (an address
that is known once the stack is up) and `${generated:NAME}` (a secret made at start).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class Section(BaseModel):
    """A part of the file: unknown keys are errors, and errors never show what was loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Health(Section):
    """How a service says that it can do its work."""

    path: str = Field("/health", pattern="^/")
    expect_status: int = Field(200, ge=100, le=599)
    format: Literal["draft-06", "none"] = "draft-06"
    via: Name | None = Field(
        None, description="For a private service: the public one whose health names it."
    )


class Release(Section):
    """Where a service says which release it is. `via`: seen in another service's health."""

    from_: Literal["header", "json_pointer", "none"] = Field("json_pointer", alias="from")
    header: str | None = None
    pointer: str = Field("/releaseId", pattern="^/")
    via: Name | None = None


class Service(Section):
    """One part of the system under test."""

    url: str = Field(description="Where it answers, without a slash at the end.")
    visibility: Literal["public", "private"] = "public"
    instances: int = Field(1, ge=1, le=64)
    depends_on: list[Name] = []
    health: Health = Health()
    release: Release = Release.model_validate({"from": "json_pointer"})


class Tls(Section):
    """What a client needs to trust the environment's certificates."""

    ca_file: str | None = None


class Postgres(Section):
    """A PostgreSQL of the stack's own, or the caller's where `url_from` names a variable that is
    set."""

    version: Literal[16, 18] = 16
    source: Literal["embedded", "container"] = "embedded"
    image: str | None = Field(
        None,
        pattern=r"^[a-z0-9][\w./:@-]*$",
        description="That of the container; `postgres:VERSION` unless given.",
    )
    database: Name = "app"
    port: int | None = Field(None, ge=1, le=65535, description="A free one unless given.")
    url_from: str = "DATABASE_URL"
    settings: dict[str, str] = {}

    @model_validator(mode="after")
    def _image_is_of_a_container(self) -> "Postgres":
        if self.image is not None and self.source != "container":
            raise ValueError("`image` goes with `source: container`")
        return self


class PythonProgram(Section):
    """A Python object that is run in a process forked from one warm parent.

    `app` is `module:attribute`: an ASGI application for a service, a function of no arguments for
    a job. `preload` names the modules that the parent imports before it forks.
    """

    app: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    preload: list[str] = []


class Program(Section):
    """What to start: a command, or a Python object; one of the two."""

    command: list[str] | None = Field(None, min_length=1)
    python: PythonProgram | None = None
    env: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_of_two(self) -> "Program":
        if (self.command is None) == (self.python is None):
            raise ValueError("give `command` or `python`, one of the two")
        return self


class StackService(Program):
    """A service as a process of this machine.

    `port` is a free one unless given. `tls` lists host names: the service then answers https on
    its port with a certificate for them, and plain http on a second one, `http_port`.
    """

    port: int | None = Field(None, ge=1, le=65535)
    http_port: int | None = Field(None, ge=1, le=65535)
    tls: list[str] = []
    start_timeout_s: float = Field(30, gt=0, le=600)

    @model_validator(mode="after")
    def _tls_is_for_python(self) -> "StackService":
        if self.tls and self.python is None:
            raise ValueError("`tls` needs `python`: the key is never written to a file")
        if self.http_port is not None and not self.tls:
            raise ValueError("`http_port` goes with `tls`")
        return self


class Stack(Section):
    """How to start the system here. `env` is given to every program, below its own `env`."""

    postgres: Postgres | None = None
    migrate: Program | None = None
    env: dict[str, str] = {}
    services: dict[Name, StackService] = Field(min_length=1)


class Environment(Section):
    """One place where the system runs."""

    name: Name
    description: str = ""
    tls: Tls = Tls()
    suites: list[str] = Field([], description="Packages of checks beside the generic ones.")
    services: dict[Name, Service] = Field(min_length=1)
    stack: Stack | None = None
