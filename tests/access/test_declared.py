"""The files of `.github/access` agree with the workflows that they guard, and with deployments."""

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
ACCESS = GITHUB / "access"
USES = re.compile(r"^\s*(?:- )?uses:\s*(\S+)", re.MULTILINE)
OWN = ("./", "$/")


def loaded(folder: str) -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text()) for file in (ACCESS / folder).glob("*.json")}


def workflow(name: str) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load((GITHUB / "workflows" / name).read_text())
    return read


def pipelines() -> str:
    files = [*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")]
    return "\n".join(file.read_text() for file in files)


# What an action that is used calls itself.
CALLED = {"aquasecurity/setup-trivy@*"}


def foreign() -> set[str]:
    """Patterns of actions that are neither ours nor GitHub's; one in a folder has a slash more."""
    used = {
        each.partition("@")[0] for each in USES.findall(pipelines()) if not each.startswith(OWN)
    }
    names = {each for each in used if not each.startswith(("actions/", "github/"))}
    repositories = {"/".join(each.split("/")[:2]) for each in names}
    return {f"{each}@*" for each in repositories} | {f"{each}/*" for each in repositories - names}


def test_every_action_is_pinned_as_github_demands() -> None:
    for each in USES.findall(pipelines()):
        assert each.startswith(OWN) or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each), each


def test_the_allowed_actions_are_those_that_are_used() -> None:
    actions = json.loads((ACCESS / "actions.json").read_text())
    patterns = actions["selected-actions"]["patterns_allowed"]
    assert sorted(foreign() | CALLED) == patterns


def test_the_required_check_is_a_job_of_ci() -> None:
    names = {job.get("name", key) for key, job in workflow("ci.yml")["jobs"].items()}
    for ruleset in loaded("rulesets").values():
        for rule in ruleset["rules"]:
            if rule["type"] == "required_status_checks":
                required = rule["parameters"]["required_status_checks"]
                assert {each["context"] for each in required} <= names


@pytest.mark.parametrize("target", ["branch", "tag"])
def test_all_that_is_deployed_is_protected(target: str) -> None:
    """Whoever could push what an environment takes would have its secrets."""
    kept = [each for each in loaded("rulesets").values() if each["target"] == target]
    patterns = {name for each in kept for name in each["conditions"]["ref_name"]["include"]}
    for environment in loaded("environments").values():
        for name in environment["branches" if target == "branch" else "tags"]:
            assert f"refs/{'heads' if target == 'branch' else 'tags'}/{name}" in patterns


def test_each_deployed_environment_has_its_rules() -> None:
    deployed = {
        file.stem
        for file in (ROOT / "environments").glob("*.yaml")
        if yaml.safe_load(file.read_text()).get("platform", {}).get("name") == "fly"
    }
    assert deployed == {*loaded("environments")} - {"production-gate", "release"}


def environments_of(name: str) -> set[str]:
    """Those that a workflow's jobs are of, that it hands to the gate, or lets one choose."""
    found: set[str] = set()
    for job in workflow(name)["jobs"].values():
        named = job.get("environment", "")
        found |= {named} if named and "$" not in named else set()
        given = job.get("with", {})
        found |= {given[key] for key in ("environment", "gate-environment") if key in given}
        found |= {given["env"]} if "env" in given else set()
    # YAML reads `on` as true.
    inputs = (workflow(name)[True].get("workflow_dispatch") or {}).get("inputs", {})
    return found | {*inputs.get("environment", {}).get("options", [])}


@pytest.mark.parametrize("name", ["deploy.yml", "release.yml", "rollback.yml"])
def test_workflows_know_no_other_environments(name: str) -> None:
    assert environments_of(name)
    assert environments_of(name) <= {*loaded("environments")}


def test_what_starts_a_deployment_may_be_deployed() -> None:
    pushed = workflow("deploy.yml")[True]["push"]
    allowed = loaded("environments").values()
    for branch in pushed["branches"]:
        assert any(branch in each["branches"] for each in allowed), branch
    assert pushed["tags"]
    assert any(fnmatch.fnmatch("v0.12.3", tag) for each in allowed for tag in each["tags"])


def test_a_release_tag_is_never_moved_by_anybody() -> None:
    tags = loaded("rulesets")["release-tags"]
    assert [] == tags["bypass_actors"]
    assert {"deletion", "non_fast_forward", "update"} <= {each["type"] for each in tags["rules"]}


def test_who_bypasses_a_ruleset_bypasses_one_rule() -> None:
    """A bypass is of all rules of a set."""
    for ruleset in loaded("rulesets").values():
        assert not ruleset["bypass_actors"] or len(ruleset["rules"]) == 1


def test_only_what_asks_a_person_first_holds_production() -> None:
    """The gate's environment asks nobody, and so takes no more than production itself does."""
    production, gate = (loaded("environments")[name] for name in ("production", "production-gate"))
    assert production["reviewers"]
    assert production["prevent_self_review"]
    assert [] == production["branches"]
    for key in ("branches", "tags", "secrets"):
        assert production[key] == gate[key]


def test_each_secret_that_a_workflow_names_is_known() -> None:
    known = {each for one in loaded("environments").values() for each in one["secrets"]}
    # GitHub's own; and two that nothing has to have: README.md says what is not done without.
    known |= {"GITHUB_TOKEN", "RELEASE_TOKEN", "WEBHOOK_URL"}
    assert {*re.findall(r"\bsecrets\.(\w+)", pipelines())} <= known


def test_each_label_that_is_set_is_there() -> None:
    """GitHub drops a label that it does not know from an issue that a workflow opens."""
    labels = {each["name"] for each in json.loads((ACCESS / "labels.json").read_text())}
    scripts = [file.read_text() for file in (GITHUB / "scripts").iterdir() if file.is_file()]
    assert {*re.findall(r'^LABEL = "(.+)"$', "\n".join(scripts), re.MULTILINE)} <= labels
    dependabot = yaml.safe_load((GITHUB / "dependabot.yml").read_text())
    for update in dependabot["updates"]:
        assert {*update.get("labels", ["dependencies"])} <= labels


def test_every_path_with_an_owner_is_there() -> None:
    lines = (GITHUB / "CODEOWNERS").read_text().splitlines()
    rules = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    assert ["*", "@keyarc/maintainers"] == rules[0]
    for pattern, *owners in rules:
        assert owners, pattern
        assert [*ROOT.glob(pattern.strip("/"))], pattern
