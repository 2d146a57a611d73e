"""Queries, reads by id, the company and its preferences."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from starlette.responses import Response

from ml_connector_dagster.sandbox.quickbooks_online.access import Call
from ml_connector_dagster.sandbox.quickbooks_online.answers import answer, fault_body
from ml_connector_dagster.sandbox.quickbooks_online.chart import HOME
from ml_connector_dagster.sandbox.quickbooks_online.company import NAME, REALM_ID
from ml_connector_dagster.sandbox.quickbooks_online.notation import stamp
from ml_connector_dagster.sandbox.quickbooks_online.query import QueryWrong, Statement, parse
from ml_connector_dagster.sandbox.quickbooks_online.records import (
    NAME_ENTITIES,
    TXN_ENTITIES,
    UNTRACKED_ENTITIES,
    Named,
    Txn,
)
from ml_connector_dagster.sandbox.quickbooks_online.selecting import check_attributes, select

Json = dict[str, Any]
_ENTITIES = {name.lower(): name for name in (*TXN_ENTITIES, *NAME_ENTITIES, *UNTRACKED_ENTITIES)}
_MESSAGES = {"4000": "Error parsing query", "4001": "Invalid query"}


def query(call: Call) -> Response:
    """GET ?query= or POST with the statement as text."""
    posted = call.request.method == "POST"
    if posted and not call.request.headers.get("content-type", "").startswith("application/text"):
        raise call.refuse("4000", _MESSAGES["4000"], "A posted query is application/text.")
    text = call.body.decode("utf-8", "replace") if posted else call.request.query_params.get("query", "")
    try:
        return answer(call.request, call.now, {"QueryResponse": _answered(call, parse(text))})
    except QueryWrong as wrong:
        if call.cloud.faults_inside:
            call.cloud.faults_inside -= 1
            inside = fault_body(wrong.code, _MESSAGES[wrong.code], wrong.detail)
            return answer(call.request, call.now, {"QueryResponse": inside})
        raise call.refuse(wrong.code, _MESSAGES[wrong.code], f"QueryValidationError: {wrong.detail}") from None


def read(call: Call) -> Response:
    """GET {entity}/{id}; what was deleted, hidden, or never was is code 610."""
    params = call.request.path_params
    entity = _ENTITIES.get(params["entity"])
    if entity is None:
        raise call.refuse("500", "Unsupported Operation", f"{params['entity']} is not supported.")
    found = find(call, entity, params["record_id"])
    if found is None:
        raise call.refuse(
            "610",
            "Object Not Found",
            "Object Not Found : Something you're trying to use has been made inactive. "
            "Check the fields with accounts, customers, items, vendors or employees.",
        )
    return answer(call.request, call.now, {entity: render(call)(found)})


def company_info(call: Call) -> Response:
    """The realm's own id is the only one there is."""
    if call.request.path_params["record_id"] != REALM_ID:
        raise call.refuse("610", "Object Not Found", "Object Not Found")
    return answer(call.request, call.now, {"CompanyInfo": _company_info(call)})


def preferences(call: Call) -> Response:
    return answer(call.request, call.now, {"Preferences": _preferences(call)})


def find(call: Call, entity: str, record_id: str) -> Txn | Named | None:
    """The record of this entity with this id, inactive ones too."""
    company = call.company
    if entity in TXN_ENTITIES:
        txn = company.written.txns.get(record_id)
        return txn if txn is not None and txn.entity == entity and record_id not in company.hidden else None
    return company.written.lists[entity].get(record_id)


def render(call: Call) -> Callable[[Txn | Named], Json]:
    """Answer what turns a record into its JSON, balances looked up once."""
    wire, balances = call.cloud.wire, _Balances(call)

    def rendered(record: Txn | Named) -> Json:
        if isinstance(record, Txn):
            return wire.txn(record)
        return wire.named(record, balances.of(record.entity))

    return rendered


def records(call: Call, entity: str) -> Iterable[Txn | Named]:
    company = call.company
    if entity in TXN_ENTITIES:
        return (
            txn for txn in company.written.txns.values() if txn.entity == entity and txn.txn_id not in company.hidden
        )
    return company.written.lists[entity].values()


class _Balances:
    """Cents by account or by name, summed when first needed."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: dict[str, dict[str, int]] = {}

    def of(self, entity: str) -> dict[str, int]:
        if entity not in self._known:
            self._known[entity] = self._summed(entity)
        return self._known[entity]

    def _summed(self, entity: str) -> dict[str, int]:
        if entity == "Account":
            return self._call.company.balances(date.max)
        open_in = {"Customer": "Invoice", "Vendor": "Bill"}.get(entity)
        found: dict[str, int] = {}
        for txn in self._call.company.written.txns.values():
            if txn.entity == open_in:
                found[txn.name_id] = found.get(txn.name_id, 0) + txn.open_cents
        return found


def _answered(call: Call, statement: Statement) -> Json:
    single = {"companyinfo": _company_info, "preferences": _preferences}.get(statement.entity.lower())
    if single is not None:
        name = single.__name__.title().replace("_", "").replace("Companyinfo", "CompanyInfo")
        return {name: [single(call)], "startPosition": 1, "maxResults": 1}
    entity = _ENTITIES.get(statement.entity.lower())
    if entity is None:
        raise QueryWrong("4001", f"Invalid context declaration: {statement.entity}")
    check_attributes(statement, named=entity not in TXN_ENTITIES)
    found = select(records(call, entity), statement, call.cloud.world.clock.today())
    if statement.counts:
        return {"totalCount": len(found)}
    page = found[statement.start - 1 :][: statement.results]
    if not page:
        return {}
    shown: Json = {
        entity: list(map(render(call), page)),
        "startPosition": statement.start,
        "maxResults": len(page),
    }
    # totalCount is told on some answers only: nobody may count on it
    return shown | ({"totalCount": len(found)} if len(page) == len(found) else {})


def _entity(call: Call, record_id: str) -> Json:
    opened = stamp((call.company.first - date(1970, 1, 1)).days * 86_400)
    return {
        "Id": record_id,
        "SyncToken": "4",
        "MetaData": {"CreateTime": opened, "LastUpdatedTime": opened},
        "domain": "QBO",
        "sparse": False,
    }


def _company_info(call: Call) -> Json:
    return _entity(call, "1") | {
        "CompanyName": NAME,
        "LegalName": NAME,
        "CompanyAddr": {"Id": "1", "Line1": "88 Water Street", "City": "New York", "PostalCode": "10005"},
        "CompanyStartDate": call.company.first.isoformat(),
        "FiscalYearStartMonth": "January",
        "Country": "US",
        "DefaultTimeZone": "America/New_York",
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
            {"Name": "SubscriptionStatus", "Value": "PAID"},
        ],
    }


def _preferences(call: Call) -> Json:
    accounting: Json = {
        "UseAccountNumbers": True,
        "TrackDepartments": True,
        "DepartmentTerminology": "Location",
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": True,
        "FirstMonthOfFiscalYear": "January",
        "TaxYearMonth": "January",
    }
    if call.cloud.book_close_date:
        accounting["BookCloseDate"] = call.cloud.book_close_date
    return _entity(call, "1") | {
        "AccountingInfoPrefs": accounting,
        "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": HOME}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
    }
