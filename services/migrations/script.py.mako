"""${message}"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
# The oldest revision of the code that this schema still serves.
OLDEST_COMPATIBLE = int(revision)


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    applied = sa.text("INSERT INTO schema_revisions VALUES (:revision, :oldest_compatible)")
    op.execute(applied.bindparams(revision=int(revision), oldest_compatible=OLDEST_COMPATIBLE))
