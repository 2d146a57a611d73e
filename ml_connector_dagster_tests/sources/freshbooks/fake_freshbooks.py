"""A FreshBooks in a drawer: filters, pages and refuses as the reference says, over records that a test hands it."""

from collections import defaultdict
from decimal import Decimal

from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany
from ml_connector_dagster.sources.freshbooks.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import Asked, FakeHttp, Told
from ml_connector_dagster_tests.sources.freshbooks import payloads

API = "https://api.freshbooks.example"
ROOT = f"/accounting/account/{payloads.ACCOUNT}/"
PATHS = {
    "users/clients": ("customers", "clients"),
    "bill_vendors/bill_vendors": ("vendors", "bill_vendors"),
    "invoices/invoices": ("invoices", "invoices"),
    "payments/payments": ("payments", "payments"),
    "expenses/expenses": ("expenses", "expenses"),
    "bills/bills": ("bills", "bills"),
    "bill_payments/bill_payments": ("bill_payments", "bill_payments"),
    "credit_notes/credit_notes": ("credit_notes", "credit_notes"),
    "other_incomes/other_incomes": ("other_income", "other_income"),
    "journal_entries/journal_entry_details": ("journal_entries", "journal_entry_details"),
}
DATES = {"invoices": "create_date", "payments": "date", "expenses": "date", "credit_notes": "create_date"}
DATES["journal_entries"] = "user_entered_date"
STAMPED = ("invoices", "payments", "expenses", "customers")
IDS = ("id", "creditid", "incomeid", "vendorid")
FORBIDDEN_PLAN = Told({"code": 7, "message": "Not on this plan.", "details": []}, 403)


class FakeFreshBooks:
    """Holds records by entity; the trial balance is what the entries say."""

    def __init__(self, records=None, **business):
        self.records = {"ledger_accounts": [payloads.account(name) for name in payloads.ACCOUNTS]} | (records or {})
        self.me = payloads.me(**business)
        self.currency = "USD"
        self.ignores: set[str] = set()
        self.before_page = lambda entity, number: None
        self.instead: dict[str, Told] = {}
        self.result = {"income": [], "expenses": [], "currency_code": self.currency}

    def open(self) -> tuple[FreshBooksCompany, FakeHttp]:
        http = FakeHttp(self.answer, SOURCE.classify)
        company = SOURCE.open_company(CompanySession(http, API, payloads.ACCOUNT, "America/New_York"))
        assert isinstance(company, FreshBooksCompany)
        return company, http

    def permit(self, **flags):
        self.me["response"]["permissions"][payloads.ACCOUNT] |= flags

    def answer(self, asked: Asked) -> Told:
        path = asked.path
        for part, told in self.instead.items():
            if part in path:
                return told
        if path == "/auth/api/v1/users/me":
            return Told(self.me)
        if path == f"/accounting/businesses/{payloads.UUID}/ledger_accounts/accounts":
            return Told({"data": self.records["ledger_accounts"]})
        if "/businesses//" in path:
            return Told({"error": "Requested resource could not be found."}, 404)
        if path == f"/projects/business/{payloads.BUSINESS}/projects":
            return self._projects(asked)
        if path.startswith(f"{ROOT}reports/accounting/"):
            return self._report(path.rpartition("/")[2], asked.params)
        family, name, *single = path.removeprefix(ROOT).split("/")
        entity, key = PATHS[f"{family}/{name}"]
        return self._single(entity, key, single[0]) if single else self._listed(entity, key, asked)

    def _single(self, entity, key, identifier):
        for one in self.records.get(entity, []):
            if identifier in {str(one[name]) for name in IDS if name in one}:
                plural = key if entity in ("credit_notes", "other_income") else key.removesuffix("s")
                return Told({"response": {"result": {plural: one}}})
        error = {"errno": 1012, "field": "id", "object": entity, "message": "not found"}
        return Told({"response": {"errors": [error]}}, 404)

    def _listed(self, entity, key, asked):
        number, size = int(asked.params.get("page", 1)), min(int(asked.params.get("per_page", 15)), 100)
        self.before_page(entity, number)
        found = [one for one in self.records.get(entity, []) if self._kept(entity, one, asked.params)]
        if "include[]" not in asked.params and entity in ("invoices", "credit_notes"):
            found = [{name: value for name, value in one.items() if name != "lines"} for one in found]
        page = found[(number - 1) * size : number * size]
        about = {"page": number, "pages": -(-len(found) // size), "per_page": size, "total": len(found)}
        return Told({"response": {"result": {key: page, **about}}})

    def _projects(self, asked):
        number, size, found = int(asked.params["page"]), int(asked.params["per_page"]), self.records.get("tracking", [])
        meta = {"sort": [], "total": len(found), "per_page": size, "page": number, "pages": -(-len(found) // size)}
        return Told({"projects": found[(number - 1) * size : number * size], "meta": meta})

    def _kept(self, entity, one, params):
        wanted = params.get("search[vis_state]")
        if wanted and entity not in ("bills", "bill_payments", "vendors", *self.ignores):
            return str(one.get("vis_state", 0)) == wanted
        if one.get("vis_state", 0) == 1:
            return False
        if entity in self.ignores:
            return True
        stamp = params.get("search[updated_min]")
        if stamp and entity in STAMPED and one["updated"][:10] < stamp:
            return False
        first = params.get("search[date_min]") or params.get("search[start_date]")
        last = params.get("search[date_max]") or params.get("search[end_date]")
        return not (first and entity in DATES and not first <= str(one[DATES[entity]])[:10] <= last)

    def _report(self, name, params):
        if name == "profitloss_entity":
            return Told({"response": {"result": {"profitloss_entity": self.result}}})
        sums = defaultdict(Decimal)
        for one in self.records.get("journal_entries", []):
            side = one["debit"] or one["credit"]
            if params["start_date"] <= one["user_entered_date"] <= params["end_date"] and side["code"] == "USD":
                sub = one["sub_account"] or {}
                amount = Decimal(side["amount"]) * (1 if one["debit"] else -1)
                sums[one["account"]["accountid"], sub.get("sub_accountid")] += amount
        return Told({"response": {"result": {"trial_balance": {"currency_code": "USD", "data": list(_rows(sums))}}}})


def _rows(sums):
    for parent in sorted({account for account, _ in sums}):
        subs = [{"sub_accountid": sub, **_sides(sums[key])} for key in sums if key[0] == parent and (sub := key[1])]
        whole = sum(amount for (account, _), amount in sums.items() if account == parent)
        yield {"accountid": parent, "account_name": "x", **_sides(whole), "sub_accounts": subs}


def _sides(amount):
    return {"debit": payloads.usd(max(amount, 0)), "credit": payloads.usd(max(-amount, 0))}
