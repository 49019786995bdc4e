"""What may be done to an environment, and what is expected of a run."""

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from harness.environment.section import Name, Pointer, Section, Why


class Load(Section):
    """How much load it may be put under."""

    max_rate: float = Field(gt=0, description="Requests a second.")


class Policy(Section):
    """What may be done. Production is read-only unless `write` says otherwise."""

    write: bool | None = Field(None, description="May checks make data? Not in production.")
    fuzz: bool = False
    faults: bool = False
    load: Load | None = None


class Allowance(Section):
    """Takes checks out of what decides. The value says why.

    `off`: they do not run. `advisory`: they run and are shown, and their failure does not count;
    from the day after `until` on it does again.
    """

    off: Why | None = None
    advisory: Why | None = None
    until: date | None = Field(None, description="The last day on which this holds.")

    @model_validator(mode="after")
    def _one_of_two(self) -> "Allowance":
        if (self.off is None) == (self.advisory is None):
            raise ValueError("give `off: why` or `advisory: why`, one of the two")
        if self.advisory is not None and self.until is None:
            raise ValueError("`advisory` needs `until`, its last day: 2027-01-31")
        return self

    @property
    def mode(self) -> Literal["off", "advisory"]:
        return "off" if self.off is not None else "advisory"

    @property
    def why(self) -> str:
        return self.off or self.advisory or ""

    def holds(self, today: date) -> bool:
        return self.until is None or today <= self.until


class Required(Section):
    """How many checks must have run, so that a suite that shrinks is seen."""

    at_least: dict[Name, int] = Field(
        {}, description="By the first part of their ids: `{smoke: 9, health: 5}`."
    )


class Slo(Section):
    """What all requests of a run together may show.

    More than `error_ratio` of them ending in a 5xx or in no answer is a failure, where it
    happened at least `min_failures` times.
    """

    error_ratio: float = Field(0.02, ge=0, lt=1)
    min_failures: int = Field(2, ge=1)


class Command(Section):
    """A command of the user's own, run without a shell."""

    run: list[str] = Field(min_length=1)
    timeout_s: float = Field(60, gt=0, le=3600)


class Platform(Section):
    """Where it is deployed, and what each service is called there."""

    name: Name
    apps: dict[Name, str] = {}
    settings: dict[str, str] = {}
    commands: dict[Name, Command] = Field({}, description="For the platform `command`.")


class LedgerPlace(Section):
    """Where it is kept which release earned GO."""

    name: Name = "file"
    settings: dict[str, str] = {}


class DatabaseLook(Section):
    """How to learn which revision the database has, so that no release returns that it would not
    serve.

    `command` prints `{"revision": "…", "oldest_compatible": "…"}`, and fails where the database
    does not answer. Else it is read in the health answer of the first of `told_by` that has it.
    """

    dependency: Name = Field("postgres", description="What `depends_on` calls it.")
    command: Command | None = None
    told_by: list[Name] = []
    revision: Pointer = "/checks/postgres:schema/0/observedValue"
    oldest_compatible: Pointer = "/checks/postgres:schema/0/oldestCompatible"

    @model_validator(mode="after")
    def _one_of_two(self) -> "DatabaseLook":
        if (self.command is None) == (not self.told_by):
            raise ValueError("give `command` or `told_by`, one of the two")
        return self
