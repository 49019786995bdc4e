import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from harness.errors import PlatformError, UsageError
from harness.platforms._tool import Ended, Tool

LIMIT_S = 60.0
# Says on which process it is, and then does nothing, whatever it is asked.
STUBBORN = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
TELL = "open(sys.argv[1], 'w').write(str(os.getpid()));"
HANG = "time.sleep(600)"


def tool(**env: str) -> Tool:
    return Tool(program=sys.executable, to_get="it is Python", env=env, patience_s=0.3)


def run(code: str, *arguments: str, of: Tool | None = None, given: str | None = None) -> Ended:
    one = of or tool()
    return asyncio.run(one.run("-c", code, *arguments, limit_s=LIMIT_S, given=given))


async def awaited(file: Path) -> int:
    """The number that something writes there."""
    while not (number := number_in(file)):  # noqa: ASYNC110  another process writes it
        await asyncio.sleep(0.01)
    return number


def number_in(file: Path) -> int:
    return int(file.read_text() or 0) if file.exists() else 0


def is_alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def in_parallel(inside: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(LIMIT_S):
            await inside()

    asyncio.run(limited())


def test_what_it_says_and_how_it_ends_is_kept() -> None:
    ended = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ended.code, ended.out, ended.err) == (3, "out\n", "err\n")
    assert ended.told.endswith("ended with 3\nerr")


def test_a_missing_tool_is_told_with_how_to_get_it() -> None:
    missing = Tool(program="no-such-tool", to_get="install it from somewhere", env={})
    with pytest.raises(UsageError, match=r"^no-such-tool is not on the PATH; install it from some"):
        asyncio.run(missing.run(limit_s=1))


def test_a_file_that_cannot_be_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("no program")
    missing = Tool(program=str(tmp_path / "tool"), to_get="make it", env={})
    with pytest.raises(UsageError, match="tool is not a file that can be run; make it"):
        missing.must_be_there()
    (tmp_path / "tool").chmod(0o700)
    with pytest.raises(UsageError, match="tool cannot be run: Exec format error"):
        asyncio.run(missing.run(limit_s=1))


def test_an_argument_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="its words or variables are not usable"):
        asyncio.run(tool().run("a\0b", limit_s=1))


def test_a_machine_without_room_for_its_output_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(PlatformError, match="no temporary file can be made: No such file"):
        run("print()")


def test_its_own_path_is_searched(tmp_path: Path) -> None:
    (tmp_path / "only-here").write_text("#!/bin/sh\necho found")
    (tmp_path / "only-here").chmod(0o700)
    own = Tool(program="only-here", to_get="", env={"PATH": f"{tmp_path}:{os.defpath}"})
    assert asyncio.run(own.run(limit_s=LIMIT_S)).out == "found\n"


def test_its_input_is_closed_whatever_the_callers_holds() -> None:
    caller = (
        "import asyncio, sys\n"
        "from harness.platforms._tool import Tool\n"
        "tool = Tool(program=sys.executable, to_get='', env={})\n"
        "asked = tool.run('-c', 'import sys; print(repr(sys.stdin.read()))', limit_s=60)\n"
        "print(asyncio.run(asked).out)"
    )
    words = [sys.executable, "-c", caller]
    done = subprocess.run(words, input="yes", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "''"


def test_what_it_is_given_is_its_input() -> None:
    assert run("import sys; print(sys.stdin.read())", given="näher").out == "näher\n"


def test_it_is_told_to_ask_nothing_and_keeps_the_callers_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv("OF_THE_CALLER", "kept")
    monkeypatch.setenv("OF_BOTH", "caller")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = run(code, of=tool(OF_BOTH="tool")).json()
    names = ("CI", "NO_COLOR", "OF_THE_CALLER", "OF_BOTH")
    assert [seen[name] for name in names] == ["1", "1", "kept", "tool"]


def test_it_has_no_terminal_and_is_not_hit_by_ctrl_c() -> None:
    """It is the leader of a session of its own."""
    ended = run("import os; print(os.getsid(0) == os.getpid())")
    assert ended.out == "True\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output_in_the_megabytes_is_whole(stream: str) -> None:
    ended = run(f"import sys; sys.{stream}.write('x' * 8_000_000 + 'end')")
    said = ended.out if stream == "stdout" else ended.err
    assert (len(said), said[-3:]) == (8_000_003, "end")


def test_output_without_an_end_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.platforms._tool._MOST_BYTES", 2**20)
    with pytest.raises(PlatformError, match="printed more than 1 MiB"):
        run("print('x' * 2**20)")


def test_output_that_is_no_text_does_no_harm() -> None:
    ended = run(r"import sys; sys.stdout.buffer.write(b'\xff\xfe{}'); sys.exit(1)")
    assert ended.out == "\ufffd\ufffd{}"
    with pytest.raises(PlatformError, match="ended with 1"):
        ended.json()


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("", "nothing"),
        ("  \n", "nothing"),
        ("not logged in", "not logged in"),
        ("{'a': 1}", r"\{'a': 1\}"),
        ('{"a": 1}{"b": 2}', r'\{"a": 1\}\{"b": 2\}'),
        ('{"a": NaN}', r'\{"a": NaN\}'),
        pytest.param("[" * 100_000, r"\[{80}$", id="deep"),
    ],
)
def test_what_is_no_json_is_told(printed: str, shown: str) -> None:
    ended = Ended(words=("tool", "a b"), code=0, out=printed, err="")
    with pytest.raises(PlatformError, match=f"^`tool 'a b'` printed no JSON: {shown}"):
        ended.json()


def test_json_of_a_tool_that_failed_is_not_believed() -> None:
    ended = Ended(words=("tool",), code=1, out="{}", err="not logged in")
    with pytest.raises(PlatformError, match=r"^`tool` ended with 1\nnot logged in$"):
        ended.json()


def test_what_a_terminal_would_obey_is_not_shown() -> None:
    told = Ended(
        words=("tool", "a\nb"), code=1, out="", err="\x1b[31mred\x1b[0m \x1b]0;x\x07\r"
    ).told
    assert told == "`tool 'a b'` ended with 1\nred \ufffd]0;x\ufffd"


def test_an_end_by_a_signal_is_told() -> None:
    ended = run("import os; os.kill(os.getpid(), 9)")
    assert ended.code == -signal.SIGKILL
    assert "was ended by signal 9" in ended.told


def test_a_child_that_it_leaves_behind_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A daemon holds the output open, and is none of our business."""
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid)"
    )
    child = int(run(code).out)
    assert is_alive(child)
    os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("operation", [False, True])
def test_a_tool_that_hangs_is_ended_with_its_children(tmp_path: Path, operation: bool) -> None:
    """Both are deaf to the gentle word."""
    marks = [str(tmp_path / "parent"), str(tmp_path / "child")]
    child = STUBBORN + TELL + HANG
    parent = (
        f"{STUBBORN}import subprocess\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}, sys.argv[2]])\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(0.01)\n"
        f"print('waiting for the platform', flush=True)\n{TELL}{HANG}"
    )

    async def inside() -> None:
        asked = tool().run("-c", parent, *marks, limit_s=5.0, operation=operation)
        with pytest.raises(PlatformError) as caught:
            await asked
        first, *said = str(caught.value).splitlines()
        assert "was not over in 5 s and has been ended" in first
        assert ("may be half done" in first) is operation
        assert said == ["waiting for the platform"]
        assert not any(is_alive(number_in(Path(mark))) for mark in marks)

    in_parallel(inside)


def test_a_hanging_tool_is_asked_gently_first(tmp_path: Path) -> None:
    """It gets the time to tidy up, and so does what it started when it ends at once itself."""
    mark = tmp_path / "tidied"
    child = (
        "import signal, sys, time\n"
        "def tidy(*_):\n"
        "    time.sleep(0.2); open(sys.argv[1], 'w').write('1'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, tidy); print('ready', flush=True); time.sleep(600)"
    )
    parent = (
        f"import subprocess, sys; subprocess.call([sys.executable, '-c', {child!r}, sys.argv[1]])"
    )
    patient = Tool(program=sys.executable, to_get="", env={}, patience_s=LIMIT_S)
    with pytest.raises(PlatformError, match="ready"):
        asyncio.run(patient.run("-c", parent, str(mark), limit_s=3.0, operation=True))
    assert mark.read_text() == "1"


def test_a_cancelled_question_is_ended(tmp_path: Path) -> None:
    async def inside() -> None:
        code = "import os, sys, time;" + TELL + HANG
        asking = asyncio.create_task(tool().run("-c", code, str(tmp_path / "n"), limit_s=LIMIT_S))
        number = await awaited(tmp_path / "n")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not is_alive(number)

    in_parallel(inside)


SLOW = (
    "import os, sys, time;"
    + TELL
    + "exec('while not os.path.exists(sys.argv[2]): time.sleep(0.01)');"
    "open(sys.argv[3], 'w').write('1')"
)


def operation(folder: Path) -> "asyncio.Task[Ended]":
    marks = [str(folder / name) for name in ("n", "go on", "done")]
    return asyncio.create_task(tool().run("-c", SLOW, *marks, limit_s=LIMIT_S, operation=True))


def test_a_cancelled_operation_comes_to_its_end_first(tmp_path: Path) -> None:
    async def inside() -> None:
        task = operation(tmp_path)
        number = await awaited(tmp_path / "n")
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=0.3)
        assert not done
        assert is_alive(number)
        (tmp_path / "go on").write_text("1")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (tmp_path / "done").exists()

    in_parallel(inside)


def test_an_operation_that_is_cancelled_twice_is_ended(tmp_path: Path) -> None:
    async def inside() -> None:
        task = operation(tmp_path)
        number = await awaited(tmp_path / "n")
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not is_alive(number)
        assert not (tmp_path / "done").exists()

    in_parallel(inside)


def test_an_operation_outlives_a_gate_that_is_killed(tmp_path: Path) -> None:
    """It prints after that, too: to a pipe without a reader that would be its end."""
    code = (
        "import os, sys, time;"
        + TELL
        + "exec('while os.getppid() == int(sys.argv[3]): time.sleep(0.01)');"
        "print('still at it', flush=True); open(sys.argv[2], 'w').write(str(os.getpid()))"
    )
    gate = (
        "import asyncio, os, sys\n"
        "from harness.platforms._tool import Tool\n"
        "tool = Tool(program=sys.executable, to_get='', env={})\n"
        f"asyncio.run(tool.run('-c', {code!r}, *sys.argv[1:], str(os.getpid()),"
        " limit_s=60, operation=True))"
    )

    async def inside() -> None:
        marks = [str(tmp_path / "n"), str(tmp_path / "done")]
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", gate, *marks)
        await awaited(tmp_path / "n")
        process.kill()
        await process.wait()
        assert await awaited(tmp_path / "done") == await awaited(tmp_path / "n")

    in_parallel(inside)


def test_json_is_what_it_printed() -> None:
    assert run("print('[1, {}]')").json() == json.loads("[1, {}]")
