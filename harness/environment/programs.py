"""How the system is started on this machine."""

from typing import Literal

from pydantic import Field, model_validator

from harness.environment.section import Name, Section


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
    url_from: str | None = Field("DATABASE_URL", description="Null: always one of the stack's own.")
    settings: dict[str, str] = {}
    disk_mb: int | None = Field(
        None,
        ge=64,
        le=4096,
        description="The size of a disk of its own, in memory; not where the system forbids it.",
    )

    @model_validator(mode="after")
    def _disk_is_of_an_embedded_one(self) -> "Postgres":
        if self.disk_mb is not None and self.source != "embedded":
            raise ValueError("`disk_mb` goes with `source: embedded`")
        return self

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
    """How to start the system here. `env` is given to every program, below its own `env`.

    `names` are host names that lead to this machine for whoever asks the stack's own name server,
    `${stack:nameserver}`; it knows no others. `platform` names one that a stand-in answers for, at
    `${stack:platform}`: behind it is this stack.
    """

    postgres: Postgres | None = None
    migrate: Program | None = None
    env: dict[str, str] = {}
    names: list[str] = []
    platform: Name | None = None
    services: dict[Name, StackService] = Field(min_length=1)


class RehearsedService(Section):
    """What a service of the stack is given in a rehearsal, above its own `env`."""

    env: dict[str, str] = {}


class Rehearsal(Section):
    """How this environment is rehearsed here: with another one's stack, in this one's shape.

    The hosts of all public addresses lead to `edge`, which has a certificate for them.
    """

    stack_of: str = Field(description="The environment whose `stack` is started.")
    edge: Name = Field(description="That service of the stack which stands at the front.")
    env: dict[str, str] = {}
    services: dict[Name, RehearsedService] = {}
