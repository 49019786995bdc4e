"""What GitHub's documentation says of the bodies that it takes, and of how it shows them again."""

import re
from typing import Any

Json = Any
RULES: dict[str, set[str]] = {
    "deletion": set(),
    "non_fast_forward": set(),
    "required_linear_history": set(),
    "creation": set(),
    "update": set(),
    "pull_request": {
        "dismiss_stale_reviews_on_push", "require_code_owner_review", "require_last_push_approval",
        "required_approving_review_count", "required_review_thread_resolution",
    },
    "required_status_checks": {"required_status_checks", "strict_required_status_checks_policy"},
}  # fmt: skip
# What GitHub adds where it was not given.
OPTIONAL: dict[str, dict[str, Json]] = {
    "pull_request": {"allowed_merge_methods": ["merge", "squash", "rebase"],
                     "automatic_copilot_code_review_enabled": False, "required_reviewers": []},
    "required_status_checks": {"do_not_enforce_on_create": False},
}  # fmt: skip
BODIES: dict[str, dict[str, type]] = {
    r"/rulesets(/\d+)?": {
        "name": str, "target": str, "enforcement": str, "bypass_actors": list, "conditions": dict,
        "rules": list,
    },
    r"/environments/[^/]+": {
        "wait_timer": int, "prevent_self_review": bool, "reviewers": list,
        "deployment_branch_policy": dict,
    },
    r"/environments/[^/]+/deployment-branch-policies": {"name": str, "type": str},
    r"/actions/permissions": {
        "enabled": bool, "allowed_actions": str, "sha_pinning_required": bool,
    },
    r"/actions/permissions/selected-actions": {
        "github_owned_allowed": bool, "verified_allowed": bool, "patterns_allowed": list,
    },
    r"/actions/permissions/workflow": {
        "default_workflow_permissions": str, "can_approve_pull_request_reviews": bool,
    },
    r"/actions/permissions/fork-pr-contributor-approval": {"approval_policy": str},
    r"/labels(/[^/]+)?": {"name": str, "new_name": str, "color": str, "description": str},
}  # fmt: skip
ENUMERATIONS: dict[str, set[str]] = {
    "target": {"branch", "tag", "push"},
    "enforcement": {"active", "disabled", "evaluate"},
    "allowed_actions": {"all", "local_only", "selected"},
    "default_workflow_permissions": {"read", "write"},
    "type": {"branch", "tag"},
    "approval_policy": {
        "first_time_contributors_new_to_github", "first_time_contributors",
        "all_external_contributors",
    },
}  # fmt: skip


def problem(method: str, path: str, body: Json) -> str:
    """Why GitHub would not take it; empty: it would."""
    if method in ("GET", "DELETE"):
        return ""
    known = next((each for pattern, each in BODIES.items() if re.fullmatch(pattern, path)), None)
    if known is None or not isinstance(body, dict):
        return "Body should be a JSON object"
    for key, value in body.items():
        if key not in known:
            return f'"{key}" is not a permitted key.'
        if type(value) is not known[key]:
            return f"For '{key}', {value!r} is of another type."
        if key in ENUMERATIONS and value not in ENUMERATIONS[key]:
            return f"{value} is not a member of {sorted(ENUMERATIONS[key])}."
    if path.startswith("/rulesets"):
        return _ruleset_problem(body)
    policy = body.get("deployment_branch_policy")
    if policy and policy["protected_branches"] == policy["custom_branch_policies"]:
        return "protected_branches and custom_branch_policies cannot have the same value"
    return ""


def _ruleset_problem(body: Json) -> str:
    for rule in body["rules"]:
        given = {*rule.get("parameters", {})}
        needed = RULES.get(rule["type"])
        if needed is None:
            return f"Invalid rule '{rule['type']}'"
        if needed - given or given - needed - {*OPTIONAL.get(rule["type"], {})}:
            return f"Invalid rule '{rule['type']}': parameters {sorted(given)}"
    for actor in body["bypass_actors"]:
        if {*actor} != {"actor_type", "actor_id", "bypass_mode"}:
            return f"Invalid bypass actor {actor}"
    if not body["conditions"].get("ref_name", {}).get("include"):
        return "Conditions must be present"
    return ""


def filled(rule: Json) -> Json:
    """A rule as GitHub shows it: with what was left out."""
    more = OPTIONAL.get(rule["type"])
    return {**rule, "parameters": {**more, **rule["parameters"]}} if more else rule


def shown(github: Any, name: str, body: Json) -> Json:
    """An environment as GitHub shows it: rules in a list, reviewers as people."""
    rules: list[Json] = [{"id": 1, "type": "branch_policy"}]
    if body["wait_timer"]:
        rules.append({"id": 2, "type": "wait_timer", "wait_timer": body["wait_timer"]})
    if body["reviewers"]:
        rules.append({
            "id": 3,
            "type": "required_reviewers",
            "prevent_self_review": body["prevent_self_review"],
            "reviewers": [_person(github, each) for each in body["reviewers"]],
        })  # fmt: skip
    policy = body["deployment_branch_policy"]
    return {"id": 4, "name": name, "protection_rules": rules, "deployment_branch_policy": policy}


def _person(github: Any, reviewer: Json) -> Json:
    names = {number: name for name, number in {**github.teams, **github.users}.items()}
    key = "slug" if reviewer["type"] == "Team" else "login"
    return {"type": reviewer["type"], "reviewer": {key: names[reviewer["id"]], **reviewer}}
