"""Tables as files hold them: CSV (plain or gzip) and Parquet bytes into checked columns, vectorised.

Knows columns, lines and values; what a column means (a price, a symbol) is its caller's business.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow
from pyarrow import parquet

from newswire.errors import BadValue, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

# Bounds on hostile or mistaken input. 25 million bars are 3,000 symbols over 33 years.
MAX_FILE_BYTES = 512 * 2**20
MAX_TEXT_BYTES = 2**30
MAX_ROWS = 25_000_000
MAX_COLUMNS = 20_000
MAX_HEADER_BYTES = 4 * 2**20
_BLOCK_BYTES = 16 * 2**20

TRAILER = "File Creation Time"  # the last line of Nasdaq Trader files
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity|nan)", re.I | re.A)
_DATE = r"^\d{4}-\d{2}-\d{2}$"
# Some writers add midnight and an offset to a session's date; the local date is what they mean.
_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?(Z|[+-]\d{2}:?\d{2})?$"


@dataclass(frozen=True, slots=True)
class Where:
    """Which table is being read, for errors."""

    source: str
    path: str

    def refuse(self, message: str) -> NoReturn:
        """The table as a whole cannot be read."""
        raise SourceError(message, source=self.source, path=self.path)


@dataclass(slots=True)
class Table:
    """The wanted columns of one file. Text columns hold trimmed strings, others what Parquet typed them as.

    `header` lists every column of the file, in its order. `lines` maps a row to its line in the file.
    """

    where: Where
    header: tuple[str, ...]
    columns: dict[str, Any]  # name → pyarrow.Array, all of one length
    rows: int
    _dropped: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _first: int = 2  # the line of row 0
    trailers: list[tuple[int, str]] = field(
        default_factory=list
    )  # line and text of rows left out as trailers

    def line(self, row: int) -> int:
        """The line of the file, from 1, on which `row` stands."""
        line = row + self._first
        for dropped in self._dropped:
            if dropped > line:
                break
            line += 1
        return line

    def refuse(self, row: int, column: str, value: object, message: str) -> NoReturn:
        """A value cannot be what its column says; the table is refused whole."""
        raise BadValue(
            message,
            source=self.where.source,
            path=self.where.path,
            line=self.line(row),
            column=column,
            value=str(value),
        )

    def filter(self, keep: NDArray[np.bool_]) -> Table:
        """The rows for which `keep` is true; their lines are kept."""

        if keep.all():
            return self
        rows = np.flatnonzero(keep)
        lines = np.array([self.line(int(row)) for row in np.flatnonzero(~keep)], dtype=np.int64)
        return Table(
            self.where,
            self.header,
            {name: column.filter(pa.array(keep)) for name, column in self.columns.items()},
            len(rows),
            np.sort(np.concatenate([self._dropped, lines])),
            self._first,
            self.trailers,
        )

    def empty_rows(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Rows in which every one of the named columns is empty."""
        empty = np.ones(self.rows, dtype=bool)
        for name in names:
            column = self.columns[name]
            blank = pc.equal(column, "") if _is_text(column) else column.is_null()
            empty &= pc.fill_null(blank, True).to_numpy(zero_copy_only=False)
            if not empty.any():
                break
        return empty

    def text(self, name: str) -> list[str]:
        """The column as trimmed strings; empty where there is nothing."""
        column = self.columns[name]
        if _is_text(column):
            return ["" if value is None else value for value in column.to_pylist()]
        return ["" if value is None else str(value) for value in column.to_pylist()]

    def codes(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """The column as numbers into a list of its different trimmed strings."""

        column = self.columns[name]
        if not _is_text(column):
            column = pc.cast(column, pa.string())
        coded = pc.dictionary_encode(pc.fill_null(column, ""))
        return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()

    def days(self, name: str, *, latest: date, months: bool = False) -> NDArray[np.datetime64]:
        """The column as dates; empty, unreadable or later than `latest` refuses the table.

        With `months`, "2026-01" is the first of that month.
        """

        column = self.columns[name]
        if pa.types.is_timestamp(column.type):
            if column.type.tz is not None:
                self.where.refuse(
                    f"column {name}: instants in {column.type.tz}; write the sessions' exchange-local dates"
                )
            column = pc.cast(column, pa.date32(), safe=False)
        elif not pa.types.is_date(column.type):
            column = self._parse_days(name, column, months)
        nulls = column.is_null().to_numpy(zero_copy_only=False)
        if nulls.any():
            self.refuse(int(np.argmax(nulls)), name, "", "no date")
        days: NDArray[np.datetime64] = (
            pc.cast(column, pa.date32()).cast(pa.int32()).to_numpy().astype("datetime64[D]")
        )
        late = days > np.datetime64(latest, "D")
        if late.any():
            row = int(np.argmax(late))
            self.refuse(row, name, days[row], f"a date in the future (today is {latest.isoformat()})")
        early = days < np.datetime64("1600-01-01", "D")
        if early.any():
            row = int(np.argmax(early))
            self.refuse(row, name, days[row], "not a date of market data")
        return days

    def _parse_days(self, name: str, column: Any, months: bool) -> Any:

        if not _is_text(column):
            column = pc.cast(column, pa.string())
        text = pc.replace_substring_regex(column, _MIDNIGHT, "")
        if months:
            text = pc.replace_substring_regex(text, r"^(\d{4}-\d{2})$", r"\1-01")
        wrong = ~pc.fill_null(pc.match_substring_regex(text, _DATE), True).to_numpy(zero_copy_only=False)
        if wrong.any():
            row = int(np.argmax(wrong))
            value = column[row].as_py()
            self.refuse(row, name, value, "no date" if value == "" else "not an ISO date (2026-01-12)")
        try:
            return pc.cast(text, pa.date32())
        except pa.ArrowInvalid:
            for row, value in enumerate(text.to_pylist()):
                if value is not None and not _is_date(value):
                    self.refuse(row, name, value, "no such day")
            raise  # pragma: no cover - arrow refuses only what is no date

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as float64, NaN where empty; what is no finite number refuses the table."""

        column = self.columns[name]
        if _is_text(column):
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
        elif pa.types.is_boolean(column.type) or pa.types.is_temporal(column.type):
            self.where.refuse(f"column {name}: holds {column.type}, not numbers")
        try:
            values = pc.cast(column, pa.float64(), safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            for row, value in enumerate(column.to_pylist()):
                if value is not None and not _is_number(str(value)):
                    self.refuse(row, name, value, _no_number(str(value)))
            raise
        found: NDArray[np.float64] = values.to_numpy(zero_copy_only=False).astype(np.float64)
        infinite = np.isinf(found) | (np.isnan(found) & values.is_valid().to_numpy(zero_copy_only=False))
        # In Parquet NaN is how most writers say "none"; as a word in a text it is a mistake.
        bad = infinite if _is_text(column) else np.isinf(found)
        if bad.any():
            row = int(np.argmax(bad))
            self.refuse(row, name, column[row].as_py(), "not a finite number")
        return found


def read(
    data: bytes, where: Where, *, wanted: Sequence[str] | Callable[[Sequence[str]], Sequence[str]]
) -> Table:
    """The table in `data`: Parquet by its magic bytes, else CSV, gzip unpacked. Its structure is strict:
    a missing or repeated column, a row of another width, text that is not UTF-8 refuse it with the place.

    `wanted` names the columns to read, or chooses them from the header.
    """
    if data[:2] == b"\x1f\x8b":
        data = _unpack(data, where)
    if data[:4] == b"PAR1":
        return _read_parquet(data, where, wanted)
    return _read_csv(data, where, wanted)


# --- CSV -----------------------------------------------------------------------------------------------


def _unpack(data: bytes, where: Where) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = data
    while rest:
        reader = zlib.decompressobj(wbits=31)
        try:
            part = reader.decompress(rest, MAX_TEXT_BYTES - size + 1)
        except zlib.error as error:
            raise SourceError(
                f"damaged gzip: {error}; fetch the file again", source=where.source, path=where.path
            ) from error
        size += len(part)
        if size > MAX_TEXT_BYTES:
            where.refuse(f"unpacks to more than {MAX_TEXT_BYTES // 2**20} MB; split it into several files")
        if not reader.eof:
            where.refuse("the gzip file ends early; fetch it again")
        parts.append(part)
        rest = reader.unused_data.lstrip(b"\0")
    return b"".join(parts)


def _read_csv(
    data: bytes, where: Where, wanted: Sequence[str] | Callable[[Sequence[str]], Sequence[str]]
) -> Table:
    data = _as_utf8(data, where)
    header, delimiter = _header(data, where)
    names = _wanted(header, wanted, where)
    if not data.endswith((b"\n", b"\r")) and b"\n" not in data and b"\r" not in data:
        data += b"\n"  # arrow takes a header alone for a table only with its line's end
    odd: list[tuple[int, str]] = []
    ragged: list[Any] = []

    def handle(row: Any) -> str:
        if row.text.lstrip('"').startswith(TRAILER) or not row.text.strip(delimiter + " \t\r\n"):
            odd.append((row.number, row.text))
            return "skip"
        ragged.append(row)
        return "error"

    try:
        table = arrow.read_csv(
            pa.py_buffer(data),
            # One thread: only then does arrow know the numbers of rows that do not fit.
            read_options=arrow.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=arrow.ParseOptions(
                delimiter=delimiter, ignore_empty_lines=False, invalid_row_handler=handle
            ),
            convert_options=arrow.ConvertOptions(
                include_columns=names,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        if ragged:
            where.refuse(
                f"line {ragged[0].number}: {ragged[0].actual_columns} columns where the header has "
                f"{ragged[0].expected_columns}"
            )
        raise SourceError(
            f"not a readable CSV table: {str(error).splitlines()[0]}", source=where.source, path=where.path
        ) from error
    if table.num_rows > MAX_ROWS:
        where.refuse(f"more than {MAX_ROWS} rows; split it into several files")
    columns = {name: pc.utf8_trim_whitespace(_one(table.column(name))) for name in names}
    result = Table(
        where, tuple(header), columns, table.num_rows, np.array([n for n, _ in odd], dtype=np.int64)
    )
    result.trailers = odd
    return _drop_trailers(result, names)


def _drop_trailers(table: Table, names: Sequence[str]) -> Table:
    """Without the lines that only say when the file was made; those stay known by their line and text."""

    if not table.rows or not names:
        return table
    marks = np.zeros(table.rows, dtype=bool)
    for name in names:
        if _is_text(table.columns[name]):
            found = pc.fill_null(pc.starts_with(table.columns[name], TRAILER), False)
            marks |= found.to_numpy(zero_copy_only=False)
    if not marks.any():
        return table
    trailers = list(table.trailers)
    for row in np.flatnonzero(marks):
        cells = (table.columns[name][int(row)].as_py() for name in names)
        trailers.append(
            (table.line(int(row)), next(cell for cell in cells if (cell or "").startswith(TRAILER)))
        )
    table.trailers = trailers
    return table.filter(~marks)


def _as_utf8(data: bytes, where: Where) -> bytes:
    if len(data) > MAX_TEXT_BYTES:
        where.refuse(f"larger than {MAX_TEXT_BYTES // 2**20} MB; split it into several files")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        where.refuse("encoded as UTF-16; save it as UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        where.refuse("empty; a table needs a header line")
    if data[:1] in b"\r\n":
        where.refuse("line 1: empty; the header must be the first line")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where.refuse(f"line {line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8")
    zero = data.find(b"\0")
    if zero >= 0:
        where.refuse(f"line {data.count(bytes([10]), 0, zero) + 1}: a zero byte; this is not a text table")
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        where.refuse("holds a web page, not a table; fetch the file itself")
    return data


def _header(data: bytes, where: Where) -> tuple[list[str], str]:
    """The names in the first line and the delimiter: whichever of `, | ; tab` it has most of."""
    end = min((at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0), default=len(data))
    if end > MAX_HEADER_BYTES:
        where.refuse(f"line 1: longer than {MAX_HEADER_BYTES // 2**20} MB; this is not a header")
    first = data[:end].decode("utf-8")
    delimiter = max(",|;\t", key=first.count)
    return next(csv.reader([first], delimiter=delimiter), []), delimiter


# --- Parquet -----------------------------------------------------------------------------------------------


def _read_parquet(
    data: bytes, where: Where, wanted: Sequence[str] | Callable[[Sequence[str]], Sequence[str]]
) -> Table:
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        header = list(file.schema_arrow.names)
        if file.metadata.num_rows > MAX_ROWS:
            where.refuse(f"more than {MAX_ROWS} rows; split it into several files")
        groups = range(file.metadata.num_row_groups)
        if sum(file.metadata.row_group(one).total_byte_size for one in groups) > MAX_TEXT_BYTES:
            where.refuse(f"unpacks to more than {MAX_TEXT_BYTES // 2**20} MB; split it into several files")
        names = _wanted(header, wanted, where)
        table = file.read(columns=names)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"not a readable Parquet file: {str(error).splitlines()[0]}", source=where.source, path=where.path
        ) from error
    columns: dict[str, Any] = {}
    for name in names:
        column = _one(table.column(name))
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
            where.refuse(f"column {name}: holds {column.type}; a table needs text, numbers or dates")
        if pa.types.is_null(column.type):
            column = column.cast(pa.string())
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        columns[name] = pc.utf8_trim_whitespace(column) if _is_text(column) else column
    result = Table(where, tuple(header), columns, table.num_rows, _first=1)
    return _drop_trailers(result, names)


# --- both -----------------------------------------------------------------------------------------------


def _wanted(
    header: Sequence[str], wanted: Sequence[str] | Callable[[Sequence[str]], Sequence[str]], where: Where
) -> list[str]:
    if len(header) > MAX_COLUMNS:
        where.refuse(f"{len(header)} columns, more than {MAX_COLUMNS}; split it into several files")
    seen: set[str] = set()
    for name in header:
        if name in seen:
            where.refuse(f"line 1: the column {name!r} stands twice")
        seen.add(name)
    names = list(dict.fromkeys(wanted(header) if callable(wanted) else wanted))
    for name in names:
        if name not in seen:
            has = ", ".join(header[:12]) + (" …" if len(header) > 12 else "")
            where.refuse(f"line 1: no column {name!r}; the file has {has}")
    return names


def _one(column: Any) -> Any:
    """A chunked column as a single array."""

    if column.num_chunks == 0:
        return pa.array([], type=column.type)
    if column.num_chunks > 1 and pa.types.is_string(column.type):  # 32-bit offsets end at 2 GB
        column = column.cast(pa.large_string())
    return pa.concat_arrays(column.chunks)


def _is_text(column: Any) -> bool:

    kind = column.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(text: str) -> bool:
    """Whether arrow reads it as one: plain ASCII, no underscores, no hexadecimal."""
    return _NUMBER.fullmatch(text) is not None


def _no_number(text: str) -> str:
    """Why a text is none, where that is plain."""
    if re.fullmatch(r"[+-]?[\d.]*\d,\d+", text, re.A):
        return "not a number (write 10.5 and 1234, without commas)"
    if text.casefold() in ("n/a", "na", "null", "none", "-", ".", "#n/a"):
        return "not a number (leave the cell empty where there is none)"
    return "not a number"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def decimals(values: NDArray[np.float64], *, most: int = 4, otherwise: int = 2) -> int:
    """The fewest decimals that print every value exactly, at most `most`; `otherwise` for float noise.

    Where `otherwise` would leave less than two digits of the smallest, as many as show four of it.
    """
    finite = values[np.isfinite(values)]
    for count in range(most + 1):
        if np.allclose(finite, np.round(finite, count), rtol=1e-12, atol=1e-9):
            return count
    smallest = float(np.min(np.abs(finite[finite != 0]), initial=np.inf))
    if smallest >= 10.0 ** (1 - otherwise):
        return otherwise
    return 3 - math.floor(math.log10(smallest))


def parse_instant(text: str) -> datetime | date | None:
    """An ISO date, or an ISO date and time; None when it is neither."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None
