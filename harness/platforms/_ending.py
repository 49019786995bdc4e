"""How a tool comes to its end: by itself, or gently, or at last by force."""

import asyncio
import os
import signal
from contextlib import suppress

import psutil

_LOOKS_EVERY_S = 0.05


async def over(process: asyncio.subprocess.Process, limit_s: float, *, wait_out: bool) -> bool:
    """Waits for the end of a process; whether it came in time.

    Args:
        wait_out: The first cancellation takes effect only when the process is over, or its time.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + limit_s
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            async with asyncio.timeout_at(until_s):
                await process.wait()
        except TimeoutError:
            if cancelled is None:
                return False
        except asyncio.CancelledError as error:
            if wait_out and cancelled is None:
                cancelled = error
                continue
            raise
        if cancelled is not None:
            raise cancelled
        return True


async def end(process: asyncio.subprocess.Process, patience_s: float) -> None:
    """Ends a tool that still runs, and what it started: gently first.

    What has left the tool's process group stays. Nothing is done where the tool is over: what it
    left running, it left on purpose. A cancellation stops this where it is: the tool has been
    asked to end, and does so in its own time.
    """
    if process.returncode is not None:
        return
    for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await process.wait()
                while _alive(process.pid):  # noqa: ASYNC110  nobody tells of a group's end
                    await asyncio.sleep(_LOOKS_EVERY_S)
                return


def _alive(group: int) -> bool:
    """Whether anything of a process group still runs; what is only not yet reaped does not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
