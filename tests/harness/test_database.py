"""Which revision the database has: by a command, or by the services' own health."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.database import UNAVAILABLE, look
from harness.deployment import Database, compatible
from harness.environment import Environment
from harness.errors import DatabaseDown, PlatformError, UsageError
from harness.exchange import EvidenceClient
from tests.harness.server import Answer, Handler, Seen, serving

SECRET = "canary-4711"


def declared(database: dict[str, Any] | None, **services: dict[str, Any]) -> Environment:
    given = services or {"a": {"url": "http://a.example"}}
    return Environment.model_validate({"name": "test", "services": given, "database": database})


async def looked(environment: Environment) -> Database:
    client = EvidenceClient()
    try:
        return await look(environment, client)
    finally:
        await client.close()


def command(*words: str, **more: Any) -> Database:
    return asyncio.run(looked(declared({"command": {"run": list(words), **more}})))


def script(source: str, **more: Any) -> Database:
    return command("python", "-I", "-S", "-c", source, **more)


@pytest.mark.parametrize(
    ("printed", "revision", "oldest"),
    [
        ({"revision": "7", "oldest_compatible": "5"}, "7", "5"),
        ({"revision": 7, "oldest_compatible": 5.0, "more": []}, "7", "5"),
        ({"revision": "2026-11-21a"}, "2026-11-21a", None),
        ({"revision": "7", "oldest_compatible": None}, "7", None),
    ],
)
def test_command_tells_the_revision(
    printed: dict[str, object], revision: str, oldest: str | None
) -> None:
    assert script(f"print({json.dumps(printed)!r})") == Database(
        revision=revision, oldest_compatible=oldest
    )


@pytest.mark.parametrize(
    "printed",
    [
        "null",
        "7",
        "[7]",
        "{}",
        '{"revision": null}',
        '{"revision": true}',
        '{"revision": ""}',
        '{"revision": 7.5}',
        '{"revision": 1e999}',
        '{"revision": "\\u001b[31m7"}',
        '{"revision": ["7"]}',
        f'{{"revision": "{"7" * 65}"}}',
        '{"revision": "7", "oldest_compatible": false}',
        '{"revision": "7", "oldest_compatible": ""}',
    ],
)
def test_what_is_no_revision_is_none(printed: str) -> None:
    with pytest.raises(PlatformError, match="it printed something else than") as caught:
        script(f"print({printed!r})")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "printed",
    ["", "revision: 7", '{"revision": "7"', "{'revision': '7'}", '{"revision": NaN}'],
)
def test_what_is_no_json_is_told(printed: str) -> None:
    with pytest.raises(PlatformError, match=r"^database\.command: .* printed no JSON: "):
        script(f"print({printed!r})")


def test_database_that_is_down_is_told_by_one_code_alone() -> None:
    failing = "import sys; print('{\"revision\": \"7\"}'); sys.exit('the reason') if {0} else 0"
    with pytest.raises(DatabaseDown, match="postgres does not answer: ") as caught:
        script(f"import sys; sys.stderr.write('the reason'); sys.exit({UNAVAILABLE})")
    assert "the reason" in str(caught.value)
    for code in (1, 2, 3, 68, 70, 127, 255):
        with pytest.raises(PlatformError, match=f"ended with {code}"):
            script(f'import sys; print(\'{{"revision": "7"}}\'); sys.exit({code})')
    with pytest.raises(PlatformError, match="the reason"):
        script(failing.replace("{0}", "True"))


def test_command_that_hangs_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    source = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(PlatformError, match="was not over in 2 s"):
        script(source, timeout_s=2)
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)


def test_command_that_a_signal_ends_is_no_answer() -> None:
    with pytest.raises(PlatformError, match="was ended by signal 9"):
        script("import os; os.kill(os.getpid(), 9)")


def test_python_is_the_one_that_this_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    tells = "import json, sys; print(json.dumps({'revision': sys.version.split()[0]}))"
    assert script(tells).revision == sys.version.split()[0]


def test_program_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"no-such-program is not on the PATH; .database\.command"):
        command("no-such-program")


def test_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(b"\x7fELF nothing")
    file.chmod(0o755)
    with pytest.raises(UsageError, match=r"database\.command: .*program cannot be run: "):
        command(str(file))


def test_secret_reaches_the_command_and_no_process_list_nor_message() -> None:
    url = f"postgresql://me:{SECRET}@db.internal/app"
    tells = "import json, os; print(json.dumps({'revision': str(len(os.environ['URL']))}))"
    assert script(tells, env={"URL": url}).revision == str(len(url))
    shows = "import os, sys; sys.exit(os.environ['URL'] + open('/proc/self/cmdline').read())"
    for code in ("1", str(UNAVAILABLE)):
        source = shows.replace("sys.exit(", "sys.stderr.write(") + f"; sys.exit({code})"
        with pytest.raises((PlatformError, DatabaseDown)) as caught:
            script(source, env={"URL": url})
        assert SECRET not in str(caught.value)
    with pytest.raises(PlatformError) as printed:
        script("import os; print(os.environ['TOKEN'])", env={"TOKEN": SECRET})
    assert SECRET not in str(printed.value)


def test_password_among_the_words_is_refused_before_anything_runs(tmp_path: Path) -> None:
    file = tmp_path / "ran"
    with pytest.raises(UsageError, match="process lists") as caught:
        script(f"open({str(file)!r}, 'w')", run=["touch", str(file), f"pg://me:{SECRET}@db/app"])
    assert SECRET not in str(caught.value)
    assert not file.exists()


def test_environment_that_does_not_say_how_to_look_is_told_so() -> None:
    with pytest.raises(UsageError, match="environment test does not say how to learn"):
        asyncio.run(looked(declared(None)))


def health(status: int = 200, /, **checks: Any) -> Answer:
    body = {"status": "pass", "checks": {"postgres:schema": [checks]} if checks else {}}
    return Answer(status=status, body=json.dumps(body).encode())


TOLD = Database(revision="7", oldest_compatible="5")
TELLING = health(observedValue=7, oldestCompatible="5")


def told(handler: Handler, names: tuple[str, ...] = ("a",), /, **look: Any) -> Database:
    """What is told where each service answers below its name."""

    async def run() -> Database:
        async with serving(handler) as server:
            services = {
                name: {"url": f"{server.url}/{name}"} | look.pop(name, {}) for name in ("a", "b")
            }
            return await looked(declared({"told_by": names, **look}, **services))

    return asyncio.run(run())


@pytest.mark.parametrize("status", [200, 503])
def test_health_tells_whether_or_not_all_is_well(status: int) -> None:
    answer = health(status, observedValue=7, oldestCompatible="5")
    assert told(lambda seen: answer) == TOLD


def test_pointers_lead_to_it() -> None:
    answer = Answer(body=b'{"schema": {"now": "7", "since": "5"}}')
    pointers = {"revision": "/schema/now", "oldest_compatible": "/schema/since"}
    assert told(lambda seen: answer, **pointers) == TOLD


NOT_TELLING = {
    "nothing usable": health(),
    "no revision": health(observedValue=True),
    "500": health(500, observedValue=7),
    "a redirect": Answer(status=302, headers={"location": "/login"}),
    "no JSON": Answer(body=b"<html>"),
    "a list": Answer(body=b"[]"),
    "nested too deep": Answer(body=b"[" * 100_000),
    "cut off": Answer(announced=1000),
    "from a cache": Answer(body=TELLING.body, headers={"age": "60"}),
    "limited": Answer(status=429),
}


@pytest.mark.parametrize("answer", NOT_TELLING.values(), ids=NOT_TELLING)
def test_first_that_tells_wins(answer: Answer) -> None:
    by_name = {"/a/health": answer, "/b/health": TELLING}

    assert told(lambda seen: by_name[seen.path], ("a", "b")) == TOLD
    with pytest.raises(PlatformError, match=r"^nobody tells .* has: a: .+"):
        told(lambda seen: by_name[seen.path])


def test_who_comes_later_is_not_asked() -> None:
    seen_paths = []

    def handler(seen: Seen) -> Answer:
        seen_paths.append(seen.path)
        return TELLING

    told(handler, ("b", "a"))
    assert seen_paths == ["/b/health"]


def test_nobody_who_tells_is_an_error_that_names_each() -> None:
    services = {name: {"url": "http://127.0.0.1:1"} for name in ("a", "b")}
    environment = declared({"told_by": ["a", "b"]}, **services)
    with pytest.raises(PlatformError, match=r"a: GET /health: no answer.*; b: GET /health: no ans"):
        asyncio.run(looked(environment))


def test_private_service_is_read_where_it_is_seen() -> None:
    private = {"visibility": "private", "health": {"via": "a"}}
    behind = Answer(body=TELLING.body.replace(b"postgres:", b"b:"))
    by_path = {"/a/health": behind}
    assert told(lambda seen: by_path[seen.path], ("a", "b"), b=private) == TOLD
    with pytest.raises(PlatformError, match="a: nothing usable at /checks/postgres:schema/0/obs"):
        told(lambda seen: by_path[seen.path], ("a",), b=private)


def test_who_asks_shows_who_it_is() -> None:
    def handler(seen: Seen) -> Answer:
        return TELLING if seen.headers.get("authorization") == "Bearer t" else Answer(status=401)

    async def run() -> Database:
        async with serving(handler) as server:
            tree = {
                "name": "test",
                "identities": {"me": {"token": "t"}},
                "services": {"a": {"url": server.url, "identity": "me"}},
                "database": {"told_by": ["a"]},
            }
            return await looked(Environment.model_validate(tree))

    assert asyncio.run(run()) == TOLD


FINE = "fine"


@pytest.mark.parametrize(
    ("now", "oldest", "target", "why"),
    [
        ("7", "5", "7", FINE),
        ("7", None, "7", FINE),
        ("7", "5", "07", FINE),
        ("9", "7", "7", FINE),
        ("9", "6", "7", FINE),
        ("10", "9", "9", FINE),
        ("9", "8", "7", "the database is at 9 and serves code from 8 on; the target was good with"),
        ("10", "10", "9", "the database is at 10 and serves code from 10 on"),
        ("9", None, "7", "the database is at 9 and does not say which older code it serves"),
        ("5", "5", "7", "somebody took the database back: it is at 5, and the target was good wi"),
        ("9", "1", "10", "somebody took the database back: it is at 9"),
        ("b", "a", "a", FINE),
        ("b", "b", "a", "serves code from b on"),
        ("a", "a", "b", "somebody took the database back"),
        ("9" * 5000, "1", "7", FINE),
        ("7", "5", None, "cannot tell"),
    ],
)
def test_older_code_comes_back_where_the_database_serves_it(
    now: str, oldest: str | None, target: str | None, why: str
) -> None:
    found = compatible(
        Database(revision=now, oldest_compatible=oldest),
        Database(revision=target) if target is not None else None,
    )
    assert found is None if why is FINE else found is not None and why in found
