"""What a killed run has left broken: told, and mended."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli._progress import Progress
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.matrix.mending import Breach

FOLDER = Path(".keyarc-verify/faults")


def offered(progress: Progress) -> None:
    """Mends what is left; on a terminal, after asking. Where nothing is, it costs nothing.

    Raises:
        HarnessError: It could not be mended, or nobody wants it to be.
    """
    if not any(FOLDER.glob("*.jsonl")):
        return
    import asyncio

    from harness.matrix.mending import left_broken

    with left_broken() as breaches:
        if breaches:
            _say(progress, breaches)
            if not _wanted():
                raise HarnessError("it stays broken; `keyarc-verify heal` mends it")
            for line in asyncio.run(mended(breaches)):
                progress.say(line)


async def mended(breaches: "list[Breach]") -> list[str]:
    """Heals all of it, the last that was broken first, and says what became of each.

    Raises:
        HarnessError: One could not be healed; says how it is mended by hand.
    """
    lines, failed = [], []
    for breach in reversed(breaches):
        try:
            lines.append(await _mended(breach))
        except HarnessError as error:
            failed.append(str(error))
    if failed:
        lost = "; ".join(failed)
        raise HarnessError(
            f"still broken: {lost}; `keyarc-verify down --env {breaches[0].env}` ends it all"
        )
    return lines


async def _mended(breach: "Breach") -> str:
    from harness.environment import parse
    from harness.lease import filled_in
    from harness.matrix.mending import heal
    from harness.matrix.site import StackSite
    from harness.stack.state import StateDirectory

    state = StateDirectory(Path(breach.state_dir))
    references = state.references()
    told = state.read()
    if references is None or told is None:
        return f"{breach}: its stack has ended, and the fault with it"
    environment = filled_in(parse(Path(told["file"])).to_look_at(), references)
    site = StackSite(environment, references, state)
    try:
        await heal(site, breach.broken)
    finally:
        await site.close()
    return f"{breach}: healed"


def _say(progress: Progress, breaches: "list[Breach]") -> None:
    named = ", ".join(map(str, breaches))
    progress.say(f"a run that was killed has left this broken: {named}")


def _wanted() -> bool:
    if not sys.stdin.isatty():
        return True
    sys.stderr.write("heal it now? [Y/n] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")
