"""Collecting: sources and parsed observations. Knows nothing of articles or Flask."""
