"""Whether the model has the view in which a module's figures are read again, and where each column of the file is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.line_items import shown_line_items
from ml_connector_dagster.anaplan.view_cells import check_line_item
from ml_connector_dagster.anaplan.views import View, find_view
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.document_columns import DocumentColumns
from ml_connector_dagster.mapping.targets import ModuleTarget, read_back_of

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel


@dataclass(frozen=True, slots=True)
class ReadBackView:
    """A saved view, and the file's columns that are found in it."""

    view: View
    dimensions: Mapping[str, str]
    """File column to dimension: together they name one figure."""
    line_items: Mapping[str, str] = field(default_factory=dict)
    """File column to the line item beside the figure that holds it; at document and line grain alone."""


def check_view(model: AnaplanModel, module: ModuleTarget) -> View:
    """Answer the saved view that a module names, before anything is sent: a load that cannot be proved stays in doubt.

    Raises:
        SettingWrong: The model has no such view; or the view shows not every dimension, not the line item, or not what says
            of a document whose it is.
    """
    read_back = read_back_of(module)
    found = open_view(model, read_back.view, read_back.columns, DocumentColumns.of(module))
    check_line_item(model, found.view, read_back.line_item)
    return found.view


def open_view(
    model: AnaplanModel, wanted: str, columns: Mapping[str, str], documents: DocumentColumns | None
) -> ReadBackView:
    """Answer the view with the columns that are found in it.

    A cell is named by dimensions alone. Of a document the view must tell more: a line item beside the figure holds its
    company and its date, or the documents of all companies and months could not be told apart.

    Args:
        model: The model.
        wanted: The view's name or id.
        columns: File column to dimension; of a document to a line item too, where that has another name than the column.
        documents: The file's columns; None at grain ``cell``.

    Raises:
        SettingWrong: The model has no such view, or the view lacks one of the columns.
    """
    view = find_view(model, wanted)
    if documents is None:
        return ReadBackView(view, {column: view.dimension(name).name for column, name in columns.items()})
    names = {one.name for one in view.dimensions if not one.is_line_items}
    dimensions = {column: name for column, name in columns.items() if name in names}
    shown = shown_line_items(model, view)
    named = {column: columns.get(column, column) for column in documents.texts if column not in dimensions}
    line_items = {column: name for column, name in named.items() if name in shown}
    missing = {*documents.needed, *columns} - {*dimensions, *line_items} | ({documents.key} - dimensions.keys())
    if missing:
        raise _untold(
            view, [columns.get(column, column) for column in documents.texts if column in missing], names | shown
        )
    return ReadBackView(view, dimensions, line_items)


def _untold(view: View, missing: list[str], shown: frozenset[str] | set[str]) -> SettingWrong:
    return SettingWrong(
        f"The view {view.name!r} does not show {', '.join(missing)} of each document (it shows: {', '.join(sorted(shown))}).",
        "Nobody could say whose a document in the model is, so one that is gone from the books would stay there for ever; "
        "nothing is sent.",
        "Let the model builder show them in the view, beside the figure, or name the line items that hold them under "
        "read_back.columns in defs.yaml.",
        setting="read_back.columns",
    )
