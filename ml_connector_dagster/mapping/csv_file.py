"""The import file, cut as Anaplan's file metadata asks for it (anaplan.md §4, §8.6)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How the file is cut: what ``importMetadata.source`` and the file's own metadata say."""

    separator: str = ","
    delimiter: str = '"'
    """Text qualifier; empty where the file has none, and then a value with a separator in it is refused."""
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


def write_csv(path: Path, rows: FileRows, layout: CsvLayout | None = None) -> WrittenFile:
    """Write header and rows with CRLF, no byte order mark, plain decimals, and no control characters.

    Args:
        path: Where; an existing file is replaced.
        rows: What ``mapping`` answered.
        layout: Of the import's file; by default comma, double quote, UTF-8.

    Raises:
        RecordRefused: A value cannot be written in this layout: a character that its encoding has not, or a separator where
            the file has no delimiter.
        SettingWrong: The layout itself cannot be written.
    """
    layout = layout or CsvLayout()
    _check(layout)
    digest = hashlib.sha256()
    written = size = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for lines in _pieces(rows, layout):
            piece = _encoded(lines, layout)
            digest.update(piece)
            size += file.write(piece)
            written += len(lines)
    return WrittenFile(path, written - 1, digest.hexdigest(), size)


def _pieces(rows: FileRows, layout: CsvLayout) -> Iterator[list[Sequence[str]]]:
    yield [[clean(name) for name in rows.header]]
    for table in rows.batches():
        columns = [_texts(table, name, rows, layout) for name in rows.header]
        yield list(zip(*columns, strict=True))


def _texts(table: pa.Table, name: str, rows: FileRows, layout: CsvLayout) -> list[str]:
    if name != rows.amount_column:
        encoded = table.column(name).combine_chunks().dictionary_encode()
        texts = [clean(text) for text in encoded.dictionary.to_pylist()]
        return [texts[index] for index in encoded.indices.to_pylist()]
    return [_number(amount, layout) for amount in table.column(AMOUNT).to_pylist()]


def _number(amount: Decimal, layout: CsvLayout) -> str:
    """Write every cent and nothing more: no trailing zeros beyond two places, no exponent, no thousands separator."""
    whole, _, places = plain(amount).partition(".")
    places = places.rstrip("0").ljust(2, "0") if places.strip("0") else ""
    return f"{whole}{layout.decimal_separator}{places}" if places else whole


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
        "Ask the model builder for a file with a text delimiter in UTF-8, or change the name in the accounting system.",
    )


def _check(layout: CsvLayout) -> None:
    try:
        "".encode(layout.encoding)
    except LookupError:
        raise SettingWrong(
            f"The encoding {layout.encoding!r} of the Anaplan file is not known.",
            "The file cannot be written.",
            "Ask the model builder for a UTF-8 file.",
        ) from None
    if len(layout.separator) != 1 or layout.separator == layout.decimal_separator:
        raise SettingWrong(
            f"The Anaplan file has separator {layout.separator!r} and decimal separator {layout.decimal_separator!r}.",
            "Columns could not be told apart.",
            "Ask the model builder for a file with another separator.",
        )
