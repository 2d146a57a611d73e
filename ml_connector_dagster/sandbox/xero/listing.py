"""How Xero lists a collection: delta, where, statuses, ids, order, pages with their count, or bare heads without pages."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from ml_connector_dagster.sandbox.xero.answers import collection, exception
from ml_connector_dagster.sandbox.xero.bulk import BulkInvoices
from ml_connector_dagster.sandbox.xero.notation import Json
from ml_connector_dagster.sandbox.xero.shelves import Resource, Shelf, Shelves
from ml_connector_dagster.sandbox.xero.where import (
    QueryParseError,
    Test,
    named_fields,
    parse_order,
    parse_where,
    value_of,
)

_SINCE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?")
_HIGH_VOLUME = 100_000
_PAGE_DEFAULT, _PAGE_MOST = 100, 1_000
_TOO_MANY = (
    "Your request is not filtering {plural} efficiently, given the extremely high volume for this organisation. "
    "Please use paging or narrow the request."
)


class _Found(NamedTuple):
    """What a request matched: ordinary records around the bulk ones, in Xero's order."""

    before: Sequence[Shelf]
    bulk: BulkInvoices | None
    matched: Sequence[int]
    after: Sequence[Shelf]

    def size(self) -> int:
        return len(self.before) + (self.bulk.size(self.matched) if self.bulk else 0) + len(self.after)

    def encoded(self, first: int, last: int, *, heads: bool) -> list[bytes]:
        """The records from first up to last (not included); heads alone have no lines."""

        def rendered(shelves: Sequence[Shelf]) -> list[bytes]:
            return [shelf.head() if heads else shelf.full() for shelf in shelves]

        found = rendered(self.before[first:last])
        first, last = first - len(self.before), last - len(self.before)
        if self.bulk is not None:
            found += self.bulk.encoded(self.matched, max(first, 0), max(last, 0), heads=heads)
            first, last = first - self.bulk.size(self.matched), last - self.bulk.size(self.matched)
        return found + rendered(self.after[max(first, 0) : max(last, 0)])


_WALKS_KEPT = 32


def list_answer(
    request: Request, now_ms: int, resource: Resource, shelves: Shelves, bulk: BulkInvoices | None
) -> Response:
    """Answer GET of a collection."""
    query = request.query_params
    found = _remembered(request, resource, shelves, bulk)
    summary = query.get("summaryOnly", "").lower() == "true" and resource.always_paged_by == "summaryOnly"
    paged = resource.pages and ("page" in query or summary)
    if found.size() > _HIGH_VOLUME and not (paged and _is_optimised(query, resource)):
        raise exception(51, "HighVolumeException", _TOO_MANY.format(plural=resource.plural))
    if not paged:
        return collection(request, now_ms, resource.plural, found.encoded(0, found.size(), heads=True))
    page, size = _page(query)
    count = found.size()
    pagination = {"page": page, "pageSize": size, "pageCount": -(-count // size), "itemCount": count}
    first = (page - 1) * size
    encoded = found.encoded(first, first + size, heads=summary)
    return collection(request, now_ms, resource.plural, encoded, pagination=pagination)


def modified_since(request: Request) -> int | None:
    """The header as epoch seconds; None where it is missing or malformed, which Xero ignores without a word."""
    header = request.headers.get("if-modified-since", "")
    if not _SINCE.fullmatch(header):
        return None
    moment = datetime.fromisoformat(header)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def where_test(expression: str, resource: Resource) -> Test:
    """The test of a where clause; Refusal with 400 where it cannot be read."""
    try:
        return parse_where(expression, resource.fields)
    except QueryParseError as wrong:
        raise exception(16, "QueryParseException", f"{wrong} in '{expression}'") from wrong


def _remembered(request: Request, resource: Resource, shelves: Shelves, bulk: BulkInvoices | None) -> _Found:
    """The next page of a walk asks the same question: its matches are kept until something changes."""
    listed = shelves.listed(resource.plural)
    asked = tuple(sorted(pair for pair in request.query_params.items() if pair[0] not in {"page", "pageSize"}))
    key = (resource.plural, asked, modified_since(request))
    if key not in shelves.walks:
        if len(shelves.walks) >= _WALKS_KEPT:
            shelves.walks.clear()
        shelves.walks[key] = _find(request, resource, listed, bulk)
    found: _Found = shelves.walks[key]
    return found


def _find(request: Request, resource: Resource, shelves: Sequence[Shelf], bulk: BulkInvoices | None) -> _Found:
    query = request.query_params
    since = modified_since(request) if resource.deltas else None
    tests = _tests(query, resource)
    try:
        kept = [shelf for shelf in shelves if all(test(shelf.shown) for test in tests)] if tests else list(shelves)
    except QueryParseError as wrong:
        raise exception(16, "QueryParseException", str(wrong)) from wrong
    if since is not None:
        kept = [shelf for shelf in kept if shelf.updated_ms // 1_000 >= since]
    if "order" in query:
        kept = _ordered(kept, query["order"], resource)
    matched: Sequence[int] = ()
    if bulk is not None and (since is None or bulk.updated_ms // 1_000 >= since):
        matched = bulk.matching(lambda shown: all(test(shown) for test in tests))
    if bulk is None or not matched:
        return _Found(kept, None, (), ())
    split = sum(1 for shelf in kept if shelf.updated_ms <= bulk.updated_ms)
    return _Found(kept[:split], bulk, matched, kept[split:])


def _is_optimised(query: Mapping[str, str], resource: Resource) -> bool:
    """Whether `where` and `order` name only what Xero looks up by an index."""
    named = named_fields(query.get("where", ""), resource.fields)
    named |= {field for field, _ in parse_order(query["order"], resource.fields)} if query.get("order") else set()
    return named <= (resource.optimised or named)


def _tests(query: Mapping[str, str], resource: Resource) -> list[Test]:
    tests: list[Test] = []
    if query.get("where"):
        tests.append(where_test(query["where"], resource))
    if resource.plural == "Invoices":
        for name, path in (
            ("Statuses", "Status"),
            ("IDs", "InvoiceID"),
            ("InvoiceNumbers", "InvoiceNumber"),
            ("ContactIDs", "Contact.ContactID"),
        ):
            if query.get(name):
                tests.append(_one_of(path, query[name]))
    if resource.plural == "Contacts":
        if query.get("IDs"):
            tests.append(_one_of("ContactID", query["IDs"]))
        elif query.get("includeArchived", "").lower() != "true":
            tests.append(lambda shown: shown["ContactStatus"] != "ARCHIVED")
    if resource.plural == "BankTransfers" and query.get("includeDeleted", "").lower() != "true":
        tests.append(lambda shown: shown["Status"] != "DELETED")
    return tests


def _one_of(path: str, listed: str) -> Test:
    wanted = {entry.strip().lower() for entry in listed.split(",")}
    return lambda shown: str(value_of(shown, path)).lower() in wanted


def _ordered(shelves: list[Shelf], order: str, resource: Resource) -> list[Shelf]:
    try:
        keys = parse_order(order, resource.fields)
    except QueryParseError as wrong:
        raise exception(16, "QueryParseException", str(wrong)) from wrong
    for field, descending in reversed(keys):
        shelves = sorted(shelves, key=lambda shelf: _sortable(shelf.shown, field), reverse=descending)
    return shelves


def _sortable(shown: Json, field: str) -> tuple[bool, float, str]:
    value = value_of(shown, field)
    number = float(value) if isinstance(value, int | float) else 0.0
    return value is not None, number, value if isinstance(value, str) else ""


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    """Page and size, brought into range without a word."""
    page = _whole(query.get("page", "1"), 1)
    size = _whole(query.get("pageSize", str(_PAGE_DEFAULT)), _PAGE_DEFAULT)
    return max(page, 1), min(max(size, 1), _PAGE_MOST)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch(r"-?\d+", text) else otherwise
