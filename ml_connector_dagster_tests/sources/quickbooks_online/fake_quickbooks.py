"""QuickBooks in a drawer: queries, reports and the change feed from lists of records and transactions."""

import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany
from ml_connector_dagster.sources.quickbooks_online.entities import DOCUMENT_OF
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE
from ml_connector_dagster_tests.sources.fake_http import FakeHttp, Told
from ml_connector_dagster_tests.sources.quickbooks_online import payloads

REALM = "9341453987654321"
BASE = "https://quickbooks.api.intuit.com/v3/company"
COLUMNS = (
    "account_name", "tx_date", "txn_type", "doc_num", "name", "cust_name", "vend_name", "klass_name", "dept_name",
    "debt_home_amt", "credit_home_amt", "currency", "exch_rate",
)  # fmt: skip


class Posting(NamedTuple):
    """One side of a transaction; debit positive."""

    account: str
    amount: Decimal
    customer: str = ""
    currency: str = "USD"
    rate: str = "1"


class Transaction(NamedTuple):
    """What a general ledger shows of one document."""

    kind: str
    record_id: str
    day: date
    postings: tuple[Posting, ...]


class FakeQuickbooks:
    """One company; ``records`` by QuickBooks' word, ``ledger`` besides what the documents post."""

    def __init__(self, records=None, ledger=(), *, largest_range_days=400):
        self.records = defaultdict(list, records or {})
        self.ledger = list(ledger)
        self.largest_range_days = largest_range_days
        self.cdc = {}
        self.preferences = payloads.PREFERENCES
        self.company = payloads.COMPANY

    def open(self, consent=None):
        http = FakeHttp(self.answer, SOURCE.classify)
        return QuickbooksCompany(CompanySession(http, BASE, REALM, "America/New_York", consent or {})), http

    def answer(self, asked):
        assert asked.params["minorversion"] == "75"
        path = asked.path.partition(f"/company/{REALM}/")[2]
        match path.split("/")[0]:
            case "query":
                return Told(self._query(asked.params["query"]))
            case "preferences":
                return Told({"Preferences": self.preferences, "time": "2026-11-20T01:02:03.456-08:00"})
            case "companyinfo":
                return Told({"CompanyInfo": self.company, "time": "2026-11-20T01:02:03.456-08:00"})
            case "cdc":
                return Told(self._changes(asked.params))
            case _:
                return Told(self._report(path, asked.params))

    def _query(self, statement):
        word = re.search(r"FROM (\w+)", statement)[1]
        found = [one for one in self.records[word] if _meets(one, statement)]
        if "count(*)" in statement:
            return {"QueryResponse": {"totalCount": len(found)}}
        start, most = (int(re.search(rf"{name} (\d+)", statement)[1]) for name in ("STARTPOSITION", "MAXRESULTS"))
        page = found[start - 1 :][:most]
        return {"QueryResponse": {word: page, "startPosition": start, "maxResults": len(page)} if page else {}}

    def _changes(self, params):
        lists = [{word: self.cdc[word]} for word in params["entities"].split(",") if self.cdc.get(word)]
        return {"CDCResponse": [{"QueryResponse": [*lists, {}]}], "time": "2026-11-20T01:02:03.456-08:00"}

    def _report(self, path, params):
        first, last = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
        if path.endswith("GeneralLedger"):
            if (last - first).days > self.largest_range_days:
                return {"Rows": {}, "text": "Unable to display more data. Please reduce the date range."}
            return self._general_ledger(first, last)
        return self._trial_balance(first, last)

    def transactions(self):
        """What documents post, and the rest."""
        yield from self.ledger
        for word, records in self.records.items():
            if word in DOCUMENT_OF and word != "PurchaseOrder":
                for one in records:
                    yield _posted(word, one)

    def _general_ledger(self, first, last):
        rows = defaultdict(list)
        for one in self.transactions():
            for posting in one.postings if first <= one.day <= last else ():
                rows[posting.account].append({"ColData": _ledger_cells(one, posting)})
        sections = [
            {
                "type": "Section",
                "Header": {"ColData": [{"value": f"Account {account}", "id": "999"}]},
                "Rows": {"Row": [{"ColData": [{"value": "Beginning Balance"}]}, *found]},
                "Summary": {"ColData": [{"value": "Total"}, *[{"value": "17.00"}] * (len(COLUMNS) - 1)]},
            }
            for account, found in sorted(rows.items())
        ]
        columns = [{"ColTitle": "Titel", "ColType": key} for key in COLUMNS]
        return {"Header": {}, "Columns": {"Column": columns}, "Rows": {"Row": sections}}

    def _trial_balance(self, first, last):
        sums = defaultdict(Decimal)
        for one in self.transactions():
            for posting in one.postings:
                is_result = posting.account in (payloads.SALES, payloads.COST)
                if one.day <= last and (not is_result or one.day >= first):
                    sums[posting.account] += posting.amount
                elif is_result and one.day < first:
                    sums[payloads.RETAINED] += posting.amount
        rows = [
            {"ColData": [{"value": f"Account {account}", "id": account}, *_debit_credit(amount)]}
            for account, amount in sorted(sums.items())
        ]
        total = str(sum((amount for amount in sums.values() if amount > 0), Decimal(0)))
        grand = {"type": "Section", "group": "GrandTotal", "Summary": {"ColData": [{}, *[{"value": total}] * 2]}}
        columns = [{"ColType": "Account"}, {"ColTitle": "Soll", "ColType": "Money"}, {"ColType": "Money"}]
        return {"Header": {}, "Columns": {"Column": columns}, "Rows": {"Row": [*rows, grand]}}


def _meets(record, statement):
    listed = re.search(r"Id IN \(([^)]*)\)", statement)
    if listed:
        return f"'{record['Id']}'" in listed[1]
    dates = re.search(r"TxnDate >= '([^']+)' AND TxnDate <= '([^']+)'", statement)
    if not dates:
        assert "Active IN (true, false)" in statement
        return True
    on = record["TxnDate"]
    return dates[1] <= on <= dates[2] or not on[:1].isdigit()


def _posted(word, record):
    amount = Decimal(str(record.get("Amount" if word == "Transfer" else "TotalAmt", 0)) or "0")
    try:
        day = date.fromisoformat(record["TxnDate"])
    except ValueError:
        day = date(1900, 1, 1)
    debit, credit = Posting(payloads.RECEIVABLE, amount), Posting(payloads.SALES, -amount, payloads.CUSTOMER)
    return Transaction(word, record["Id"], day, (debit, credit))


def _ledger_cells(one, posting):
    customer = {"value": f"Customer {posting.customer}"} if posting.customer else {"value": ""}
    name = {**customer, "id": posting.customer} if posting.customer else {"value": ""}
    return [
        {"value": f"Account {posting.account}", "id": posting.account},
        {"value": str(one.day)},
        {"value": one.kind, "id": one.record_id},
        {"value": ""},
        name,
        customer,
        {"value": ""},
        {"value": ""},
        {"value": ""},
        *_debit_credit(posting.amount),
        {"value": posting.currency},
        {"value": posting.rate},
    ]


def _debit_credit(amount):
    return [{"value": str(amount) if amount > 0 else ""}, {"value": str(-amount) if amount < 0 else ""}]


def journals(period, count):
    """So many balanced transactions of a month."""
    return [
        Transaction(
            "Journal Entry",
            payloads.new_id(),
            period.first_on + timedelta(days=number % 28),
            (Posting(payloads.COST, Decimal("10.50")), Posting(payloads.CHECKING, Decimal("-10.50"))),
        )
        for number in range(count)
    ]
