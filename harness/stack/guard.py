"""A process that does nothing until the supervisor is gone, and then ends what it left.

The kernel ends the supervisor's own children (`process.die_with`), though not theirs, nor the
data in memory; and not every system knows that wish.
"""

import json
import os
import shutil
import signal

from harness.stack.state import StateDirectory


def stand(directory: StateDirectory, supervisor_alive: int) -> None:
    """Waits for the end of the supervisor, however it comes about.

    Args:
        directory: The stack's.
        supervisor_alive: The reading end of a pipe that the supervisor alone can write to.
    """
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.read(supervisor_alive, 1)
    if not directory.try_hold():
        return  # The next supervisor was quicker, and has cleaned up.
    from harness.stack.sweep import sweep_processes  # Needed after an accident alone.

    (directory.path / "state.json").unlink(missing_ok=True)
    swept = sweep_processes(directory)
    shutil.rmtree(directory.runtime, ignore_errors=True)
    (directory.path / "swept.json").write_text(json.dumps(swept))
