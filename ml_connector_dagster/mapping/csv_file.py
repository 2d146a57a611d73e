"""The import file, cut as Anaplan's file metadata asks for it (anaplan.md §4, §8.6)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import RecordRefused, SettingWrong
from ml_connector_dagster.ledger.money import plain
from ml_connector_dagster.mapping.file_rows import AMOUNT, FileRows
from ml_connector_dagster.mapping.member_text import clean

if TYPE_CHECKING:
    from decimal import Decimal

    import pyarrow as pa

END_OF_LINE = "\r\n"
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How a file is cut. A plan's is the default; what is sent is cut as the import's data source asks."""

    separator: str = ","
    delimiter: str = '"'
    """Text qualifier, doubled inside a text; empty where the file has none, and then a value with a separator is refused."""
    encoding: str = "UTF-8"
    decimal_separator: str = "."


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file on disk, its size and its SHA-256 (hex)."""

    path: Path
    rows: int
    """Without the header."""
    sha256: str
    size_bytes: int


def write_csv(path: Path, rows: FileRows) -> WrittenFile:
    """Write what ``mapping`` answered: commas, double quotes, UTF-8 without a byte order mark, CRLF, plain decimals.

    An existing file is replaced; control characters become a space, so that each line break ends a row.
    """
    return _write(path, _pieces(rows), CsvLayout())


def write_rows(path: Path, rows: Iterable[Sequence[str]], layout: CsvLayout) -> WrittenFile:
    """Write rows of text, the header first, cut as the layout says.

    Raises:
        RecordRefused: A value cannot be written in this layout: a character that its encoding has not, or a separator where
            the file has no delimiter.
        SettingWrong: The layout itself cannot be written.
    """
    check_layout(layout)
    return _write(path, _batched(rows), layout)


def recut_csv(source: Path, was: CsvLayout, path: Path, layout: CsvLayout, numbers: Iterable[str]) -> WrittenFile:
    """Write a file again, cut as another layout says; row for row and text for text the same.

    Args:
        source: A file that this module wrote.
        was: How it is cut.
        path: Where the new one goes.
        layout: How the new one is cut.
        numbers: The columns whose decimal separator is the layout's.

    Raises:
        RecordRefused: As for ``write_rows``.
        SettingWrong: As for ``write_rows``.
    """
    with source.open(encoding=was.encoding, newline="") as file:
        return write_rows(path, with_decimals(read_rows(file, was), was, layout, frozenset(numbers)), layout)


def read_rows(lines: Iterable[str], layout: CsvLayout) -> Iterator[list[str]]:
    """Yield the rows of a file that this module wrote, the header first."""
    return csv.reader(
        lines,
        delimiter=layout.separator,
        quotechar=layout.delimiter or None,
        quoting=csv.QUOTE_MINIMAL if layout.delimiter else csv.QUOTE_NONE,
    )


def with_decimals(
    rows: Iterator[list[str]], was: CsvLayout, layout: CsvLayout, numbers: frozenset[str]
) -> Iterator[list[str]]:
    """Yield the rows, the header first, with the decimal separator of another layout in the columns that hold numbers."""
    header = next(rows, [])
    yield header
    at = [index for index, name in enumerate(header) if name in numbers]
    for row in rows:
        for index in at:
            row[index] = row[index].replace(was.decimal_separator, layout.decimal_separator)
        yield row


def check_layout(layout: CsvLayout) -> None:
    """Refuse a layout in which no file of ours can be written.

    Raises:
        SettingWrong: Says what is wrong with it.
    """
    wrong = "; ".join(_wrong_with(layout))
    if wrong:
        raise SettingWrong(
            f"The import's data source in Anaplan {wrong}.",
            "Its columns or characters could not be told apart, so no file is written.",
            "Let the model builder make the import over a sample file that ml-connector kit writes.",
            setting="import",
        )


def _wrong_with(layout: CsvLayout) -> Iterator[str]:
    try:
        if "".encode(layout.encoding):
            yield f"is in {layout.encoding!r}, which begins with a byte order mark"
    except LookupError:
        yield f"is in {layout.encoding!r}, which is no known encoding"
    if len(layout.separator) != 1 or layout.separator.isalnum() or layout.separator in "-+\r\n":
        yield f"separates columns by {layout.separator!r}"
    if len(layout.delimiter) > 1 or layout.delimiter == layout.separator:
        yield f"puts {layout.delimiter!r} round texts and {layout.separator!r} between columns"
    if layout.decimal_separator not in (".", ",") or layout.decimal_separator == layout.separator:
        yield f"has the decimal separator {layout.decimal_separator!r} and separates columns by {layout.separator!r}"


def _write(path: Path, pieces: Iterator[list[Sequence[str]]], layout: CsvLayout) -> WrittenFile:
    digest = hashlib.sha256()
    written = size = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for lines in pieces:
            piece = _encoded(lines, layout)
            digest.update(piece)
            size += file.write(piece)
            written += len(lines)
    return WrittenFile(path, written - 1, digest.hexdigest(), size)


def _pieces(rows: FileRows) -> Iterator[list[Sequence[str]]]:
    yield [[clean(name) for name in rows.header]]
    for table in rows.batches():
        columns = [_texts(table, name, rows) for name in rows.header]
        yield list(zip(*columns, strict=True))


def _batched(rows: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    left = iter(rows)
    while batch := list(islice(left, _ROWS_AT_ONCE)):
        yield batch


def _texts(table: pa.Table, name: str, rows: FileRows) -> list[str]:
    if name != rows.amount_column:
        encoded = table.column(name).combine_chunks().dictionary_encode()
        texts = [clean(text) for text in encoded.dictionary.to_pylist()]
        return [texts[index] for index in encoded.indices.to_pylist()]
    return [_number(amount) for amount in table.column(AMOUNT).to_pylist()]


def _number(amount: Decimal) -> str:
    """Write every cent and nothing more: no trailing zeros beyond two places, no exponent, no thousands separator."""
    whole, _, places = plain(amount).partition(".")
    places = places.rstrip("0").ljust(2, "0") if places.strip("0") else ""
    return f"{whole}.{places}" if places else whole


def _encoded(lines: list[Sequence[str]], layout: CsvLayout) -> bytes:
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=layout.separator,
        quotechar=layout.delimiter or None,
        quoting=csv.QUOTE_MINIMAL if layout.delimiter else csv.QUOTE_NONE,
        lineterminator=END_OF_LINE,
    )
    try:
        writer.writerows(lines)
        return text.getvalue().encode(layout.encoding)
    except csv.Error:
        raise _refused(_first_with(layout.separator, lines), layout) from None
    except UnicodeEncodeError as error:
        raise _refused(_first_with(error.object[error.start], lines), layout) from None


def _first_with(character: str, lines: list[Sequence[str]]) -> str:
    return next(value for line in lines for value in line if character in value)


def _refused(value: str, layout: CsvLayout) -> RecordRefused:
    return RecordRefused(
        f"{value!r} cannot be written with separator {layout.separator!r}, delimiter {layout.delimiter!r} in {layout.encoding}.",
        "The row that carries it would be torn or garbled, so no file was written.",
        "Let the model builder make the import over a UTF-8 file with a text delimiter, or change the name in the books.",
    )
