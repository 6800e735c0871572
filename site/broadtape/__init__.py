"""Broadtape: the market page whose every number can be checked."""

__version__ = "0.1.0"
