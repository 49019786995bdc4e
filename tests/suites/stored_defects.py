"""Ways in which what is stored can be wrong: planted in the database, and taken out again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests import postgres

EMPTY = "TRUNCATE users, teams CASCADE"
# Rules that must let a defect be: they come back when it goes.
CHECKS = {
    "secrets_one_owner": "secrets ADD CONSTRAINT secrets_one_owner"
    " CHECK (num_nonnulls(owner_user_id, owner_team_id) = 1)",
    "users_email_lower": "users ADD CONSTRAINT users_email_lower CHECK (email = lower(email))",
}


@dataclass(frozen=True)
class Stored:
    """A defect: statements that plant it, and those that take it out."""

    plant: tuple[str, ...]
    remove: tuple[str, ...]

    @contextmanager
    def planted(self, server: postgres.Server, database: str) -> Iterator[None]:
        for statement in self.plant:
            server.query(database, statement)
        try:
            yield
        finally:
            for statement in self.remove:
                server.query(database, statement)


def whenever(event: str, table: str, body: str, *, without: str | None = None) -> Stored:
    """A trigger's body, once for each row; `without`: a check that it breaks.

    Args:
        event: Such as `AFTER INSERT`.
    """
    rule = CHECKS[without] if without else ""
    drop = (f"ALTER TABLE {rule.split()[0]} DROP CONSTRAINT {without}",) if without else ()
    return Stored(
        plant=(
            *drop,
            f"CREATE FUNCTION defect() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f"CREATE TRIGGER defect {event} ON {table} FOR EACH ROW"
            " WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION defect()",
        ),
        remove=(
            f"DROP TRIGGER defect ON {table}",
            "DROP FUNCTION defect",
            EMPTY,
            *((f"ALTER TABLE {rule}",) if rule else ()),
        ),
    )


def unlinked(table: str, column: str, target: str, *, then: str = "") -> Stored:
    """A foreign key is missing, or does something else when what it leads to goes."""
    name = f"{table}_{column}_fkey"
    key = f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {target}"
    drop = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
    return Stored(
        plant=(drop, *((f"{key} ON DELETE {then}",) if then else ())),
        remove=(
            EMPTY,
            f"TRUNCATE {table}",
            *((drop,) if then else ()),
            f"{key} ON DELETE CASCADE",
        ),
    )


def kept_without_owner(column: str, target: str) -> Stored:
    """A secret stays when its owner goes, and is nobody's."""
    link = unlinked("secrets", column, target, then="SET NULL")
    return Stored(
        plant=("ALTER TABLE secrets DROP CONSTRAINT secrets_one_owner", *link.plant),
        remove=("TRUNCATE secrets", *link.remove, f"ALTER TABLE {CHECKS['secrets_one_owner']}"),
    )


DEMOTE_ALL = "UPDATE team_memberships SET role = 'member' WHERE team_id = OLD.team_id; RETURN OLD;"
COME_BACK = """
    IF EXISTS (SELECT FROM teams WHERE id = OLD.team_id) THEN
        INSERT INTO team_memberships SELECT OLD.*;
    END IF;
    RETURN OLD;
"""
INTO_ITSELF = "NEW.parent_folder_id = NEW.id; RETURN NEW;"
TWICE = """
    INSERT INTO users (email, auth_hash, encrypted_vault_key, encrypted_private_key, public_key)
    SELECT upper(NEW.email), '', '', '', ''; RETURN NEW;
"""
OLD_VALUE = "NEW.encrypted_value = OLD.encrypted_value; RETURN NEW;"


@dataclass(frozen=True)
class Planted:
    """A defect, the journey that is to find it, and part of what that says."""

    defect: Stored
    journey: str
    says: str


DEFECTS = {
    "a foreign key is missing": Planted(
        unlinked("idempotency_keys", "user_id", "users"),
        "test_a_history_leaves_no_orphan",
        "no foreign key: idempotency_keys -> users",
    ),
    "an email is taken twice": Planted(
        whenever("AFTER INSERT", "users", TWICE, without="users_email_lower"),
        "test_one_email_is_taken_once",
        "who is stored",
    ),
    "a team is without an owner": Planted(
        whenever("AFTER UPDATE OR DELETE", "team_memberships", DEMOTE_ALL),
        "test_two_owners_do_not_leave_a_team_without_one",
        "has no owner",
    ),
    "who was removed is stored as a member": Planted(
        whenever("AFTER DELETE", "team_memberships", COME_BACK),
        "test_a_member_is_in_or_out",
        "memberships",
    ),
    "a team's secret stays when the team goes": Planted(
        kept_without_owner("owner_team_id", "teams"),
        "test_nothing_comes_into_a_team_that_goes",
        "secrets.id: names",
    ),
    "a user's secret stays when the user goes": Planted(
        kept_without_owner("owner_user_id", "users"),
        "test_nothing_is_left_of_a_user_who_was_at_work",
        "secrets.id: names",
    ),
    "folders lie in a circle": Planted(
        whenever("BEFORE UPDATE", "folders", INTO_ITSELF),
        "test_folders_never_make_a_circle",
        "all of them were moved",
    ),
    "a value is of an earlier version": Planted(
        whenever(
            "BEFORE UPDATE", "secrets", "NEW.encrypted_value = OLD.encrypted_value; RETURN NEW;"
        ),
        "test_one_editor_of_a_version_wins",
        "what is stored is theirs, whole",
    ),
    "a first answer is not kept": Planted(
        whenever("BEFORE INSERT", "idempotency_keys", "RETURN NULL;"),
        "test_a_repeated_request_is_stored_once",
        "how often it is stored",
    ),
}
