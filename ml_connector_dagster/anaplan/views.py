"""Saved views and the members of their dimensions (reference: anaplan.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel

LINE_ITEMS = "line items"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of a view."""

    dimension_id: str
    name: str

    @property
    def is_line_items(self) -> bool:
        """True for the pseudo-dimension of line items; its id is not the same everywhere, its name is."""
        return self.name.casefold() == LINE_ITEMS

    @property
    def is_list(self) -> bool:
        """True for a list's own dimension; not for Time, Versions, line items or a subset."""
        return self.dimension_id.startswith("101") and not self.is_line_items


@dataclass(frozen=True, slots=True)
class View:
    """A saved view and where its dimensions lie."""

    view_id: str
    name: str
    module_id: str
    rows: tuple[Dimension, ...]
    columns: tuple[Dimension, ...]
    pages: tuple[Dimension, ...]

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All dimensions, line items included."""
        return (*self.pages, *self.rows, *self.columns)

    def dimension(self, name: str) -> Dimension:
        """Answer the dimension of that name.

        Raises:
            SettingWrong: The view has none of that name.
        """
        for one in self.dimensions:
            if one.name == name:
                return one
        raise SettingWrong(
            f"The view {self.name!r} has no dimension {name!r} (it has: {', '.join(one.name for one in self.dimensions)}).",
            "The loaded figures cannot be read back, so nothing is sent.",
            "Correct read_back.columns in defs.yaml, or let the model builder add the dimension to the view.",
            setting="read_back.columns",
        )


class Members:
    """The items of one dimension, found by code or name, as Anaplan does: upper and lower case are alike."""

    def __init__(self, dimension: Dimension, items: list[dict[str, Any]]) -> None:
        """Index the items; parents of others are left out, since their figures are sums."""
        parents = {one.get("parentId") for one in items if one.get("parentId")}
        self.dimension = dimension
        self._items = {str(one["id"]): one for one in items if one["id"] not in parents}
        self._by_name = {str(one.get("name")).casefold(): key for key, one in self._items.items()}
        self._by_code = {str(one["code"]).casefold(): key for key, one in self._items.items() if one.get("code")}

    def find(self, text: str) -> str | None:
        """Answer the id of the item with that code or name; None where there is none."""
        wanted = text.casefold()
        return self._by_code.get(wanted) or self._by_name.get(wanted)

    def named(self, name: str) -> str | None:
        """Answer the id of the item with that name; None for sums and for names nobody knows."""
        return self._by_name.get(name.casefold())

    def written(self, item_id: str) -> str:
        """Answer the item as a file writes it: its code, or its name where it has none."""
        item = self._items[item_id]
        return str(item.get("code") or item.get("name"))


def find_view(model: AnaplanModel, wanted: str) -> View:
    """Answer the view of that exact name, ``Module.View`` or id, with its dimensions.

    Raises:
        SettingWrong: None or several match.
    """
    views = model.listed("views", "views")
    matches = (
        [one for one in views if wanted in (one.get("id"), one.get("name"))]
        or [one for one in views if f".{_unquoted(one)}".endswith(f".{wanted}")]
        or _in_module(model, views, wanted)
    )
    if len(matches) != 1:
        names = ", ".join(sorted(str(one.get("name")) for one in views)[:8]) or "none"
        raise SettingWrong(
            f"{len(matches) or 'No'} saved view{'s' if len(matches) > 1 else ''} in the model match {wanted!r}.",
            "The loaded figures cannot be read back, so nothing is sent.",
            f"Write the view's exact name, 'Module.View' or its id in read_back. The model offers, among others: {names}.",
            setting="read_back.view",
        )
    return _with_axes(model, matches[0])


def members_of(model: AnaplanModel, dimension: Dimension, module_id: str = "") -> Members:
    """Answer the items of a dimension, asked once a run; a list's own items only, never its top level.

    Args:
        model: The model.
        dimension: One of a view's.
        module_id: The view's module; needed for line items, Time and Versions.
    """
    name = ("members", dimension.dimension_id, "" if dimension.is_list else module_id)
    known = model.fact(*name)
    return Members(
        dimension, known if known is not None else model.remember(_items(model, dimension, module_id), *name)
    )


def line_items_of(model: AnaplanModel, module_id: str) -> list[dict[str, Any]]:
    """Answer a module's line items with their formats, asked once a run."""
    known = model.fact("line_items", module_id)
    if known is not None:
        return known
    url = model.short_address(f"modules/{module_id}/lineItems")
    return model.remember(model.collect(url, "items", {"includeAll": "true"}), "line_items", module_id)


def _unquoted(view: Mapping[str, Any]) -> str:
    """Trap: the model's list calls a saved view Module.View, with quotes round special characters; a module's does not."""
    return str(view.get("name")).replace("'", "")


def _in_module(model: AnaplanModel, views: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    if "." not in wanted:
        return []
    modules = {str(one["id"]): str(one.get("name")) for one in model.listed("modules", "modules")}
    return [one for one in views if f"{modules.get(str(one.get('moduleId')))}.{_unquoted(one)}" == wanted]


def _with_axes(model: AnaplanModel, view: Mapping[str, Any]) -> View:
    view_id = str(view["id"])
    known = model.fact("axes", view_id)
    if known is None:
        known = model.remember([model.get(model.short_address(f"views/{view_id}"))], "axes", view_id)
    axes = {
        axis: tuple(Dimension(str(one["id"]), str(one["name"])) for one in known[0].get(axis) or ())
        for axis in ("rows", "columns", "pages")
    }
    return View(view_id, str(view.get("name")), str(view.get("moduleId") or view_id), **axes)


def _items(model: AnaplanModel, dimension: Dimension, module_id: str) -> list[dict[str, Any]]:
    """Trap: Time's items are answered below a line item only (anaplan.md §4)."""
    if dimension.is_list:
        url = model.address(f"lists/{dimension.dimension_id}/items")
        return model.collect(url, "listItems", {"includeAll": "true"})
    line_items = line_items_of(model, module_id)
    if dimension.is_line_items or not line_items:
        return line_items
    below = f"lineItems/{line_items[0]['id']}/dimensions/{dimension.dimension_id}/items"
    return model.get(model.short_address(below)).get("items") or []
