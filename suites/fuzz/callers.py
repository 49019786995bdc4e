"""Who asks: users that are made for it, and whatever users the requests themselves make."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests
from schemathesis import Case, Response
from schemathesis.core.failures import FailureGroup

from suites.fuzz import semantics
from suites.fuzz.documents import LEDGER, service_of
from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.person import Person, present
from suites.keyarc.visit import Visit

LEAVES, SIGNS_UP = "DELETE /account/profile", "POST /signup"


class Found(AssertionError):  # noqa: N818  a state, as the ledger has it
    """A broken promise that is not known yet: Hypothesis is to find the smallest case for it."""


@dataclass
class Callers:
    """Sends cases as somebody who may.

    Attributes:
        caller: Whose token a request has, where its operation needs one.
        guest: Another user, whom the caller can find and add.
        known: Findings that nobody need look for again.
        seed: Of the present round.
    """

    visit: Visit
    caller: Person
    guest: Person
    session: requests.Session
    known: frozenset[str] = frozenset()
    seed: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)
    _leaver: Person | None = None
    _signed_up: dict[str, str] = field(default_factory=dict)

    def ask(self, case: Case[Any]) -> None:
        """Sends a case, and has the answer looked at. What is found is in the ledger."""
        self.prepare(case)
        arguments = self.arguments(case)
        response = case.call(**arguments)
        self.after(case, response)
        with suppress(FailureGroup):
            case.validate_response(
                response, headers=arguments["headers"], transport_kwargs=arguments
            )

    def search(self, case: Case[Any]) -> None:
        """As `ask`. Raises Found: something came that is not known yet."""
        self.ask(case)
        news = LEDGER.latest - self.known
        if news:
            raise Found(", ".join(sorted(news)))

    def prepare(self, case: Case[Any]) -> None:
        """Makes a case that is to be accepted one that can be."""
        guest = {"user_id": str(self.guest.id), "email": self.guest.identity.email}
        semantics.correct(case, guest)

    def arguments(self, case: Case[Any]) -> dict[str, Any]:
        """What `case.call` takes."""
        token = self._token(case)
        return {
            "base_url": self.visit.environment.services[service_of(case)].url,
            "session": self.session,
            "headers": {"Authorization": f"Bearer {token}"} if token else None,
            "verify": self.visit.network.ca_file or True,
        }

    def _token(self, case: Case[Any]) -> str | None:
        if not case.operation.definition.raw.get("security"):
            return None
        return (self._going() if case.operation.label == LEAVES else self.caller).token

    def _going(self) -> Person:
        """Somebody who may go: a new one when the last has gone."""
        if self._leaver is None or self._leaver.is_gone:
            self._leaver = self._stack.enter_context(present(self.visit))
        return self._leaver

    def after(self, case: Case[Any], response: Response) -> None:
        """Takes note of who came and who went."""
        label = case.operation.label
        if label == LEAVES and response.status_code == 204 and self._leaver:
            self._leaver.has_left()
        if label == SIGNS_UP and response.status_code == 201 and isinstance(case.body, dict):
            self._signed_up[str(case.body["email"])] = str(case.body["auth_hash"])

    def remove_all(self) -> None:
        """Removes the users that requests have made."""
        auth = Auth(self.visit.clients["auth"])
        while self._signed_up:
            email, auth_hash = self._signed_up.popitem()
            token = auth.login(email=email, auth_hash=auth_hash).access_token
            Account(self.visit.clients["gateway"], token).leave()


@contextmanager
def calling(visit: Visit) -> Iterator[Callers]:
    """Callers, until whoever is there because of them has gone."""
    with ExitStack() as stack, requests.Session() as session:
        session.trust_env = False
        caller, guest = (stack.enter_context(present(visit)) for _ in range(2))
        callers = Callers(visit, caller, guest, session, _stack=stack)
        stack.callback(callers.remove_all)
        yield callers
