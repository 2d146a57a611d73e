"""Reads an import's source: bytes to a header and rows, the way the file's definition says."""

import csv
import io
from dataclasses import dataclass

from ml_connector_dagster.sandbox.anaplan.definitions import FileDefinition


class SourceBroken(ValueError):  # noqa: N818 - named for what happened
    """The whole source cannot be read; code is the type of the task's detail."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class SourceRows:
    """Header names and the rows under them; rows may be shorter than the header where a file was cut."""

    headers: list[str]
    rows: list[list[str]]

    def position(self, header: str) -> int | None:
        """Where a column stands; None where it is missing, which silently unmaps it."""
        return self.headers.index(header) if header in self.headers else None


def read_rows(content: bytes, definition: FileDefinition) -> SourceRows:
    """Decode and split; headerRow is 1 and firstDataRow 2. A BOM would be part of the first header."""
    try:
        text = content.decode(definition.encoding)
    except UnicodeDecodeError as broken:
        raise SourceBroken("importFailedGeneralError", f"The file is not {definition.encoding}.") from broken
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=definition.separator,
        quotechar=definition.delimiter or None,
        quoting=csv.QUOTE_MINIMAL if definition.delimiter else csv.QUOTE_NONE,
        strict=True,
    )
    try:
        rows = list(reader)
    except csv.Error as broken:
        code = "unmatchedTextDelimiter" if "end of data" in str(broken) else "columnSeparatorExpected"
        raise SourceBroken(code, str(broken)) from broken
    if not rows:
        raise SourceBroken("missingFields", "The file is empty.")
    return SourceRows(rows[0], [row for row in rows[1:] if row])
