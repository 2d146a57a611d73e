"""The metadata keys of every asset, in one place: a key that is the same everywhere plots over periods for free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import dagster as dg

ROWS = "dagster/row_count"
TOTAL = "mlc/total"
TOTAL_EXACT = "mlc/total_exact"
RECORDS = "mlc/records_read"
QUARANTINED = "mlc/quarantined"
REFUSED_RECORDS = "mlc/quarantined_records"
CALLS = "mlc/api_calls"
CALLS_EXPECTED = "mlc/api_calls_by_formula"
REUSED = "mlc/reused_fresh_read"
DRIFT = "mlc/unknown_fields"
REJECTED = "mlc/rows_rejected"
IGNORED = "mlc/rows_ignored"
ZERO_ROWS = "mlc/zero_rows"
ZEROES = "mlc/zeroed_figures_of_model"
LOAD = "mlc/load"
TASK = "mlc/anaplan_task"
VERDICT = "mlc/verdict"
SENT = "mlc/sent"
FILE_HASH = "mlc/file_sha256"
BOOKS = "mlc/books"
STAGED = "mlc/staged"
ANAPLAN = "mlc/anaplan"
UNEXPLAINED = "mlc/unexplained"
CLASSES = "mlc/residual_classes"
DIFFERENCES = "mlc/differences"
CHART = "mlc/chart"
WHAT_TO_DO = "mlc/what_to_do"


def number(amount: Decimal) -> dg.FloatMetadataValue:
    """Answer the amount for a plot; the exact figure stands beside it as text, this is a picture only."""
    return dg.MetadataValue.float(float(amount))


def money(amount: Decimal) -> str:
    """Write the amount for people: thousands separated, two decimals."""
    return f"{amount:,.2f}"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """Answer a small table; pipes in values are escaped so that a customer's name cannot break it."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def counted(counts: Mapping[str, int]) -> dg.JsonMetadataValue:
    """Answer named counts."""
    return dg.MetadataValue.json(dict(counts))


def bars(figures: Mapping[str, Decimal]) -> dg.MarkdownMetadataValue:
    """Draw the figures as bars of text: who looks at a run page sees at once which total stands out.

    Bars are drawn in characters since the UI shows no inline pictures in markdown.
    """
    widest = max((abs(amount) for amount in figures.values()), default=Decimal(0))
    rows = [(name, _bar(amount, widest), money(amount)) for name, amount in figures.items()]
    return markdown_table(("", "", "amount"), rows)


def _bar(amount: Decimal, widest: Decimal, width: int = 30) -> str:
    filled = int(abs(amount) / widest * width) if widest else 0
    return ("█" if amount >= 0 else "▒") * filled


def without_empty(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what has nothing to say, so that a page shows only what matters."""
    return {key: value for key, value in metadata.items() if value not in (None, {}, "")}
