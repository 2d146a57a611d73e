"""How the file of an import is cut, in the words of the translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.mapping.csv_file import CsvLayout, check_layout

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.actions import Route

_DECIMAL_SEPARATORS = {"FULL_STOP": ".", "COMMA": ","}


def layout_of(route: Route) -> CsvLayout:
    """Answer the layout that the data source of a route asks for (``importMetadata.source``, anaplan.md §4).

    Raises:
        SettingWrong: No file of ours can be written so.
    """
    layout = known_layout(route.facts()["layout"])
    check_layout(layout)
    return layout


def known_layout(facts: Mapping[str, Any]) -> CsvLayout:
    """Answer the layout that a load row kept with its route."""
    decimal_separator = str(facts["decimal_separator"])
    return CsvLayout(
        separator=facts["separator"],
        delimiter=facts["delimiter"],
        encoding=facts["encoding"],
        decimal_separator=_DECIMAL_SEPARATORS.get(decimal_separator, decimal_separator),
    )
