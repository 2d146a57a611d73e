"""What a file column may carry, and what the chosen columns of a target mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.file_rows import AMOUNT
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

if TYPE_CHECKING:
    import pyarrow as pa

TRACKING = "tracking."
PERIOD = "period"
LEDGER_ACCOUNT = "ledger_account"

DIMENSIONS = {
    LEDGER_ACCOUNT: "the account that a line is posted to, as a member of its list",
    "customer": "the customer of the document, as a member of its list",
    "vendor": "the vendor of the document, as a member of its list",
    "currency": "the currency of the document, as it is written there",
    "kind": "what posted the line: invoice, bill, payment, journal …",
}
"""Fields of every module grain whose values are members."""

DOCUMENT_FIELDS = {
    "document": "the vendor's stable id of the document (also: record_id, document_id)",
    "transaction": "the same id, as the text that an audit looks for (also: transaction_id)",
    "subkind": "the vendor's own finer word",
    "number": "the number people know the document by",
    "document_date": "the posting date, 2026-10-31",
    "due_date": "the date payment is due; empty where there is none",
    "status": "the vendor's own status",
    "active": "true while the document stands in the ledger",
    "total": "the document's total, in its own currency",
    "amount_due": "what is still open, in the document's currency",
    "rate": "the document's own rate; 1 in base currency",
    "bank_account": "the bank account of a payment or a bank transaction",
    "linked": "the document that a payment belongs to",
    "loaded_at": "when the accounting system was read, UTC",
}
"""Fields of document and line grain whose values are text."""

LINE_FIELDS = {
    "line": "the vendor's stable id of the line, unique with the document's (also: line_id)",
    "description": "the line's text",
    "tax_amount": "the line's tax, in the document's currency",
}
"""Fields of line grain alone."""

NUMBERS = frozenset({"amount", "total", "amount_due", "rate", "tax_amount"})
"""Fields that are written as decimals."""

LIST_FIELDS = {
    "code": "the member's code: what modules name it by",
    "name": "code and name, so that names stay unique within the list",
    "active": "false for archived, merged and never again used members",
    "parent": "the tracking category, or the account's class",
    "account_class": "asset, liability, equity, income, expense",
    "account_type": "the vendor's own finer type",
    "currency": "the currency of a bank account",
}
ALIASES = {
    "record_id": "document",
    "document_id": "document",
    "transaction_id": "transaction",
    "line_id": "line",
    "party": "customer",
}
"""Other words that ``columns:`` may use for the same field."""


@dataclass(frozen=True, slots=True)
class Field:
    """One name that ``columns:`` may use; what ``ml-connector fields`` prints."""

    name: str
    grain: str
    """list, or the module grains that have it: "cell, document, line"."""
    says: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: its own name, and the field or constant it carries."""

    name: str
    field: str
    """One of the names above; empty for a constant."""
    constant: str = ""

    @property
    def is_dimension(self) -> bool:
        """True where the values are members of a list that the mapping decides."""
        return self.field in DIMENSIONS or self.field.startswith(TRACKING)


def columns_of(target: ModuleTarget | ListTarget) -> tuple[Column, ...]:
    """Answer what each column of the file means, in file order; a constant is written ``=UK``."""
    return tuple(
        Column(name, "", chosen[1:]) if chosen.startswith("=") else Column(name, ALIASES.get(chosen, chosen))
        for name, chosen in target.columns.items()
    )


def number_columns(target: ModuleTarget | ListTarget) -> frozenset[str]:
    """Answer the file's columns that hold decimals; a constant is text."""
    return frozenset(column.name for column in columns_of(target) if column.field in NUMBERS)


def key_columns(target: ModuleTarget) -> tuple[str, ...]:
    """Answer the file's columns that tell its rows apart: the document, and the line; at grain ``cell`` every dimension."""
    wanted = {"document": {"document"}, "line": {"document", "line"}}
    return tuple(
        column.name
        for column in columns_of(target)
        if (column.is_dimension if target.grain == "cell" else column.field in wanted[target.grain])
    )


def record_column(target: ModuleTarget) -> str:
    """Answer the file's column that names the document behind a row; empty at grain ``cell``, where many are."""
    names = {column.field: column.name for column in reversed(columns_of(target))}
    return "" if target.grain == "cell" else names.get("document") or names.get("transaction", "")


def available_fields(tracking: pa.Table | None) -> tuple[Field, ...]:
    """Answer every field, the company's tracking categories included (``tracking.Region``).

    Args:
        tracking: TrackingOption table; None where the source has none.
    """
    categories = sorted(set(tracking.column("category").to_pylist())) if tracking is not None else []
    every = "cell, document, line"
    fields = [Field(PERIOD, every, "the accounting period, written by period_format")]
    fields += [Field(name, every, says) for name, says in DIMENSIONS.items()]
    fields += [Field(f"{TRACKING}{category}", every, f"the option of {category}") for category in categories]
    fields += [Field(AMOUNT, every, "the figure; exactly one column carries it")]
    fields += [Field(name, "document, line", says) for name, says in DOCUMENT_FIELDS.items()]
    fields += [Field(name, "line", says) for name, says in LINE_FIELDS.items()]
    fields += [Field(name, "list", says) for name, says in LIST_FIELDS.items()]
    return tuple(fields)


def field_names(target: ModuleTarget | ListTarget) -> frozenset[str]:
    """Answer the names a target's columns may use besides ``tracking.<Category>`` and constants, aliases included."""
    if isinstance(target, ListTarget):
        return frozenset(LIST_FIELDS)
    known = {PERIOD, AMOUNT, *DIMENSIONS}
    known |= set(DOCUMENT_FIELDS) if target.grain != "cell" else set()
    known |= set(LINE_FIELDS) if target.grain == "line" else set()
    return frozenset(known | {alias for alias, name in ALIASES.items() if name in known})


def check_columns(target: ModuleTarget | ListTarget, categories: Iterable[str]) -> None:
    """Refuse unknown fields, a missing or second amount, figures that cannot be told apart, and a too wide ``clear``.

    Args:
        target: The list or module.
        categories: Names of the company's tracking categories.

    Raises:
        SettingWrong: With target, column and what to do.
    """
    known = {*field_names(target), *(f"{TRACKING}{category}" for category in categories)}
    for name, chosen in target.columns.items():
        if not chosen.startswith("=") and chosen not in known:
            _wrong(
                target, f"Column {name!r} asks for {chosen!r}, which is no field.", f"Use {', '.join(sorted(known))}."
            )
    if isinstance(target, ListTarget):
        _require(target, "code", "A list is matched by code.")
        return
    _check_amount(target)
    _check_keys(target)
    for problem in narrower_than_clear(target):
        _wrong(target, problem, "Let the model builder narrow the clear option, then say so under `clear:`.")


def narrower_than_clear(target: ModuleTarget) -> Iterator[str]:
    """Yield what the import would empty although the file does not carry it (anaplan.md §8.2).

    A file holds one company (its constants) and one period: an import that clears all entities, versions or periods would
    wipe the figures of others. Over the other dimensions the file is complete, so clearing all of them is right.
    """
    columns = {column.name: column for column in columns_of(target)}
    for name, mode in target.clear.items():
        if name not in columns:
            yield f"`clear` names {name!r}, which is no column of the file."
        elif columns[name].field == AMOUNT:
            yield f"`clear` names {name!r}, which carries the amount and is no dimension."
        elif mode == "all" and not columns[name].field:
            yield f"The import clears every {name}, but the file holds {columns[name].constant!r} alone."
        elif mode == "all" and columns[name].field == PERIOD:
            yield f"The import clears every period of {name}, but a file holds one period."


def _check_amount(target: ModuleTarget) -> None:
    columns = columns_of(target)
    carrying = [column.name for column in columns if column.field == AMOUNT]
    if len(carrying) != 1:
        said = "No column carries" if not carrying else f"{' and '.join(carrying)} both carry"
        _wrong(target, f"{said} the amount.", "Let exactly one column say `amount`.")
    clash = [column.name for column in columns if column.name == AMOUNT and column.field != AMOUNT]
    if clash:
        _wrong(target, f"Column {AMOUNT!r} does not carry the amount.", "Give that column another name in the import.")


def _check_keys(target: ModuleTarget) -> None:
    fields = {column.field for column in columns_of(target)}
    if target.currency == "document" and "currency" not in fields:
        _wrong(
            target,
            "Amounts in document currency have no currency column, so pounds and dollars would be added up.",
            "Add a column that carries `currency`, or use `currency: base`.",
        )
    if target.grain == "document":
        _require(target, "document", "One row a document needs a key.")
    if target.grain == "line":
        _require(target, "line", "One row a line needs a key.")
        if not fields & {"document", "transaction"}:
            _wrong(target, "A line cannot be traced to its document.", "Add a column that says `document`.")
    if target.grain != "cell" and not fields & {PERIOD, "document_date"}:
        happened = "No column tells the month of a document, so nobody could say which file answers for it."
        _wrong(target, happened, "Add a column that says `document_date`.")
    if target.measure == "closing_balance" and target.grain != "cell":
        _wrong(target, "A closing balance has no document.", "Use `grain: cell` or `measure: movement`.")


def _require(target: ModuleTarget | ListTarget, field: str, because: str) -> None:
    if field not in {column.field for column in columns_of(target)}:
        _wrong(target, f"No column carries {field!r}. {because}", f"Add a column that says `{field}`.")


def _wrong(target: ModuleTarget | ListTarget, happened: str, do: str) -> NoReturn:
    raise SettingWrong(f"{target.name}: {happened}", "Its file cannot be written right.", do, target=target.name)
