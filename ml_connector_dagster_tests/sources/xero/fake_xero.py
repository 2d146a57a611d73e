"""A Xero in a drawer: filters, pages and refuses as the reference says, over records that a test hands it."""

import re
from datetime import UTC, date, datetime, timedelta

from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.company import XeroCompany
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Asked, FakeHttp, Told
from ml_connector_dagster_tests.sources.xero import payloads

API = "https://api.xero.example/api.xro/2.0"
TENANT = payloads.organisation()["OrganisationID"]
IDS = {
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "Payments": "PaymentID",
    "Prepayments": "PrepaymentID",
    "Overpayments": "OverpaymentID",
    "BankTransactions": "BankTransactionID",
    "BankTransfers": "BankTransferID",
    "ManualJournals": "ManualJournalID",
    "Contacts": "ContactID",
    "Accounts": "AccountID",
    "TrackingCategories": "TrackingCategoryID",
    "TaxRates": "TaxType",
}
UNPAGED = {"Accounts", "TrackingCategories", "TaxRates", "BankTransfers"}
_DATES = re.compile(r"\bDate(>=|<)DateTime\((\d+),(\d+),(\d+)\)")
_TYPE = re.compile(r'Type=="(\w+)"')


class FakeXero:
    """Holds records by endpoint; ``before_page`` lets a test move the list while it is paged."""

    def __init__(self, records=None, **organisation):
        self.records = {
            "Accounts": [payloads.account(name) for name in payloads.ACCOUNTS],
            "Contacts": [
                payloads.contact(),
                payloads.contact(payloads.VENDOR, "Chandler"),
                payloads.contact(payloads.STRANGER, "Stranger"),
            ],
            "TrackingCategories": [payloads.category()],
            "TaxRates": [{"TaxType": "OUTPUT2", "TaxComponents": [{"Rate": 20, "IsNonRecoverable": False}]}],
        } | (records or {})
        self.organisation = payloads.organisation(**organisation)
        self.reports: dict[str, object] = {}
        self.connections: object = [
            {"tenantId": TENANT, "tenantName": "Boatyard Books", "tenantType": "ORGANISATION"},
            {"tenantId": "another", "tenantName": "Advisers", "tenantType": "PRACTICE"},
        ]
        self.server_time = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
        self.before_page = lambda endpoint, number: None
        self.instead: dict[str, Told] = {}

    def open(self) -> tuple[XeroCompany, FakeHttp]:
        http = FakeHttp(self.answer, SOURCE.classify)
        company = SOURCE.open_company(CompanySession(http, API, TENANT, "Europe/London"))
        assert isinstance(company, XeroCompany)
        return company, http

    def answer(self, asked: Asked) -> Told:
        path = asked.path.removeprefix("/api.xro/2.0").strip("/")
        endpoint, _, record_id = path.partition("/")
        if endpoint in self.instead:
            return self.instead[endpoint]
        if endpoint == "connections":
            return Told(self.connections)
        if endpoint == "Organisation":
            return Told(self._envelope("Organisations", [self.organisation]))
        if endpoint == "Reports":
            return Told(self.reports[_report_key(record_id, asked.params)])
        if record_id:
            found = [one for one in self.records.get(endpoint, []) if one[IDS[endpoint]] == record_id]
            return Told(self._envelope(endpoint, found)) if found else Told(b"cannot be found", 404)
        return self._listed(endpoint, asked)

    def _listed(self, endpoint, asked):
        if endpoint in UNPAGED:
            return Told(self._envelope(endpoint, [one for one in self.records.get(endpoint, []) if _kept(one, asked)]))
        number, size = int(asked.params["page"]), min(int(asked.params["pageSize"]), 1000)
        self.before_page(endpoint, number)
        found = [one for one in self.records.get(endpoint, []) if _kept(one, asked)]
        pagination = {"page": number, "pageSize": size, "pageCount": -(-len(found) // size), "itemCount": len(found)}
        return Told(self._envelope(endpoint, found[(number - 1) * size : number * size], pagination=pagination))

    def _envelope(self, plural, records, **more):
        stamp = (self.server_time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        return {"Id": "x", "Status": "OK", "DateTimeUTC": f"/Date({stamp})/", plural: records} | more


def _report_key(report, params):
    """A trial balance by its day, an aged report by contact and day, the bank summary by its name."""
    if "contactId" in params:
        return f"{params['contactId']} {params['date']}"
    return report if report == "BankSummary" else params.get("date", "result")


def _kept(record, asked):
    where, ids = asked.params.get("where", ""), asked.params.get("IDs")
    if ids is not None and record.get("InvoiceID") not in ids.split(","):
        return False
    wanted = _TYPE.search(where)
    if wanted and record.get("Type") != wanted[1]:
        return False
    since = asked.headers.get("If-Modified-Since")
    if since and "UpdatedDateUTC" in record and _moment(record["UpdatedDateUTC"]) < datetime.fromisoformat(since):
        return False
    for operator, *numbers in _DATES.findall(where):
        day, limit = _moment(record["Date"]).date(), date(*map(int, numbers))
        if not (day >= limit if operator == ">=" else day < limit):
            return False
    return True


def _moment(written):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(re.search(r"-?\d+", written)[0]))
