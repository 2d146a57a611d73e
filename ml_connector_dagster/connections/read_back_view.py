"""Whether the model has the view in which a module's figures are read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.views import check_line_item, find_view

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.anaplan.views import View
    from ml_connector_dagster.mapping.targets import ReadBack


def check_view(model: AnaplanModel, read_back: ReadBack) -> View:
    """Answer the saved view that a connection names, before anything is sent: a load that cannot be proved stays in doubt.

    Raises:
        SettingWrong: The model has no such view, or the view shows not every dimension, or not the line item.
    """
    view = find_view(model, read_back.view)
    for name in read_back.columns.values():
        view.dimension(name)
    check_line_item(model, view, read_back.line_item)
    return view
