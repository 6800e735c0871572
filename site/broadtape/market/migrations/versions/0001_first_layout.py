"""The first layout of the market store.

Changes nothing that was stored before; there was nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "calendars",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("days", sa.LargeBinary(), nullable=False),
        sa.Column("closes", sa.LargeBinary(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "fetches",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
    )
    op.create_index("fetches_source", "fetches", ["source", "at"])
    op.create_table(
        "instruments",
        sa.Column("symbol", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("headquarters", sa.Text(), nullable=False),
        sa.Column("cik", sa.Text(), nullable=False),
        sa.Column("proxy_of", sa.Text(), nullable=False),
        sa.Column("inception", sa.Text()),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("rank", sa.Integer()),
        sa.Column("holds", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=False),
        sa.Column("published", sa.BigInteger()),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "bars",
        sa.Column("symbol", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("first", sa.Text(), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("adjustment", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.LargeBinary(), nullable=False),
        sa.Column("open", sa.LargeBinary()),
        sa.Column("high", sa.LargeBinary()),
        sa.Column("low", sa.LargeBinary()),
        sa.Column("close", sa.LargeBinary()),
        sa.Column("adj_close", sa.LargeBinary()),
        sa.Column("volume", sa.LargeBinary()),
        sa.Column("dividend", sa.LargeBinary()),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "bars_former",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.LargeBinary(), nullable=False),
        sa.Column("open", sa.LargeBinary()),
        sa.Column("high", sa.LargeBinary()),
        sa.Column("low", sa.LargeBinary()),
        sa.Column("close", sa.LargeBinary()),
        sa.Column("adj_close", sa.LargeBinary()),
        sa.Column("volume", sa.LargeBinary()),
        sa.Column("dividend", sa.LargeBinary()),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
    )
    op.create_index("bars_former_symbol", "bars_former", ["symbol", "source"])
    op.create_table(
        "comparisons",
        sa.Column("symbol", sa.Text(), primary_key=True),
        sa.Column("basis", sa.Text(), primary_key=True),
        sa.Column("first", sa.Text(), sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("second", sa.Text(), sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("worst_pct", sa.Float(), nullable=False),
        sa.Column("median_pct", sa.Float(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("lower", sa.Text(), nullable=False),
        sa.Column("upper", sa.Text(), nullable=False),
        sa.Column("change_bp", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("decisions_day", "decisions", ["day"])
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("events_day", "events", ["day"])
    op.create_table(
        "listings",
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("symbol", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("headquarters", sa.Text(), nullable=False),
        sa.Column("cik", sa.Text(), nullable=False),
        sa.Column("proxy_of", sa.Text(), nullable=False),
        sa.Column("inception", sa.Text()),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_table(
        "members",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("symbol", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), primary_key=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("stated", sa.BigInteger()),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("known_by", sa.Text(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("readings_series", "readings", ["series", "source", "period"])


def downgrade() -> None:
    """Refuse: a store is restored from its backup, never thinned out."""
    raise NotImplementedError("restore the backup made before the upgrade")
