"""A pytest session in a process of its own: followed, and ended with all that it started."""

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec

from harness.errors import UsageError

# How long a session that is asked to end may take its tests down.
GRACE_S = 10.0
# Set for it, and so for all that it starts, a daemon too.
_MARK = "KEYARC_VERIFY_SESSION"
# What a project's pytest options may speak of; no other plugin is loaded that they do not name.
_PLUGINS = ("pytest_timeout", "xdist.plugin")
LONGEST_OUTPUT = 4 * 1024 * 1024
# Who is being killed may start another meanwhile; who cannot be killed must not hold us up.
_ROUNDS = 100


@dataclass(slots=True)
class Session:
    """One run of pytest.

    Args:
        arguments: Beside those that make it tell its results.
        on_line: Gets each line of results as it comes.

    Attributes:
        code: How it ended; negative for a signal, None where it was cut off.
        output: What it printed, the last of it where it is long.
    """

    arguments: tuple[str, ...]
    on_line: Callable[[bytes], None]
    code: int | None = None
    output: bytearray = field(default_factory=bytearray)
    _rest: bytes = b""
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Runs it to its end. Whatever happens, nothing of it goes on after that.

        Raises:
            UsageError: There is no pytest here.
            CancelledError: As it was told; what had come until then has been handed over.
        """
        if find_spec("pytest") is None:
            raise UsageError("pytest is missing here; `pip install 'keyarc-verify[test]'` gets it")
        news = asyncio.Event()
        results, output = _Pipe(news), _Pipe(news)
        try:
            process = await self._start(results.writing, output.writing)
            ended = asyncio.create_task(process.wait())
            ended.add_done_callback(lambda _: news.set())
            try:
                while not ended.done():
                    await news.wait()
                    news.clear()
                    self._take(results, output)
                self.code = process.returncode
            finally:
                try:
                    # What comes after it was told to end may come of that.
                    self._take(results, output)
                finally:
                    await self._end(process)
                    self._printed(output.take())
        finally:
            results.close()
            output.close()

    async def _start(self, results: int, output: int) -> asyncio.subprocess.Process:
        plugins = ("no:cacheprovider", "harness.plugin", *filter(_is_here, _PLUGINS))
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", *self.arguments),
            *("--color=no", f"--results=/dev/fd/{results}"),
            *(word for plugin in plugins for word in ("-p", plugin)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(results,),
            # A caller's own options could leave tests out, unseen.
            env={
                **{name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                _MARK: self._mark,
            },
            start_new_session=True,
        )

    def _take(self, results: "_Pipe", output: "_Pipe") -> None:
        self._printed(output.take())
        *lines, self._rest = (self._rest + results.take()).split(b"\n")
        for line in lines:
            self.on_line(line)

    def _printed(self, text: bytes) -> None:
        self.output += text
        del self.output[:-LONGEST_OUTPUT]

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Gently first, so that tests are taken down; then, and at any second Ctrl-C, at once."""
        try:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.terminate()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GRACE_S):
                        await process.wait()
        finally:
            _kill_all(self._mark)
        await process.wait()


class _Pipe:
    """What a process writes."""

    def __init__(self, news: asyncio.Event) -> None:
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._chunks = bytearray()
        self._news = news
        asyncio.get_running_loop().add_reader(self._reading, self._read)

    def take(self) -> bytes:
        """All that has come."""
        while self._read():
            pass
        taken, self._chunks = bytes(self._chunks), bytearray()
        return taken

    def _read(self) -> bool:
        with suppress(BlockingIOError):
            chunk = os.read(self._reading, 65536)
            self._chunks += chunk
            self._news.set()
            return bool(chunk)
        return False

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        os.close(self.writing)


def _is_here(module: str) -> bool:
    return find_spec(module.partition(".")[0]) is not None


def _kill_all(mark: str) -> None:
    """Ends what a session started, whatever group or session it went to."""
    for _ in range(_ROUNDS):
        left = list(_marked(mark))
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            return
        time.sleep(0.01)


def _marked(mark: str) -> Iterator[int]:
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process.pid
