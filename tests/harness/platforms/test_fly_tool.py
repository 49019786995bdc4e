"""How Fly asks its `flyctl`, and what it makes of what that says."""

from pathlib import Path

import pytest

from harness.deployment import Artifact
from harness.errors import PlatformError
from harness.platforms._fly_image import pinned
from harness.platforms._fly_standin import Lie
from tests.harness.platforms.flying import APPS, OLD, OTHER, Flying, executable, over, vector

WEB, API = APPS["web"], APPS["api"]


def test_a_deployment_is_asked_for_with_care(tmp_path: Path) -> None:
    """No migration, no new machine, no public address, no consent, no other fly.toml."""
    config = '[http_service]\ninternal_port = 8080\n[checks.alive]\ntype = "tcp"\nport = 8080\n'
    for app in APPS.values():
        (tmp_path / f"{app}.toml").write_text(f'app = "{app}"\n{config}')
    heard = tmp_path / "heard"

    async def claim(flying: Flying) -> None:
        real = flying.fly().calls.settings.program
        loud = f'#!/bin/sh\necho "$@" >> "{heard}"\nexec "{real}" "$@"\n'
        fly = flying.fly(program=executable(tmp_path / "loud", loud), config="{app}.toml")
        await fly.roll_back(vector(OLD))
        assert [] == await fly.confirm(vector(OLD))

    over(tmp_path, claim)
    deployed = [line.split() for line in heard.read_text().splitlines() if "deploy " in line]
    assert 2 == len(deployed)
    for app, words in zip((API, WEB), deployed, strict=True):
        assert ["-c", str((tmp_path / f"{app}.toml").resolve())] == words[-2:]
        assert {"--skip-release-command", "--update-only", "--no-public-ips"} <= set(words)
        assert "rolling" == words[words.index("--strategy") + 1]
        assert not {"--yes", "-y", "--detach", "--now"} & set(words)


def test_a_fly_toml_of_the_current_folder_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "fly.toml").write_text("broken = [")
    monkeypatch.chdir(elsewhere)

    async def claim(flying: Flying) -> None:
        fly = flying.fly()
        assert [] == await fly.obtainable(vector(OLD))
        await fly.roll_back(vector(OLD))
        assert [] == await fly.confirm(vector(OLD))

    over(tmp_path, claim)


def test_a_token_is_in_no_argument_and_in_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "FlyV1 fm2_a-real-secret"
    monkeypatch.setenv("FLY_API_TOKEN", token)
    loud = executable(
        tmp_path / "loud", '#!/bin/sh\necho "$@"; echo "token $FLY_API_TOKEN $SECRET" >&2; exit 1\n'
    )
    monkeypatch.setenv("SECRET", token)

    async def claim(flying: Flying) -> None:
        with pytest.raises(PlatformError) as caught:
            await flying.fly(program=loud).identify()
        assert "token stand-in ***" in str(caught.value)
        assert token not in str(caught.value)

    over(tmp_path, claim)


def test_with_a_stand_in_nothing_leaves_this_machine(tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        given = flying.fly().calls.tool.env
        urls = {name: url for name, url in given.items() if url.startswith("http")}
        assert all(url.startswith("http://127.0.0.1:") for url in urls.values())
        apis = {f"FLY_{name}_BASE_URL" for name in ("API", "FLAPS", "UIEX", "METRICS")}
        assert {"HTTPS_PROXY", *apis} == set(urls)

    over(tmp_path, claim)


@pytest.mark.parametrize("lie", [Lie.UNAUTHORISED, None])
def test_who_is_not_logged_in_is_told_how(
    lie: Lie | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def claim(flying: Flying) -> None:
        if lie:
            flying.standin.lies[WEB] = lie
        fly = flying.fly() if lie else flying.fly(program="flyctl")
        with pytest.raises(PlatformError, match=r"set FLY_API_TOKEN .* or run `fly auth login`"):
            await fly.identify()

    told = "Error: no access token available. Please login with 'flyctl auth login'"
    executable(tmp_path / "flyctl", f'#!/bin/sh\necho "{told}" >&2\nexit 1\n')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    apart = tmp_path / "apart"
    apart.mkdir()
    over(apart, claim)


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        ("Welcome!", "printed no JSON: Welcome!"),
        ("", "printed no JSON: nothing"),
        ("null", "is not understood"),
        ("{}", "is not understood: Name: Field required"),
        ("[]", "is not understood"),
        ('{"Name": "some-other", "Machines": []}', "asked for the status of some-"),
        ('{"Name": 1}', "is not understood"),
    ],
)
def test_what_is_no_status_is_no_answer(printed: str, says: str, tmp_path: Path) -> None:
    async def claim(flying: Flying) -> None:
        program = executable(tmp_path / "odd", f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n")
        with pytest.raises(PlatformError, match=says):
            await flying.fly(program=program).identify()

    over(tmp_path, claim)


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("", "registry.fly.io/some-web"),
        (OLD, "registry.fly.io/some-web"),
        (f"registry.fly.io/some-web@{OLD}", "registry.fly.io/some-web"),
        (f"registry.fly.io/some-web:deployment-1@{OLD}", "registry.fly.io/some-web"),
        ("registry.fly.io/some-web:latest", "registry.fly.io/some-web"),
        ("localhost:5000/org/app:latest", "localhost:5000/org/app"),
    ],
)
def test_an_image_is_always_asked_for_by_its_digest(reference: str, repository: str) -> None:
    artifact = Artifact(identity=OLD, reference=reference)
    assert f"{repository}@{OLD}" == pinned(WEB, artifact)


@pytest.mark.parametrize(
    ("identity", "reference"),
    [
        ("latest", ""),
        ("sha256:abc", ""),
        (OLD, f"registry.fly.io/some-web@{OTHER}"),
        (OLD, "--strategy=immediate"),
        (OLD, "registry.fly.io/$(id)"),
        (OLD, "some words"),
    ],
)
def test_what_is_no_pinned_image_is_never_deployed(
    identity: str, reference: str, tmp_path: Path
) -> None:
    target = {**vector(OLD), "web": Artifact(identity=identity, reference=reference)}

    async def claim(flying: Flying) -> None:
        fly = flying.fly()
        assert [] != await fly.obtainable(target)
        with pytest.raises(PlatformError, match="web: "):
            await fly.roll_back(target)
        assert [] == flying.standin.asked

    over(tmp_path, claim)


def test_a_target_that_leaves_an_app_out_is_refused(tmp_path: Path) -> None:
    fewer = {"api": vector(OLD)["api"]}

    async def claim(flying: Flying) -> None:
        fly = flying.fly()
        assert ["no target for web"] == await fly.obtainable(fewer)
        with pytest.raises(PlatformError, match="no target for web"):
            await fly.roll_back(fewer)
        assert [] == flying.standin.asked

    over(tmp_path, claim)


@pytest.mark.parametrize(
    ("said", "code"),
    [("", 0), ("image found", 0), ("image found: img_1", 1), ("could not find image", 0)],
)
def test_an_image_that_is_not_said_to_be_found_is_not_obtainable(
    said: str, code: int, tmp_path: Path
) -> None:
    async def claim(flying: Flying) -> None:
        odd = executable(tmp_path / "odd", f"#!/bin/sh\necho '{said}' >&2\nexit {code}\n")
        with pytest.raises(PlatformError, match=f"ended with {code}"):
            await flying.fly(program=odd).obtainable(vector(OLD))

    over(tmp_path, claim)
