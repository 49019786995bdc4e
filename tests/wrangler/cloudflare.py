"""A stand-in for Cloudflare's API: what wrangler 4 asks of deployments and versions, on loopback.

Paths and shapes are those that wrangler 4.86 was seen to use; nothing else is answered.
"""

import json
import re
from dataclasses import dataclass, field

from tests.harness.server import Answer, Seen

_PATH = re.compile(
    r"/client/v4/accounts/[^/]+/workers/scripts/(?P<app>[^/?]+)/(?P<what>deployments|versions)"
    r"(?:/(?P<id>[^/?]+))?(?:\?.*)?"
)


def version(number: int) -> str:
    return f"{number:08}-0000-4000-8000-000000000000"


@dataclass
class Worker:
    """One Worker. `lies`: a deployment is accepted and not made."""

    versions: list[int]
    deployed: list[dict[str, object]]
    count: int = 1
    lies: bool = False


@dataclass
class Cloudflare:
    """All Workers of an account, and what has been asked."""

    workers: dict[str, Worker] = field(default_factory=dict)
    down: bool = False
    rubbish: bool = False

    def answer(self, seen: Seen) -> Answer:
        if self.down:
            return Answer(status=503, body=b"upstream connect error")
        if self.rubbish:
            return Answer(body=b"<html>", headers={"content-type": "text/html"})
        found = _PATH.fullmatch(seen.path)
        worker = self.workers.get(found["app"]) if found else None
        if found is None or worker is None:
            return _refused(10007, "workers.api.error.script_not_found")
        if found["what"] == "deployments":
            return self._deployments(worker, seen)
        if found["id"] is None:
            # The API tells the newest first; wrangler shows them the other way round.
            return _good({"items": [_told(each) for each in sorted(worker.versions, reverse=True)]})
        number = int(found["id"][:8])
        return _good(_told(number)) if number in worker.versions else _refused(10007, "not found")

    def _deployments(self, worker: Worker, seen: Seen) -> Answer:
        if seen.method == "POST":
            if not worker.lies:
                worker.deployed = json.loads(seen.body)["versions"]
                worker.count += 1
            return _good({"id": f"deployment-{worker.count}"})
        one = {
            "id": f"deployment-{worker.count}",
            "source": "api",
            "strategy": "percentage",
            "author_email": "someone@shop.example",
            "created_on": "2026-01-01T00:00:00Z",
            "annotations": {},
            "versions": worker.deployed,
        }
        return _good({"deployments": [one]})


def _told(number: int) -> object:
    at = f"2026-01-{number:02}T00:00:00Z"
    script = {"etag": "e", "handlers": ["fetch"], "last_deployed_from": "api"}
    return {
        "id": version(number),
        "number": number,
        "metadata": {"created_on": at, "modified_on": at, "source": "api", "author_id": "x"},
        "annotations": {"workers/triggered_by": "upload"},
        "resources": {"bindings": [], "script": script, "script_runtime": {"limits": {}}},
    }


def _good(result: object) -> Answer:
    body = {"success": True, "errors": [], "messages": [], "result": result}
    return Answer(body=json.dumps(body).encode())


def _refused(code: int, message: str) -> Answer:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return Answer(status=404, body=json.dumps(body).encode())
