"""Who asks KeyArc's services with an access token."""

import httpx

from suites.keyarc.account import Account
from suites.keyarc.auth import Auth
from suites.keyarc.keys import Keys
from suites.keyarc.visit import Visit


class Caller:
    """Its clients, each made anew: for whoever has a `visit` and a `token`."""

    visit: Visit
    token: str

    @property
    def auth(self) -> Auth[httpx.Client]:
        return Auth(self.visit.clients["auth"], self.token)

    @property
    def account(self) -> Account[httpx.Client]:
        return Account(self.visit.clients["gateway"], self.token)

    @property
    def keys(self) -> Keys[httpx.Client]:
        return Keys(self.visit.clients["gateway"], self.token)
