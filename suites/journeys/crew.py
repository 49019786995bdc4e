"""Keeping secrets, alone and in a team, as a client does: encrypted before they leave.

Whatever is made here carries the run's id in its name.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from harness.check import expect
from suites.keyarc.cryptography import blob, decrypt, encrypt, new_key
from suites.keyarc.keyring import share
from suites.keyarc.person import Person
from suites.keyarc.stored import KeptSecret, NewSecret, SecretContent
from suites.keyarc.team import Member, Role

PLAINTEXT = b"sk_live_4eC39HqLyjWDarjtT1zdp7dc"


@dataclass(frozen=True)
class Crew:
    """A team, as the one who founded it has it."""

    owner: Person
    id: UUID
    key: bytes = field(repr=False)

    @classmethod
    def founded(cls, owner: Person, name: str = "crew") -> "Crew":
        key = new_key()
        sealed = share(key, owner.public_key)
        team = owner.account.create_team(name=owner.named(name), encrypted_team_key=sealed)
        return cls(owner, team.team_id, key)

    def admit(self, person: Person, role: Role = "member") -> Member:
        """Adds somebody, with the team key for them alone."""
        sealed = share(self.key, person.public_key)
        return self.owner.account.add_member(
            self.id, user=person.id, role=role, encrypted_team_key=sealed
        )

    def keep(self, by: Person | None = None, **more: Any) -> KeptSecret:
        """A secret of the team; `more`: as for `NewSecret`."""
        return (by or self.owner).keys.create(self.draft(**more))

    def draft(self, *, name: str = "stripe", **more: Any) -> NewSecret:
        """A secret of the team that is still to be kept; `more`: as for `NewSecret`."""
        owner = {"owner_type": "team", "owner_id": self.id}
        return secret(self.key, name=self.owner.named(name), **{**owner, **more})

    def roles(self) -> dict[UUID, str]:
        """Who is in it as what, as its founder sees it."""
        return {m.user_id: m.role for m in self.owner.account.team(self.id).members}

    def disband(self) -> None:
        """Deletes it. Where it has gone, or is another's by now, that is no trouble."""
        answer = self.owner.account.delete_team.answer(self.id)
        expect("the team goes", expected=True, came=answer.status_code in (204, 403, 404))


def secret(key: bytes, plaintext: bytes = PLAINTEXT, *, name: str, **more: Any) -> NewSecret:
    """A secret under this key; `more`: as for `NewSecret`."""
    told = {"name": name, "type": "api_key", "owner_type": "user"}
    return NewSecret(**{**told, "encrypted_value": encrypt(key, plaintext), **more})


def changed(person: Person, name: str = "changed", **more: Any) -> SecretContent:
    """What somebody changes a secret to; `more`: as for `SecretContent`."""
    return content(person.named(name), **more)


def content(name: str, **more: Any) -> SecretContent:
    """What a secret is changed to, under its whole name; `more`: as for `SecretContent`."""
    told = {"encrypted_value": blob(40), "type": "other", **more}
    return SecretContent(name=name, **told)


def kept(person: Person, plaintext: bytes = PLAINTEXT, **more: Any) -> KeptSecret:
    """A secret of the person's own."""
    told = {"name": person.named("stripe"), **more}
    return person.keys.create(secret(person.keyring.vault_key, plaintext, **told))


def read_own(person: Person, secret_id: UUID) -> bytes:
    """What a person reads in a secret of their own."""
    return decrypt(person.keyring.vault_key, person.keys.secret(secret_id).encrypted_value)


def read_shared(person: Person, team_id: UUID, secret_id: UUID) -> bytes:
    """What a member reads in a secret of the team, with nothing but what the server gives them."""
    team = person.account.team(team_id)
    key = person.keyring.open_team_key(team.encrypted_team_key)
    return decrypt(key, person.keys.secret(secret_id).encrypted_value)
