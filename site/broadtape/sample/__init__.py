"""The market data shipped with the package: where they lie, what they are and where they came from.

Does not parse them: the sample newsroom loads them through the `files` source like any operator's own tables.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from broadtape.model import BroadtapeError

_HERE = Path(__file__).resolve().parent
DATA = _HERE / "data"
"""The folder that `${BROADTAPE_SAMPLE}` in the sample newsroom's settings stands for."""


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of a package that figures were carried over from; `sha256` is of that file as published."""

    package: str
    version: str
    licence: str
    file: str
    sha256: str


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One series of a shipped table: which days, how many values, on which basis, in which unit."""

    symbol: str
    quantity: str
    first: str
    last: str
    rows: int
    unit: str
    adjustment: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One shipped file; `sha256` and `bytes` are of the file as it lies in the package."""

    file: str
    sha256: str
    bytes: int
    origins: tuple[Origin, ...]
    series: tuple[Series, ...]
    treatment: str


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything `provenance.json` says."""

    about: str
    built_by: str
    tables: tuple[Table, ...]


class DamagedSample(BroadtapeError):
    """A shipped table is missing or not what provenance.json says."""


def provenance() -> Provenance:
    """What the shipped tables are, decoded from `provenance.json`."""
    return msgspec.json.decode((DATA / "provenance.json").read_bytes(), type=Provenance)


def check() -> None:
    """Compare each shipped table with its recorded digest; DamagedSample for the first that differs."""
    for table in provenance().tables:
        path = DATA / table.file
        if not path.is_file():
            raise DamagedSample(f"{path}: missing. Install the package again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != table.sha256:
            raise DamagedSample(f"{path}: not the bytes that were shipped. Install the package again.")


def content() -> Path:
    """The sample newsroom's `content/`: beside this module in a wheel, at the top of a checkout otherwise."""
    shipped = _HERE / "content"
    return shipped if shipped.is_dir() else _HERE.parents[2] / "content"
