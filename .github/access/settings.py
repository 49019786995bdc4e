"""What workflows may do, the labels that they use, and whether GitHub understands CODEOWNERS.

Source: https://docs.github.com/en/rest/actions/permissions, .../issues/labels,
    .../repos/repos#list-codeowners-errors
"""

from collections.abc import Iterator
from urllib.parse import quote

from declared import Access
from differences import Difference, unlike
from github import GitHub, Request

ROOT = "/actions/permissions"


def actions(access: Access, github: GitHub) -> Iterator[Difference]:
    """Where the permissions of Actions differ."""
    general = github.get(ROOT) or {}
    for name, wanted in access.actions.items():
        path = ROOT if name == "permissions" else f"{ROOT}/{name}"
        # Which ones are selected, GitHub tells only while a selection is what counts.
        told = name != "selected-actions" or general.get("allowed_actions") == "selected"
        if whats := [*unlike(wanted, github.get(path) if told else {})]:
            put = Request(method="PUT", path=path, body=wanted)
            yield Difference(where=f"actions {name}", what="; ".join(whats), requests=(put,))


def labels(access: Access, github: GitHub) -> Iterator[Difference]:
    """Labels that lack, or look otherwise."""
    there = {each["name"].lower(): each for each in github.items("/labels")}
    for wanted in access.labels:
        actual = there.get(wanted["name"].lower())
        if actual is None:
            request = Request(method="POST", path="/labels", body=wanted)
            whats = ["not there"]
        else:
            rest = {key: value for key, value in wanted.items() if key != "name"}
            path = f"/labels/{quote(actual['name'], safe='')}"
            request = Request(method="PATCH", path=path, body={"new_name": wanted["name"], **rest})
            whats = [*unlike(wanted, actual)]
        if whats:
            where = f"label {wanted['name']}"
            yield Difference(where=where, what="; ".join(whats), requests=(request,))


def owners(github: GitHub) -> Iterator[Difference]:
    """What GitHub finds wrong with CODEOWNERS: a line that names nobody needs nobody's review."""
    for error in (github.get("/codeowners/errors") or {}).get("errors", []):
        where = f"{error['path']}, line {error['line']}"
        what = f"{error['kind']}: {error['source']}; mend the file, or make that team"
        yield Difference(where=where, what=what)
