"""What users of KeyArc do, each by one request, and what is right about the answer."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar
from uuid import UUID

from harness.check import expect
from harness.errors import ContractViolation
from harness.matrix.workload import Answer, Use
from suites.health.asking import Asker, judged, must_be_refusal
from suites.health.people import Person
from suites.health.values import ciphertext
from suites.keyarc.answer import Page as Listed
from suites.keyarc.answer import media_type
from suites.keyarc.auth import AccessToken, LoggedIn
from suites.keyarc.call import Call
from suites.keyarc.stored import KeptSecret, ListedSecret, NewSecret, Secret
from suites.keyarc.team import Profile, Team

T = TypeVar("T")
# What the contract allows, and what a busy machine adds: PostgreSQL away is heard within 3 s, a
# service behind the gateway that is too slow at 5 s.
MARGIN_S = 1.0
DATABASE_LIMIT_S, GATEWAY_LIMIT_S, PAGE_LIMIT_S = 3.0 + MARGIN_S, 5.0 + MARGIN_S, 2.0 + MARGIN_S
# A service that is silent altogether is given up by the edge.
EDGE_LIMIT_S = 8.0 + MARGIN_S
TAG = "read by users"


class Users:
    """One user, who does all of it.

    Args:
        who: Signed up, and logged in.
        kept: A secret of theirs, tagged so that no other is listed with it, and its ciphertext.
        team: Their only one.
    """

    def __init__(
        self, asker: Asker, who: Person, kept: tuple[KeptSecret, str], team: Team, chance: Random
    ) -> None:
        self._asker, self._who, self._chance = asker, who, chance
        self._secret, self._value = kept
        self._team = team

    @classmethod
    async def prepared(cls, asker: Asker, who: Person, chance: Random) -> "Users":
        """With what they keep, made while all is well."""
        value = ciphertext(chance)
        draft = NewSecret(
            name="kept", encrypted_value=value, type="other", tags=[TAG], owner_type="user"
        )
        secret = await who.keys.create(draft)
        team = await who.account.create_team(
            name="team", encrypted_team_key=ciphertext(chance, size_bytes=256)
        )
        return cls(asker, who, (secret, value), team, chance)

    def uses(self) -> Sequence[Use]:
        """All of them."""
        auth, account, keys = ({"auth"}, {"gateway", "account"}, {"gateway", "keys"})
        asked = [
            ("signs in", auth, self.signs_in, DATABASE_LIMIT_S),
            ("signs up again", auth, self.signs_up_again, DATABASE_LIMIT_S),
            ("renews a token", auth, self.renews_token, DATABASE_LIMIT_S),
            ("reads the profile", account, self.reads_profile, GATEWAY_LIMIT_S),
            ("changes the profile", account, self.changes_profile, GATEWAY_LIMIT_S),
            ("lists teams", account, self.lists_teams, GATEWAY_LIMIT_S),
            ("reads a secret", keys, self.reads_secret, GATEWAY_LIMIT_S),
            ("keeps a secret", keys, self.keeps_secret, GATEWAY_LIMIT_S),
            ("lists secrets", keys, self.lists_secrets, GATEWAY_LIMIT_S),
            ("opens the page", {"frontend"}, self.opens_page, PAGE_LIMIT_S),
        ]
        return [
            Use(name, frozenset(through), ask, limit_s, EDGE_LIMIT_S)
            for name, through, ask, limit_s in asked
        ]

    async def signs_in(self, limit_s: float) -> Answer:
        def is_right(came: LoggedIn) -> None:
            kept = self._who.keys_of
            expect("public key", expected=kept.public_key, came=came.public_key)
            expect("vault key", expected=kept.encrypted_vault_key, came=came.encrypted_vault_key)

        call = self._who.auth.login.call(**self._who.credentials)
        return await self._ask("auth", call, is_right, limit_s)

    async def signs_up_again(self, limit_s: float) -> Answer:
        """With an email that is taken: right is to be told so, once it was tried to write."""
        signup = self._who.auth.signup.call(**self._who.credentials, keys=self._who.keys_of)
        call = signup.refused(409)
        return await self._ask("auth", call, lambda _: None, limit_s)

    async def renews_token(self, limit_s: float) -> Answer:
        def is_right(came: AccessToken) -> None:
            # The old one is good for a while yet, should this one turn out not to be.
            expect("another token", expected=True, came=came.access_token != self._who.token)

        call = self._who.auth.refresh.call()
        return await self._ask("auth", call, is_right, limit_s)

    async def reads_profile(self, limit_s: float) -> Answer:
        return await self._ask("gateway", self._who.account.profile.call(), self._is_own, limit_s)

    async def changes_profile(self, limit_s: float) -> Answer:
        name = f"name {self._chance.getrandbits(32):08x}"

        def is_right(came: Profile) -> None:
            self._is_own(came)
            expect("display name", expected=name, came=came.display_name)

        call = self._who.account.rename.call(display_name=name)
        return await self._ask("gateway", call, is_right, limit_s)

    async def lists_teams(self, limit_s: float) -> Answer:
        def is_right(came: Listed[Team]) -> None:
            ids = [team.team_id for team in came.items]
            expect("own teams", expected=[self._team.team_id], came=ids)

        call = self._who.account.teams.call()
        return await self._ask("gateway", call, is_right, limit_s)

    async def reads_secret(self, limit_s: float) -> Answer:
        def is_right(came: Secret) -> None:
            expect("the secret asked for", expected=self._secret.id, came=came.id)
            expect("ciphertext", expected=self._value, came=came.encrypted_value)

        call = self._who.keys.secret.call(self._secret.id)
        return await self._ask("gateway", call, is_right, limit_s)

    async def keeps_secret(self, limit_s: float) -> Answer:
        name = f"kept {self._chance.getrandbits(32):08x}"
        draft = NewSecret(
            name=name,
            encrypted_value=ciphertext(self._chance),
            type="other",
            owner_type="user",
        )

        def is_right(came: KeptSecret) -> None:
            expect("name", expected=name, came=came.name)
            expect("an id of its own", expected=True, came=came.id != self._secret.id)

        call = self._who.keys.create.call(draft)
        return await self._ask("gateway", call, is_right, limit_s)

    async def lists_secrets(self, limit_s: float) -> Answer:
        def is_right(came: Listed[ListedSecret]) -> None:
            ids: list[UUID] = [secret.id for secret in came.items]
            expect("secrets of the tag", expected=[self._secret.id], came=ids)

        call = self._who.keys.secrets.call(tags=[TAG])
        return await self._ask("gateway", call, is_right, limit_s)

    async def opens_page(self, limit_s: float) -> Answer:
        call = Call(method="GET", path="/", status=200, read=lambda response: response)
        target = self._who.targets["frontend"]
        answer = await self._asker.answer(target, call, limit_s)
        if answer.status_code != call.status:
            must_be_refusal("GET /", answer)
            return "refused"
        if media_type(answer) != "text/html" or "<title>KeyArc</title>" not in answer.text:
            raise ContractViolation("GET /", expected="KeyArc's page", came=media_type(answer))
        return "served"

    def _is_own(self, came: Profile) -> None:
        expect("own email", expected=self._who.identity.email, came=came.email)

    async def _ask(
        self, service: str, call: Call[T], is_right: Callable[[T], None], limit_s: float
    ) -> Answer:
        answer = await self._asker.answer(self._who.targets[service], call, limit_s)
        return judged(call, answer, is_right)
