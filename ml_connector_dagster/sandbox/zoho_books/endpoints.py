"""The API's read side, and the hard delete: lists, details, the chart, account transactions, reports."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.zoho_books import reference_wire, reports, shelves, transactions
from ml_connector_dagster.sandbox.zoho_books.access import Call, Handler
from ml_connector_dagster.sandbox.zoho_books.answers import Json, Refusal, invalid, missing, number, success
from ml_connector_dagster.sandbox.zoho_books.chart import FAMILIES
from ml_connector_dagster.sandbox.zoho_books.company import Company
from ml_connector_dagster.sandbox.zoho_books.listing import page_of
from ml_connector_dagster.sandbox.zoho_books.records import Doc
from ml_connector_dagster.sandbox.zoho_books.shelves import Shelf

_WORDS = {shelf.kind: shelf.word.lower() for shelf in shelves.SHELVES}
_DRIFT_KINDS = {"invoice": "invoice", "bill": "bill", "expense": "expense", "purchaseorder": "purchaseorder"}


def listed(shelf: Shelf) -> Handler:
    """GET of a list of records: rows without line items."""

    def handler(call: Call) -> Response:
        body = page_of(shelf, call.cloud.rows(shelf), call.query)
        if shelf is shelves.VENDOR_CREDITS:
            body[call.cloud.settings.vendor_credits_key] = body.pop(shelf.list_key)
        _drift(call, shelf, body["page_context"]["page"])
        return success(body)

    return handler


def single(shelf: Shelf) -> Handler:
    """GET of one record with its lines; 1002 where it is gone."""

    def handler(call: Call) -> Response:
        doc = _found(call, shelf)
        return success({shelf.detail_key: shelf.full(call.company, doc, call.cloud.world.clock.today())})

    return handler


def removed(shelf: Shelf) -> Handler:
    """DELETE of one record: no trace is left."""

    def handler(call: Call) -> Response:
        call.company.delete(_found(call, shelf))
        return success({}, message=f"The {_WORDS[shelf.kind]} has been deleted.")

    return handler


def simple(shelf: Shelf, rows: Callable[[Company], list[Json]]) -> Handler:
    """GET of a list of reference data."""

    def handler(call: Call) -> Response:
        return success(page_of(shelf, rows(call.company), call.query))

    return handler


def simple_single(
    shelf: Shelf, rows: Callable[[Company], list[Json]], full: Callable[[Company, Any], Json] | None = None
) -> Handler:
    """GET of one piece of reference data."""

    def handler(call: Call) -> Response:
        wanted = call.request.path_params["record_id"]
        found = next((row for row in rows(call.company) if row[shelf.id_field] == wanted), None)
        if found is None:
            raise missing(shelf.word)
        return success({shelf.detail_key: full(call.company, wanted) if full else found})

    return handler


def plain(body: Callable[[Call], Mapping[str, Any]]) -> Handler:
    """GET of something that does not page."""
    return lambda call: success(body(call))


def organizations(call: Call) -> Response:
    """The only call without organization_id."""
    settings = call.cloud.settings
    return success({"organizations": reference_wire.organizations(settings.plan, settings.fiscal_year_start_month)})


def organization(call: Call) -> Response:
    settings, wanted = call.cloud.settings, call.request.path_params["record_id"]
    both = reference_wire.organizations(settings.plan, settings.fiscal_year_start_month)
    found = next((one for one in both if one["organization_id"] == wanted), None)
    if found is None:
        raise missing("Organization")
    return success({"organization": found})


def accounts(company: Company) -> list[Json]:
    return [reference_wire.account(company, one) for one in company.accounts.values()]


def chart_of_accounts(call: Call) -> Response:
    """The chart; showbalance adds what stands on each account now, in its own sense."""
    found = accounts(call.company)
    if call.query.get("showbalance", "").lower() == "true":
        today = call.cloud.world.clock.today()
        held = call.company.ledger.movement(None, today)
        found = [row | {"current_balance": number(_own_sense(row, held.get(row["account_id"], 0)))} for row in found]
    return success(page_of(shelves.ACCOUNTS, found, call.query))


def _own_sense(row: Json, cents: int) -> int:
    """What increases an income, a liability or equity is positive there, though it is a credit."""
    return -cents if any(row["account_type"] in FAMILIES[name] for name in ("Income", "Liability", "Equity")) else cents


def contacts(company: Company) -> list[Json]:
    return [reference_wire.contact(company, one) for one in company.contacts.values()]


def items(company: Company) -> list[Json]:
    return [reference_wire.item(company, one) for one in company.items.values()]


def item_details(call: Call) -> Response:
    """Up to 100 items by id."""
    wanted = call.query.get("item_ids", "").split(",")[:100]
    found = [reference_wire.item(call.company, call.company.items[one]) for one in wanted if one in call.company.items]
    return success({"items": found})


def account_transactions(call: Call) -> Response:
    """The postings of one account; account_id is required."""
    account_id = call.query.get("account_id", "")
    if not account_id:
        raise invalid("account_id")
    if account_id not in call.company.accounts:
        raise missing("Account")
    found = transactions.rows(call.company, account_id, call.query, collapse=call.cloud.settings.collapse_rows)
    # account_name and account_type, the documented sort columns, mean nothing within one account
    asked = {key: value for key, value in call.query.items() if key in {"page", "per_page"}}
    return success(page_of(shelves.TRANSACTIONS, found, asked))


def report(make: Callable[[Company, Mapping[str, str], date], Json]) -> Handler:
    """An undocumented report; 404 where they are switched off."""

    def handler(call: Call) -> Response:
        if not call.cloud.settings.reports:
            raise Refusal(404, 5, "Invalid URL Passed")
        return success(make(call.company, call.query, call.cloud.world.clock.today()))

    return handler


profit_and_loss = report(reports.profit_and_loss)
balance_sheet = report(reports.balance_sheet)
all_account_transactions = report(reports.account_transactions)


def _found(call: Call, shelf: Shelf) -> Doc:
    doc = call.company.docs.get(call.request.path_params["record_id"])
    if doc is None or doc.kind != shelf.kind:
        raise missing(shelf.word)
    return doc


def _drift(call: Call, shelf: Shelf, page: int) -> None:
    """Enter a record right after the first page: the pages that follow are shifted by one."""
    if page == 1 and shelf.kind in call.cloud.settings.drifting:
        call.cloud.settings.drifting.discard(shelf.kind)
        call.company.late_document(_DRIFT_KINDS[shelf.kind], call.cloud.world.clock.today(), 1_000)
