"""What is told: stories, filings, companies and what they filed, forecasts, notices, quotes in passing.

Rows of lists remember the address that gave them, for sources that have several; nothing stored before changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and add the column."""
    for table in ("listings", "members", "decisions", "events"):
        op.add_column(table, sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "quotes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("previous_close", sa.Text()),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("quotes_symbol", "quotes", ["symbol", "at"])
    op.create_table(
        "stories",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("published", sa.BigInteger()),
        sa.Column("updated", sa.BigInteger()),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("quotes", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("stories_known", "stories", ["known_at"])
    op.create_index("stories_uid", "stories", ["source", "uid"])
    op.create_table(
        "story_links",
        sa.Column("story", sa.Integer(), sa.ForeignKey("stories.id"), primary_key=True),
        sa.Column("symbol", sa.Text(), primary_key=True),
        sa.Column("how", sa.Text(), nullable=False),
    )
    op.create_index("story_links_symbol", "story_links", ["symbol"])
    op.create_table(
        "filings",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("accession", sa.Text(), nullable=False),
        sa.Column("cik", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("filed", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("period", sa.Text()),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("filings_at", "filings", ["at"])
    op.create_index("filings_cik", "filings", ["cik", "at"])
    op.create_index("filings_key", "filings", ["accession", "cik"])
    op.create_table(
        "companies",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("cik", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("symbols", sa.Text(), nullable=False),
        sa.Column("former", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip_code", sa.Text(), nullable=False),
        sa.Column("sic", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("companies_cik", "companies", ["cik", "source"])
    op.create_table(
        "company_facts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("cik", sa.Text(), nullable=False),
        sa.Column("concept", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("end", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("accession", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("company_facts_key", "company_facts", ["cik", "concept", "end"])
    op.create_table(
        "forecasts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("periods", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("forecasts_place", "forecasts", ["place", "issued"])
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.Text(), sa.ForeignKey("sources.name"), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger()),
        sa.Column("ends", sa.BigInteger()),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("retrieved", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger()),
    )
    op.create_index("notices_place", "notices", ["place", "source", "uid"])


def downgrade() -> None:
    """Refuse: a store is restored from its backup, never thinned out."""
    raise NotImplementedError("restore the backup made before the upgrade")
