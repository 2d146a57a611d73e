"""Reads a view: the cells behind it summed to the members on its axes."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_dagster.sandbox.anaplan.members import Dimension, Member
from ml_connector_dagster.sandbox.anaplan.modules import Key, LineItem, Value, View

if TYPE_CHECKING:
    from ml_connector_dagster.sandbox.anaplan.model import Model

CELL_LIMIT = 1_000_000


class GridTooLarge(ValueError):  # noqa: N818 - named for what happened
    """More cells than a view read may return."""


class PageUnknown(ValueError):  # noqa: N818 - named for what happened
    """A page selector that names no dimension or member of the view's pages."""


@dataclass(frozen=True)
class Grid:
    """What a view shows: the members selected on pages, and coordinates with values on rows and columns."""

    pages: list[Member]
    columns: list[Key]
    rows: list[tuple[Key, list[Value]]]


def read_grid(model: "Model", view: View, selected: dict[str, str], *, limited: bool = True) -> Grid:
    """The view for a page selection {dimension id: item id}; what is not selected shows the view's own choice."""
    pages = [_page_member(model, view, dimension, selected) for dimension in view.pages]
    unknown = set(selected) - {dimension.id for dimension in view.pages}
    if unknown:
        raise PageUnknown(f"{sorted(unknown)} is not on the pages of the view")
    columns = list(itertools.product(*(axis_members(view, dimension) for dimension in view.columns)))
    rows = [axis_members(view, dimension) for dimension in view.rows]
    sums = _Sums(view, pages, columns, [set(members) for members in rows])
    keys: Iterable[Key]
    if view.hide_empty:
        places = [{member: place for place, member in enumerate(members)} for members in rows]
        kept = {row for row, _ in sums.values}
        keys = sorted(kept, key=lambda key: [place[member] for place, member in zip(places, key, strict=True)])
        count = len(kept) * len(columns)
    else:
        count = len(columns)
        for members in rows:
            count *= len(members)
        keys = itertools.product(*rows)
    if limited and count > CELL_LIMIT:
        raise GridTooLarge(f"The view has {count} cells, more than {CELL_LIMIT}")
    return Grid(pages, columns, [(key, sums.row(key)) for key in keys])


def axis_members(view: View, dimension: Dimension) -> list[Member]:
    """The members an axis shows: leaves only where the view says so, chosen line items only."""
    if dimension is view.module.line_items:
        chosen = view.line_items
        return [member for member in dimension.members if not chosen or member.name in chosen]
    return [member for member in dimension.members if member.is_leaf or not view.leaf_only]


def cell_text(value: Value) -> str:
    """A cell as Anaplan writes it: numbers without trailing zeros or exponent, true and false in small letters."""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
    return str(value).lower() if isinstance(value, bool) else value


def _page_member(model: "Model", view: View, dimension: Dimension, selected: dict[str, str]) -> Member:
    """Selected by the caller, else by the view, else the current period or the first member."""
    if dimension.id in selected:
        member = dimension.by_id(selected[dimension.id])
        if member is None:
            raise PageUnknown(f"{selected[dimension.id]} is not an item of {dimension.name}")
        return member
    if dimension.name in view.selected:
        chosen = dimension.find(view.selected[dimension.name])
        if chosen is not None:
            return chosen
    if dimension is model.calendar:
        current = model.calendar.month(model.calendar.current)
        if current is not None:
            return current
    leaves = [member for member in dimension.members if member.is_leaf] or dimension.members
    return leaves[0]


class _Sums:
    """Cells of the module added to every shown coordinate they belong to."""

    def __init__(self, view: View, pages: list[Member], columns: list[Key], rows: list[set[Member]]) -> None:
        self._columns = columns
        self._items = view.module.line_items
        self._empty: Value = Decimal(0)
        self.values: dict[tuple[Key, Key], Value] = {}
        self._view = view
        self._page_of = dict(zip(view.pages, pages, strict=True))
        self._row_members = rows
        self._column_members = [{key[place] for key in columns} for place in range(len(view.columns))]
        for item in self._shown_items():
            self._add(item)

    def row(self, key: Key) -> list[Value]:
        values = self.values
        return [
            values[key, column] if (key, column) in values else self._blank(key, column) for column in self._columns
        ]

    def _shown_items(self) -> list[LineItem]:
        page = self._page_of.get(self._items)
        if page is not None:
            return [page] if isinstance(page, LineItem) else []
        on_axes = self._items in self._view.rows or self._items in self._view.columns
        shown = axis_members(self._view, self._items)
        found = [item for item in shown if isinstance(item, LineItem)]
        return found if on_axes else found[:1]

    def _blank(self, row: Key, column: Key) -> Value:
        item = next((member for member in (*row, *column) if isinstance(member, LineItem)), None)
        return item.empty() if item is not None else Decimal(0)

    def _add(self, item: LineItem) -> None:
        dimensions = self._view.module.dimensions
        place_of = {dimension: place for place, dimension in enumerate(dimensions)}
        pages = [(place_of[entry], page) for entry, page in self._page_of.items() if entry in place_of]
        row_axes = [(place_of.get(entry), self._row_members[n]) for n, entry in enumerate(self._view.rows)]
        column_axes = [(place_of.get(entry), self._column_members[n]) for n, entry in enumerate(self._view.columns)]
        for key, value in item.cells.items():
            if any(page is not key[place] and page not in key[place].lineage() for place, page in pages):
                continue
            row_keys = _coordinates(key, row_axes, item)
            column_keys = _coordinates(key, column_axes, item)
            for coordinate in itertools.product(row_keys, column_keys):
                self._put(coordinate, key, value)

    def _put(self, coordinate: tuple[Key, Key], key: Key, value: Value) -> None:
        if isinstance(value, Decimal):
            held = self.values.get(coordinate, Decimal(0))
            self.values[coordinate] = value + held if isinstance(held, Decimal) else value
        elif all(member in key or isinstance(member, LineItem) for part in coordinate for member in part):
            self.values[coordinate] = value  # text and booleans have no summary


def _coordinates(key: Key, axes: list[tuple[int | None, set[Member]]], item: LineItem) -> list[Key]:
    """Every shown coordinate of an axis that a cell counts into: its members and their parents."""
    choices: list[list[Member]] = []
    for place, shown in axes:
        member = item if place is None else key[place]
        if member.parent is None:
            found = [member] if member in shown else []
        else:
            found = [entry for entry in member.lineage() if entry in shown]
        if not found:
            return []
        choices.append(found)
    return list(itertools.product(*choices))
