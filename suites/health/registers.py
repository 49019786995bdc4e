"""What is written to, as registers: what each is called, and how what is in it is written down."""

from collections.abc import Mapping
from uuid import UUID

from suites.health.values import mark
from suites.keyarc.stored import Secret

PROFILE = "the display name"
ROOT = "the root"


def stored(value: str, folder: str) -> str:
    """A secret as a register has it."""
    return f"{mark(value)} in {folder}"


def seen(secret: Secret, folders: Mapping[UUID, str]) -> str:
    """A secret as it was read; `folders`: the names of those that never move."""
    return stored(secret.encrypted_value, folder_named(secret.folder_id, folders))


def folder_named(id_: UUID | None, folders: Mapping[UUID, str]) -> str:
    return ROOT if id_ is None else folders.get(id_, "no folder of ours")


def folder_of(scribe: str) -> str:
    return f"the folder of {scribe}"


def team_of(scribe: str) -> str:
    return f"the team of {scribe}"
