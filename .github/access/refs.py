"""Rulesets: what may happen to branches and tags.

Source: https://docs.github.com/en/rest/repos/rules
"""

from collections.abc import Iterator

from declared import Access, Json, named
from differences import Difference, unlike
from github import GitHub, Request


def compared(access: Access, github: GitHub, strays: list[str]) -> Iterator[Difference]:
    """Where they differ.

    Args:
        strays: Gets what is there and in no file. It can loosen nothing, for of several rulesets
            the strictest counts; so it is told, and left alone.
    """
    listed = github.items("/rulesets?includes_parents=false")
    there = {each["name"]: each["id"] for each in listed}
    strays += [f"ruleset {name}" for name in there if name not in access.rulesets]
    for name, ruleset in access.rulesets.items():
        actors = [_actor(access, each) for each in ruleset["bypass_actors"]]
        body = {**ruleset, "bypass_actors": actors}
        if name not in there:
            post = Request(method="POST", path="/rulesets", body=body)
            yield Difference(where=f"ruleset {name}", what="not there", requests=(post,))
            continue
        path = f"/rulesets/{there[name]}"
        actual = github.get(f"{path}?includes_parents=false") or {}
        if whats := [*unlike(_by_type(body), _by_type(actual)), *_more(body, actual)]:
            put = Request(method="PUT", path=path, body=body)
            yield Difference(where=f"ruleset {name}", what="; ".join(whats), requests=(put,))


def _by_type(ruleset: Json) -> Json:
    """With its rules by their type, by which a difference is told."""
    rules = {each["type"]: each for each in ruleset.get("rules", [])}
    return {**ruleset, "rules": rules}


def _more(wanted: Json, actual: Json) -> Iterator[str]:
    types = {each["type"] for each in wanted["rules"]}
    for rule in actual.get("rules", []):
        if rule["type"] not in types:
            yield f"rules.{rule['type']}: there, and in no file"


def _actor(access: Access, person: Json) -> Json:
    return {
        "actor_type": "Team" if "team" in person else "User",
        "actor_id": access.ids[named(person)],
        "bypass_mode": person["bypass_mode"],
    }
