"""Detectors of what happened to indices, funds and shares, one module a family; each yields signals stated by a fact.

Owns no weighing and no prose. `broadtape.desk.signals` calls them all; a detector whose data are missing is silent.
"""
