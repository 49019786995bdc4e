"""How faults are put into a system, and what is expected of it then."""

from typing import Any

from pydantic import Field

from harness.environment.section import Section


class Faults(Section):
    """`policy.faults` says whether any may be put in at all; docs/health.md tells what each is."""

    workload: str | None = Field(
        None, description="A module of a suite whose users ask, and write, while it is broken."
    )
    detect_s: float = Field(
        4.0, gt=0, le=60, description="Health has to tell of a fault within this time."
    )
    recover_s: float = Field(
        10.0, gt=0, le=300, description="All have to be healthy again so soon after a heal."
    )
    parameters: dict[str, dict[str, Any]] = Field(
        {}, description="By fault: `{latency: {delay_ms: 100}}`."
    )
