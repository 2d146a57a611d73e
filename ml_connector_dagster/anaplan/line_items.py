"""What a view shows beside a figure: its other line items, each cell as an import file writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.anaplan.views import Dimension, View, line_items_of, members_of

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel


def shown_line_items(model: AnaplanModel, view: View) -> frozenset[str]:
    """Answer the names of the line items that a view shows side by side; none where they lie on a page, one at a time.

    Trap: a saved view hides line items, and the module's own list of them does not tell; the view's items do
    (`views/{viewId}/dimensions/{dimensionId}/items` of the vendor's API).
    """
    found = next((one for one in (*view.rows, *view.columns) if one.is_line_items), None)
    if found is None:
        return frozenset()
    known = model.fact("shown_line_items", view.view_id)
    if known is None:
        url = model.short_address(f"views/{view.view_id}/dimensions/{found.dimension_id}/items")
        known = model.remember(model.get(url).get("items") or [], "shown_line_items", view.view_id)
    return frozenset(str(one["name"]) for one in known)


def file_text(model: AnaplanModel, view: View, line_item: str) -> Callable[[str], str]:
    """Answer what turns a cell's text into the file's.

    Trap: a line item that is formatted as a list shows its member's name, which an import matches by code.
    """
    metadata: dict[str, Any] = next(
        (one.get("formatMetadata") or {} for one in line_items_of(model, view.module_id) if one["name"] == line_item),
        {},
    )
    of_list = Dimension(str(metadata.get("hierarchyEntityLongId") or ""), line_item)
    if not of_list.is_list:
        return str
    members = members_of(model, of_list)

    def as_code(text: str) -> str:
        item_id = members.named(text)
        return text if item_id is None else members.written(item_id)

    return as_code
