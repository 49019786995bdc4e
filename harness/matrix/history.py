"""What writers did, and whether what is there in the end can have come of it.

Registers with unknown writes, as Jepsen checks them. Each register has one writer, who does one
thing after the other; a write whose outcome nobody heard may have been done, may be done yet, or
never will be. What was seen once stays, unless something else is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

# Done; certainly not done; nobody knows.
Outcome = Literal["ok", "fail", "info"]
# How many of a register's last operations a finding tells.
TOLD = 6


@dataclass(frozen=True, slots=True)
class Operation:
    """What a writer did to a register, or saw in it.

    Attributes:
        register: Its name, never used again once it was removed.
        value: What was written or seen; None for nothing: a removal, or a register that is not
            there.
        fenced: It is done only where nothing else has happened since the writer looked, and so
            never after a later write that was acknowledged: `If-Match`, `Idempotency-Key`.
        seen: Nothing was written; the value is what was read.
        outcome: Unknown until it is told.
        ended_s: When the outcome was known, by any clock.
    """

    register: str
    value: str | None
    fenced: bool = True
    seen: bool = False
    outcome: Outcome = "info"
    ended_s: float = 0.0

    def __str__(self) -> str:
        what = "saw" if self.seen else "wrote"
        return f"{what} {_shown(self.value)} ({self.outcome})"


class History:
    """Operations in the order in which they began; those that did not end are unknown.

    Attributes:
        acknowledged: How many writes were, since the beginning.
        unknown: Of how many it was not known.
    """

    def __init__(self) -> None:
        self._operations: list[Operation] = []
        self.acknowledged = 0
        self.unknown = 0

    @property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(self._operations)

    def begin(self, operation: Operation) -> int:
        """To be called before anything is sent. Gives the number to end it by."""
        self._operations.append(operation)
        return len(self._operations) - 1

    def end(self, number: int, outcome: Outcome, now_s: float) -> None:
        ended = replace(self._operations[number], outcome=outcome, ended_s=now_s)
        self._operations[number] = ended
        self.acknowledged += outcome == "ok"
        self.unknown += outcome == "info"

    def knows(self, register: str, value: str) -> None:
        """Notes what was made beforehand."""
        self._operations.append(Operation(register, value, outcome="ok"))

    def saw(self, register: str, value: str | None) -> None:
        """Notes what was read."""
        self._operations.append(Operation(register, value, seen=True, outcome="ok"))

    def resolve(self, final: Mapping[str, str], since_s: float) -> None:
        """Begins anew from what was read, while nobody writes.

        Args:
            since_s: Unknown writes that ended after this may come yet.
        """
        known = [Operation(name, value, outcome="ok") for name, value in final.items()]
        recent = [
            each for each in self._operations if each.outcome == "info" and each.ended_s >= since_s
        ]
        # What is not there was removed, or was never made: its name is not used again.
        self._operations = known + recent


@dataclass(slots=True)
class _Register:
    """What one can hold.

    Attributes:
        possible: What may be in it now; nothing, before anything was written.
        coming: Unknown writes that may be done yet.
    """

    possible: set[str | None] = field(default_factory=lambda: {None})
    coming: list[Operation] = field(default_factory=list)

    def take(self, operation: Operation) -> None:
        if operation.outcome == "fail":
            return
        if operation.outcome == "info":
            self.coming.append(operation)
            self.possible.add(operation.value)
            return
        self.coming = list(self._still_coming(operation))
        self.possible = {operation.value, *(each.value for each in self.coming)}

    def _still_coming(self, known: Operation) -> Iterator[Operation]:
        """What may be done yet, now that this is known."""
        was_removed = known.value is None and (
            not known.seen or any(each.value is None for each in self.coming)
        )
        done = False
        for each in self.coming:
            if known.seen and each.value == known.value and not done:
                done = True
            elif not was_removed and (known.seen or not each.fenced):
                yield each


def check(history: Iterable[Operation], final: Mapping[str, str]) -> list[str]:
    """What of a history and what is there in the end cannot both be true.

    Args:
        history: In the order in which a writer of a register did it.
        final: By register what was read when nobody wrote; what is not there is missing.

    Returns:
        A sentence for each acknowledged write that is lost, each thing that nobody wrote, and each
        that was seen and is otherwise.
    """
    by_register: dict[str, list[Operation]] = {}
    for operation in history:
        by_register.setdefault(operation.register, []).append(operation)
    for name in final:
        by_register.setdefault(name, [])
    return [
        sentence
        for name, operations in by_register.items()
        for sentence in _sentences(name, operations, final.get(name))
    ]


def _sentences(name: str, operations: list[Operation], last: str | None) -> Iterator[str]:
    """Of one register; the first contradiction, for what follows from it says nothing more."""
    register = _Register()
    for number, operation in enumerate(operations):
        if operation.seen and operation.value not in register.possible:
            yield _sentence(name, operation.value, register, operations[:number])
            return
        register.take(operation)
    if last not in register.possible:
        yield _sentence(name, last, register, operations)


def _sentence(name: str, came: str | None, register: _Register, before: list[Operation]) -> str:
    if not any(each.outcome != "fail" for each in before):
        return f"{name}: {_shown(came)} is there, and nobody wrote it"
    allowed = " or ".join(sorted(_shown(value) for value in register.possible))
    told = ", ".join(map(str, before[-TOLD:]))
    return f"{name}: expected {allowed}, came {_shown(came)}; before: {told}"


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value
