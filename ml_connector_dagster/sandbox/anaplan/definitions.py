"""What a model builder made by hand: imports, processes, exports, files. Data, so that a test can plant any model."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class FileDefinition:
    """An import data source (113…) or an export's output (116…): layout and the default content, if any."""

    id: str
    name: str
    headers: list[str] = field(default_factory=list)
    separator: str = ","
    delimiter: str = '"'
    encoding: str = "UTF-8"
    decimal_separator: str = "."
    default: bytes | None = None

    def shown(self, chunk_count: int) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": self.id, "name": self.name, "chunkCount": chunk_count}
        entry |= {"delimiter": self.delimiter, "encoding": self.encoding, "firstDataRow": 2}
        return entry | {"format": "txt", "headerRow": 1, "separator": self.separator}


@dataclass
class Column:
    """Where an import's column goes.

    Exactly one of: list_field (code, name, parent, property:<name>), dimension, line_item. match is the match rule
    of a list dimension; time_format that of Time.
    """

    list_field: str = ""
    dimension: str = ""
    line_item: str = ""
    match: str = "name_or_code"
    time_format: str = "iso_date"


@dataclass
class ImportDefinition:
    """An import action (112…).

    clear: dimension -> in_file ("mapped items in source") | all ("all items"); empty = only update imported cells.
    fixed: dimension -> member set in the mapping; prompts: dimension -> entityType asked for at run time.
    duplicates: first (import the first occurrence) | reject (the entire import). dump_status: whether the failure
    dump has the `_Status_` column, which some dumps lack.
    """

    id: str
    name: str
    import_type: str
    target: str
    file: FileDefinition
    columns: dict[str, Column]
    match: str = "code"
    duplicates: str = "first"
    clear: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    prompts: dict[str, str] = field(default_factory=dict)
    dump_status: bool = True

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "importDataSourceId": self.file.id,
            "importType": self.import_type,
        }

    def metadata(self) -> dict[str, Any]:
        file = self.file
        return {
            "name": self.name,
            "type": "FILE",
            "source": {
                "textEncoding": file.encoding,
                "columnSeparator": file.separator,
                "textDelimiter": file.delimiter,
                "headerRow": 1,
                "firstDataRow": 2,
                "decimalSeparator": file.decimal_separator,
                "headerNames": file.headers,
                "columnCount": len(file.headers),
            },
        }


@dataclass
class ExportDefinition:
    """An export action (116…) over a saved view; its output file has the same id."""

    id: str
    name: str
    view_id: str
    export_type: str = "TABULAR_MULTI_COLUMN"

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "exportType": self.export_type,
            "exportFormat": "text/csv",
            "encoding": "UTF-8",
            "layout": self.export_type,
        }


@dataclass
class OtherAction:
    """An action that is no import, export or process (117…): deletes the items whose property is set."""

    id: str
    name: str
    target: str
    property: str
    action_type: str = "DELETE_BY_SELECTION"

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "actionType": self.action_type}


@dataclass
class ProcessDefinition:
    """A process (118…): actions in order, stopping at the first that fails."""

    id: str
    name: str
    actions: list[str]
