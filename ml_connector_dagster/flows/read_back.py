"""A slice's figures as the model shows them: how they are found in its view, at every grain, and whose they are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.anaplan.line_items import file_text
from ml_connector_dagster.anaplan.view_cells import ViewCell, read_cells
from ml_connector_dagster.anaplan.views import members_of
from ml_connector_dagster.connections.read_back_view import open_view
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.elsewhere import Elsewhere
from ml_connector_dagster.flows.gates import fixed_columns
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.document_columns import DocumentColumns
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.own_rows import OwnRows
from ml_connector_dagster.mapping.targets import ModuleTarget, read_back_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_connector_dagster.anaplan.client import AnaplanModel

Key = tuple[str, ...]
"""Members in the order of the view's dimensions, each as a file writes it; the month by its name in Anaplan."""
YEAR_FIRST = re.compile(r"(\d{4})[-/]?(\d{2})[-/]?(\d{2})(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class ReadBackPlan:
    """How a slice's figures are found in a view; kept in the load row."""

    view: str
    line_item: str
    columns: Mapping[str, str]
    """File column to dimension; of a document also to a line item that has another name than the column."""
    fixed: Mapping[str, str]
    """Dimension to the one member of it that this slice is about; the month by its name in Anaplan."""
    time_columns: tuple[str, ...]
    """File columns that hold the period."""
    own: OwnRows
    """Whose a figure is, where dimensions do not say."""
    entity: str
    """Whose records fill the slice."""
    documents: DocumentColumns | None = None
    """None at grain ``cell``."""
    closed: bool = True
    """False in a load of a release up to 0.3.0 whose view did not say whose a document was: others are no difference."""

    @classmethod
    def of(cls, target: ModuleTarget, period: str) -> ReadBackPlan:
        """Derive it from the settings.

        Raises:
            SettingWrong: The module has no read-back.
        """
        read_back = read_back_of(target)
        columns = read_back.columns
        month = Period.parse(period).label("mmm_yy")
        fixed = {
            columns[column]: member or month for column, member in fixed_columns(target).items() if column in columns
        }
        times = tuple(column for column, chosen in target.columns.items() if chosen == "period")
        own = OwnRows.of(target, Period.parse(period))
        documents = DocumentColumns.of(target)
        return cls(read_back.view, read_back.line_item, dict(columns), fixed, times, own, target.from_, documents)

    def facts(self) -> dict[str, Any]:
        """Answer what the load row keeps."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> ReadBackPlan:
        """Read what the load row kept."""
        own, documents = facts.get("own"), facts.get("documents")
        read = {
            "time_columns": tuple(facts["time_columns"]),
            "own": OwnRows(own["said"], tuple(own["dated"]), own["month"]) if own else OwnRows({}, (), ""),
            "documents": DocumentColumns.from_facts(documents) if documents else None,
            "entity": facts.get("entity", ""),
        }
        return cls(**{**facts, **read})


class ReadBack:
    """One slice in its view."""

    def __init__(self, model: AnaplanModel, plan: ReadBackPlan) -> None:
        """Find the view and its members; no figure is read yet.

        Raises:
            SettingWrong: The view is not there, or does not show what it must.
        """
        self._model, self._plan = model, plan
        self._found = open_view(model, plan.view, plan.columns, plan.documents)
        view = self._found.view
        self._members = {
            name: members_of(model, view.dimension(name), view.module_id) for name in self.dimensions.values()
        }
        self._fixed = {name: text for name, text in plan.fixed.items() if name in self._members}
        self._written = {column: file_text(model, view, item) for column, item in self._found.line_items.items()}
        self._said = {column: text for column, text in plan.own.said.items() if column in self._written}
        self._dated = tuple(column for column in plan.own.dated if column in self._written)

    @property
    def dimensions(self) -> Mapping[str, str]:
        """File column to dimension, in the order of a key."""
        return self._found.dimensions

    @property
    def columns(self) -> frozenset[str]:
        """The file's columns that are known of each figure."""
        return frozenset({*self._found.dimensions, *self._found.line_items})

    def figures(self) -> Iterator[tuple[dict[str, str], Decimal]]:
        """Yield each non-zero figure of the slice: file column to text (as a file writes it), and value.

        The column of a dimension of time carries the month's name in Anaplan. Sums of lists are left out, and so are
        documents of other companies and months.

        Raises:
            SettingWrong: A date cannot be read, so that nobody knows whose the document is.
        """
        beside = frozenset(self._found.line_items.values())
        for cell in read_cells(self._model, self._found.view, self._plan.line_item, self._fixed, beside):
            at = self._at(cell) if cell.value else None
            if at is not None and all(at[column] == text for column, text in self._said.items()):
                dated = at | self._dates(at, cell)
                if all(self._plan.own.holds(dated[column]) for column in self._dated):
                    yield dated, cell.value

    def shown(self, sent: Collection[Key], elsewhere: Elsewhere) -> dict[Key, Decimal]:
        """Answer the slice's figures per key; a document that is not of the file and stands in another period by now is that one's.

        Args:
            sent: Keys of the file.
            elsewhere: Asked about documents that are not among them.
        """
        sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        strayed: dict[Key, str] = {}
        for at, value in self.figures():
            key = tuple(at[column] for column in self.dimensions)
            if key in sent or self._plan.closed:
                sums[key] += value
            if key not in sent and self._plan.documents:
                strayed[key] = at[self._plan.documents.record]
        gone = set(elsewhere(set(strayed.values()))) if strayed else set()
        return {key: value for key, value in sums.items() if key not in strayed or strayed[key] not in gone}

    def expected(self, cells: pa.Table) -> tuple[dict[Key, Decimal], str]:
        """Answer a file's figures per key, summed over columns that the view does not have as dimensions.

        Returns:
            The figures, and the first member that the model does not know (empty where it knows all); such a one stays as the
            file has it.
        """
        grouped = cells.group_by(list(self.dimensions)).aggregate([(AMOUNT, "sum")]).to_pydict()
        unknown: dict[tuple[str, str], str] = {}
        columns = [self._texts(column, grouped[column], unknown) for column in self.dimensions]
        sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
        for *key, amount in zip(*columns, grouped[f"{AMOUNT}_sum"], strict=True):
            sums[tuple(key)] += amount or ZERO
        return dict(sums), next(iter(unknown.values()), "")

    def says(self, key: Key, leave_out: Collection[str] = ()) -> str:
        """Answer a key in words: Account 200, Customer UK-a; without the columns of these dimensions."""
        named = zip(self.dimensions.items(), key, strict=True)
        return ", ".join(f"{column} {text}" for (column, name), text in named if name not in leave_out)

    def _texts(self, column: str, texts: list[str], unknown: dict[tuple[str, str], str]) -> list[str]:
        name = self.dimensions[column]
        if column in self._plan.time_columns:
            texts = [self._plan.fixed[name]] * len(texts)
        members, written = self._members[name], {}
        for text in dict.fromkeys(texts):
            item_id = members.find(text)
            written[text] = text if item_id is None else members.written(item_id)
            if item_id is None:
                unknown[name, text] = f"{text!r} in {name}"
        return [written[text] for text in texts]

    def _at(self, cell: ViewCell) -> dict[str, str] | None:
        """Answer the figure's columns; None for a sum, and for a name nobody knows."""
        at: dict[str, str] = {}
        for column, name in self.dimensions.items():
            members = self._members[name]
            item_id = members.named(cell.at[name]) if name in cell.at else members.find(self._fixed.get(name, ""))
            if item_id is None:
                return None
            at[column] = members.written(item_id)
        return at | {column: self._as_file(column, item, cell) for column, item in self._found.line_items.items()}

    def _as_file(self, column: str, item: str, cell: ViewCell) -> str:
        text = self._written[column](cell.beside[item])
        said = self._said.get(column, "")
        month = Period.parse(self._plan.own.month).label("mmm_yy") if column in self._plan.time_columns else said
        return said if text.casefold() in (said.casefold(), month.casefold()) else text

    def _dates(self, at: Mapping[str, str], cell: ViewCell) -> dict[str, str]:
        """Answer the dates as the file writes them; one that cannot be read and tells nothing of the month is left empty.

        Trap: how a view writes a date is nowhere documented. Only one that begins with the year is taken, since otherwise
        nobody could tell its day from its month.
        """
        columns = [one for one in (self._plan.documents.dates if self._plan.documents else ()) if one in self._written]
        dates = {column: _iso_date(at[column]) for column in columns}
        for column in self._dated:
            if at[column] and not dates[column]:
                raise _unreadable(self._plan, f"{at[column][:40]!r} as {self._found.line_items[column]}", cell)
        return dates


def _iso_date(text: str) -> str:
    """Answer 2026-10-31; empty where the text is no date that begins with its year."""
    found = YEAR_FIRST.fullmatch(text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def _unreadable(plan: ReadBackPlan, shown: str, cell: ViewCell) -> SettingWrong:
    return SettingWrong(
        f"The view {plan.view!r} shows {shown} of {', '.join(cell.at.values())}, which is no date like 2026-10-31.",
        "Nobody could say which month's the document is, so what is gone from the books would stay in the model; nothing is sent.",
        "Let the model builder show the date as the file writes it, in a text line item, and name that under read_back.columns.",
        setting="read_back.columns",
    )
