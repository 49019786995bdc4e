import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.check import Check, check, expect, mark_of, resource
from harness.environment import Environment
from harness.errors import ContractViolation, UsageError
from harness.plan import plan, plan_of
from harness.registry import CHECKS, Registry
from harness.suite import load
from tests.harness.verifying import environment, resources_of

ONE_CHECK = '''
from harness.check import check
@check(service="a")
async def good():
    """Good."""
'''


@pytest.fixture
def suite_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty suite named `somesuite`, importable for the length of the test."""
    folder = tmp_path / "somesuite"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "somesuite"]:
        del sys.modules[name]


def where() -> Environment:
    return environment({"a": "http://127.0.0.1:9"}).model_copy(update={"suites": ["somesuite"]})


def made(function: object, id_: str = "x") -> Check:
    mark = mark_of(function)
    assert mark is not None
    assert mark.service is not None
    assert callable(function)
    return Check(id=id_, service=mark.service, function=function)


def test_generic_checks_and_those_of_suites_are_planned(suite_folder: Path) -> None:
    (suite_folder / "some.py").write_text(ONE_CHECK)
    planned = plan(where())
    groups = {check.id.partition(".")[0] for check in planned.checks}
    assert {"health", "release", "traffic", "somesuite"} <= groups
    assert planned.left_out == 0


def test_a_selection_counts_what_it_leaves_out(suite_folder: Path) -> None:
    (suite_folder / "some.py").write_text(ONE_CHECK)
    planned, every = plan(where(), "health.*"), len(plan(where()).checks)
    assert [check.id for check in planned.checks] == ["health.a"]
    assert planned.left_out == every - 1 > 0


def test_a_selection_that_matches_nothing_lists_what_there_is(suite_folder: Path) -> None:
    (suite_folder / "some.py").write_text(ONE_CHECK)
    with pytest.raises(
        UsageError, match=r"no check matches 'x.y'; there are: .*health\.a, .*somes"
    ):
        plan(where(), "x.y")


def test_a_check_file_without_a_check_is_an_error(suite_folder: Path) -> None:
    (suite_folder / "some.py").write_text("async def forgot_the_decorator(): ...\n")
    with pytest.raises(UsageError, match=r"somesuite\.some holds no check"):
        load("somesuite")


def test_an_imported_check_does_not_count_for_the_file(suite_folder: Path) -> None:
    (suite_folder / "some.py").write_text(ONE_CHECK)
    (suite_folder / "other.py").write_text("from somesuite.some import good\n")
    with pytest.raises(UsageError, match=r"somesuite\.other holds no check"):
        load("somesuite")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("def", "SyntaxError"),
        (ONE_CHECK.replace('"""Good."""', "..."), "a docstring is needed"),
        (ONE_CHECK.replace("async ", ""), "write `async def`"),
        (ONE_CHECK.replace("good()", "good(*all)"), "cannot be filled in"),
    ],
)
def test_a_suite_that_cannot_be_imported_says_why(
    suite_folder: Path, text: str, expected: str
) -> None:
    (suite_folder / "some.py").write_text(text)
    with pytest.raises(UsageError, match=expected):
        load("somesuite")


def test_a_suite_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="no_such_suite cannot be imported"):
        load("no_such_suite")


@check(service="a")
async def needs_user(user: str) -> None:
    """Needs a user."""


@resource
async def user(account: str) -> str:
    """Needs an account."""
    return account


@resource
async def account(user: str) -> str:
    """Needs a user."""
    return user


@check(service="elsewhere")
async def of_another_system() -> None:
    """About a service that is not declared."""


def test_a_need_that_nothing_provides_is_named_before_any_traffic() -> None:
    with pytest.raises(UsageError, match=r"x needs 'user', which nothing provides; known: clean"):
        plan_of(where(), [made(needs_user)], resources={})
    with pytest.raises(UsageError, match="user needs 'account', which nothing provides"):
        plan_of(where(), [made(needs_user)], resources=resources_of(user))


def test_resources_in_a_circle_are_named() -> None:
    with pytest.raises(UsageError, match="in a circle: x → user → account → user"):
        plan_of(where(), [made(needs_user)], resources=resources_of(user, account))


def test_a_check_of_an_undeclared_service_is_named() -> None:
    with pytest.raises(UsageError, match="x is about service 'elsewhere'; declared: a"):
        plan_of(where(), [made(of_another_system)], resources={})


def test_two_checks_with_one_id_are_refused() -> None:
    twice = made(needs_user)
    with pytest.raises(UsageError, match="two checks have the id x"):
        plan_of(where(), [twice, twice], resources={})


def test_resources_that_are_needed_are_declared_below_those_that_need_them() -> None:
    @resource
    async def account() -> str:
        """An account."""
        return "a"

    planned = plan_of(where(), [made(needs_user)], resources=resources_of(user, account))
    expected = ["resource.account", "resource.user", "x"]
    assert expected == [item.id for item in planned.declared]


def test_an_unknown_plugin_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown check 'nope'; known: .*health"):
        CHECKS.load("nope")


def test_a_name_that_is_no_file_of_the_kind_is_never_imported() -> None:
    with pytest.raises(UsageError, match="unknown thing 'path'"):
        Registry("harness.checks", "thing").load("path")


def test_expect_tells_both_sides() -> None:
    expect("same", expected=1, came=1)
    with pytest.raises(ContractViolation, match="colour: expected 'red', came 'blue'"):
        expect("colour", expected="red", came="blue")
