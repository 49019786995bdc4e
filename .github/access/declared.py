"""The files of this folder: read, checked as far as GitHub is not needed for it, and no further."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from github import GitHub, RefusedError

Json = dict[str, Any]
RULESET = {"name", "target", "enforcement", "bypass_actors", "conditions", "rules"}
ENVIRONMENT = {
    "wait_timer": int,
    "prevent_self_review": bool,
    "reviewers": list,
    "branches": list,
    "tags": list,
    "secrets": list,
}
ACTIONS = {"permissions", "selected-actions", "workflow", "fork-pr-contributor-approval"}
LABEL = {"name", "color", "description"}
# GitHub's own limits.
LONGEST_WAIT_MIN = 43_200
MOST_REVIEWERS = 6
LONGEST_DESCRIPTION = 100


class WrongFileError(Exception):
    """A file does not say what it has to; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what, as the files say it.

    Attributes:
        rulesets: By name, as GitHub takes them, but for bypass actors: those are named.
        environments: By name.
        actions: Bodies, by the end of the address that takes them.
        ids: Of the people who are named, once GitHub was asked: `team:x`, `user:y`.
    """

    rulesets: Mapping[str, Json]
    environments: Mapping[str, Json]
    actions: Mapping[str, Json]
    labels: tuple[Json, ...]
    ids: Mapping[str, int]

    def with_ids(self, github: GitHub) -> "Access":
        """The same, once everybody who is named is found.

        Raises:
            RefusedError: The repository, or somebody, is not there. Nothing was changed.
        """
        if github.get("/") is None:
            raise RefusedError(
                f"{github.repository}: there is no such repository, or not for this token; "
                "nothing was changed"
            )
        lists = [each["bypass_actors"] for each in self.rulesets.values()]
        lists += [each["reviewers"] for each in self.environments.values()]
        found: dict[str, int] = {}
        for who in sorted({named(person) for people in lists for person in people}):
            kind, _, name = who.partition(":")
            there = github.get(
                f"users/{name}" if kind == "user" else f"orgs/{github.owner}/teams/{name}"
            )
            if not isinstance(there, dict) or not isinstance(there.get("id"), int):
                raise RefusedError(f"{who}: GitHub knows nobody of that name; nothing was changed")
            found[who] = there["id"]
        return replace(self, ids=found)


def named(person: Mapping[str, Any]) -> str:
    """`team:x` or `user:y`, as it is written in files and shown."""
    return f"team:{person['team']}" if "team" in person else f"user:{person['user']}"


def read(folder: Path) -> Access:
    """What the files of a folder say.

    Raises:
        WrongFileError: With the file, and what is wrong in it.
    """
    rulesets: dict[str, Json] = {}
    for file in _files(folder / "rulesets"):
        ruleset = _ruleset(file)
        if rulesets.setdefault(ruleset["name"], ruleset) is not ruleset:
            raise WrongFileError(f"{file}: name: {ruleset['name']!r} is another ruleset's too")
    environments = {file.stem: _environment(file) for file in _files(folder / "environments")}
    actions = _load(folder / "actions.json", dict)
    _keys(folder / "actions.json", actions, ACTIONS)
    labels = _load(folder / "labels.json", list)
    for label in labels:
        _label(folder / "labels.json", label)
    return Access(
        rulesets=rulesets, environments=environments, actions=actions, labels=(*labels,), ids={}
    )


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.json"))
    if not found:
        raise WrongFileError(f"{folder}: no file there; an empty folder would protect nothing")
    return found


def _load(file: Path, kind: type) -> Any:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongFileError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise WrongFileError(f"{file}: not JSON: {error}") from None
    if not isinstance(said, kind):
        raise WrongFileError(f"{file}: has to be {'an object' if kind is dict else 'a list'}")
    return said


def _keys(file: Path, said: Any, known: "set[str] | Mapping[str, type]", where: str = "") -> None:
    if not isinstance(said, dict) or {*said} != {*known}:
        given = ", ".join(sorted(said)) if isinstance(said, dict) else type(said).__name__
        raise WrongFileError(f"{file}: {where}has to have {', '.join(sorted(known))}; has {given}")


def _ruleset(file: Path) -> Json:
    said: Json = _load(file, dict)
    _keys(file, said, RULESET)
    if said["enforcement"] != "active":
        raise WrongFileError(
            f"{file}: enforcement: {said['enforcement']!r}; only `active` protects"
        )
    rules = said["rules"]
    if not isinstance(rules, list) or not rules:
        raise WrongFileError(f"{file}: rules: none; a ruleset without rules protects nothing")
    types = [each.get("type") if isinstance(each, dict) else None for each in rules]
    if None in types or len({*types}) < len(types):
        raise WrongFileError(f"{file}: rules: each has a type, and no two the same")
    _people(file, "bypass_actors", said["bypass_actors"], {"bypass_mode"})
    return said


def _environment(file: Path) -> Json:
    said: Json = _load(file, dict)
    _keys(file, said, ENVIRONMENT)
    for key, kind in ENVIRONMENT.items():
        if type(said[key]) is not kind:
            raise WrongFileError(f"{file}: {key}: has to be {kind.__name__}, is {said[key]!r}")
    if not 0 <= said["wait_timer"] <= LONGEST_WAIT_MIN:
        raise WrongFileError(f"{file}: wait_timer: minutes, from 0 to {LONGEST_WAIT_MIN}")
    if len(said["reviewers"]) > MOST_REVIEWERS:
        raise WrongFileError(f"{file}: reviewers: at most {MOST_REVIEWERS}; a team counts as one")
    if said["prevent_self_review"] and not said["reviewers"]:
        raise WrongFileError(f"{file}: prevent_self_review: needs reviewers")
    if not said["branches"] + said["tags"]:
        raise WrongFileError(f"{file}: branches, tags: none of both; nothing could be deployed")
    _people(file, "reviewers", said["reviewers"], set())
    return said


def _people(file: Path, key: str, people: Any, more: "set[str]") -> None:
    for person in people if isinstance(people, list) else [people]:
        known = isinstance(person, dict) and {*person} in ({"team"} | more, {"user"} | more)
        if not known or not re.fullmatch(r"\w[\w.-]*", str(person.get("team", person.get("user")))):
            wanted = ", ".join(['"team": "name"', *(f'"{each}": …' for each in more)])
            raise WrongFileError(f"{file}: {key}: {person!r}; write {{{wanted}}}, or user for team")


def _label(file: Path, label: Any) -> None:
    _keys(file, label, LABEL, "each label ")
    if not re.fullmatch(r"[0-9a-f]{6}", str(label["color"])):
        raise WrongFileError(f"{file}: {label['name']}: color: six digits of 0-9 and a-f")
    if len(str(label["description"])) > LONGEST_DESCRIPTION:
        raise WrongFileError(f"{file}: {label['name']}: description: {LONGEST_DESCRIPTION} at most")
