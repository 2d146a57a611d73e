"""Which columns of a document's or a line's row say what it is: read back from the model, they say whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml_connector_dagster.mapping.columns import PERIOD, columns_of, record_column
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.previous import telling_apart
from ml_connector_dagster.mapping.targets import ModuleTarget


@dataclass(frozen=True, slots=True)
class DocumentColumns:
    """A file's columns at document and line grain, by what they are for."""

    key: str
    """Tells rows apart: the list's own member."""
    record: str
    """Names the document."""
    whose: tuple[str, ...]
    """Say company and month: constants, the period, the document's date."""
    dates: tuple[str, ...]
    texts: tuple[str, ...]
    """Every column but the amount."""

    @classmethod
    def of(cls, target: ModuleTarget) -> DocumentColumns | None:
        """Derive them from the settings; None at grain ``cell``."""
        if target.grain == "cell":
            return None
        columns = [column for column in columns_of(target) if column.field != AMOUNT]
        (key,) = telling_apart(target)
        whose = tuple(column.name for column in columns if column.field in ("", PERIOD, "document_date"))
        dates = tuple(column.name for column in columns if column.field in ("document_date", "due_date"))
        return cls(key, record_column(target), whose, dates, tuple(column.name for column in columns))

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> DocumentColumns:
        """Read what a load row kept."""
        chosen = {name: tuple(facts[name]) for name in ("whose", "dates", "texts")}
        return cls(facts["key"], facts["record"], **chosen)

    @property
    def needed(self) -> tuple[str, ...]:
        """Without these nobody can say of a document whose it is."""
        return tuple(dict.fromkeys((self.key, self.record, *self.whose)))
