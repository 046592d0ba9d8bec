"""What people want to be told on a schedule, each due time of it, how far each source was told, and who works on them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("told", sa.String(64), nullable=False),
        sa.Column("next_due", sa.Double),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_index("subscriptions_due", "subscriptions", ["state", "next_due"])
    op.create_index("subscriptions_owner", "subscriptions", ["owner"])
    op.create_index("subscriptions_conversation", "subscriptions", ["conversation_id"])
    _create_runs()
    op.create_table(
        "cursors",
        sa.Column("subscription_id", sa.String(32), primary_key=True),
        sa.Column("source", sa.String(128), primary_key=True),
        sa.Column("cursor", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
    )
    op.create_table(
        "executors",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("beat", sa.Double, nullable=False),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("subscription_id", sa.String(32), primary_key=True),
        sa.Column("slot", sa.String(64), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.String(64), nullable=False),
        sa.Column("again", sa.Double),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("preview", sa.Integer, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("finished", sa.Double),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("uncertain", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger),
        sa.Column("record", sa.LargeBinary),
        sa.Column("content", sa.LargeBinary),
    )
    op.create_index("runs_again", "runs", ["state", "again"])
    op.create_index("runs_owner", "runs", ["owner"])
    op.create_index("runs_due", "runs", ["due"])


def downgrade() -> None:
    for table in ("executors", "cursors", "runs", "subscriptions"):
        op.drop_table(table)
