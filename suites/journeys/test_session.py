"""Signing up, logging in, and staying logged in."""

from harness.check import expect
from suites.keyarc.auth import Auth
from suites.keyarc.cryptography import LockedKeys
from suites.keyarc.keyring import Keyring
from suites.keyarc.person import Person
from suites.keyarc.problem import words
from suites.keyarc.visit import Visit


def test_an_email_is_taken_in_any_case(visit: Visit, owner: Person) -> None:
    """Nobody signs up with an email that somebody has, however it is written."""
    auth, keys = Auth(visit.clients["auth"]), LockedKeys.random()
    email = owner.identity.email.upper()
    auth.signup.refused(409, email=email, auth_hash=owner.identity.auth_hash(), keys=keys)
    found = owner.account.search(email=email)
    expect("whose it is", expected=owner.id, came=found.user_id)


def test_a_login_gives_the_keys_of_the_signup(visit: Visit, owner: Person) -> None:
    """However the email is written, the same user logs in, and unlocks the same keys."""
    session = Auth(visit.clients["auth"]).login(
        email=owner.identity.email.upper(), auth_hash=owner.identity.auth_hash()
    )
    keyring = Keyring.unlock(owner.identity.master_key(), session)
    expect("the vault key", expected=True, came=keyring.vault_key == owner.keyring.vault_key)
    expect("expires_in", expected=True, came=0 < session.expires_in <= 86_400)


def test_a_wrong_password_tells_nothing(visit: Visit, owner: Person, other: Person) -> None:
    """A wrong auth hash and an unknown email are refused in the same words."""
    auth, wrong = Auth(visit.clients["auth"]), other.identity.auth_hash()
    known = auth.login.refused(401, email=owner.identity.email, auth_hash=wrong)
    unknown = auth.login.refused(401, email="nobody@keyarc-verify.test", auth_hash=wrong)
    expect("the same words", expected=words(unknown), came=words(known))


def test_a_display_name_is_all_that_changes(owner: Person) -> None:
    """A profile's name can be changed; nothing else of it can."""
    before = owner.account.profile()
    name = owner.named("Ada")
    renamed = owner.account.rename(display_name=name)
    came = renamed.model_copy(update={"display_name": before.display_name})
    expect("all else", expected=before, came=came)
    expect("the name", expected=name, came=owner.account.profile().display_name)
