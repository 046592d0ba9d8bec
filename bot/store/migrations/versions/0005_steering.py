"""What people changed about their digests with the buttons under them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "steering",
        sa.Column("subscription_id", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.Double),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_index("steering_owner", "steering", ["owner"])


def downgrade() -> None:
    op.drop_table("steering")
