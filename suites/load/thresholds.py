"""What a run under load must show. Pure: what was counted goes in, a verdict comes out.

LOAD_P95_MS=2500        no operation may be slower than this in 95 of 100 requests
LOAD_ERROR_RATIO=0.01   nor fail more often than this
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.model import Verdict

DEFAULTS = {"LOAD_P95_MS": "2500", "LOAD_ERROR_RATIO": "0.01"}


@dataclass(frozen=True)
class Counted:
    """What was seen of one operation. `p95_ms`: of its requests, the failed ones too."""

    operation: str
    requests: int
    failures: int
    p95_ms: float


@dataclass(frozen=True)
class Thresholds:
    """What every operation must keep."""

    p95_ms: float
    error_ratio: float

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> "Thresholds":
        """
        Raises:
            UsageError: A variable is no number that can be kept.
        """
        p95_ms, error_ratio = (_number(name, variables) for name in DEFAULTS)
        if error_ratio >= 1:
            raise UsageError(f"LOAD_ERROR_RATIO={error_ratio:g}: below 1 is needed, such as 0.01")
        return cls(p95_ms, error_ratio)

    def judge(
        self, seen: Sequence[Counted], operations: Sequence[str]
    ) -> tuple[Verdict, list[str]]:
        """What became of a run, and a line for each thing that keeps it from GO.

        Args:
            operations: What must have been asked. Silence is no success.
        """
        findings = [*self._missed(seen), *_missing(seen, operations)]
        verdict = max((verdict for verdict, _ in findings), key=_WORSE.index, default=Verdict.GO)
        return verdict, [line for _, line in findings]

    def _missed(self, seen: Sequence[Counted]) -> Iterator[tuple[Verdict, str]]:
        for one in seen:
            ratio = one.failures / one.requests if one.requests else 0.0
            if ratio > self.error_ratio:
                told = (
                    f"{one.failures} of {one.requests} failed, at most {self.error_ratio:.2%} may"
                )
                yield Verdict.NO_GO, f"{one.operation}: {told}"
            # Not a number is no latency either.
            if one.requests and not one.p95_ms <= self.p95_ms:
                told = f"p95 {one.p95_ms:.0f} ms, at most {self.p95_ms:g} ms"
                yield Verdict.NO_GO, f"{one.operation}: {told}"


_WORSE = [Verdict.GO, Verdict.HOLD, Verdict.NO_GO]


def _missing(seen: Sequence[Counted], operations: Sequence[str]) -> Iterator[tuple[Verdict, str]]:
    asked = {one.operation for one in seen if one.requests}
    if not asked:
        yield Verdict.HOLD, "no request was made"
        return
    for operation in operations:
        if operation not in asked:
            yield Verdict.HOLD, f"{operation}: never asked"


def _number(name: str, variables: Mapping[str, str]) -> float:
    text = variables.get(name) or DEFAULTS[name]
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise UsageError(f"{name}={text}: a number is needed, such as {DEFAULTS[name]}")
    return number
