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
CALLS_PLANNED = "mlc/api_calls_to_come"
CALLS_LEFT = "mlc/api_calls_left_today"
DAYS = "mlc/days_of_calls"
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
ACCOUNTS = "mlc/account_by_account"
WHAT_TO_DO = "mlc/what_to_do"
ERROR = "mlc/error"
FINDINGS = "mlc/findings"
WAITS_FOR = "mlc/waits_for"


def number(amount: Decimal) -> dg.FloatMetadataValue:
    """Answer the amount for a plot; the exact figure stands beside it as text, this is a picture only."""
    return dg.MetadataValue.float(float(amount))


def money(amount: Decimal) -> str:
    """Write the amount for people: thousands separated, two decimals."""
    return f"{amount:,.2f}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> dg.TableMetadataValue | None:
    """Answer a table that the UI shows at once, not behind a click as markdown; None without rows."""
    records = [dg.TableRecord(dict(zip(columns, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records) if records else None


def without_empty(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what has nothing to say, so that a page shows only what matters."""
    return {key: value for key, value in metadata.items() if value not in (None, {}, "")}
