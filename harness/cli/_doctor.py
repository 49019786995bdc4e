"""What `doctor` prints: a line for each thing that is looked at."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from harness.cli._doctor_environment import environment_findings
from harness.cli._doctor_machine import machine_findings
from harness.cli._exits import HOLD, written
from harness.cli._finding import Finding, State
from harness.errors import HarnessError, UsageError


def examine(env: str | None, output_format: str) -> int:
    """Looks at everything and prints it.

    Returns:
        20 where something required is missing, else 0.

    Raises:
        UsageError: The environment or the format is unknown.
    """
    if output_format not in ("text", "json"):
        raise UsageError(f"unknown format {output_format!r}; known: json, text")
    findings = [*machine_findings(), *(environment_findings(env) if env else [])]
    if output_format == "json":
        text = json.dumps([asdict(finding) for finding in findings], indent=2) + "\n"
    else:
        text = "\n".join(_lines(findings)) + "\n"
    problem = written(text)
    if problem:
        raise HarnessError(problem)
    return HOLD if any(finding.state is State.MISSING for finding in findings) else 0


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        yield f"{finding.state:<8}  {finding.what:<{width}}  {finding.detail}".rstrip()
        if finding.mend:
            yield f"{'':<10}{'':<{width}}  → {finding.mend}"
