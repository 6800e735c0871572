"""The desk: from signals to proven prose, in pure stages; one module a stage.

Reads no files and no store: data come through a MarketView, texts go out as values.
"""
