"""The platform that an environment declares."""

from collections.abc import Callable, Mapping
from pathlib import Path

from harness.environment import Environment
from harness.platforms import Place, Platform
from harness.registry import PLATFORMS

LOCAL = "local"


def platform_of(
    environment: Environment,
    file: Path,
    references: Mapping[str, str],
    limit_s: float,
    progress: Callable[[str], None],
) -> Platform | None:
    """The platform; None where the environment declares none, and is not started here.

    Raises:
        UsageError: There is none of this name, or what it needs is missing.
    """
    declared = environment.platform
    name = declared.name if declared else LOCAL if environment.stack else None
    if name is None:
        return None
    place = Place(
        environment=environment,
        file=file,
        references=references,
        limit_s=limit_s,
        progress=progress,
    )
    platform: Platform = PLATFORMS.load(name).connect(place)
    return platform
