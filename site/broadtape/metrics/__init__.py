"""Metrics: named, documented, pure questions to a MarketView whose answers are Facts."""

from broadtape.metrics.filed import BadRecord, from_json, to_json

__all__ = ["BadRecord", "from_json", "to_json"]
