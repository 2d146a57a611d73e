"""The grammar of every list: filters, sorting, pages of 200, and the page_context that echoes what was understood.

What is not known is ignored with 200, as Zoho does: a client must look at the echo and at the rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector_dagster.sandbox.zoho_books.answers import Json
from ml_connector_dagster.sandbox.zoho_books.chart import FAMILIES
from ml_connector_dagster.sandbox.zoho_books.shelves import Shelf

MOST_PER_PAGE = 200
Test = Callable[[Json], bool]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "_start": lambda shown, asked: shown >= asked,
    "_end": lambda shown, asked: shown <= asked,
    "_before": lambda shown, asked: shown < asked,
    "_after": lambda shown, asked: shown > asked,
    "": lambda shown, asked: shown == asked,
}
_AMOUNTS: dict[str, Callable[[Any, Any], bool]] = {
    "_less_than": lambda shown, asked: shown < asked,
    "_less_equals": lambda shown, asked: shown <= asked,
    "_greater_than": lambda shown, asked: shown > asked,
    "_greater_equals": lambda shown, asked: shown >= asked,
    "": lambda shown, asked: shown == asked,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "_startswith": lambda shown, asked: shown.lower().startswith(asked.lower()),
    "_contains": lambda shown, asked: asked.lower() in shown.lower(),
    "": lambda shown, asked: shown.lower() == asked.lower(),
}


def page_of(shelf: Shelf, rows: Iterable[Json], query: Mapping[str, str]) -> Json:
    """The body of one page: the rows under the list's key, and page_context."""
    chosen = _chosen_filter(shelf, query)
    kept = [row for row in rows if all(test(row) for test in _tests(shelf, query, chosen))]
    column = query.get("sort_column", "")
    column = column if column in shelf.sorts else shelf.sort
    order = query.get("sort_order", "")[:1].upper()
    order = order if order in {"A", "D"} else shelf.order
    kept.sort(key=lambda row: _sort_key(row, column, shelf), reverse=order == "D")
    return _page(shelf, kept, query, {"applied_filter": chosen, "sort_column": column, "sort_order": order})


def _page(shelf: Shelf, kept: Sequence[Json], query: Mapping[str, str], echo: Json) -> Json:
    page = max(1, _whole(query.get("page"), 1))
    asked = _whole(query.get("per_page"), 0)
    per_page = min(asked, MOST_PER_PAGE) if asked > 0 else shelf.per_page
    start = (page - 1) * per_page
    context = {
        "page": page,
        "per_page": per_page,
        "has_more_page": start + per_page < len(kept),
        "report_name": shelf.list_key.replace("_", " ").title(),
        "custom_fields": [],
        **echo,
    }
    return {shelf.list_key: list(kept[start : start + per_page]), "page_context": context}


def _tests(shelf: Shelf, query: Mapping[str, str], chosen: str) -> list[Test]:
    tests: list[Test] = [*_filter_test(chosen)]
    for field in (*shelf.dates, *shelf.exact_dates):
        shown_as = shelf.date_field if field == "date" else "created_time" if field == "created_date" else field
        for suffix, compare in _COMPARISONS.items():
            asked = query.get(f"{field}{suffix}", "")
            if asked and (not suffix or field in shelf.dates):
                tests.append(_dated(shown_as, compare, asked))
    for field in shelf.texts:
        tests += [
            _worded(field, match, query[f"{field}{suffix}"])
            for suffix, match in _TEXTS.items()
            if query.get(f"{field}{suffix}")
        ]
    for field in shelf.amounts:
        for suffix, measure in _AMOUNTS.items():
            amount = _amount(query.get(f"{field}{suffix}", ""))
            if amount is not None:
                tests.append(_measured(field, measure, amount))
    tests += [_worded(field, str.__eq__, query[field]) for field in shelf.exact if query.get(field)]
    return [*tests, *_stamp_test(shelf, query)]


def _dated(field: str, compare: Callable[[Any, Any], bool], asked: str) -> Test:
    return lambda row: compare(str(row[field])[:10], asked)


def _worded(field: str, match: Callable[[str, str], bool], asked: str) -> Test:
    return lambda row: match(str(row.get(field, "")), asked)


def _measured(field: str, measure: Callable[[Any, Any], bool], asked: Decimal) -> Test:
    """An amount; lists that call it total answer to amount too."""
    return lambda row: measure(Decimal(str(row.get(field, row.get("total", 0)) or 0)), asked)


def _stamp_test(shelf: Shelf, query: Mapping[str, str]) -> list[Test]:
    """last_modified_time: at or after, equals, or nothing; a + that was not encoded arrives as a blank."""
    asked = _instant(query.get("last_modified_time", ""))
    if asked is None or shelf.stamp == "ignored":
        return []
    if shelf.stamp == "equals":
        return [lambda row: _instant(row["last_modified_time"]) == asked]
    return [lambda row: (_instant(row["last_modified_time"]) or asked) >= asked]


def _chosen_filter(shelf: Shelf, query: Mapping[str, str]) -> str:
    """The filter that applies: the one asked for where its family is known here, else the list's own."""
    asked = query.get("filter_by", "")
    return asked if asked and asked.partition(".")[0] == shelf.filters.partition(".")[0] else shelf.filters


def _filter_test(chosen: str) -> list[Test]:
    family, _, value = chosen.partition(".")
    if value in {"", "All"} or family not in {"Status", "AccountType"}:
        return []
    if family == "AccountType" and value in FAMILIES:
        return [lambda row: row["account_type"] in FAMILIES[value]]
    if family == "AccountType":
        return [lambda row: row["is_active"] == (value == "Active")]
    wanted = {"OverDue": "overdue"}.get(value, value).lower().replace("_", "")
    return [lambda row: wanted in _statuses(row)]


def _statuses(row: Json) -> set[str]:
    """What a status filter may call a row: PartiallyPaid is partially_paid, Unpaid is all that is open."""
    shown = str(row.get("status", "")).lower().replace("_", "")
    found = {shown, str(row.get("order_status", "")).lower().replace("_", "")}
    if shown in {"sent", "viewed", "overdue", "partiallypaid"}:
        found.add("unpaid")
    return found


def _sort_key(row: Json, column: str, shelf: Shelf) -> tuple[bool, Any, str]:
    """What a row is sorted by; texts after numbers, for a field that a test spoiled."""
    shown = row.get(shelf.date_field if column == "date" else column, row.get("created_time", ""))
    if column in {"created_time", "last_modified_time"}:
        shown = _instant(str(row.get(column, ""))) or datetime.min.replace(tzinfo=UTC)
    elif isinstance(shown, str):
        shown = shown.lower()
    return isinstance(shown, str), shown, str(row.get(shelf.id_field, ""))


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+")) if text else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.lstrip("-").isdigit() else otherwise


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
