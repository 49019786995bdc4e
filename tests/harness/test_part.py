"""Real suites of pytest tests, run as parts of a verdict."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from harness import session
from harness.collection import Collection, joined
from harness.environment import Environment, parse
from harness.errors import UsageError
from harness.model import Declared, Outcome, Result, RunRecord, Verdict
from harness.part import find_part
from harness.phase import Limited
from harness.plan import plan, plan_of
from harness.records import RunDirectory, read
from harness.redaction import Redactor
from harness.runner import Means
from harness.verification import Verification
from tests.harness.cli.command import ROOT

CANARY = "canary-4711-of-a-secret"
PASSES = "def test_holds():\n    '''It holds.'''\n"
HANGS = """
import os, pathlib, pytest, signal, subprocess, sys, time

@pytest.fixture
def thing():
    yield
    pathlib.Path("taken_down").touch()

def test_first():
    pass

def test_hangs(thing):
    daemon = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(daemon, start_new_session=True)
    pathlib.Path("pids.part").write_text(f"{os.getpid()} {child.pid}")
    pathlib.Path("pids.part").rename("pids")
    time.sleep(600)
"""

# It does not end when it is asked to.
DEAF = """
import signal
def pytest_runtest_call(): signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def suite(**files: str) -> Path:
    """A suite `some` with these files below the current directory."""
    folder = Path("suites/some")
    for name, text in files.items():
        file = folder / (f"{name}.ini" if name == "pytest" else f"{name}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def environment(declared: str = "") -> Environment:
    Path("here.yaml").write_text(
        f"name: here\nservices: {{a: {{url: 'http://127.0.0.1:9'}}}}\n{declared}"
    )
    return parse(Path("here.yaml"))


def declare(where: Environment | None = None) -> Collection:
    part = find_part("some")
    redactor = Redactor()
    redactor.register(CANARY)
    return asyncio.run(part.declare(where or environment(), Path("here.yaml"), redactor))


def verification(
    where: Environment | None = None,
    *,
    declared: str = "",
    limit_s: float = 300,
    listener: Callable[[Result], None] = lambda result: None,
    early: bool = False,
) -> Verification:
    """That of the suite `some` alone.

    Args:
        declared: The tests of its file `test_one`, where collecting them is not what is tested.
    """
    where = where or environment()
    ids = tuple(Declared(id=f"some.test_one.test_{name}") for name in declared.split())
    by_hand = Collection("some", ("suites/some", "--env=here.yaml"), ids)
    collection = by_hand if declared else declare(where)
    made = Verification(
        plan=joined(plan_of(where, [], resources={}), where, [collection]),
        environment=where,
        directory=RunDirectory(Path("run")),
        run_id="test",
        secrets=[CANARY],
        listener=listener,
        early=early,
    )
    made.phases = (Limited("some", collection, limit_s),)
    return made


def judged(where: Environment | None = None, declared: str = "", limit_s: float = 300) -> RunRecord:
    return asyncio.run(verification(where, declared=declared, limit_s=limit_s).run())


def outcomes(record: RunRecord) -> dict[str, Outcome]:
    return {result.id.removeprefix("some."): result.outcome for result in record.results}


def reasons(record: RunRecord) -> str:
    return "\n".join(f"{reason.check}: {reason.text}" for reason in record.judgement.reasons)


def verdict(record: RunRecord) -> Verdict:
    return record.judgement.verdict


def nothing_left() -> bool:
    """Whether what `test_hangs` started has gone, itself included."""
    return not any(map(_runs, map(int, Path("pids").read_text().split())))


def _runs(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


async def there(file: str) -> None:
    while not Path(file).exists():  # noqa: ASYNC110, ASYNC240  a file tells nobody of itself
        await asyncio.sleep(0.01)


def test_a_suite_whose_tests_pass_is_go() -> None:
    # In a session of its own: who presses Ctrl-C interrupts us, and we end it in order.
    alone = "class TestIt:\n    def test_too(self): assert os.getsid(0) == os.getpid()\n"
    suite(test_one=f"import os\n{PASSES}{alone}")
    record = judged()
    assert verdict(record) is Verdict.GO, reasons(record)
    assert outcomes(record) == {
        "test_one.test_holds": Outcome.PASS,
        "test_one.TestIt.test_too": Outcome.PASS,
    }
    [result, _] = record.results
    assert result.promise == "It holds."
    assert result.duration_ms > 0
    assert result.started_at.endswith("Z")
    assert outcomes(read(Path("run"))) == outcomes(record)


def test_each_ending_is_the_outcome_that_it_means() -> None:
    suite(
        test_endings="""
import unittest
import pytest
from harness.errors import ContractViolation, NoData, Unreachable

@pytest.fixture
def broken():
    assert False, "no user"

@pytest.fixture
def untidy():
    yield
    raise AssertionError("still there")

def test_fail_by_assertion(): assert 1 == 2, "one is two"
def test_fail_by_contract(): raise ContractViolation("wrong", expected="a", came="b")
def test_fail_by_word(): pytest.fail("by word")
def test_fail_in_a_group():
    inner = BaseExceptionGroup("in", [AssertionError("y")])
    raise BaseExceptionGroup("all", [KeyError("x"), inner])
def test_fail_by_word_in_a_group():
    raise BaseExceptionGroup("all", [KeyError("x"), pytest.fail.Exception("by word")])
def test_fail_covered():
    try:
        assert False, "the first"
    finally:
        raise OSError
def test_fail_by_silence(): raise Unreachable("silence", origin="http://127.0.0.1:9")
def test_fail_in_a_subtest(subtests):
    with subtests.test(): assert False
def test_fail_not_raised():
    with pytest.raises(KeyError): pass
class TestCase(unittest.TestCase):
    def test_fail_of_unittest(self): self.assertEqual(1, 2)
@pytest.mark.xfail(reason="issue 7")
def test_fail_as_marked(): assert False
def test_fail_as_told(): pytest.xfail("issue 8")

def test_error_of_another_kind(): {}["x"]
def test_error_in_setup(broken): pass
def test_error_in_teardown(untidy): pass
@pytest.mark.xfail(strict=True)
def test_error_passes_though_marked(): pass
@pytest.mark.timeout(0.05)
def test_error_when_late():
    import time
    time.sleep(60)

def test_no_data(): raise NoData("limit")
def test_skipped(): pytest.skip("no browser here")
@pytest.mark.xfail(run=False, reason="would kill us")
def test_skipped_unrun(): raise SystemExit
@pytest.mark.parametrize("it", ["a::b", "x y"])
def test_pass(it): pass
@pytest.mark.xfail(strict=False)
def test_pass_though_marked(): pass
"""
    )
    record = judged()
    names = {
        "fail": "fail",
        "error": "error",
        "skipped": "skipped",
        "no": "no_data",
        "pass": "pass",
    }
    found = {r.id.rpartition("test_endings.")[2]: r.outcome for r in record.results}
    assert len(found) == 23
    assert "test_pass[x y]" in found
    for name, outcome in found.items():
        assert names[name.partition("test_")[2].split("_")[0].split("[")[0]] == outcome, name
    assert verdict(record) is Verdict.NO_GO
    messages = {result.id.rpartition(".")[2]: result for result in record.results}
    assert messages["test_skipped"].message == "no browser here"
    assert messages["test_fail_by_contract"].expected == "a"
    assert messages["test_error_in_setup"].message.startswith("in its setup: no user")
    assert "issue 8" in messages["test_fail_as_told"].message


@pytest.mark.parametrize("body", ["raise KeyError('x')", "import pytest; pytest.skip('not today')"])
def test_what_was_not_seen_is_hold(body: str) -> None:
    suite(test_one=PASSES + f"def test_two():\n    {body}\n")
    assert verdict(judged(declared="holds two")) is Verdict.HOLD


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os._exit(3)", "it ended with 3"),
        ("os._exit(0)", "it ended with 0"),
        ("os.kill(os.getpid(), 9)", "pytest was ended by SIGKILL"),
        ("pytest.exit('enough', returncode=0)", "did not come to its end"),
    ],
)
def test_a_session_that_does_not_end_by_itself_is_hold(end: str, told: str) -> None:
    suite(
        test_one=f"import os, pytest\n{PASSES}def test_two():\n    {end}\ndef test_three(): pass\n"
    )
    record = judged(declared="holds two three")
    assert verdict(record) is Verdict.HOLD
    assert outcomes(record) == {"test_one.test_holds": Outcome.PASS}
    assert "some.test_one.test_two: did not finish" in reasons(record)
    assert "some.test_one.test_three: did not finish" in reasons(record)
    assert told in reasons(record) or "returncode=0" in end


def test_an_exit_in_the_very_last_moment_is_hold() -> None:
    suite(
        test_one=PASSES,
        conftest="import os\ndef pytest_sessionfinish(): os._exit(0)\n",
    )
    record = judged(declared="holds")
    assert verdict(record) is Verdict.HOLD
    assert outcomes(record) == {"test_one.test_holds": Outcome.PASS}


def test_a_session_that_calls_itself_failed_is_hold() -> None:
    suite(
        test_one=PASSES,
        conftest="import os\ndef pytest_sessionfinish(session):\n"
        "    session.exitstatus = int(os.path.exists('run'))\n",
    )
    record = judged(declared="holds")
    assert verdict(record) is Verdict.HOLD
    assert "pytest ended with 1" in reasons(record)


def test_a_test_that_was_not_declared_is_hold() -> None:
    suite(test_one=PASSES + "def test_more(): pass\n")
    record = judged(declared="holds")
    assert verdict(record) is Verdict.HOLD
    assert "some.test_one.test_more: ran, and was not declared" in reasons(record)


def test_workers_tell_of_their_tests_and_a_killed_one_is_hold() -> None:
    pytest.importorskip("xdist")
    suite(
        pytest="[pytest]\naddopts = -n 2\n",
        test_one="import os\n" + PASSES + "def test_dies(): os.kill(os.getpid(), 9)\n"
        "def test_wrong():\n    raise KeyError('x')\n",
    )
    record = judged(declared="holds dies wrong")
    assert verdict(record) is Verdict.HOLD
    assert outcomes(record) == {
        "test_one.test_holds": Outcome.PASS,
        "test_one.test_dies": Outcome.ERROR,
        "test_one.test_wrong": Outcome.ERROR,
    }
    assert "crashed while running" in reasons(record)


LEAVES = """
from pathlib import Path
from harness.journal import Journal

def test_leaves(pytestconfig):
    Journal(Path(pytestconfig.getoption("run")), "test", "here").created("thing", "one")
"""


class Notes:
    """A phase that has made something, and removed it."""

    async def run(self, run: Verification, means: Means) -> None:
        means.journal.created("thing", "zero")
        means.journal.removed("thing", "zero")


def test_what_a_suite_leaves_is_told_also_where_others_have_made_something() -> None:
    """This process holds the journal too; that must not pass for a run that goes on."""
    suite(test_one=LEAVES)
    made = verification(declared="leaves")
    made.phases = (Notes(), *made.phases)
    record = asyncio.run(made.run())
    assert verdict(record) is Verdict.HOLD
    assert "left behind: thing one: no suite of here has a sweeper for it" in reasons(record)


def test_a_failure_is_known_before_the_test_is_taken_down() -> None:
    suite(
        test_one="import pathlib, pytest, time\n@pytest.fixture\ndef thing():\n    yield\n"
        "    while not pathlib.Path('known').exists():\n        time.sleep(0.01)\n"
        "    assert 0, 'untidy'\ndef test_fails(thing): assert 0\n"
    )
    made = verification(declared="fails", listener=lambda result: Path("known").touch())
    record = asyncio.run(made.run())
    assert outcomes(record) == {"test_one.test_fails": Outcome.FAIL}
    assert verdict(record) is Verdict.NO_GO
    assert "some.test_one.test_fails failed, and then: in its teardown: untidy" in reasons(record)


async def cancelled_once_it_hangs(made: Verification) -> RunRecord:
    running = asyncio.create_task(made.run())
    await there("pids")
    running.cancel()
    return await running


def test_what_is_cancelled_is_taken_down_and_keeps_its_results() -> None:
    suite(test_one=HANGS)
    record = asyncio.run(cancelled_once_it_hangs(verification(declared="first hangs")))
    assert verdict(record) is Verdict.HOLD
    assert outcomes(record) == {"test_one.test_first": Outcome.PASS}
    assert Path("taken_down").exists()
    assert nothing_left()


def test_results_that_nobody_has_read_yet_when_it_is_cancelled_stay() -> None:
    waits = "    pathlib.Path('begun').touch()\n    while not pathlib.Path('go').exists(): pass"
    suite(test_one=HANGS.replace("    pass", waits))

    def block() -> None:
        Path("go").touch()
        while not Path("pids").exists():
            time.sleep(0.01)

    async def cancelled_unread(made: Verification) -> RunRecord:
        running = asyncio.create_task(made.run())
        await there("begun")
        block()
        running.cancel()
        return await running

    record = asyncio.run(cancelled_unread(verification(declared="first hangs")))
    assert outcomes(record) == {"test_one.test_first": Outcome.PASS}


def test_what_does_not_end_when_asked_is_killed_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "GRACE_S", 0.1)
    suite(test_one=HANGS, conftest=DEAF)
    record = asyncio.run(cancelled_once_it_hangs(verification(declared="first hangs")))
    assert verdict(record) is Verdict.HOLD
    assert not Path("taken_down").exists()
    assert nothing_left()


def test_workers_that_hang_leave_nothing_either(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xdist")
    monkeypatch.setattr(session, "GRACE_S", 0.1)
    suite(test_one=HANGS, conftest=DEAF, pytest="[pytest]\naddopts = -n 2\n")
    record = asyncio.run(cancelled_once_it_hangs(verification(declared="first hangs")))
    assert verdict(record) is Verdict.HOLD
    assert nothing_left()


def test_a_daemon_that_a_finished_session_leaves_is_ended() -> None:
    suite(test_one=HANGS.removesuffix("    time.sleep(600)\n"))
    assert verdict(judged(declared="first hangs")) is Verdict.GO
    assert nothing_left()


def test_what_is_not_over_at_the_limit_is_hold() -> None:
    suite(test_one=PASSES)
    record = judged(declared="holds", limit_s=0.001)
    assert verdict(record) is Verdict.HOLD
    assert "some was not over after 0.001 s" in reasons(record)


def test_a_failure_that_decides_ends_the_rest() -> None:
    suite(test_one=HANGS.replace("    pass", "    assert False"))
    record = asyncio.run(verification(declared="first hangs", early=True).run())
    assert verdict(record) is Verdict.NO_GO
    assert outcomes(record) == {"test_one.test_first": Outcome.FAIL}
    assert not Path("pids").exists() or nothing_left()


def test_a_session_ends_with_the_process_that_started_it() -> None:
    suite(test_one=HANGS)
    environment()
    program = (
        "import asyncio; from pathlib import Path; from harness.session import Session;"
        "asyncio.run(Session(('suites/some', '--env=here.yaml'), print).run())"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as gate:
        asyncio.run(there("pids"))
        gate.send_signal(signal.SIGKILL)
    asyncio.run(there("taken_down"))
    # Nobody is there any more who would end what tests leave.
    os.kill(int(Path("pids").read_text().split()[1]), signal.SIGKILL)


def test_a_secret_is_written_nowhere() -> None:
    suite(
        test_one=f"import sys\ndef test_tells():\n    print('{CANARY}')\n"
        f"    assert '{CANARY}' == 'token=abcdefgh4711', '{CANARY}'\n"
        f"def test_twice():\n    raise KeyError('token=abcdefgh4711')\n"
    )
    record = judged(declared="tells twice")
    assert len(record.results) == 2
    written = {file.name: file.read_text() for file in Path("run").iterdir()}
    assert "[redacted]" in written["some.txt"]
    assert "test_tells" in written["some.txt"]
    for text in written.values():
        assert CANARY not in text
        assert "abcdefgh4711" not in text


def test_the_callers_pytest_options_leave_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    suite(test_one=PASSES)
    assert verdict(judged()) is Verdict.GO


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"test_one": "X = 1\n"}, "it holds no test"),
        ({"test_one": "import nowhere\n"}, "test_one.py cannot be collected: ModuleNotFoundError"),
        ({"test_one": "def test_a(:\n"}, "SyntaxError"),
        (
            {"test_one": PASSES, "test_two": "import pytest\npytest.importorskip('nowhere')\n"},
            "test_two.py was skipped as a whole: could not import 'nowhere'",
        ),
        (
            {"test_one": PASSES + "def test_x(): pass\n", "pytest": "[pytest]\naddopts = -k holds"},
            "some.test_one.test_x is deselected by pytest's own options",
        ),
        (
            {
                "test_one": PASSES,
                "conftest": "def pytest_collection_modifyitems(items): items *= 2\n",
            },
            "2 tests have the id some.test_one.test_holds",
        ),
        ({"test_one": PASSES, "conftest": "import nowhere\n"}, "No module named 'nowhere'"),
        ({"test_one": PASSES, "pytest": "[pytest]\naddopts = --nonsense\n"}, "--nonsense"),
        ({"test_one": "import os\nos._exit(0)\n"}, "pytest ended with 0"),
    ],
)
def test_what_cannot_be_collected_whole_is_told(files: dict[str, str], told: str) -> None:
    suite(**files)
    with pytest.raises(UsageError, match="suite some cannot be used: ") as caught:
        declare()
    assert told in str(caught.value)


def test_a_secret_of_a_broken_suite_is_not_told() -> None:
    suite(test_one=f"raise KeyError('{CANARY}')\n")
    with pytest.raises(UsageError, match=r"KeyError: '\[redacted\]'"):
        declare()


TWO = PASSES + "def test_fails():\n    raise AssertionError\n"


def test_a_test_that_is_off_does_not_run() -> None:
    suite(test_one=TWO)
    record = judged(environment("checks: {some.test_one.test_fails: {off: 'not before issue 7'}}"))
    assert verdict(record) is Verdict.GO
    assert outcomes(record) == {"test_one.test_holds": Outcome.PASS}
    [excluded] = record.manifest.excluded
    assert (excluded.id, excluded.reason) == ("some.test_one.test_fails", "off: not before issue 7")


def test_the_failure_of_an_advisory_test_is_shown_and_does_not_decide() -> None:
    suite(test_one=TWO)
    entry = "{advisory: 'not before issue 7', until: 2999-01-01}"
    record = judged(environment(f"checks: {{some.*fails: {entry}}}"))
    assert verdict(record) is Verdict.GO
    assert outcomes(record)["test_one.test_fails"] is Outcome.FAIL


def test_an_entry_for_no_test_of_the_suite_is_told() -> None:
    suite(test_one=PASSES)
    told = r"checks: some\.typo: no test has this id; there are: some\.test_one"
    with pytest.raises(UsageError, match=told):
        declare(environment("checks: {some.typo: {off: 'not before issue 7'}}"))


def test_an_entry_for_a_suite_that_is_not_part_of_the_run_is_no_mistake() -> None:
    suite(test_one=PASSES)
    planned = plan(environment("checks: {some.test_one.*: {off: 'not before issue 7'}}"))
    assert not any(item.id.startswith("some.") for item in planned.declared)
    with pytest.raises(UsageError, match=r"checks: another\.thing: no check has this id"):
        plan(environment("checks: {another.thing: {off: 'not before issue 7'}}"))


def test_where_all_is_off_nothing_is_verified() -> None:
    suite(test_one=PASSES)
    with pytest.raises(
        UsageError, match=r"no test of suite some may run in here: off: not before issue 7"
    ):
        declare(environment("checks: {some.*: {off: 'not before issue 7'}}"))


def test_where_no_data_may_be_made_only_tests_that_read_run() -> None:
    suite(
        test_one="import pathlib, pytest\ndef test_writes(): pathlib.Path('wrote').touch()\n"
        "@pytest.mark.read_only\n" + PASSES
    )
    record = judged(environment("policy: {write: false}"))
    assert verdict(record) is Verdict.GO
    assert outcomes(record) == {"test_one.test_holds": Outcome.PASS}
    assert not Path("wrote").exists()


def test_a_suite_that_shrank_is_hold() -> None:
    suite(test_one=PASSES)
    record = judged(environment("required: {at_least: {some: 2}}"))
    assert verdict(record) is Verdict.HOLD
    assert "1 checks of some are required here, of at least 2" in reasons(record)


def test_two_parts_with_the_same_tests_are_refused() -> None:
    suite(test_one=PASSES)
    where, collection = environment(), declare()
    with pytest.raises(UsageError, match=r"two checks have the id some\.test_one\.test_holds"):
        joined(plan_of(where, [], resources={}), where, [collection, collection])


@pytest.mark.parametrize("name", ["some", "suites.some", "suites/some", "./suites/some"])
def test_a_suite_is_found_by_its_name_and_by_its_folder(name: str, here: Path) -> None:
    suite(test_one=PASSES)
    part = find_part(name)
    assert (part.name, part.package, part.folder.path) == ("some", None, here / "suites" / "some")


def test_a_suite_of_checks_is_a_package_that_joins_the_plan() -> None:
    suite(__init__="", things="@check(service='a')\nasync def holds(target): pass\n")
    assert find_part("some").package == "suites.some"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nope", r"unknown suite 'nope'; known: .*\bsome\b.*; or name a folder"),
        ("empty", "unknown suite 'empty'"),
        ("suites/empty", r"suite suites/empty holds no tests .* and no checks"),
        ("./nowhere", "unknown suite"),
        ("", "unknown suite"),
        ("..", "unknown suite"),
    ],
)
def test_an_unknown_suite_is_told_with_the_known_ones(name: str, told: str) -> None:
    suite(test_one=PASSES)
    Path("suites/empty").mkdir()
    with pytest.raises(UsageError, match=told):
        find_part(name)
