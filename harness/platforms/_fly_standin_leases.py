"""A stand-in, not Fly: the leases of machines, held by who changes them, for so long at a time."""

import math
import time
from urllib.parse import parse_qs, urlsplit

from harness.platforms._fly_standin_http import Answer, Asked, answer

_Machine = tuple[str, str]


class Leases:
    """By app and machine."""

    def __init__(self) -> None:
        self._held: dict[_Machine, tuple[str, float]] = {}

    def take(self, app: str, machine: str) -> None:
        """As if somebody else deployed to this machine just now, and went on doing so."""
        self._held[app, machine] = ("somebody-else", math.inf)

    def answered(self, machine: _Machine, asked: Asked) -> Answer:
        """Tells of a lease, gives one or renews it, or takes it back."""
        nonce, held = asked.headers.get("fly-machine-lease-nonce"), self._holder(machine)
        if asked.method == "GET":
            return _lease(held, 200) if held else answer({"error": "lease not found"}, 404)
        if held is not None and nonce != held:
            return answer({"error": "failed to get lease: lease currently held by another"}, 409)
        if asked.method == "DELETE":
            self._held.pop(machine, None)
            return answer({"status": "success"})
        held = held or f"nonce-{machine[1]}"
        ttl_s = float(parse_qs(urlsplit(asked.path).query).get("ttl", ["60"])[0])
        self._held[machine] = (held, time.monotonic() + ttl_s)
        return _lease(held, 201)

    def _holder(self, machine: _Machine) -> str | None:
        nonce, until_s = self._held.get(machine, (None, 0.0))
        return nonce if time.monotonic() < until_s else None


def _lease(nonce: str, status: int) -> Answer:
    lease = {"nonce": nonce, "expires_at": 4102444800, "owner": "stand-in@example.test"}
    return answer({"status": "success", "data": lease}, status)
