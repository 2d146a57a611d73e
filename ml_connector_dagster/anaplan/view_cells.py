"""Reads figures back from a saved view, cell by cell, as decimals (reference: anaplan.md §4, §7.6).

A figure in Anaplan is whatever the model answers here; it is never taken from our file or from a task's counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.anaplan.views import LINE_ITEMS, Dimension, Members, View, members_of
from ml_connector_dagster.errors import FiguresDiffer, RequestRejected, SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel


@dataclass(frozen=True, slots=True)
class ViewCell:
    """One figure of a view."""

    at: Mapping[str, str]
    """Dimension name to item name; line items are none of them."""
    value: Decimal
    beside: Mapping[str, str] = field(default_factory=dict)
    """Other line items of the same place that were asked for: name to what the view shows, a blank as an empty text."""


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
        SettingWrong: A chosen item or the line item does not exist in the model, or the view is too large to be read.
        FiguresDiffer: A cell holds no number.
    """
    asked = {**chosen, **{one.name: line_item for one in view.dimensions if one.is_line_items}}
    wanted = {name: _wanted(model, view, name, text) for name, text in asked.items()}
    pages = ",".join(f"{one.dimension_id}:{wanted[one.name].item_id}" for one in view.pages if one.name in wanted)
    params = {"format": "v1", **({"pages": pages} if pages else {})}
    body = _data(model, view, params)
    for at, texts in _places(view, body, {line_item, *beside}, {name: wanted[name] for name in chosen}, line_item):
        if line_item in texts:
            yield ViewCell(at, _number(view, at, texts[line_item]), {name: _text(texts.get(name)) for name in beside})


def _data(model: AnaplanModel, view: View, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Trap: a view of more than 1,000,000 cells is refused whole, with 400 (anaplan.md §7.6); a register grows into it."""
    try:
        return model.get(model.short_address(f"views/{view.view_id}/data"), params)
    except RequestRejected as refused:
        if refused.status != 400:
            raise
        raise SettingWrong(
            f"Anaplan refuses to show the view {view.name!r}: {refused.happened}",
            "It shows 1,000,000 cells at most, and of a larger view none; the figures cannot be read back.",
            "Let the model builder save a smaller view: without empty rows, with no more line items than are read, or with the "
            "company on a page; then name it under read_back in defs.yaml.",
            setting="read_back.view",
        ) from refused


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
