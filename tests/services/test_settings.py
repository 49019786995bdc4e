"""A setting that is missing or malformed ends the process: one line, the name, never a value."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.settings import Settings

ROOT = Path(__file__).parents[2]
# In every value, right or wrong; so that one look finds any that leaked.
CANARY = "canary"
SECRET = f"{CANARY}-secret-of-at-least-32-bytes"
DATABASE_URL = f"postgresql://{CANARY}:{CANARY}@127.0.0.1:1/{CANARY}"
URL = f"http://{CANARY}.example:8000"
COMMON = {"ENVIRONMENT": "dev", "RELEASE_ID": f"{CANARY}-r", "INSTANCE_ID": f"{CANARY}-i"}
REQUIRED: dict[str, dict[str, str]] = {
    "auth": {**COMMON, "DATABASE_URL": DATABASE_URL, "JWT_SECRET": SECRET},
    "gateway": {
        **COMMON,
        "JWT_SECRET": SECRET,
        "INTERNAL_TOKEN": SECRET,
        "ACCOUNT_URL": URL,
        "KEYS_URL": URL,
    },
    "account": {**COMMON, "DATABASE_URL": DATABASE_URL, "INTERNAL_TOKEN": SECRET},
    "keys": {**COMMON, "DATABASE_URL": DATABASE_URL, "INTERNAL_TOKEN": SECRET},
    "frontend": {**COMMON, "AUTH_URL": URL, "API_URL": URL},
    "edge": {
        **COMMON,
        "PUBLIC_URL": URL,
        "FRONTEND_URL": URL,
        "AUTH_URL": URL,
        "GATEWAY_URL": URL,
    },
}
BAD_SECRETS = ["", f"{CANARY}-too-short", f"{CANARY}-31-bytes-are-not-enough"]
BAD_URLS = [
    "",
    f"{CANARY}.example:80",
    f"ftp://{CANARY}.example",
    "http://",
    f"http://{CANARY} .example",
    f"http://example:{CANARY}",
    f"http://{CANARY}.example:99999",
    f"http://{CANARY}:{CANARY}@example",
]
URLS = (
    *("ACCOUNT_URL", "KEYS_URL", "AUTH_URL", "API_URL"),
    *("PUBLIC_URL", "FRONTEND_URL", "GATEWAY_URL"),
)
BAD_APPS = ["", f"{CANARY};region=any", f"{CANARY}\nX: y", f"{CANARY}.fly.dev", CANARY * 11]
BAD_COUNTS = ["", "0", "-1", "1.5", f"5/{CANARY}", "9" * 400]
BAD_RATES = [*BAD_COUNTS, "0/2s", "5/0s", "5/2", "5/2m", "5/-2s", "5/99999s", "1000001", "/2s"]
MALFORMED: dict[str, list[str]] = {
    "ENVIRONMENT": ["", CANARY, "Production"],
    "RELEASE_ID": ["", CANARY * 30],
    "INSTANCE_ID": ["", CANARY * 30],
    "LOG_LEVEL": ["", CANARY],
    "DATABASE_URL": [
        "",
        CANARY,
        f"mysql://{CANARY}:{CANARY}@h/db",
        f"postgresql://u:{CANARY}@h:5432",
        f"postgresql://u:{CANARY}@h:5432/",
        f"postgresql://u:{CANARY}@h:{CANARY}/db",
        f"postgresql://u:{CANARY}@h:99999/db",
        f"postgresql:u:{CANARY}@h/db",
    ],
    "JWT_SECRET": BAD_SECRETS,
    "INTERNAL_TOKEN": BAD_SECRETS,
    **dict.fromkeys(URLS, BAD_URLS),
    "ACCESS_TOKEN_TTL_S": [*BAD_COUNTS, "86401"],
    "RATE_LIMIT_LOGIN": BAD_RATES,
    "RATE_LIMIT_SIGNUP": BAD_RATES,
    "RATE_LIMIT_LOOKUP": BAD_RATES,
    "CLIENT_LIMIT_S": ["", "0", "-1", "inf", "nan", "301", CANARY],
    "UPSTREAM_LIMIT_S": ["", "0", "-1", "inf", "nan", "301", CANARY],
    "ALLOWED_ORIGINS": [
        "*",
        f"https://{CANARY}.example,*",
        f"https://{CANARY}.example/",
        f"https://*.{CANARY}.example",
        f"{CANARY}.example",
        "null",
    ],
    "TRUSTED_PROXIES": [CANARY, "10.0.0.0/33", "10.0.0.1/8", f"127.0.0.1,{CANARY}"],
    "CLIENT_ADDRESS_HEADER": ["", f"{CANARY} header", f"{CANARY}:"],
    **dict.fromkeys(("AUTH_REPLAY_APP", "API_REPLAY_APP"), BAD_APPS),
}
# Names that are compared and never used otherwise: none is malformed.
FREE = {"SITE_HOSTS", "AUTH_HOSTS", "API_HOSTS"}

# One process that has imported what is heavy forks for each case, and each case is a process
# that imports `services.NAME.main` under its own environment.
FORK_FOR_EACH_CASE = """
import importlib, json, os, sys, tempfile
cases = json.load(sys.stdin)
for name in {name for name, _ in cases}:
    importlib.import_module(f"services.{name}.app")
results = []
for name, environment in cases:
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os.environ.clear()
            os.environ.update(environment)
            try:
                importlib.import_module(f"services.{name}.main")
            except SystemExit as ending:
                # As the interpreter ends, but without taking down what was imported before.
                print(ending, file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        results.append([code, output.read().decode()])
json.dump(results, sys.stdout)
"""

Case = tuple[str, str, str | None]


def cases() -> list[Case]:
    """Each service, each of its variables, and each way in which it can be wrong."""
    found: list[Case] = []
    for service, required in REQUIRED.items():
        found += [(service, name, None) for name in required]
        found += [(service, name, bad) for name in fields(service) for bad in malformed(name)]
    return found


def settings_of(service: str) -> type[Settings]:
    module = importlib.import_module(f"services.{service}.settings")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Settings) and value is not Settings
    )
    return found


def fields(service: str) -> list[str]:
    return [name.upper() for name in settings_of(service).model_fields]


def malformed(name: str) -> list[str]:
    return [] if name in FREE else MALFORMED[name]


def environment(service: str, name: str, value: str | None) -> dict[str, str]:
    given = {**REQUIRED[service], name: value}
    return {key: text for key, text in given.items() if text is not None}


def endings() -> dict[Case, tuple[int, str]]:
    """How each case ended: the exit code, and all that was printed."""
    asked = [(service, environment(service, name, value)) for service, name, value in cases()]
    done = run("-c", FORK_FOR_EACH_CASE, stdin=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    results = [(code, output) for code, output in json.loads(done.stdout)]
    return dict(zip(cases(), results, strict=True))


def run(*arguments: str, stdin: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        input=stdin,
        text=True,
        capture_output=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        timeout=60,
        check=False,
    )


def test_every_service_and_every_setting_is_looked_at() -> None:
    services = {path.parent.name for path in (ROOT / "services").glob("*/main.py")}
    assert services == set(REQUIRED)
    for service, required in REQUIRED.items():
        declared = settings_of(service).model_fields
        needed = {name.upper() for name, field in declared.items() if field.is_required()}
        assert needed == set(required), service


def test_bad_setting_ends_the_process_with_one_line_that_names_it_and_holds_no_value() -> None:
    ended = endings()

    assert len(ended) > 100
    for case, (code, output) in ended.items():
        _, name, value = case
        assert code == 1, case
        begin = f"cannot start: {name}: " + ("is missing" if value is None else "")
        assert output.startswith(begin), (case, output)
        assert output.count("\n") == 1, (case, output)
        assert output.endswith("\n"), case
        assert len(output) < 200, (case, output)
        assert CANARY not in output, case


@pytest.mark.parametrize("service", REQUIRED)
def test_line_names_everything_that_is_missing(service: str) -> None:
    ended = run("-c", f"import services.{service}.main")

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert ended.stderr.startswith("cannot start: ")
    for name in REQUIRED[service]:
        assert f"{name}: is missing" in ended.stderr


def test_server_ends_with_the_same_line() -> None:
    given: dict[str, Any] = environment("auth", "JWT_SECRET", f"{CANARY}-too-short")

    ended = run("-m", "uvicorn", "services.auth.main:app", "--port", "0", **given)

    assert ended.returncode != 0
    assert ended.stderr == "cannot start: JWT_SECRET: must have at least 32 bytes\n"
    assert ended.stdout == ""


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:pass@host:5432/db",
        "postgres://user:pass@host/db",
        "postgresql://user:p%40ss/w:rd@[::1]:5432/db?sslmode=require",
        "postgresql://host/db",
        "postgresql:///db?host=/run/postgresql",
    ],
)
def test_usual_database_urls_are_taken(url: str) -> None:
    settings = settings_of("account").model_validate(
        {
            "environment": "dev",
            "release_id": "r",
            "instance_id": "i",
            "internal_token": SECRET,
            "database_url": url,
        }
    )

    assert url not in repr(settings)
    assert SECRET not in repr(settings)
