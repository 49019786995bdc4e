"""What `.github/access/apply` makes of a repository, and where it sees that it differs."""

import pytest

from tests.access.conftest import ENVIRONMENTS, Apply
from tests.access.stand_in import GitHub


def test_all_that_the_files_say_is_there_after_it(applied: GitHub) -> None:
    rulesets = {each["name"]: each for each in applied.rulesets.values()}
    assert {"main", "release branches", "release tags", "release managers"} == {*rulesets}
    assert [] == rulesets["main"]["bypass_actors"]
    assert [71] == [each["actor_id"] for each in rulesets["release managers"]["bypass_actors"]]
    assert {*ENVIRONMENTS} == {*applied.environments}
    assert [{"type": "Team", "id": 71}] == applied.environments["production"]["reviewers"]
    assert ("tag", "v*.*.*") == pattern(applied, "production")
    assert ("branch", "release/*") == pattern(applied, "test")
    assert applied.actions[""]["sha_pinning_required"]
    assert "read" == applied.actions["workflow"]["default_workflow_permissions"]


def pattern(github: GitHub, environment: str) -> tuple[str, str]:
    (only,) = github.policies[environment].values()
    return only["type"], only["name"]


def test_a_second_time_nothing_is_changed(applied: GitHub, apply: Apply) -> None:
    ended = apply()
    assert (0, "some-owner/some.name is as the files say\n") == (ended.code, ended.out)
    assert [] == applied.writes


@pytest.mark.parametrize(("option", "code"), [("--dry-run", 0), ("--check", 20)])
def test_looking_changes_nothing(github: GitHub, apply: Apply, option: str, code: int) -> None:
    ended = apply(option)
    assert code == ended.code
    assert "ruleset main: not there" in ended.out
    assert ("would send POST /rulesets" in ended.out) == (option == "--dry-run")
    assert "nothing was changed" in ended.out + ended.err
    assert [] == github.writes


def test_check_is_content_where_nothing_differs(applied: GitHub, apply: Apply) -> None:
    assert 0 == apply("--check").code


DRIFTS = {
    "a rule that was loosened": "rules.pull_request.parameters.required_approving_review_count: 0",
    "another check is required": "required_status_checks: context=lint+",
    "a rule that is gone": "rules.deletion.type: not told, should be deletion",
    "a rule that nobody declared": "rules.required_signatures: there, and in no file",
    "a ruleset that was turned off": "enforcement: disabled, should be active",
    "somebody who may pass by": "ruleset main: bypass_actors: ",
    "a bypass that is not shown": "bypass_actors: not told, should be none",
    "a reviewer who is gone": "reviewers: none, should be team:release-managers",
    "one's own yes counts": "prevent_self_review: false, should be true",
    "a wait that is gone": "wait_timer: 0, should be 5",
    "any branch may go to production": "patterns_alone: false, should be true",
    "one more branch may go to staging": "branch hack/*: may be deployed, and should not",
    "a tag may not go to production": "tag v*.*.*: may not be deployed, and should",
    "tokens that may write": "default_workflow_permissions: write, should be read",
    "one more action is allowed": "selected-actions: patterns_allowed: ",
    "any action is allowed": "permissions: allowed_actions: all, should be selected",
    "a label of another colour": "color: ffffff, should be",
}


def drift(github: GitHub, what: str) -> None:
    main = next(each for each in github.rulesets.values() if each["name"] == "main")
    rules = {each["type"]: each for each in main["rules"]}
    approval = github.environments["production"]
    if what == "a rule that was loosened":
        rules["pull_request"]["parameters"]["required_approving_review_count"] = 0
    elif what == "another check is required":
        rules["required_status_checks"]["parameters"]["required_status_checks"][0] = {
            "context": "lint", "integration_id": 15368,
        }  # fmt: skip
    elif what == "a rule that is gone":
        main["rules"].remove(rules["deletion"])
    elif what == "a rule that nobody declared":
        main["rules"].append({"type": "required_signatures"})
    elif what == "a ruleset that was turned off":
        main["enforcement"] = "disabled"
    elif what == "somebody who may pass by":
        main["bypass_actors"] = [{"actor_type": "User", "actor_id": 72, "bypass_mode": "always"}]
    elif what == "a bypass that is not shown":
        del main["bypass_actors"]
    elif what == "a reviewer who is gone":
        approval["reviewers"] = []
    elif what == "one's own yes counts":
        approval["prevent_self_review"] = False
    elif what == "a wait that is gone":
        approval["wait_timer"] = 0
    elif what == "any branch may go to production":
        github.environments["production"]["deployment_branch_policy"] = None
    elif what == "one more branch may go to staging":
        github.policies["staging"][9] = {"id": 9, "name": "hack/*", "type": "branch"}
    elif what == "a tag may not go to production":
        github.policies["production"].clear()
    elif what == "tokens that may write":
        github.actions["workflow"]["default_workflow_permissions"] = "write"
    elif what == "one more action is allowed":
        github.actions["selected-actions"]["patterns_allowed"].append("evil/action@*")
    elif what == "any action is allowed":
        github.actions[""]["allowed_actions"] = "all"
    elif what == "a label of another colour":
        github.labels[0]["color"] = "ffffff"


@pytest.mark.parametrize("what", DRIFTS)
def test_drift_is_told(applied: GitHub, apply: Apply, what: str) -> None:
    drift(applied, what)
    ended = apply("--check")
    assert 20 == ended.code
    assert DRIFTS[what] in ended.out


def test_drift_is_mended(applied: GitHub, apply: Apply) -> None:
    for what in DRIFTS:
        drift(applied, what)
    assert 0 == apply().code
    assert 0 == apply("--check").code


def test_what_no_file_names_is_told_and_left_alone(applied: GitHub, apply: Apply) -> None:
    applied.rulesets[7] = {"id": 7, "name": "by hand", "rules": []}
    applied.environments["github-pages"] = applied.environments["dev"]
    ended = apply()
    assert 0 == ended.code
    assert "also there, and in no file: ruleset by hand" in ended.out
    assert "also there, and in no file: environment github-pages" in ended.out
    assert [] == applied.writes


def test_a_secret_that_is_not_set_is_told_with_what_sets_it(applied: GitHub, apply: Apply) -> None:
    applied.secrets["staging"] = ["ANOTHER"]
    ended = apply()
    assert 20 == ended.code
    assert "gh secret set VERIFY_VARIABLES --repo some-owner/some.name --env staging" in ended.out
    assert [] == applied.writes


def test_an_owner_whom_github_does_not_know_is_told(applied: GitHub, apply: Apply) -> None:
    error = {"line": 4, "kind": "Unknown owner", "source": "* @keyarc/nobody"}
    applied.owner_errors = [{**error, "path": ".github/CODEOWNERS"}]
    ended = apply("--check")
    assert 20 == ended.code
    assert ".github/CODEOWNERS, line 4: Unknown owner: * @keyarc/nobody" in ended.out


@pytest.mark.parametrize("end", ["/rulesets", "/environments/production", "selected-actions"])
def test_what_github_acknowledges_and_forgets_is_seen(
    github: GitHub, apply: Apply, end: str
) -> None:
    github.secrets = {name: ["VERIFY_VARIABLES"] for name in ENVIRONMENTS}
    github.deaf_to = end
    ended = apply()
    assert 20 == ended.code


def test_everything_is_read_whatever_the_number_of_pages(applied: GitHub, apply: Apply) -> None:
    own = applied.labels
    applied.labels = [{"name": f"other-{n}", "color": "000000"} for n in range(120)] + own
    assert 0 == apply("--check").code
