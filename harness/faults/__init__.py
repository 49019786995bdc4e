"""Faults: one file each. What is broken, how it is healed, and what should be seen of it.

A file holds one subclass of `Fault`; the file's name is the fault's. Its fields are its parameters,
with units and ranges, and an environment file may set them (`faults.parameters`).
"""

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from harness.environment import Environment
from harness.environment.section import Section
from harness.stack.state import StateDirectory

if TYPE_CHECKING:
    from harness.link.client import Links

# What a fault is put into: the way to a dependency, one by which HTTP is spoken, the processes of a
# service, the database, the settings that a service starts with.
At = Literal["dependency", "http_dependency", "service", "process", "database"]
Kind = Literal["network", "process", "database", "settings", "http", "tls"]
# What a place has to be able to do for that.
Ability = Literal["links", "processes", "settings", "database", "disk"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is put in.

    Attributes:
        service: Whose processes, or settings, or ways are broken; the database's name for a fault
            of the database itself.
        dependency: Where the broken way of the service leads; None where it is no way.
    """

    service: str
    dependency: str | None = None

    def __str__(self) -> str:
        return f"{self.service}.{self.dependency}" if self.dependency else self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What should be seen of a fault while it lasts.

    Attributes:
        health: What is said by the health of whoever depends on what is broken. `fail`: 503, and
            the body names it; `pass`: 200, since it is within what the service can bear, or
            cannot be seen from there; `any`: it comes and goes, and each answer is whole.
        silent: Whether the service at the place answers nothing itself, or is refused.
        users: What becomes of requests that need it. `errors`: each ends in time with an error
            of the contract; `fine`: each succeeds; `any`: the one or the other; `some`: as
            `any`, and at least one error.
    """

    health: Literal["fail", "pass", "any"]
    silent: bool = False
    users: Literal["errors", "fine", "any", "some"] = "errors"


class Site(Protocol):
    """A running system in which faults can be put. Everything in it may be done twice.

    Attributes:
        references: What `${stack:…}` and `${generated:…}` stand for there.
        state: Where its stack keeps what it leaves in files.
        links: The ways to dependencies, each named `SERVICE.DEPENDENCY`.
    """

    environment: Environment
    references: Mapping[str, str]
    state: StateDirectory

    @property
    def links(self) -> "Links": ...

    def pids(self, service: str) -> Sequence[int]:
        """A service's processes, or the database's, with all that they started; parents first."""
        ...

    async def stop(self, service: str, *, at_once: bool) -> None:
        """Ends the processes of a service, or of the database (`postgres`), and waits for it.

        Args:
            at_once: SIGKILL; else in order.
        """
        ...

    async def start(
        self, service: str, *, settings: Mapping[str, str | None] | None = None, delay_s: float = 0
    ) -> None:
        """Starts it where it does not run, with its own settings and these above; ends it first
        where it runs with others. Does not wait until it is ready.

        Args:
            settings: None as a value takes a setting away. References are allowed.
            delay_s: How long it does nothing after its start.
        """
        ...

    def meanwhile(self, key: str, work: Coroutine[Any, Any, None]) -> None:
        """Goes on with this until `over(key)`."""
        ...

    async def over(self, key: str) -> None:
        """Ends what goes on under this key, if anything does, and waits for it."""
        ...


class Fault(Section, ABC):
    """Something that breaks; the docstring of a subclass says what, in a sentence."""

    at: ClassVar[At]
    kind: ClassVar[Kind]
    needs: ClassVar[frozenset[Ability]]
    seen: ClassVar[Seen]

    @property
    def lacks(self) -> str | None:
        """A parameter that has to be given before it can be put in; None where all is there."""
        return None

    def fits(self, environment: Environment, place: Place) -> bool:
        """Whether there is something at this place that it could break."""
        return True

    async def amiss(self, site: Site, place: Place) -> str | None:
        """What else should be seen of it while it lasts, and is not; None where all of it is."""
        return None

    @abstractmethod
    async def inject(self, site: Site, place: Place) -> None:
        """Breaks it. Returns once it is broken."""

    @abstractmethod
    async def heal(self, site: Site, place: Place) -> None:
        """Mends it, whether or not, and by whomever, it was broken; knows no more than `place`."""
