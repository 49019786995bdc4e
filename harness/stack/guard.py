"""A process that does nothing until the supervisor is gone, and then ends what it left.

The kernel ends the supervisor's own children (`process.die_with`), though not theirs, nor the
data in memory, nor a container; and not every system knows that wish.
"""

import json
import os
import shutil
import signal
from contextlib import suppress

from harness.errors import StackError
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
    # Needed after an accident alone.
    from harness.stack.sweep import sweep_containers, sweep_processes

    (directory.path / "state.json").unlink(missing_ok=True)
    swept = sweep_processes(directory)
    with suppress(StackError):  # The next command tries again, and tells.
        swept += sweep_containers(directory)
    shutil.rmtree(directory.runtime, ignore_errors=True)
    (directory.path / "swept.json").write_text(json.dumps(swept))
