"""Environments: what may be deployed where, after whose yes; and whether their secrets are set.

Source: https://docs.github.com/en/rest/deployments/environments, .../branch-policies,
    https://docs.github.com/en/rest/actions/secrets
"""

from collections.abc import Iterator
from urllib.parse import quote

from declared import Access, Json, named
from differences import Difference, unlike
from github import GitHub, Request


def compared(access: Access, github: GitHub, strays: list[str]) -> Iterator[Difference]:
    """Where they differ.

    Args:
        strays: Gets what is there and in no file. It holds no secrets but its own, and they would
            be lost with it; so it is told, and left alone.
    """
    there = {each["name"]: each for each in github.items("/environments", "environments")}
    strays += [f"environment {name}" for name in there if name not in access.environments]
    for name, wanted in access.environments.items():
        where, path = f"environment {name}", f"/environments/{quote(name, safe='')}"
        shown = _shown(there.get(name, {}))
        whats = [*unlike(_looked_at(wanted), shown)]
        if whats or name not in there:
            what = "; ".join(whats) if name in there else "not there"
            put = Request(method="PUT", path=path, body=_body(access, wanted))
            yield Difference(where=where, what=what, requests=(put,))
        policies = f"{path}/deployment-branch-policies"
        # GitHub has a list of them only while they are what counts.
        own = github.items(policies, "branch_policies") if shown["patterns_alone"] else []
        yield from _patterns(where, policies, wanted, own)
        secrets = github.items(f"{path}/secrets", "secrets") if name in there else []
        for secret in sorted({*wanted["secrets"]} - {each["name"] for each in secrets}):
            by_hand = f"gh secret set {secret} --repo {github.repository} --env {name}"
            what = f"the secret {secret} is not set; by hand: {by_hand}"
            yield Difference(where=where, what=what)


def _looked_at(wanted: Json) -> Json:
    return {
        "wait_timer": wanted["wait_timer"],
        "prevent_self_review": wanted["prevent_self_review"],
        "reviewers": [named(each) for each in wanted["reviewers"]],
        "patterns_alone": True,
    }


def _shown(environment: Json) -> Json:
    """What GitHub tells as a list of rules, in the words of our files."""
    found: Json = {"wait_timer": 0, "prevent_self_review": False, "reviewers": []}
    for rule in environment.get("protection_rules", []):
        if rule["type"] == "wait_timer":
            found["wait_timer"] = rule["wait_timer"]
        elif rule["type"] == "required_reviewers":
            found["prevent_self_review"] = rule.get("prevent_self_review", False)
            found["reviewers"] = [_reviewer(each) for each in rule["reviewers"]]
    policy = environment.get("deployment_branch_policy") or {}
    return {**found, "patterns_alone": policy.get("custom_branch_policies", False)}


def _reviewer(told: Json) -> str:
    who = told["reviewer"]
    return f"team:{who['slug']}" if told["type"] == "Team" else f"user:{who['login']}"


def _body(access: Access, wanted: Json) -> Json:
    return {
        "wait_timer": wanted["wait_timer"],
        "prevent_self_review": wanted["prevent_self_review"],
        "reviewers": [
            {"type": "Team" if "team" in each else "User", "id": access.ids[named(each)]}
            for each in wanted["reviewers"]
        ],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }


def _patterns(where: str, path: str, wanted: Json, there: list[Json]) -> Iterator[Difference]:
    """What may be deployed. What lacks is added before what is too much goes."""
    declared = {("branch", each) for each in wanted["branches"]}
    declared |= {("tag", each) for each in wanted["tags"]}
    actual = {(each.get("type") or "branch", each["name"]): each["id"] for each in there}
    for kind, pattern in sorted(declared - {*actual}):
        post = Request(method="POST", path=path, body={"name": pattern, "type": kind})
        what = f"{kind} {pattern}: may not be deployed, and should"
        yield Difference(where=where, what=what, requests=(post,))
    for kind, pattern in sorted({*actual} - declared):
        drop = Request(method="DELETE", path=f"{path}/{actual[kind, pattern]}")
        what = f"{kind} {pattern}: may be deployed, and should not"
        yield Difference(where=where, what=what, requests=(drop,))
