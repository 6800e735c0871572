"""What can go wrong while collecting, as a tree; each error carries where it happened.

Decides nothing about what follows; whoever catches one records it and goes on with the next source.
"""

from __future__ import annotations


class NewswireError(Exception):
    """Any failure while collecting. Its text is one line that names what, where and what to do next."""


class SourceError(NewswireError):
    """A source as a whole cannot be read: a missing file, an unknown column, a refused table.

    `source` is its name in the settings, `path` the file or address.
    """

    def __init__(self, message: str, *, source: str, path: str) -> None:
        super().__init__(
            " ".join(f"{source}: {path}: {message}".split())
        )  # whatever a parser quotes, one line
        self.source = source
        self.path = path


class BadValue(SourceError):
    """A value that cannot be what its column says; the table is refused whole. `line` counts from 1.

    In a Parquet file, which has no lines, `line` is the row.
    """

    def __init__(self, message: str, *, source: str, path: str, line: int, column: str, value: str) -> None:
        shown = value if len(value) <= 80 else value[:77] + "..."
        super().__init__(f"line {line}, column {column}: {message}: {shown!r}", source=source, path=path)
        self.line = line
        self.column = column
        self.value = value


class Challenged(SourceError):
    """The body is a challenge, consent or block page: the site refuses this client, which does not insist."""


class Refused(SourceError):
    """The service answers that it will not: a wrong or missing key, a limit reached, an unknown symbol."""
