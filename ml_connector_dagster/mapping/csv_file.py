"""The import file as Anaplan's file metadata asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml_connector_dagster.mapping.file_rows import FileRows


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How the file is cut: what ``importMetadata.source`` and the file's own metadata say (anaplan.md §4)."""

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
    """Write header and rows with CRLF, no BOM, plain decimals and no control characters.

    Raises:
        RecordRefused: A value cannot be written in this layout (encoding, separator without delimiter).
    """
    raise NotImplementedError
