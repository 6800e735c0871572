"""The market store: point-in-time tables of bars, readings, decisions and events, and views of them.

Fetches nothing by itself; docs/contracts/market-store.md describes the file. Readers that must not load
what writes import `broadtape.market.reader`.
"""

from broadtape.market.reader import Arrangement, MarketReader, Revision, StoreError
from broadtape.market.store import Counts, MarketStore
from broadtape.market.view import StoredView

__all__ = [
    "Arrangement",
    "Counts",
    "MarketReader",
    "MarketStore",
    "Revision",
    "StoreError",
    "StoredView",
]
