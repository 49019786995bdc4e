import asyncio
import json
import sys
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.deployment import Artifact, State, Vector
from harness.environment import Environment
from harness.errors import PlatformError, UsageError
from harness.platforms import Platform
from harness.platforms.command import connect
from tests.harness.platforms.rig_command import place

LIMIT_S = 20.0
PRINT = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdout.write(sys.argv[1])"]
# Notes its words and what it is told in variables, a line each.
NOTE = (
    "import json, os, sys;"
    "print(json.dumps([sys.argv[2:], dict(os.environ)]), file=open(sys.argv[1], 'a'))"
)
IDENTIFIED = {"services": {name: {"instances": [{"identity": "v1"}]} for name in ("web", "api")}}


def printing(what: object) -> list[str]:
    return [*PRINT, what if isinstance(what, str) else json.dumps(what)]


def noting(file: Path, *words: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", NOTE, str(file), *words]


def noted(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def platform(
    folder: Path, limit_s: float = LIMIT_S, apps: object = None, **commands: object
) -> Platform:
    """One with these commands, given whole or as what is run."""
    given = {"identify": printing(IDENTIFIED), "roll_back": ["true"], "list": ["true"], **commands}
    tree = {
        "name": "some",
        "services": {name: {"url": f"http://{name}.example"} for name in ("web", "api")},
        "platform": {
            "name": "command",
            "apps": apps or {},
            "commands": {
                name: {"run": one} if isinstance(one, list) else one for name, one in given.items()
            },
        },
    }
    return connect(place(Environment.model_validate(tree), folder, limit_s=limit_s))


def asked(answer: Awaitable[Any]) -> Any:
    async def inside() -> Any:
        return await answer

    return asyncio.run(inside())


def identified(folder: Path, tree: object, **keys: object) -> State:
    found: State = asked(platform(folder, identify={"run": printing(tree), **keys}).identify())
    return found


def vector(**identities: str) -> Vector:
    return {name: Artifact(identity=identity) for name, identity in identities.items()}


TARGET = vector(web="w1", api="a1")


def test_what_identify_prints_is_the_state(tmp_path: Path) -> None:
    web = {
        "instances": [{"identity": "v1", "reference": "r1", "release": "2.0"}, {"identity": "v2"}],
        "serial": "7",
        "changing": True,
        "troubles": ["one is slow"],
    }
    state = identified(tmp_path, {"services": {"web": web, "api": {"instances": []}, "more": web}})
    running = state.services["web"]
    assert set(state.services) == {"web", "api"}
    assert running.artifacts == (
        Artifact(identity="v1", reference="r1", release="2.0"),
        Artifact(identity="v2", reference="v2"),
    )
    assert (running.serial, running.changing) == ("7", True)
    assert running.troubles == ("one is slow",)
    assert state.services["api"].artifacts == ()


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("", "printed no JSON: nothing"),
        ("ok", "printed no JSON: ok"),
        ([], ": what it printed: not a JSON object; right is {"),
        ({}, ": services: Field required; right is {"),
        ({"services": {"web": {"instances": [{"identity": "v"}]}}}, "nothing is said of api, only"),
        ({"services": {"web": {}}}, ": services.web.instances: Field required; right is"),
        ({"services": {"web": {"instances": None}}}, ": services.web.instances: Input should be"),
        (
            {"services": {"web": {"instances": [{"identity": ""}]}}},
            ": services.web.instances.0.identity: String should have at least 1 character; right",
        ),
        (
            {"services": {"web": {"instances": [], "changing": "no"}}},
            ": services.web.changing: Input should be a valid boolean; right is",
        ),
        (
            {"services": {"web": {"instances": [], "chnging": True}}},
            ": services.web.chnging: Extra inputs are not permitted; right is",
        ),
    ],
)
def test_what_identify_must_not_print(tmp_path: Path, printed: object, expected: str) -> None:
    with pytest.raises(PlatformError) as caught:
        identified(tmp_path, printed)
    assert str(caught.value).startswith("platform.commands.identify: `")
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ([], "what it printed: not a JSON object; right is {"),
        ({"obtainable": "yes"}, "obtainable: Input should be a valid boolean"),
        ({"obtainable": False}, "`why` goes with `obtainable: false`, and is needed there"),
        ({"obtainable": True, "why": ["gone"]}, "`why` goes with `obtainable: false`"),
        ({"why": ["gone"]}, "obtainable: Field required"),
    ],
)
def test_what_obtainable_must_not_print(tmp_path: Path, printed: object, expected: str) -> None:
    one = platform(tmp_path, obtainable=printing(printed))
    with pytest.raises(PlatformError) as caught:
        asked(one.obtainable(TARGET))
    assert str(caught.value).startswith("platform.commands.obtainable: `")
    assert expected in str(caught.value)


def test_what_is_obtainable_is_said_once(tmp_path: Path) -> None:
    no = {"obtainable": False, "why": ["the registry has lost it"]}
    assert (
        asked(platform(tmp_path, obtainable=printing({"obtainable": True})).obtainable(TARGET))
        == []
    )
    assert asked(platform(tmp_path, obtainable=printing(no)).obtainable(TARGET)) == no["why"]


def test_a_condition_alone_says_what_is_obtainable(tmp_path: Path) -> None:
    look = {"run": printing({"web": "w1", "api": "other"}), "expect": {"/{service}": "{identity}"}}
    told = asked(platform(tmp_path, obtainable=look).obtainable(TARGET))
    assert told == ["api: /api is other, not a1"]


def test_without_obtainable_the_list_decides(tmp_path: Path) -> None:
    listed = {"services": {"web": [{"identity": "w2"}, {"identity": "w1"}], "api": []}}
    told = asked(platform(tmp_path, list=printing(listed)).obtainable(TARGET))
    assert told == ["api: a1 is not listed any more"]


def test_a_target_of_other_services_is_refused_before_anything_runs(tmp_path: Path) -> None:
    one = platform(tmp_path, roll_back=noting(tmp_path / "notes"))
    strange = vector(web="w1", shop="s1")
    lines = ["shop is not deployed here", "no target for api"]
    assert asked(one.obtainable(strange)) == lines
    with pytest.raises(PlatformError, match="shop is not deployed here; no target for api"):
        asked(one.roll_back(strange))
    assert noted(tmp_path / "notes") == []
    assert asked(one.confirm(strange)) != []


def test_apps_say_which_services_are_deployed_there(tmp_path: Path) -> None:
    one = platform(tmp_path, apps={"web": "shop-web"}, roll_back=noting(tmp_path / "n", "{app}"))
    assert set(asked(one.identify()).services) == {"web"}
    asked(one.roll_back(vector(web="w1")))
    [[words, _]] = noted(tmp_path / "n")
    assert words == ["shop-web"]


def test_a_command_is_told_in_words_and_in_variables(tmp_path: Path) -> None:
    words = ("{service}/{app}", "{identity}@{reference}", "{release}", "{{app}}", "{.items}")
    one = platform(tmp_path, roll_back=noting(tmp_path / "n", *words))
    asked(
        one.roll_back(
            {
                "web": Artifact(identity="w1", reference="rw", release="2.0"),
                "api": Artifact(identity="a1", release="2.0"),
            }
        )
    )
    notes = noted(tmp_path / "n")
    assert [note[0] for note in notes] == [
        ["web/web", "w1@rw", "2.0", "{app}", "{.items}"],
        ["api/api", "a1@a1", "2.0", "{app}", "{.items}"],
    ]
    told = notes[0][1]
    assert told["VERIFY_ENVIRONMENT"] == "some"
    assert json.loads(told["VERIFY_SERVICES"]) == {"web": "web", "api": "api"}
    assert json.loads(told["VERIFY_TARGET"]) == {
        "web": {"identity": "w1", "reference": "rw", "release": "2.0"},
        "api": {"identity": "a1", "reference": "a1", "release": "2.0"},
    }


def test_what_comes_out_the_same_is_run_once(tmp_path: Path) -> None:
    asked(platform(tmp_path, roll_back=noting(tmp_path / "n")).roll_back(TARGET))
    assert len(noted(tmp_path / "n")) == 1


def test_a_question_that_comes_out_the_same_is_asked_once(tmp_path: Path) -> None:
    code = f"{NOTE}; print({json.dumps(IDENTIFIED)!r})"
    run = [sys.executable, "-I", "-S", "-c", code, str(tmp_path / "n")]
    assert asked(platform(tmp_path, identify=run).identify()).vector is not None
    assert len(noted(tmp_path / "n")) == 1


def test_each_step_of_a_rollback_tells_its_services(tmp_path: Path) -> None:
    one: Any = platform(tmp_path)
    steps: list[str] = []
    asked(replace(one, place=replace(one.place, progress=steps.append)).roll_back(TARGET))
    assert steps == ["rolling back web, api"]


@pytest.mark.parametrize("apps", [{}, {"web": "shop", "api": "shop"}])
def test_one_command_for_several_targets_is_refused(tmp_path: Path, apps: object) -> None:
    """`helm rollback shop 7` and then `helm rollback shop 8` would leave it at 8."""
    words = ("{app}" if apps else "all", "{reference}")
    one = platform(tmp_path, apps=apps, roll_back=noting(tmp_path / "n", *words))
    for refused in (one.roll_back, one.obtainable):
        with pytest.raises(PlatformError, match="is one command for several services"):
            asked(refused(TARGET))
    assert noted(tmp_path / "n") == []
    asked(one.roll_back(vector(web="7", api="7")))
    assert len(noted(tmp_path / "n")) == 1


@pytest.mark.parametrize("odd", ["--force", "a\nb", "a\0b", "\x1b[2J"])
def test_a_target_that_a_tool_could_misread_is_refused(tmp_path: Path, odd: str) -> None:
    one = platform(tmp_path, roll_back=noting(tmp_path / "n", "{service}", "{reference}"))
    target = {**TARGET, "web": Artifact(identity="w1", reference=odd)}
    with pytest.raises(PlatformError, match="web has no reference that can be given to a tool"):
        asked(one.roll_back(target))
    assert noted(tmp_path / "n") == []


def test_a_release_that_is_not_known_cannot_be_named(tmp_path: Path) -> None:
    one = platform(tmp_path, roll_back=noting(tmp_path / "n", "{service}", "{release}"))
    with pytest.raises(PlatformError, match="web has no release that can be given"):
        asked(one.roll_back(TARGET))


def test_every_service_is_rolled_back_whatever_becomes_of_one(tmp_path: Path) -> None:
    code = NOTE + "; sys.exit('refused' if sys.argv[2] == 'web' else 0)"
    run = [sys.executable, "-I", "-S", "-c", code, str(tmp_path / "n"), "{service}"]
    with pytest.raises(PlatformError, match="ended with 1\nrefused"):
        asked(platform(tmp_path, roll_back=run).roll_back(TARGET))
    assert [words for words, _ in noted(tmp_path / "n")] == [["web"], ["api"]]


def test_what_there_is_no_time_for_is_told_and_not_begun(tmp_path: Path) -> None:
    hang = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)", "{service}"]
    with pytest.raises(PlatformError) as caught:
        asked(platform(tmp_path, limit_s=0.5, roll_back=hang).roll_back(TARGET))
    assert "what it began may be half done" in str(caught.value)
    assert "api: not begun within 0.5 s" in str(caught.value)


def test_a_rollback_has_the_gates_time_and_a_question_its_own(tmp_path: Path) -> None:
    """The 60 s of a question would end `helm rollback --wait` in the middle."""
    one: Any = platform(
        tmp_path, limit_s=300, wait=["true"], list={"run": ["true"], "timeout_s": 400}
    )
    limits = {name: one._limit_s(name) for name in ("identify", "roll_back", "wait", "list")}
    assert limits == {"identify": 60, "roll_back": 300, "wait": 300, "list": 300}
    shorter: Any = platform(tmp_path, limit_s=300, roll_back={"run": ["true"], "timeout_s": 90})
    assert shorter._limit_s("roll_back") == 90


def test_a_wait_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"platform\.commands\.wait: `false` ended with 1"):
        asked(platform(tmp_path, wait=["false"]).wait())


def test_a_wait_that_lies_is_not_believed(tmp_path: Path) -> None:
    busy = {"services": {n: {"instances": [], "changing": n == "web"} for n in ("web", "api")}}
    one = platform(tmp_path, limit_s=3.0, wait=["true"], identify=printing(busy))
    with pytest.raises(PlatformError, match="still under way on web after 3 s"):
        asked(one.wait())


def test_a_wait_ends_when_nothing_is_under_way(tmp_path: Path) -> None:
    flag = tmp_path / "over"
    code = (
        "import json, os, sys; over = os.path.exists(sys.argv[1]); open(sys.argv[1], 'w');"
        "one = {'instances': [], 'changing': not over};"
        "print(json.dumps({'services': {'web': one, 'api': one}}))"
    )
    asked(platform(tmp_path, identify=[sys.executable, "-I", "-c", code, str(flag)]).wait())
    assert flag.exists()


def test_secrets_come_by_variables_and_are_not_shown(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit('login failed: ' + os.environ['SHOP_TOKEN'])"
    run = {"run": [sys.executable, "-c", code], "env": {"SHOP_TOKEN": "canary-4711"}}
    one = platform(tmp_path, identify=run, roll_back=run, obtainable=run)
    for question in (one.identify(), one.roll_back(TARGET), one.obtainable(TARGET)):
        with pytest.raises(PlatformError, match="login failed: ") as caught:
            asked(question)
        assert "canary-4711" not in str(caught.value)


def test_python_is_the_one_that_runs_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code = f"import sys; sys.stdout.write({json.dumps(IDENTIFIED)!r})"
    python = ["python", "-c", code]
    one = platform(tmp_path, identify=python, roll_back=python, list=python)
    assert asked(one.identify()).vector is not None


def test_a_missing_program_is_told_with_its_key(tmp_path: Path) -> None:
    expected = (
        r"^no-such-tool is not on the PATH; platform\.commands\.roll_back\.run needs it:"
        " install it, or name its file there$"
    )
    with pytest.raises(UsageError, match=expected):
        platform(tmp_path, roll_back=["no-such-tool", "all"])
