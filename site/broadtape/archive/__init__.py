"""The archive: filed articles on disk and the catalogue that readers read.

Imports nothing itself, so that a reader can import `broadtape.archive.catalogue` without YAML or Markdown.
"""
