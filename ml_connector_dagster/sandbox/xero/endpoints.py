"""The read side of the accounting API: collections, single records, and the reference data that does not page."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.books.records import Account, Contact, Document, Payment
from ml_connector_dagster.sandbox.xero.access import Call, Handler
from ml_connector_dagster.sandbox.xero.answers import collection, not_found, records
from ml_connector_dagster.sandbox.xero.listing import list_answer, where_test
from ml_connector_dagster.sandbox.xero.notation import Json, day_stamp, stamp
from ml_connector_dagster.sandbox.xero.reference_wire import (
    write_account,
    write_category,
    write_contact,
    write_tax_rate,
)
from ml_connector_dagster.sandbox.xero.shelves import RESOURCES, Resource


def listed(plural: str) -> Handler:
    """GET of a collection."""
    resource = RESOURCES[plural]

    def handler(call: Call) -> Response:
        shelves = call.cloud.shelves(call.tenant)
        bulk = call.cloud.bulk.get(call.tenant.tenant_id) if plural == "Invoices" else None
        return list_answer(call.request, call.now_ms, resource, shelves, bulk)

    return handler


def single(plural: str) -> Handler:
    """GET of one record by its id; invoices, credit notes and accounts answer to their number or code too."""
    resource = RESOURCES[plural]

    def handler(call: Call) -> Response:
        record_id = call.request.path_params["record_id"].lower()
        bulk = call.cloud.bulk.get(call.tenant.tenant_id) if plural == "Invoices" else None
        rendered = bulk.render(record_id) if bulk else None
        if rendered is None:
            rendered = msgspec.json.encode(_render(call, resource, record_id))
        return collection(call.request, call.now_ms, plural, [rendered])

    return handler


def organisation(call: Call) -> Response:
    """GET /Organisation."""
    profile, locks = call.tenant.profile, call.tenant.locks
    kingdom = profile.country == "GB"
    shown: Json = {
        "Name": profile.name,
        "LegalName": profile.name,
        "PaysTax": True,
        "Version": "UK" if kingdom else "GLOBAL",
        "OrganisationType": "COMPANY",
        "BaseCurrency": profile.base,
        "CountryCode": profile.country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": profile.year_end_month,
        "SalesTaxBasis": "ACCRUAL" if kingdom else "ACCRUALS",
        "SalesTaxPeriod": "QUARTERLY1" if kingdom else "TWOMONTHS",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": day_stamp(call.tenant.first),
        "OrganisationEntityType": "COMPANY",
        "Timezone": "GMTSTANDARDTIME",
        "ShortCode": "!kf7QZ" if kingdom else "!d2M8x",
        "OrganisationID": profile.tenant_id,
        "Edition": "BUSINESS",
        "Class": "PREMIUM",
        "LineOfBusiness": "Professional services",
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    if locks.period is not None:
        shown["PeriodLockDate"] = day_stamp(locks.period)
    if locks.year is not None:
        shown["EndOfYearLockDate"] = day_stamp(locks.year)
    return records(call.request, call.now_ms, "Organisations", [shown])


def organisation_actions(call: Call) -> Response:
    """GET /Organisation/Actions: what the consenting user may do."""
    status = "ALLOWED" if call.cloud.user_may_report else "NOT-ALLOWED"
    names = ("CreateManualJournal", "CreateDraftInvoice", "ViewReports")
    return records(call.request, call.now_ms, "Actions", [{"Name": name, "Status": status} for name in names])


def tracking_categories(call: Call) -> Response:
    """GET /TrackingCategories: no stamps, no pages; archived ones only on request."""
    archived = call.request.query_params.get("includeArchived", "").lower() == "true"
    wanted = call.request.path_params.get("record_id", "").lower()
    shown = [
        write_category(category, include_archived=archived)
        for category in call.tenant.company.categories
        if (archived or category.status == "ACTIVE") and wanted in {"", category.category_id}
    ]
    if wanted and not shown:
        raise not_found()
    return records(call.request, call.now_ms, "TrackingCategories", shown)


def tax_rates(call: Call) -> Response:
    """GET /TaxRates."""
    fields = frozenset({"TaxType", "Name", "Status", "ReportTaxType"})
    shown = [write_tax_rate(rate) for rate in call.tenant.company.tax_rates.values()]
    clause = call.request.query_params.get("where")
    if clause:
        test = where_test(clause, Resource("TaxRates", "TaxType", fields))
        shown = [rate for rate in shown if test(rate)]
    return records(call.request, call.now_ms, "TaxRates", shown)


def currencies(call: Call) -> Response:
    """GET /Currencies: the firm's own first."""
    profile = call.tenant.profile
    names = {"GBP": "British Pound", "EUR": "Euro", "USD": "United States Dollar"}
    shown = [{"Code": code, "Description": names[code]} for code in (profile.base, *profile.foreign)]
    return records(call.request, call.now_ms, "Currencies", shown)


def budgets(call: Call) -> Response:
    """GET /Budgets lists heads without lines; by id it gives lines, three months unless asked, 24 at most."""
    tenant = call.tenant
    wanted = call.request.path_params.get("record_id", "").lower()
    budget_id = tenant.profile.tenant_id[:-4] + "b0d6"
    if wanted not in {"", budget_id}:
        raise not_found()
    head: Json = {
        "BudgetID": budget_id,
        "Type": "OVERALL",
        "Description": "Overall Budget",
        "UpdatedDateUTC": stamp(0),
        "BudgetLines": _budget_lines(call) if wanted else [],
        "Tracking": [],
    }
    return records(call.request, call.now_ms, "Budgets", [head])


def _budget_lines(call: Call) -> list[Json]:
    """Plan figures: for each profit-and-loss account the average month of the last year, a little up."""
    query, today = call.request.query_params, call.cloud.world.clock.today()
    months = _months(query, today.year * 12 + today.month - 1)
    year_ago = today.replace(year=today.year - 1, day=1)
    moved = call.tenant.ledger.movement(year_ago, today)
    lines = []
    for account in call.tenant.company.accounts.values():
        cents = abs(moved.get(account.account_id, 0)) // 12 * 105 // 100 // 100
        if account.account_class in {"REVENUE", "EXPENSE"} and cents and account.status == "ACTIVE":
            balances = [
                {"Period": f"{month // 12:04d}-{month % 12 + 1:02d}", "Amount": str(cents), "Notes": ""}
                for month in months
            ]
            lines.append({"AccountID": account.account_id, "AccountCode": account.code, "BudgetBalances": balances})
    return lines


def _months(query: Mapping[str, str], current: int) -> list[int]:
    def month(text: str, otherwise: int) -> int:
        return int(text[:4]) * 12 + int(text[5:7]) - 1 if text else otherwise

    first = month(query.get("DateFrom", ""), current - 1)
    last = month(query.get("DateTo", ""), current + 1)
    return list(range(first, min(last, first + 23) + 1))


def _render(call: Call, resource: Resource, record_id: str) -> Mapping[str, Any]:
    """One record in full, also one that lists hide; Refusal with 404 where there is none."""
    shelves = call.cloud.shelves(call.tenant)
    if resource.plural in {"Accounts", "Contacts"}:
        return _reference(call, resource.plural, record_id)
    shelves.listed(resource.plural)
    record = _found(call, record_id)
    render = shelves.renderer(resource.plural)
    if resource.plural == "BankTransactions":
        return _bank_transaction(record, record_id, render)
    kind = (
        record.kind if isinstance(record, Document) else "Payments" if isinstance(record, Payment) else "BankTransfers"
    )
    if kind != resource.plural:
        raise not_found()
    return render(record, full=True)


def _bank_transaction(record: Any, record_id: str, render: Any) -> Mapping[str, Any]:
    if isinstance(record, Document) and record_id in {record.twin_id, record.doc_id} and record.bank_id:
        return render(record, full=True)  # type: ignore[no-any-return]
    if not isinstance(record, Document | Payment) and record_id in {record.out_id, record.in_id}:
        return render((record, record_id == record.in_id), full=True)  # type: ignore[no-any-return]
    raise not_found()


def _found(call: Call, record_id: str) -> Any:
    try:
        return call.tenant.find(record_id)
    except KeyError:
        pass
    for document in call.tenant.company.documents.values():
        if document.number and document.number.lower() == record_id and document.type != "ACCPAY":
            return document
    raise not_found()


def _reference(call: Call, plural: str, record_id: str) -> Mapping[str, Any]:
    company = call.tenant.company
    found: Account | Contact | None
    if plural == "Accounts":
        found = company.accounts.get(record_id) or next(
            (account for account in company.accounts.values() if account.code == record_id), None
        )
        if found is not None:
            return write_account(found)
    else:
        found = company.contacts.get(record_id)
        if found is not None:
            return write_contact(found, full=True)
    raise not_found()
