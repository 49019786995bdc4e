"""How `environments/provision.sh` is called: what it would do, and what it refuses to begin."""

import subprocess
from pathlib import Path

import pytest

from tests.environments.fly_files import ENVIRONMENTS, PRIVATE, PUBLIC, SERVICES, apps, declared
from tests.environments.flyctl import real_one, unplugged
from tests.environments.provisioning import Fly, run

NOBODY = "there-is-no-such-flyctl"
# What a dry run does not tell, with the options that it is called with.
SELDOM = [
    "auth whoami",
    "apps list --org --json",
    "ips list --app --json",
    "ips release --app",
    "mpg list --org --json",
    "mpg backup list --json",
    "secrets list --app --json",
    "certs list --app --json",
    "certs check --app --json",
    "machine list --app --json",
]


def dry(name: str, home: Path) -> list[str]:
    done = run(("--env", name, "--dry-run"), home, FLYCTL=NOBODY)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_dry_run_tells_every_command_and_calls_nobody(tmp_path: Path, name: str) -> None:
    app, count = apps(name), declared(name).services["auth"].instances
    site = "keyarc.io" if name == "production" else f"{name}.keyarc.io"
    own = {"frontend": site, "auth": f"auth.{site}", "gateway": f"api.{site}"}
    database = f"keyarc-postgres-{name}"
    addresses = ("ips allocate-v6 --app", "ips allocate-v4 --shared --app")
    given = {"JWT_SECRET": ("auth", "gateway"), "INTERNAL_TOKEN": ("gateway", "account", "keys")}

    commands = [line for line in dry(name, tmp_path) if not line.startswith("#")]
    assert commands == [
        *(f"flyctl apps create {app[each]} --org personal" for each in SERVICES),
        *(f"flyctl {address} {app[each]}" for each in PUBLIC for address in addresses),
        *(f"flyctl ips allocate-v6 --private --app {app[each]}" for each in PRIVATE),
        f"flyctl mpg create --name {database} --org personal --region iad --plan basic"
        " --volume-size 10 --pg-major-version 16",
        *(
            f"flyctl mpg attach ID-OF-{database} --app {app[each]}"
            for each in ("auth", "account", "keys")
        ),
        *(
            f"flyctl secrets import --stage --app {app[each]} # {secret}, by standard input"
            for secret, holders in given.items()
            for each in holders
        ),
        *(f"flyctl certs add {host} --app {app[each]}" for each, host in own.items()),
        *(f"flyctl scale count {count} --region iad --app {app[each]} --yes" for each in SERVICES),
    ]


def test_flyctl_knows_every_command_and_option(tmp_path: Path) -> None:
    flyctl = real_one()
    changes = [line.partition(" #")[0] for line in dry("dev", tmp_path) if line[0] != "#"]
    for line in {*(line.removeprefix("flyctl ") for line in changes), *SELDOM}:
        words = line.split()
        command = words[: 3 if words[1] == "backup" else 2]
        told = subprocess.run(
            [flyctl, *command, "--help"], env=unplugged(tmp_path), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout.split()  # fmt: skip
        assert ["flyctl", *command] == told[(at := told.index("flyctl")) : at + 1 + len(command)]
        for option in [word for word in words if word.startswith("--")]:
            assert option in told, (command, option)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--env is missing"),
        (("--env",), "--env needs a name"),
        (("--env", "../dev"), "--env needs a name"),
        (("--env", "nowhere"), "unknown environment 'nowhere'"),
        (("--env", "local"), "the environment local is not on Fly"),
        (("--env", "dev", "--force"), "unknown argument --force"),
        (("--env", "dev", "--rotate", "DATABASE_URL"), "--rotate knows"),
        (("--env", "dev", "--org", "--dry-run"), "--org needs a name"),
        (("--env", "production"), "--yes-production"),
        (("--env", "dev"), "flyctl is missing"),
    ],
)
def test_what_is_called_wrongly_begins_nothing(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = run(arguments, tmp_path, FLYCTL=NOBODY)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "line " not in done.stderr


def test_who_is_not_logged_in_is_told_so(tmp_path: Path) -> None:
    done = Fly(tmp_path / "fly", logged_in=False).provision("--env", "dev")
    assert (done.code, done.changes) == (20, ())
    assert "flyctl is not logged in" in done.err


def test_help_tells_the_options(tmp_path: Path) -> None:
    done = run(("--help",), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--env", "--org", "--plan", "--rotate", "--dry-run", "--yes-production"):
        assert option in done.stdout
