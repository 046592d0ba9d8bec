"""A key for each person, the audit's chains, erasures that every process hears of, retention's own record, and who has left."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "person_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("person_id", sa.Text, unique=True),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("who", sa.LargeBinary),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("erased", sa.Double),
    )
    op.create_index("person_keys_who", "person_keys", ["who"])
    op.create_table(
        "erasures",
        sa.Column("seq", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("person", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sweeps",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("last", sa.Double, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "leavers",
        sa.Column("person_id", sa.Text, primary_key=True),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )
    op.create_index("leavers_since", "leavers", ["since"])
    _chains()


def _chains() -> None:
    """Rows that are there already are chained when the database is opened: that takes a key."""
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("anchor", sa.LargeBinary, nullable=False),
        sa.Column("anchor_mac", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
    )
    op.add_column("audit", sa.Column("chain", sa.String(32), nullable=False, server_default=""))
    op.add_column("audit", sa.Column("number", sa.BigInteger, nullable=False, server_default="0"))
    for name in ("salt", "private", "seal"):
        op.add_column("audit", sa.Column(name, sa.LargeBinary))
    op.create_index("audit_chain", "audit", ["chain", "number"])


def downgrade() -> None:
    """What was written under a person's key stays unreadable to the older version (docs/security.md)."""
    op.drop_index("audit_chain", "audit")
    for name in ("seal", "private", "salt", "number", "chain"):
        op.drop_column("audit", name)
    for table in ("audit_heads", "leavers", "sweeps", "erasures", "person_keys"):
        op.drop_table(table)
