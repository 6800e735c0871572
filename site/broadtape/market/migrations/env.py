"""Alembic's entry: runs migrations on the connection that the store hands over.

Knows no database address; nothing but the store upgrades a store.
"""

from __future__ import annotations

from alembic import context

from broadtape.market.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
