"""Whose a row of a module is: its constants name the company, its period or its document's date the month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.columns import PERIOD, columns_of
from ml_connector_dagster.mapping.targets import ModuleTarget


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The rows that one slice owns among all that stand in its module; any other belongs to another file."""

    said: Mapping[str, str]
    """File column to the one text that each of its rows carries: constants, and the period as the file writes it."""
    dated: tuple[str, ...]
    """File columns that carry the document's date, 2026-10-31."""
    month: str
    """2026-10."""

    @classmethod
    def of(cls, target: ModuleTarget, period: Period) -> OwnRows:
        """Derive it from the file's columns."""
        columns = columns_of(target)
        label = period.label(target.period_format)
        said = {
            one.name: label if one.field == PERIOD else one.constant for one in columns if one.field in ("", PERIOD)
        }
        return cls(said, tuple(one.name for one in columns if one.field == "document_date"), str(period))

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns that tell; a row that lacks one of them cannot be told."""
        return (*self.said, *self.dated)

    def among(self, names: Sequence[str]) -> Callable[[Sequence[str]], bool]:
        """Answer the test of a row whose texts stand in the order of these columns, every telling one among them."""
        said = [(names.index(name), text) for name, text in self.said.items()]
        dated = [names.index(name) for name in self.dated]

        def is_own(texts: Sequence[str]) -> bool:
            return all(texts[place] == text for place, text in said) and all(
                self.holds(texts[place]) for place in dated
            )

        return is_own

    def holds(self, date_text: str) -> bool:
        """Answer whether a date, as a file writes it, lies in the month; an empty one lies in none."""
        return date_text.startswith(f"{self.month}-")
