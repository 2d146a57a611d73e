"""Reads figures back from a saved view, cell by cell, as decimals (reference: anaplan.md §4, §7.6).

A figure in Anaplan is whatever the model answers here; it is never taken from our file or from a task's counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import FiguresDiffer, SettingWrong

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


@dataclass(frozen=True, slots=True)
class ViewCell:
    """One figure of a view."""

    at: Mapping[str, str]
    """Dimension name to item name; line items are none of them."""
    value: Decimal
    beside: Mapping[str, str] = field(default_factory=dict)
    """Other line items of the same place that were asked for: name to what the view shows, a blank as an empty text."""


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


def check_line_item(model: AnaplanModel, view: View, line_item: str) -> None:
    """Make sure the view shows the line item.

    Raises:
        SettingWrong: It has no such line item.
    """
    for dimension in view.dimensions:
        if dimension.is_line_items:
            _wanted(model, view, dimension.name, line_item)


def read_cells(
    model: AnaplanModel, view: View, line_item: str, chosen: Mapping[str, str], beside: Collection[str] = ()
) -> Iterator[ViewCell]:
    """Yield the view's cells of one line item, sums and blanks included (a blank is 0).

    Args:
        model: The model.
        view: The view.
        line_item: Its exact name.
        chosen: Dimension name to the one item wanted (code or name). On a page it is chosen by the request, else the
            answer is narrowed here.
        beside: Further line items whose texts are wanted with each cell; the view shows them on rows or columns.

    Raises:
        SettingWrong: A chosen item or the line item does not exist in the model.
        FiguresDiffer: A cell holds no number.
    """
    asked = {**chosen, **{one.name: line_item for one in view.dimensions if one.is_line_items}}
    wanted = {name: _wanted(model, view, name, text) for name, text in asked.items()}
    pages = ",".join(f"{one.dimension_id}:{wanted[one.name].item_id}" for one in view.pages if one.name in wanted)
    params = {"format": "v1", **({"pages": pages} if pages else {})}
    body = model.get(model.short_address(f"views/{view.view_id}/data"), params)
    for at, texts in _places(view, body, {line_item, *beside}, {name: wanted[name] for name in chosen}, line_item):
        if line_item in texts:
            yield ViewCell(at, _number(view, at, texts[line_item]), {name: _text(texts.get(name)) for name in beside})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The one item of a dimension whose cells are wanted."""

    members: Members
    item_id: str

    def is_shown(self, name: str | None) -> bool:
        """Tell whether a cell stands at the item; None is a page, where the request chose it."""
        return name is None or self.members.named(name) == self.item_id


def _places(
    view: View, body: Mapping[str, Any], shown: Collection[str], wanted: Mapping[str, _Wanted], alone: str
) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Yield each wanted place of the view, and what its line items hold there; ``alone`` where a page chose the line item.

    Line items that lie on columns come with their row; only those on rows are gathered over the whole answer.
    """
    items = next((one.name for one in view.dimensions if one.is_line_items), LINE_ITEMS)
    on_rows = any(one.is_line_items for one in view.rows)
    columns = [_at(view.columns, column) for column in body.get("columnCoordinates") or [[]]]
    held: dict[tuple[str, ...], tuple[dict[str, str], dict[str, Any]]] = {}
    for row in body.get("rows") or ():
        at_row = _at(view.rows, row.get("rowCoordinates") or ())
        for at_column, raw in zip(columns, row.get("cells") or (), strict=False):
            at = {**at_row, **at_column}
            item = at.pop(items, alone)
            if item in shown and all(one.is_shown(at.get(name)) for name, one in wanted.items()):
                held.setdefault(tuple(at.values()), (at, {}))[1][item] = raw
        if not on_rows:
            yield from held.values()
            held.clear()
    yield from held.values()


def _at(dimensions: tuple[Dimension, ...], names: Any) -> dict[str, str]:
    return {one.name: str(name) for one, name in zip(dimensions, names, strict=False)}


def _wanted(model: AnaplanModel, view: View, name: str, text: str) -> _Wanted:
    members = members_of(model, view.dimension(name), view.module_id)
    item = members.find(text)
    if item is None:
        raise SettingWrong(
            f"{name} of the view {view.name!r} has no {text!r}.",
            "The loaded figures cannot be read back.",
            "Correct read_back or the constant in defs.yaml, or load the list first.",
            setting="read_back",
        )
    return _Wanted(members, item)


def _text(raw: Any) -> str:
    return "" if raw is None else str(raw)


def _number(view: View, at: Mapping[str, str], raw: Any) -> Decimal:
    if raw is None or raw == "":
        return Decimal(0)
    try:
        return Decimal(str(raw))
    except InvalidOperation:
        where = ", ".join(at.values())
        raise FiguresDiffer(
            f"The view {view.name!r} shows {str(raw)[:40]!r} at {where}, which is no number.",
            "The loaded figures cannot be compared.",
            "Point read_back.line_item at the numeric line item.",
        ) from None


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
