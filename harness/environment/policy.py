"""What may be done to an environment, and what is expected of a run."""

from datetime import date
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from harness.environment.section import Name, Pointer, Section, Why


class Load(Section):
    """How much load it may be put under."""

    max_rate: float = Field(gt=0, description="Requests a second.")


class Policy(Section):
    """What may be done. Production is read-only unless `write` says otherwise."""

    write: bool | None = Field(None, description="May checks make data? Not in production.")
    fuzz: bool = False
    faults: bool | list[str] = Field(
        False, description="May things be broken on purpose? Or by which faults alone."
    )
    load: Load | None = None
    max_rate: float | None = Field(
        None, gt=0, description="Requests a second of all that a suite of tests does together."
    )


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
    env: dict[str, SecretStr] = Field(
        {}, description="Set for it: the way for secrets, which a process list must not show."
    )
    timeout_s: float = Field(60, gt=0, le=3600)


Scalar = str | int | float | bool
Condition = dict[Pointer, Scalar | list[Scalar] | None]


class Reading(Section):
    """Where something stands in the JSON that a command prints.

    JSON pointers, in which `*` is each item of a list, and `-1` its last one.
    """

    identity: Pointer | None = Field(None, description="Of each instance, or of each version.")
    match: str | None = Field(
        None,
        description="A regular expression: its first group, or all that it matches, is the"
        " identity; what it does not match is of other services, and left out.",
    )
    reference: Pointer | None = Field(None, description="By what it can be had again.")
    release: Pointer | None = Field(
        None, description="The id of the release, as the services tell it themselves."
    )
    serial: Pointer | None = Field(None, description="What each deploy changes: a count, an id.")
    newest: Literal["first", "last"] = Field("first", description="Of `list`: where that stands.")


class PlatformCommand(Command):
    """A command of the platform `command`; docs/platforms.md tells what each one is for.

    `{service}`, `{app}`, and where something is to be brought back `{identity}`, `{reference}`,
    `{release}` are filled in for each service; what comes out word for word the same is run once.
    `{{app}}` stands for `{app}` itself. Conditions say what has to stand at a pointer: one value,
    or one of a list; `"*"` is whatever stands there, and null says that nothing does.
    """

    timeout_s: float = Field(
        60,
        gt=0,
        le=3600,
        description="Longer than the tool's own. `roll_back` and `wait` have the gate's unless"
        " given.",
    )
    read: Reading | None = Field(
        None, description="Else it prints what docs/platforms.md says, word for word."
    )
    expect: Condition = Field({}, description="All values that stand there have to be so.")
    has: Condition = Field({}, description="At least one of them has to be so.")
    changing: Condition = Field(
        {}, description="Where one of them is so, an operation is under way."
    )


class Platform(Section):
    """Where it is deployed, and what each service is called there.

    `apps` names the services that are deployed there; all of them, unless given, by their own
    names.
    """

    name: Name
    apps: dict[Name, str] = {}
    settings: dict[str, str] = {}
    commands: dict[str, PlatformCommand] = Field({}, description="For the platform `command`.")


class LedgerPlace(Section):
    """Where it is kept which release earned GO."""

    name: Name = "file"
    settings: dict[str, str] = {}


class DatabaseLook(Section):
    """How to learn which revision the database has, so that no release returns that it would not
    serve.

    `command` prints `{"revision": "7", "oldest_compatible": "5"}`, the second where it is known,
    and exits with 0. It exits with 69 (EX_UNAVAILABLE) where it is sure that the database does not
    answer, and with any other code where it cannot tell. `python` as its first word is the one
    that keyarc-verify runs on.

    Else both are read in the health answer of the first of `told_by` that has them: where the
    pointers lead or, unless given, `observedValue` and `oldestCompatible` of the first entry of
    `postgres:schema`; of `keys:schema` for a service `keys` that is seen through another one.
    """

    dependency: Name = Field("postgres", description="What `depends_on` calls it.")
    command: Command | None = None
    told_by: list[Name] = Field([], description="Services, asked one after the other.")
    revision: Pointer | None = Field(None, description="In the body of a health answer.")
    oldest_compatible: Pointer | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "DatabaseLook":
        if (self.command is None) == (not self.told_by):
            raise ValueError("give `command` or `told_by`, one of the two")
        if self.command is not None and (self.revision or self.oldest_compatible):
            raise ValueError("pointers go with `told_by`; a command prints JSON of one form")
        return self
