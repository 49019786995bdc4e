"""One thing that `doctor` looked at."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`optional`: it is not there, and only some commands or tests need it."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what would mend it."""

    what: str
    state: State
    detail: str = ""
    mend: str = ""


def found(what: str, detail: str) -> Finding:
    return Finding(what=what, state=State.OK, detail=detail)


def missing(what: str, detail: str, mend: str) -> Finding:
    return Finding(what=what, state=State.MISSING, detail=detail, mend=mend)


def optional(what: str, detail: str, mend: str) -> Finding:
    return Finding(what=what, state=State.OPTIONAL, detail=detail, mend=mend)
