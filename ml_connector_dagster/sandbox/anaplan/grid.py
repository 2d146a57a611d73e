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
        keys = sorted(sums.values, key=lambda key: [place[member] for place, member in zip(places, key, strict=True)])
        count = len(keys) * len(columns)
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
    """Cells of the module added to every shown coordinate they belong to: row key -> one value a column."""

    def __init__(self, view: View, pages: list[Member], columns: list[Key], rows: list[set[Member]]) -> None:
        self._view = view
        self._page_of = dict(zip(view.pages, pages, strict=True))
        self._columns = columns
        self._column_number = {key: number for number, key in enumerate(columns)}
        self._row_members = rows
        self._column_members = [{key[place] for key in columns} for place in range(len(view.columns))]
        self.values: dict[Key, list[Value | None]] = {}
        for item in self._shown_items():
            self._add(item)

    def row(self, key: Key) -> list[Value]:
        """The values of one row, empty ones as the line item shows them."""
        values = self.values.get(key) or [None] * len(self._columns)
        return [
            self._blank(key, column) if value is None else value
            for value, column in zip(values, self._columns, strict=True)
        ]

    def _shown_items(self) -> list[LineItem]:
        line_items = self._view.module.line_items
        page = self._page_of.get(line_items)
        if page is not None:
            return [page] if isinstance(page, LineItem) else []
        found = [item for item in axis_members(self._view, line_items) if isinstance(item, LineItem)]
        on_axes = line_items in self._view.rows or line_items in self._view.columns
        return found if on_axes else found[:1]

    @staticmethod
    def _blank(row: Key, column: Key) -> Value:
        item = next((member for member in (*row, *column) if isinstance(member, LineItem)), None)
        return item.empty() if item is not None else Decimal(0)

    def _add(self, item: LineItem) -> None:
        """Add every cell of a line item that the pages let through."""
        place_of = {dimension: place for place, dimension in enumerate(self._view.module.dimensions)}
        filters = [
            (place_of[dimension], {member for member in dimension.members if page in member.lineage()})
            for dimension, page in self._page_of.items()
            if dimension in place_of
        ]
        rows = _Axis([place_of.get(entry) for entry in self._view.rows], self._row_members, item)
        columns = _Axis([place_of.get(entry) for entry in self._view.columns], self._column_members, item)
        for key, value in item.cells.items():
            for place, accepted in filters:
                if key[place] not in accepted:
                    break
            else:
                numbers = [self._column_number[entry] for entry in columns.coordinates(key)]
                for depth, row in enumerate(rows.coordinates(key)):
                    self._put(row, numbers, value, own=depth == 0)

    def _put(self, row: Key, numbers: list[int], value: Value, *, own: bool) -> None:
        values = self.values.get(row)
        if values is None:
            values = self.values[row] = [None] * len(self._columns)
        for number in numbers:
            held = values[number]
            if not isinstance(value, Decimal):
                if own and number == numbers[0]:  # text and booleans have no summary
                    values[number] = value
            else:
                values[number] = value + held if isinstance(held, Decimal) else value


class _Shown(dict[Member, list[Member]]):
    """Member -> itself and its parents, as far as the axis shows them; filled when first asked."""

    def __init__(self, shown: set[Member]) -> None:
        super().__init__()
        self._members = shown

    def __missing__(self, member: Member) -> list[Member]:
        found = self[member] = [entry for entry in member.lineage() if entry in self._members]
        return found


class _Axis:
    """Finds the shown coordinates of an axis that a cell counts into; the first one is the finest."""

    def __init__(self, places: list[int | None], shown: list[set[Member]], item: LineItem) -> None:
        self._places = [(place, _Shown(members)) for place, members in zip(places, shown, strict=True)]
        self._item = item

    def coordinates(self, key: Key) -> list[Key]:
        choices = [shown[self._item if place is None else key[place]] for place, shown in self._places]
        return list(itertools.product(*choices))
