"""What was asked and what was found: each finding once, by its operation and check."""

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """A promise of a document that does not hold.

    Attributes:
        id: The same in every run for the same operation, check and kind of failure.
        curl: Repeats the request; without the token.
    """

    id: str
    operation: str
    check: str
    message: str
    curl: str

    def __str__(self) -> str:
        return f"{self.id} {self.operation}: {self.check}\n{self.message}\n{self.curl}"

    @classmethod
    def of(cls, operation: str, check: str, kind: str, *, message: str, curl: str) -> "Finding":
        told = "\n".join((operation, check, kind))
        id_ = hashlib.sha256(told.encode()).hexdigest()[:12]
        return cls(id_, operation, check, message, curl)


@dataclass
class Ledger:
    """One run's account.

    Attributes:
        statuses: By operation, how often each status was answered.
        findings: By id; of those with the same one the last, which Hypothesis has made smallest.
        latest: What the last case has shown.
        current: What has been found since the last `begin`.
    """

    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    latest: set[str] = field(default_factory=set)
    current: dict[str, Finding] = field(default_factory=dict)

    def begin(self) -> None:
        """A test begins."""
        self.current = {}

    def expects(self, operation: str) -> None:
        """It is going to be asked."""
        self.statuses.setdefault(operation, Counter())

    def note(self, operation: str, status: int, found: list[Finding]) -> None:
        """One case: how it was answered, and what that breaks."""
        self.statuses.setdefault(operation, Counter())[str(status)] += 1
        shown = {finding.id: finding for finding in found}
        self.findings |= shown
        self.current |= shown
        self.latest = set(shown)

    def told(self) -> str:
        """What has been found in the current test, in words."""
        return "\n\n".join(map(str, self.current.values()))

    def summary(self) -> str:
        """All of it in a few lines."""
        lines = [f"{self.cases} cases, {len(self.findings)} findings"]
        if self.without_success:
            lines.append(f"never answered with 2xx: {', '.join(self.without_success)}")
        return "\n".join(lines)

    @property
    def cases(self) -> int:
        return sum(sum(statuses.values()) for statuses in self.statuses.values())

    @property
    def without_success(self) -> list[str]:
        """Operations that never answered with a 2xx: little of them has been seen."""
        return sorted(
            operation
            for operation, statuses in self.statuses.items()
            if not any(status.startswith("2") for status in statuses)
        )

    def write(self, directory: Path, about: dict[str, object]) -> None:
        """Leaves findings.json and coverage.json.

        Args:
            about: What else is to be told of the run.
        """
        directory.mkdir(parents=True, exist_ok=True)
        findings = [asdict(finding) for _, finding in sorted(self.findings.items())]
        coverage = {
            **about,
            "cases": self.cases,
            "without_success": self.without_success,
            "operations": {name: dict(sorted(s.items())) for name, s in self.statuses.items()},
        }
        for name, tree in (("findings", findings), ("coverage", coverage)):
            (directory / f"{name}.json").write_text(json.dumps(tree, indent=2) + "\n")
