"""`journeys` of a suite of any system: what is declared, what is left out, and who is to blame."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from harness.model import Outcome, RunRecord, Verdict
from harness.records import read
from tests.harness.cli.command import (
    Done,
    bad,
    finished,
    good,
    keyarc_verify,
    started,
    write_environment,
)
from tests.harness.server import Answer, Handler, Seen, serving

SUITE = '''
import pytest, time, urllib.request

def ask(path):
    import yaml
    url = yaml.safe_load(open("some.yaml"))["services"]["a"]["url"]
    return urllib.request.urlopen(url + path, timeout=5).status

@pytest.mark.read_only
def test_reads():
    """It can be read."""
    assert ask("/thing") == 200

def test_writes():
    """It can be written."""
    assert ask("/thing") == 200

@pytest.mark.needs("database")
def test_looks_inside():
    """What is stored is right."""
'''
FAILS = 'def test_fails():\n    """It holds."""\n    assert 1 == 2\n'


def journeys(folder: Path, handler: Handler, *options: str, more: str = "", **files: str) -> Done:
    """The command on a suite of these files; its evidence is in `run`."""
    _suite(folder, files or {"test_it": SUITE})

    async def run() -> Done:
        async with serving(handler) as server:
            write_environment(folder, server.url, more=more)
            arguments = ("journeys", "--env", "some.yaml", "--output", "run", *options)
            async with started(folder, *arguments) as process:
                return await finished(process)

    return asyncio.run(run())


def _suite(folder: Path, files: dict[str, str]) -> None:
    suite = folder / "suites" / "journeys"
    suite.mkdir(parents=True)
    for name, text in files.items():
        (suite / f"{name}.py").write_text(text)


def outcomes(record: RunRecord) -> dict[str, Outcome]:
    return {result.id: result.outcome for result in record.results}


def test_health_and_all_tests_make_a_go(tmp_path: Path) -> None:
    done = journeys(tmp_path, good)
    assert done.code == 0, done.out
    assert outcomes(read(tmp_path / "run")) == dict.fromkeys(
        ("health.a", "journeys.test_it.test_reads", "journeys.test_it.test_writes"), Outcome.PASS
    )
    not_run = "not run  journeys.test_it.test_looks_inside: the environment does not give"
    assert f"{not_run} insight.database\n" in done.out
    assert ", 1 not run\n" in done.out


def test_a_failure_shows_how_to_run_it_again(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, test_it=SUITE + FAILS)
    assert done.code == 10
    again = "keyarc-verify journeys --env some.yaml --only journeys.test_it.test_fails\n"
    assert again in done.out
    assert read(tmp_path / "run").judgement.counts == {Outcome.PASS: 3, Outcome.FAIL: 1}


def test_what_failed_is_run_again_in_the_same_order(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, "--shuffle", "47 11", test_it=FAILS)
    assert done.code == 10
    again = "journeys --env some.yaml --shuffle '47 11' --only journeys.test_it.test_fails\n"
    assert again in done.out


def test_what_cannot_be_collected_tells_no_secret(tmp_path: Path) -> None:
    _suite(tmp_path, {"test_it": "import os\nraise OSError('not at ' + os.environ['PLACE'])\n"})
    more = "insight: {secrets: {place: '${env:PLACE}'}}"
    write_environment(tmp_path, "http://127.0.0.1:9", more=more)
    variables = {"PLACE": "behind-the-clock"}
    done = keyarc_verify(tmp_path, "journeys", "--env", "some.yaml", variables=variables)
    assert (done.code, done.out) == (2, "")
    assert "OSError: not at [redacted]" in done.err
    assert "behind" not in done.err


def test_a_selection_is_never_go(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, "--only", "*reads*", test_it=SUITE + FAILS)
    assert done.code == 20
    assert "HOLD     a partial run: 2 of 4 checks (*reads*)\n" in done.out
    assert set(outcomes(read(tmp_path / "run"))) == {"health.a", "journeys.test_it.test_reads"}


def test_a_selection_of_nothing_says_what_there_is(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, "--only", "*quick*")
    assert (done.code, done.out) == (2, "")
    assert "no test matches '*quick*'; there are: journeys.test_it.*\n" in done.err
    assert not (tmp_path / "run").exists()


def test_where_nothing_may_be_written_the_rest_is_listed(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, more="production: true")
    assert done.code == 0, done.out
    reason = "makes data, and this environment is read-only (policy.write)\n"
    assert "not run  journeys.test_it.test_writes, journeys.test_it.test_looks_inside" in done.out
    assert reason in done.out.replace("\n         ", " ")
    assert ", 2 not run\n" in done.out
    assert set(outcomes(read(tmp_path / "run"))) == {"health.a", "journeys.test_it.test_reads"}


def test_fewer_tests_than_required_are_hold(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, more="required: {at_least: {journeys: 3, smoke: 9}}")
    assert done.code == 20
    assert "HOLD     2 checks of journeys are required here, of at least 3\n" in done.out
    assert "smoke" not in done.out


def test_a_service_that_is_down_is_named_once_and_nothing_else_is_run(tmp_path: Path) -> None:
    done = journeys(tmp_path, bad)
    assert done.code == 10
    assert done.out.count("FAIL ") == 1
    assert "FAIL     health.a\n" in done.out
    assert "SKIPPED  2 checks: not run: health.a has failed\n" in done.out
    assert not (tmp_path / "run" / "journeys.txt").exists()


def test_a_service_that_goes_down_ends_the_rest(tmp_path: Path) -> None:
    """Two tests meet it at most, one a process; health tells whose fault it is."""
    broken = []

    def handler(seen: Seen) -> Answer:
        if seen.path == "/break":
            broken.append(seen)
        if broken and seen.path != "/health":
            return Answer(status=502)
        return (bad if broken else good)(seen)

    breaks = 'def test_breaks(): assert ask("/break") == 200\n'
    others = '@pytest.mark.parametrize("n", range(300))\ndef test_later(n): time.sleep(0.02)\n'
    done = journeys(tmp_path, handler, test_it=SUITE + breaks + others)
    assert done.code == 10, done.out
    record = read(tmp_path / "run")
    came = outcomes(record)
    assert came["health.a"] is Outcome.FAIL
    failed = {id_ for id_, outcome in came.items() if outcome is Outcome.FAIL}
    assert failed == {"health.a", "journeys.test_it.test_breaks"} or "ERROR" in done.out
    blocked = [result for result in record.results if result.blocked_by == "health.a"]
    assert len(blocked) > 200
    assert {item.id for item in record.manifest.declared} == set(came), "nothing is left untold"
    assert " more\n" in done.out, "not each of them is named"


def test_a_failure_of_a_healthy_system_ends_nothing(tmp_path: Path) -> None:
    done = journeys(tmp_path, good, test_a=FAILS, test_b=SUITE)
    assert done.code == 10
    assert set(outcomes(read(tmp_path / "run")).values()) == {Outcome.FAIL, Outcome.PASS}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_order_is_of_the_seed(tmp_path: Path, workers: str) -> None:
    test = 'import pytest\n@pytest.mark.parametrize("n", range(12))\ndef test_it(n): print(n)\n'
    orders = []
    for number, seed in enumerate(("4711", "4711", "4712")):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = journeys(folder, good, "--shuffle", seed, "-n", workers, test_it=test)
        assert done.code == 0, done.out + done.err
        lines = (folder / "run" / "results.jsonl").read_text().splitlines()
        orders.append([id_ for line in lines if (id_ := json.loads(line)["id"]) != "health.a"])
    declared = [f"journeys.test_it.test_it[{n}]" for n in range(12)]
    assert sorted(orders[0]) == sorted(declared)
    if workers == "0":
        assert orders[0] == orders[1] != orders[2] != declared


def test_ctrl_c_is_hold_with_a_verdict(tmp_path: Path) -> None:
    _suite(tmp_path, {"test_it": "import time, pathlib\ndef test_it():\n    "
                      "pathlib.Path('begun').touch()\n    time.sleep(60)\n"})  # fmt: skip

    async def run() -> Done:
        async with serving(good) as server:
            write_environment(tmp_path, server.url)
            arguments = ("journeys", "--env", "some.yaml", "--output", "run")
            async with started(tmp_path, *arguments) as process:
                while not (tmp_path / "begun").exists():  # noqa: ASYNC110  a file tells nobody
                    await asyncio.sleep(0.02)
                process.send_signal(signal.SIGINT)
                return await finished(process)

    done = asyncio.run(run())
    assert done.code == 130
    assert read(tmp_path / "run").judgement.verdict is Verdict.HOLD


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--timeout", "soon"), "--timeout"),
        (("-n", "-1"), "-n"),
        (("--format", "papyrus"), "papyrus"),
        (("--env", "elsewhere"), "unknown environment 'elsewhere'; known here: "),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_sent(
    tmp_path: Path, options: tuple[str, str], told: str
) -> None:
    write_environment(tmp_path, "http://127.0.0.1:9")
    done = keyarc_verify(tmp_path, "journeys", "--env", "some.yaml", *options)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert not (tmp_path / "reports").exists()
