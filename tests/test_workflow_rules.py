"""House rules for workflows and actions that no linter has; each seen to find what was planted."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

GITHUB = Path(__file__).parents[1] / ".github"
LOCAL = ("./", "$/")
SUPERSEDED = "${{ github.event_name == 'pull_request' }}"
Tree = dict[str, Any]
Rule = Callable[[str, str, Tree], Iterator[str]]
RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """A rule gets a file's name, text and content, and tells what breaks it."""
    RULES.append(function)
    return function


def parts(tree: object) -> Iterator[Tree]:
    """Every mapping in a document, however deep."""
    if isinstance(tree, dict):
        yield tree
    if isinstance(tree, dict | list):
        for each in tree.values() if isinstance(tree, dict) else tree:
            yield from parts(each)


def steps(tree: Tree, action: str) -> Iterator[Tree]:
    """Steps that use an action."""
    yield from (each for each in parts(tree) if str(each.get("uses", "")).startswith(f"{action}@"))


def jobs(tree: Tree) -> dict[str, Tree]:
    found: dict[str, Tree] = tree.get("jobs", {})
    return found


@rule
def actions_are_pinned(name: str, text: str, tree: Tree) -> Iterator[str]:
    for action in {str(each["uses"]) for each in parts(tree) if "uses" in each}:
        pinned = rf"{re.escape(action)} # v?\d+(\.\d+)*$"
        if not action.startswith(LOCAL) and not (
            re.search(r"@[0-9a-f]{40}$", action)
            and len(re.findall(pinned, text, re.MULTILINE)) == text.count(action)
        ):
            yield f"no full commit with its version in a comment: {action}"


@rule
def no_expression_is_in_a_script(name: str, text: str, tree: Tree) -> Iterator[str]:
    for each in parts(tree):
        scripts = [each.get("run")]
        if str(each.get("uses")).startswith("actions/github-script@"):
            scripts.append(each.get("with", {}).get("script"))
        for script in scripts:
            if "${{" in str(script):
                yield f"hand this over by `env:`: {script}"


@rule
def no_failure_is_passed_over(name: str, text: str, tree: Tree) -> Iterator[str]:
    for each in parts(tree):
        if "continue-on-error" in each:
            yield f"continue-on-error: {each['continue-on-error']}"


@rule
def permissions_are_given_by_job(name: str, text: str, tree: Tree) -> Iterator[str]:
    if "jobs" in tree and tree.get("permissions") != {}:
        yield "permissions: {} is missing at the top"


@rule
def jobs_have_a_time_limit(name: str, text: str, tree: Tree) -> Iterator[str]:
    for job, each in jobs(tree).items():
        # GitHub refuses one for a job that is another workflow.
        if "uses" not in each and not isinstance(each.get("timeout-minutes"), int):
            yield f"{job} has no timeout-minutes"


@rule
def checkouts_leave_no_token(name: str, text: str, tree: Tree) -> Iterator[str]:
    for each in steps(tree, "actions/checkout"):
        if each.get("with", {}).get("persist-credentials") is not False:
            yield "a checkout without persist-credentials: false"


@rule
def artifacts_are_kept_for_so_long(name: str, text: str, tree: Tree) -> Iterator[str]:
    wanted = "30" if name == "nightly.yml" else "14"
    for each in steps(tree, "actions/upload-artifact"):
        days = str(each.get("with", {}).get("retention-days"))
        if asked := re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", days):
            given = [part[asked[1]] for part in parts(tree) if asked[1] in part]
            days = str(next((part["default"] for part in given if isinstance(part, dict)), None))
        if days != wanted:
            yield f"retention-days is {days} and not {wanted}"


@rule
def deployments_wait_for_each_other(name: str, text: str, tree: Tree) -> Iterator[str]:
    for job, each in jobs(tree).items():
        if "environment" in each and "concurrency" not in {**tree, **each}:
            yield f"{job} has an environment, and no concurrency group"


@rule
def only_superseded_pull_requests_are_cancelled(name: str, text: str, tree: Tree) -> Iterator[str]:
    for each in parts(tree):
        if "concurrency" in each:
            group = each["concurrency"]
            cancels = group.get("cancel-in-progress") if isinstance(group, dict) else None
            if cancels is not False and cancels != SUPERSEDED:
                yield f"cancel-in-progress is {cancels}: false, or {SUPERSEDED}"


def complaints(name: str, text: str) -> list[tuple[str, str]]:
    tree = yaml.safe_load(text)
    return [(each.__name__, said) for each in RULES for said in each(name, text, tree)]


def files() -> list[Path]:
    return [*sorted(GITHUB.glob("workflows/*.y*ml")), *sorted(GITHUB.glob("actions/*/action.y*ml"))]


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(GITHUB)))
def test_every_rule_is_kept(file: Path) -> None:
    assert complaints(file.name, file.read_text()) == []


SOUND = f"""\
permissions: {{}}
concurrency:
  group: one
  cancel-in-progress: false
jobs:
  one:
    environment: staging
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@{"a" * 40} # v7.0.1
        with:
          persist-credentials: false
      - uses: actions/upload-artifact@{"b" * 40} # v7.0.0
        with:
          retention-days: 14
      - uses: $/.github/actions/verify
      - env:
          NAME: ${{{{ inputs.name }}}}
        run: echo "$NAME"
"""
GITHUB_SCRIPT = (
    f"actions/github-script@{'c' * 40} # v8\n        with: {{script: '${{{{ inputs.name }}}}'}}"
)


@pytest.mark.parametrize(
    ("broken", "right", "wrong"),
    [
        (actions_are_pinned, f"{'a' * 40} # v7.0.1", "v7.0.1"),
        (actions_are_pinned, " # v7.0.1", ""),
        (actions_are_pinned, f"{'a' * 40} #", f"{'a' * 39} #"),
        (actions_are_pinned, "$/.github/actions/verify", "docker://debian:bookworm-slim"),
        (no_expression_is_in_a_script, '"$NAME"', "${{ inputs.name }}"),
        (no_expression_is_in_a_script, "$/.github/actions/verify", GITHUB_SCRIPT),
        (no_failure_is_passed_over, "timeout-minutes: 5", "$&\n    continue-on-error: true"),
        (no_failure_is_passed_over, "- env:", "- continue-on-error: false\n        env:"),
        (permissions_are_given_by_job, "permissions: {}", "permissions: {contents: read}"),
        (permissions_are_given_by_job, "permissions: {}\n", ""),
        (jobs_have_a_time_limit, "    timeout-minutes: 5\n", ""),
        (checkouts_leave_no_token, "persist-credentials: false", "persist-credentials: true"),
        (checkouts_leave_no_token, "persist-credentials: false", "fetch-depth: 0"),
        (artifacts_are_kept_for_so_long, "retention-days: 14", "retention-days: 90"),
        (artifacts_are_kept_for_so_long, "retention-days: 14", "path: evidence"),
        (artifacts_are_kept_for_so_long, "days: 14", "days: ${{ inputs.days }}"),
        (
            deployments_wait_for_each_other,
            "concurrency:\n  group: one\n  cancel-in-progress: false\n",
            "",
        ),
        (only_superseded_pull_requests_are_cancelled, "progress: false", "progress: true"),
        (only_superseded_pull_requests_are_cancelled, "  cancel-in-progress: false\n", ""),
    ],
)  # fmt: skip
def test_a_planted_breach_is_found(broken: Rule, right: str, wrong: str) -> None:
    assert complaints("one.yml", SOUND) == []
    assert SOUND.count(right) == 1
    planted = SOUND.replace(right, wrong.replace("$&", right))
    assert [name for name, _ in complaints("one.yml", planted)] == [broken.__name__]


def test_what_is_made_at_night_is_kept_for_longer() -> None:
    assert [name for name, _ in complaints("nightly.yml", SOUND)] == [
        artifacts_are_kept_for_so_long.__name__
    ]
    assert complaints("nightly.yml", SOUND.replace("days: 14", "days: 30")) == []


def test_an_action_may_let_its_caller_say_how_long_an_artifact_is_kept() -> None:
    asking = SOUND.replace("days: 14", "days: ${{ inputs.days }}")
    assert complaints("action.yml", asking + 'inputs: {days: {default: "14"}}\n') == []
    assert complaints("action.yml", asking + 'inputs: {days: {default: "90"}}\n') != []
