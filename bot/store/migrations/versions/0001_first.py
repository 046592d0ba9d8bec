"""The first schema. Written out, not taken from bot/store/tables.py: a migration stays what it was when it ran."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
UNFINISHED = sa.text("state IN ('waiting', 'working', 'sending')")


def upgrade() -> None:
    _inbox()
    _conversations()
    _people()
    op.create_table(
        "key_check",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("activity_id", sa.Text, nullable=False),
        sa.Column("activity", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("reply_id", sa.Text, nullable=False),
        sa.Column("admitted", sa.Double, nullable=False),
        sa.Column("finished", sa.Double),
        sa.UniqueConstraint("conversation_id", "activity_id", name="inbox_once"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "inbox_unfinished",
        "inbox",
        ["conversation_id", "seq"],
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )
    op.create_index("inbox_finished", "inbox", ["finished"])
    op.create_table(
        "leases",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_index("leases_owner", "leases", ["owner"])


def _conversations() -> None:
    op.create_table(
        "transcripts",
        sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("turn_id", sa.Text, nullable=False),
        sa.Column("messages", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.UniqueConstraint("conversation_id", "turn_id", name="transcripts_turn"),
    )
    op.create_index("transcripts_order", "transcripts", ["conversation_id", "seq"])
    op.create_table(
        "conversation_references",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("place", sa.String(16), nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("reference", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
    )
    op.create_index("conversation_references_person", "conversation_references", ["person_id", "place"])


def _people() -> None:
    op.create_table(
        "token_cache",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("cache", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
    )
    op.create_table(
        "pending_questions",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("question", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "inbox",
        "leases",
        "transcripts",
        "conversation_references",
        "token_cache",
        "pending_questions",
        "key_check",
    ):
        op.drop_table(table)
