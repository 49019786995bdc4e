"""A small system for trials: a page that needs an API, which needs a store and a database."""

from harness.environment import Environment

STACK = {
    "postgres": {},
    "services": {name: {"command": ["true"]} for name in ("page", "api", "store", "edge")},
}


def shop(**more: object) -> Environment:
    """The environment file of it, read; `more` goes above."""
    services = {
        "page": {"url": "http://localhost:1", "depends_on": ["api"]},
        "api": {"url": "http://localhost:2", "depends_on": ["store", "db"]},
        "store": {"url": "http://localhost:3", "visibility": "private", "depends_on": ["db"]},
        "help": {"url": "http://localhost:4"},
    }
    tree = {"name": "shop", "services": services, "stack": STACK, "policy": {"faults": True}}
    return Environment.model_validate({**tree, **more})
