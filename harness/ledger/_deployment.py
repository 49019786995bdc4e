"""An entry as a Deployment of GitHub: what is sent for it, and read of it.

Source: https://docs.github.com/en/rest/deployments/deployments, .../deployments/statuses
"""

import json
from uuid import uuid4

from harness.errors import LedgerError
from harness.ledger._entry import Entry, Event
from harness.ledger._line import entry_of, line_of
from harness.model import Action

# Tells the Deployments of the ledger from others.
TASK = "keyarc-verify"
# In a payload: the entry, and what tells one that was posted twice.
_ENTRY, _KEY = "entry", "key"
# GitHub tells no limit of a payload; its other long texts end at 65,535 characters.
LONGEST = 60_000
_LONGEST_DESCRIPTION = 140
_STATES = {
    Event.DEPLOYED: "in_progress",
    Event.GO: "success",
    Event.NO_GO: "failure",
    Event.ROLLBACK_BEGUN: "in_progress",
    Event.ROLLBACK_ENDED: "success",
    Event.FORGOTTEN: "inactive",
}


def deployment_of(entry: Entry, environment: str, ref: str) -> dict[str, object]:
    """What to post.

    Raises:
        LedgerError: It would not be read again as it is, or is too long.
    """
    line = line_of(entry)
    try:
        entry_of(line, environment)
    except ValueError as problem:
        raise LedgerError(f"what was to be added {problem}") from None
    if len(line) > LONGEST:
        raise LedgerError(
            f"the entry has {len(line)} characters; up to {LONGEST} fit into a deployment"
        )
    return {
        "ref": ref,
        "task": TASK,
        "environment": environment,
        "description": _description(entry),
        "payload": {_ENTRY: line, _KEY: uuid4().hex},
        # Nothing is merged, and no commit has to be green: this notes what has happened.
        "auto_merge": False,
        "required_contexts": [],
    }


def status_of(entry: Entry) -> dict[str, object]:
    state = _STATES[entry.event]
    if entry.event is Event.ROLLBACK_ENDED and entry.action != Action.ROLLED_BACK_VERIFIED:
        state = "failure"
    # What is shown of others' deployments, and of earlier entries, stays as it is.
    return {"state": state, "description": _description(entry), "auto_inactive": False}


def entry_in(payload: object, environment: str) -> tuple[str, Entry]:
    """The entry that a payload holds, and its key.

    Raises:
        ValueError: It holds none; says why.
    """
    tree = opened(payload)
    if not isinstance(tree, dict) or not isinstance(tree.get(_ENTRY), str):
        raise ValueError("holds no entry")  # noqa: TRY004 - of a payload, not of an argument
    return str(tree.get(_KEY, tree[_ENTRY])), entry_of(tree[_ENTRY], environment)


def opened(payload: object) -> object:
    """An object; from some servers it comes as the text of one."""
    if not isinstance(payload, str):
        return payload
    try:
        read: object = json.loads(payload)
    except ValueError:
        return None
    return read


def _description(entry: Entry) -> str:
    words = f"{entry.event.replace('_', ' ')}: {entry.release}"
    if entry.target:
        words += f" to {entry.target}"
    if entry.why:
        words += f": {entry.why}"
    plain = "".join(char if char.isprintable() else " " for char in words)
    return plain[:_LONGEST_DESCRIPTION]
