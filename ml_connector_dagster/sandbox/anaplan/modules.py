"""Modules, their line items and cells, and the saved views that show them."""

from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector_dagster.sandbox.anaplan.members import Dimension, Member

Value = Decimal | str | bool
Key = tuple[Member, ...]
ZERO = Decimal(0)


@dataclass(eq=False)
class LineItem(Member):
    """One line item; cells hold only what differs from empty (0, blank text, false).

    number_format is NUMBER, TEXT, BOOLEAN, DATE or LIST:<list name>. A calculated line item takes no writes.
    """

    number_format: str = "NUMBER"
    calculated: bool = False
    cells: dict[Key, Value] = field(default_factory=dict)

    @property
    def is_number(self) -> bool:
        return self.number_format == "NUMBER"

    def write(self, key: Key, value: Value) -> None:
        """Set a cell; an empty value removes it, as Anaplan's numbers have no blank."""
        if value in (ZERO, "", False):
            self.cells.pop(key, None)
        else:
            self.cells[key] = value

    def empty(self) -> Value:
        return ZERO if self.is_number else (False if self.number_format == "BOOLEAN" else "")


class Module:
    """A module: dimensions in order, line items, cells."""

    def __init__(self, module_id: str, name: str, dimensions: list[Dimension]) -> None:
        self.id = module_id
        self.name = name
        self.dimensions = dimensions
        self.line_items = Dimension("101999999999", "Line items")

    def line_item(self, name: str) -> LineItem:
        found = self.line_items.by_name(name)
        assert isinstance(found, LineItem), f"module {self.name} has no line item {name}"
        return found

    def key(self, coordinates: dict[str, str]) -> Key:
        """A cell's key from {dimension: member name or code}; a wrong one is an error with its name."""
        return tuple(_found(dimension, coordinates) for dimension in self.dimensions)

    def forget(self, member: Member) -> None:
        """Drop every cell of a deleted item."""
        for item in self.line_items.members:
            assert isinstance(item, LineItem)
            for key in [key for key in item.cells if member in key]:
                del item.cells[key]


@dataclass
class View:
    """A saved view: which dimension stands on which axis, what the pages show, what is left out.

    selected: page dimension -> member shown when the caller selects none. leaf_only hides totals on rows and
    columns; hide_empty is the usual filter on rows without a value.
    """

    id: str
    name: str
    module: Module
    rows: list[Dimension]
    columns: list[Dimension]
    pages: list[Dimension]
    selected: dict[str, str] = field(default_factory=dict)
    line_items: list[str] = field(default_factory=list)
    leaf_only: bool = True
    hide_empty: bool = False

    def axes(self) -> dict[str, list[dict[str, str]]]:
        """The view's dimensions as served: an axis without dimensions is omitted."""
        axes = {"rows": self.rows, "columns": self.columns, "pages": self.pages}
        return {axis: [dimension.shown() for dimension in found] for axis, found in axes.items() if found}

    def dimension(self, dimension_id: str) -> Dimension | None:
        return next((entry for entry in [*self.rows, *self.columns, *self.pages] if entry.id == dimension_id), None)


def _found(dimension: Dimension, coordinates: dict[str, str]) -> Member:
    if dimension.name not in coordinates:
        raise ValueError(f"The cell needs a member of {dimension.name}.")
    member = dimension.find(coordinates[dimension.name])
    if member is None:
        raise ValueError(f"{coordinates[dimension.name]!r} is not in {dimension.name}.")
    return member
