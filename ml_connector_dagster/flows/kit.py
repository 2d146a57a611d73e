"""What the model builder needs: a sample file per list and module, and one page that says how to build the imports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ml_connector_dagster.anaplan.actions import find_route
from ml_connector_dagster.connections.import_layout import layout_of
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import HeldForPerson
from ml_connector_dagster.flows.changes import open_period
from ml_connector_dagster.flows.file_cut import OWN_CUT
from ml_connector_dagster.flows.file_plan import FilePlan
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.columns import columns_of, number_columns
from ml_connector_dagster.mapping.csv_file import CsvLayout, read_rows, with_decimals, write_rows
from ml_connector_dagster.mapping.document_columns import DocumentColumns
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget

SAMPLE_ROWS = 25
EXAMPLES = {
    "code": "200",
    "name": "200 Sales",
    "active": "true",
    "account_class": "income",
    "ledger_account": "200",
    "customer": "C-1001",
    "vendor": "V-2001",
    "currency": "GBP",
    "kind": "invoice",
    "amount": "1234.56",
    "document": "4c4d1f52-0000-4000-8000-000000000001",
    "transaction": "4c4d1f52-0000-4000-8000-000000000001",
    "line": "4c4d1f52-0000-4000-8000-000000000002",
    "number": "INV-0010",
    "document_date": "2026-10-31",
    "due_date": "2026-11-30",
    "status": "AUTHORISED",
    "loaded_at": "2026-11-01T05:00:00Z",
}
"""Values of a made-up row, where nothing was read yet; any other text field shows its own name."""
CLEARS = {
    "in_file": "clear *Mapped items in source* (only what the file names)",
    "all": "clear *All items* (the file is complete over this dimension)",
    "none": "do not clear",
}


@dataclass(frozen=True, slots=True)
class Kit:
    """The files that were written."""

    page: Path
    samples: tuple[Path, ...]


def write_kit(connection: OpenConnection, folder: Path, *, as_built: bool = False) -> Kit:
    """Write a sample CSV per list and module, and ``README.md`` beside them.

    The samples hold the first rows of what would really be sent where the newest period was read, else made-up rows:
    Anaplan builds an import over the file's header.

    Args:
        connection: The opened connection.
        folder: Where the files go.
        as_built: Ask the model how the data source of each import is cut, and cut its sample so; otherwise nobody is asked.

    Raises:
        SettingWrong: With ``as_built``: an import is not built yet, or no file can be written in its cut.
        RecordRefused: With ``as_built``: a text cannot be written in that cut.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets: tuple[ListTarget | ModuleTarget, ...] = (*connection.settings.lists, *connection.settings.modules)
    cuts = {target.name: _built_cut(connection, target) if as_built else OWN_CUT for target in targets}
    samples = tuple(_write_sample(connection, target, folder, cuts[target.name]) for target in targets)
    page = folder / "README.md"
    page.write_text("\n".join(_page(connection, targets, cuts)) + "\n", encoding="utf-8")
    return Kit(page, samples)


def _built_cut(connection: OpenConnection, target: ListTarget | ModuleTarget) -> CsvLayout:
    return layout_of(find_route(connection.model(), target.import_action))


def _write_sample(
    connection: OpenConnection, target: ListTarget | ModuleTarget, folder: Path, layout: CsvLayout
) -> Path:
    numbers = number_columns(target)
    rows = with_decimals(iter(_sample(connection, target)), OWN_CUT, layout, numbers)
    return write_rows(folder / f"{target.name}.csv", rows, layout).path


def _sample(connection: OpenConnection, target: ListTarget | ModuleTarget) -> list[list[str]]:
    plan = _newest_plan(connection, target)
    if plan is None or not plan.rows:
        return [list(target.columns), [_example(connection, target, field) for field in target.columns.values()]]
    with plan.file.open(encoding=OWN_CUT.encoding, newline="") as file:
        return list(islice(read_rows(file, OWN_CUT), SAMPLE_ROWS + 1))


def _newest_plan(connection: OpenConnection, target: ListTarget | ModuleTarget) -> FilePlan | None:
    entity = target.entity if isinstance(target, ListTarget) else target.from_
    periods = CurrentSnapshots.of(connection).periods(entity)
    if not periods:
        return None
    try:
        return translate(connection, target.name, periods[-1], ask_model=False)
    except HeldForPerson:  # an entity beside it was not read yet; a made-up row does as well
        return None


def _example(connection: OpenConnection, target: ListTarget | ModuleTarget, field: str) -> str:
    if field.startswith("="):
        return field[1:]
    if field == "period" and isinstance(target, ModuleTarget):
        return _month(connection).label(target.period_format)
    named = {column.field for column in columns_of(target) if target.columns[column.name] == field}
    return EXAMPLES.get(next(iter(named)), field)


def _month(connection: OpenConnection) -> Period:
    return open_period(connection).previous()


def _page(
    connection: OpenConnection, targets: tuple[ListTarget | ModuleTarget, ...], cuts: Mapping[str, CsvLayout]
) -> Iterator[str]:
    settings = connection.settings
    yield f"# Imports for {connection.name}"
    yield ""
    yield (
        f"Workspace `{settings.anaplan.workspace}`, model `{settings.anaplan.model}`. Build each import action once, over "
        "the sample file named with it, signed in as anybody; the connector's own user then runs it and needs a role that "
        "may run actions and write to these modules. Files have a header row; their cut is named with each."
    )
    yield ""
    yield "Lists come first: a module row whose member is missing is rejected."
    for target in targets:
        over = f"over `{target.name}.csv` ({_said(cuts[target.name])})"
        yield ""
        yield from _list_section(target, over) if isinstance(target, ListTarget) else _module_section(target, over)


def _said(layout: CsvLayout) -> str:
    separator = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}.get(
        layout.separator, layout.separator
    )
    quotes = f"texts in {layout.delimiter}" if layout.delimiter else "no text delimiter"
    decimals = "point" if layout.decimal_separator == "." else "comma"
    return f"{layout.encoding}, {separator} between columns, {quotes}, decimal {decimals}"


def _list_section(target: ListTarget, over: str) -> Iterator[str]:
    codes = " and ".join(f"`{column}`" for column, field in target.columns.items() if field == "code")
    yield f"## List {target.anaplan_list or target.name}"
    yield ""
    yield f"- Import action: **{target.import_action}**, {over}."
    yield f"- Match on **code only**, mapped to {codes}. Unmatched codes create members; nothing is ever deleted."
    yield "- Members that are no longer used arrive with Active = false."
    yield from _columns(target)


def _module_section(target: ModuleTarget, over: str) -> Iterator[str]:
    yield f"## Module {target.name}"
    yield ""
    yield f"- Import action: **{target.import_action}**, {over}, {_rows_of(target)}."
    yield "- Match every list on **code**."
    if any(field == "period" for field in target.columns.values()):
        example = Period(2026, 10).label(target.period_format)
        yield f"- The period is written like `{example}` (`{target.period_format}`): choose the same in the import's time settings."
    for column, mode in target.clear.items():
        yield f"- {column}: {CLEARS[mode]}."
    yield from _read_back(target)
    yield from _columns(target)


def _rows_of(target: ModuleTarget) -> str:
    if target.grain == "cell":
        return "one row per target cell; a cell that emptied is sent as 0"
    return f"one row per {target.grain}; one that vanished is sent with amount 0 and Active = false"


def _read_back(target: ModuleTarget) -> Iterator[str]:
    if target.read_back is None:
        yield "- **No read-back is configured**: without a saved view no load can be verified."
        return
    documents = DocumentColumns.of(target)
    beside = (
        {}
        if documents is None
        else {column: target.read_back.columns.get(column, column) for column in documents.whose}
    )
    dimensions = ", ".join(sorted(set(target.read_back.columns.values()) - set(beside.values())))
    yield (
        f"- Save a view **{target.read_back.view}** that shows line item **{target.read_back.line_item}** by {dimensions}, "
        "unfiltered; the connector reads each loaded figure again from it."
    )
    if beside:
        yield (
            f"- Beside it the view shows **{', '.join(sorted(beside.values()))}**: whose a document is, so that one which is gone "
            "from the books is found in the model; better still every line item that the file fills."
        )


def _columns(target: ListTarget | ModuleTarget) -> Iterator[str]:
    yield ""
    yield "| column | holds |"
    yield "| --- | --- |"
    for column, field in target.columns.items():
        yield f"| {column} | {f'always `{field[1:]}`' if field.startswith('=') else field} |"
