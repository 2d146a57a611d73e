"""A Zoho Books in a drawer: filters, pages and refuses as the reference says, over records that a test hands it."""

import msgspec

from ml_connector_dagster.sources.contract.session import CompanySession, KeepsNothing
from ml_connector_dagster.sources.zoho_books.client import DETAILS, IDS, KEYS
from ml_connector_dagster.sources.zoho_books.company import ZohoCompany
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Asked, FakeHttp, Told
from ml_connector_dagster_tests.sources.zoho_books import payloads

API = "https://www.zohoapis.eu/books/v3"
ORGANIZATION = payloads.organization()["organization_id"]
LIMITS = {"X-Rate-Limit-Limit": "2000", "X-Rate-Limit-Remaining": "1500", "X-Rate-Limit-Reset": "38663"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
NO_SPAN = {"purchaseorders"}


class KeepsAll(KeepsNothing):
    """Details kept by entity, id and stamp."""

    def __init__(self):
        self.bodies = {}

    def of(self, entity, stamps):
        return {
            key: self.bodies[entity, key, stamp] for key, stamp in stamps.items() if (entity, key, stamp) in self.bodies
        }

    def keep(self, entity, record_id, stamp, body):
        self.bodies[entity, record_id, stamp] = body


class FakeZoho:
    """Holds records by path; ``before_page`` lets a test move a list while it is paged."""

    def __init__(self, records=None, **organization):
        self.records = {"organizations": [payloads.organization(**organization)]} | (records or {})
        self.instead: dict[str, Told] = {}
        self.before_page = lambda path, number: None
        self.details = KeepsAll()

    def open(self) -> tuple[ZohoCompany, FakeHttp]:
        http = FakeHttp(self.answer, SOURCE.classify)
        company = SOURCE.open_company(CompanySession(http, API, ORGANIZATION, "Europe/London", details=self.details))
        assert isinstance(company, ZohoCompany)
        return company, http

    def answer(self, asked: Asked) -> Told:
        told = self.told(asked)
        body = told.body if isinstance(told.body, bytes) else _ENCODER.encode(told.body)
        return Told(body, told.status, told.headers)

    def told(self, asked: Asked) -> Told:
        path = asked.path.removeprefix("/books/v3/")
        assert asked.params["organization_id"] == ORGANIZATION
        if path in self.instead:
            return self.instead[path]
        if path.startswith("reports/"):
            return Told({"code": 5, "message": "Invalid URL Passed"}, 404)
        endpoint, _, record_id = path.rpartition("/")
        if endpoint in DETAILS:
            return self._one(endpoint, record_id)
        return self._page(path, asked.params)

    def _one(self, path, record_id):
        for record in self.records.get(path, ()):
            if record[IDS[path]] == record_id:
                return Told({"code": 0, DETAILS[path][0]: record}, headers=LIMITS)
        return Told({"code": 1002, "message": "Does not exist."}, 404)

    def _page(self, path, params):
        number = int(params.get("page", "1"))
        self.before_page(path, number)
        size = min(int(params["per_page"]), 200) if "per_page" in params else 5000
        found = [record for record in self.records.get(path, ()) if _asked_for(path, record, params)]
        shown = [
            {name: value for name, value in record.items() if name != "line_items"}
            for record in found[(number - 1) * size : number * size]
        ]
        context = {"page": number, "per_page": size, "has_more_page": len(found) > number * size}
        context |= {name: params[name] for name in ("sort_column",) if name in params}
        key = KEYS.get(path, (path,))[0]
        return Told({"code": 0, "message": "success", key: shown, "page_context": context}, headers=LIMITS)


def _asked_for(path, record, params):
    day = record.get("transaction_date") or record.get("journal_date") or record.get("date", "")
    dotted = {name.replace("date.", "date_"): value for name, value in params.items()}
    spanned = path not in NO_SPAN
    return (
        (not spanned or dotted.get("date_start", "") <= day <= dotted.get("date_end", "9999"))
        and ("date_after" not in params or day > params["date_after"])
        and (path != "chartofaccounts/transactions" or record["account_id"] == params["account_id"])
        and (path != "contacts" or record["contact_type"] == params.get("contact_type", record["contact_type"]))
    )
