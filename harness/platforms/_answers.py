"""What a command of the user's own prints, where no `read` says how a tool's output is read.

docs/platforms.md shows each of them.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.deployment import Artifact, Running
from harness.errors import PlatformError

Word = Annotated[str, Field(min_length=1, max_length=1000)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    @classmethod
    def of(cls, tree: object, right: str) -> Self:
        """The answer that this JSON is.

        Args:
            right: An example, for whoever printed something else.

        Raises:
            PlatformError: It is none.
        """
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            problem = error.errors(include_input=False)[0]
            place = ".".join(map(str, problem["loc"])) or "what it printed"
            is_object = problem["type"] == "model_type"
            what = "not a JSON object" if is_object else problem["msg"]
            what = what.removeprefix("Value error, ")
            raise PlatformError(f"{place}: {what}; right is {right}") from None


class Instance(_Answer):
    """What one instance runs, or one thing that can be run."""

    identity: Word
    reference: str = ""
    release: Word | None = None

    @property
    def artifact(self) -> Artifact:
        return Artifact(
            identity=self.identity,
            reference=self.reference or self.identity,
            release=self.release,
        )


class Service(_Answer):
    """One service. `instances: []` says that it does not run."""

    instances: list[Instance]
    serial: Word | None = None
    changing: bool = False
    troubles: list[Word] = []

    @property
    def running(self) -> Running:
        return Running(
            artifacts=tuple(instance.artifact for instance in self.instances),
            serial=self.serial,
            changing=self.changing,
            troubles=tuple(self.troubles),
        )


class Identified(_Answer):
    """What `identify` prints."""

    services: dict[str, Service]


class Listed(_Answer):
    """What `list` prints, the newest first."""

    services: dict[str, list[Instance]]


class Obtainable(_Answer):
    """What `obtainable` prints. To say nothing is not to say yes."""

    obtainable: bool
    why: list[Word] = []

    @model_validator(mode="after")
    def _a_no_has_reasons(self) -> Self:
        if self.obtainable == bool(self.why):
            raise ValueError("`why` goes with `obtainable: false`, and is needed there")
        return self
