"""Each series has terms of its own: of one source some may be public and others not.

Series stored before have their source's until they are read again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "terms",
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("series", sa.Text(), primary_key=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Refuse: a store is restored from its backup, never thinned out."""
    raise NotImplementedError("restore the backup made before the upgrade")
