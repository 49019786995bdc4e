"""Everything that can go wrong, as one tree.

HarnessError                  a defect of the harness, or of its means: HOLD
├── UsageError                the user can mend it before any traffic: exit 2
│   └── EnvironmentFileError  a file, a key in it, and what would be right
├── StackError                the local system did not start, or did not stay up
├── RecordsError              the evidence cannot be written
├── PlatformError             a platform cannot be asked, or did not do what it was asked
├── LedgerError               the ledger cannot be read or written
├── DatabaseDown              the database does not answer, says a command that looks at it alone
├── NoData                    the system gave nothing to judge: a `no_data`
└── Unreachable               nothing answered: a `fail`, or an `error` where it may be us

ContractViolation             an AssertionError: the system under test is wrong, a `fail`
└── ServerFailure             a 5xx that nobody asked for
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class HarnessError(Exception):
    """The harness could not do its work; its message is one that a user can act on."""


class UsageError(HarnessError):
    """What the user asked for cannot be done as asked; nothing has been sent yet."""


class EnvironmentFileError(UsageError):
    """An environment file that cannot be used.

    Args:
        file: The file as the user named it.
        problems: One sentence each: the key (and line, where known), what is wrong, what would
            be right. Never the value of a secret.
    """

    def __init__(self, file: Path, problems: list[str]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(f"{file}: {problem}" for problem in problems))


class StackError(HarnessError):
    """The local stack did not come up, or is not in the state that a command needs.

    Args:
        message: What happened.
        log: The last lines of the log that shows why, if there is one.
    """

    def __init__(self, message: str, log: str = "") -> None:
        self.log = log
        super().__init__(message if not log else f"{message}\n{log}")


class RecordsError(HarnessError):
    """The run directory cannot be made or written."""


class PlatformError(HarnessError):
    """A platform cannot be asked, gave no usable answer, or did not do what it was asked."""


class LedgerError(HarnessError):
    """The ledger cannot be read or written; names the line, where one is wrong."""


class DatabaseDown(HarnessError):  # noqa: N818  a state of the system
    """The database does not answer, as a command says that looks at nothing else."""


class NoData(HarnessError):  # noqa: N818  named as the outcome that it leads to
    """There was nothing to judge, a rate limit that did not lift in time, say."""


class Unreachable(HarnessError):  # noqa: N818  a state of the system, as the report names it
    """Nothing answered: refused, reset, timed out, or a name that does not resolve.

    Args:
        message: What was tried, and how it ended.
        origin: Scheme, host and port that did not answer.
        confirmed: It was tried again and failed again.
    """

    def __init__(self, message: str, *, origin: str, confirmed: bool = False) -> None:
        self.origin = origin
        self.confirmed = confirmed
        super().__init__(message)


class Blocked(HarnessError):  # noqa: N818  the field `blocked_by` of results
    """A resource that is needed could not be set up.

    Args:
        by: Its name.
        failed: The system is at fault, so that what needs it is skipped; else it is an error.
    """

    def __init__(self, by: str, *, failed: bool) -> None:
        self.by = by
        self.failed = failed
        super().__init__(f"needs {by}, which could not be set up")


class ContractViolation(AssertionError):  # noqa: N818  the word that reports use
    """The system answered something that its contract does not allow.

    Args:
        message: The claim that does not hold.
        expected: What would have been right, in words or as a value.
        came: What was seen instead.
    """

    def __init__(self, message: str, *, expected: str = "", came: str = "") -> None:
        self.message = message
        self.expected = expected
        self.came = came
        both = f": expected {expected}, came {came}" if expected or came else ""
        super().__init__(message + both)


class ServerFailure(ContractViolation):
    """A 5xx that nobody asked for, an answer that broke off, or TLS that does not hold.

    Args:
        confirmed: The request was repeated and failed again.
        answer: What the server said, where it said something whole.
    """

    def __init__(
        self,
        message: str,
        *,
        expected: str,
        came: str,
        confirmed: bool = False,
        answer: "httpx.Response | None" = None,
    ) -> None:
        self.confirmed = confirmed
        self.answer = answer
        super().__init__(message, expected=expected, came=came)
