"""A QuickBooks company file in a drawer: answers qbXML from what it was given."""

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from lxml import etree

from ml_connector_dagster_tests.sources.quickbooks_desktop import payloads
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import Booked, answer, document_of, element

LISTS = {"ledger_accounts": "Account", "classes": "Class", "customers": "Customer", "vendors": "Vendor"}
DOCUMENTS = {
    "invoices": "Invoice",
    "bills": "Bill",
    "payments": "ReceivePayment",
    "bill_payments": "BillPaymentCheck",
    "journal_entries": "JournalEntry",
}
DETAIL_TYPES = {"Debit": "AMTTYPE", "Credit": "AMTTYPE", "Date": "DATETYPE", "TxnID": "IDTYPE"}


class FakeFile:
    """The company file: lists as elements, transactions with what they posted."""

    def __init__(self, records: Mapping[str, Sequence[object]] | None = None, **told: object):
        self.told = told
        held = records or {}
        self.lists = {word: [str(one) for one in held.get(name, ())] for name, word in LISTS.items()}
        if "ledger_accounts" not in held:
            self.lists["Account"] = [payloads.account(name) for name in payloads.CHART]
        self.booked: dict[str, list[Booked]] = {word: list(held.get(name, ())) for name, word in DOCUMENTS.items()}
        self.others: list[Booked] = list(held.get("ledger_lines", ()))
        self.gone: dict[str, list[str]] = {"List": [], "Txn": []}
        self.changed: list[str] = []
        self.refusal: tuple[int, str] | None = None
        self.numbered = False
        self.plants: dict[str, Decimal] = {}
        """Account to what its balance has since October 2026 and no transaction shows."""
        self.asked: list[etree._Element] = []
        self._iterators: dict[str, list[str]] = {}

    def greeting(self) -> str:
        """What the Web Connector brings with the first call of a session."""
        return payloads.greeting(**self.told)

    def answer(self, message: str) -> str:
        """QuickBooks' answer to one message."""
        request = etree.fromstring(message.encode())[0][0]
        self.asked.append(request)
        kind = request.tag.replace("Rq", "Rs")
        told = {"requestID": request.get("requestID")}
        if self.refusal:
            return document_of(answer(kind, code=self.refusal[0], said=self.refusal[1], **told))
        if "Report" in kind:
            return document_of(answer(kind, self._report(request), **told))
        found, more = self._records(request)
        return document_of(answer(kind, *found, **more, **({} if found else {"code": 1}), **told))

    def end_session(self) -> None:
        """Iterators live as long as the session."""
        self._iterators.clear()

    def _records(self, request):
        word = request.tag.removesuffix("QueryRq")
        if request.get("iterator"):
            return self._paged(request, word)
        return self._all(request, word), {}

    def _all(self, request, word):
        if word in ("ListDeleted", "TxnDeleted"):
            kinds = [one.text for one in request if one.tag.endswith("DelType")]
            return [one for one in self.gone[word.removesuffix("Deleted")] if any(f">{kind}<" in one for kind in kinds)]
        if word == "Transaction":
            return self.changed
        if word in self.lists:
            return self.lists[word]
        ids = [one.text for one in request.iterfind("TxnID")]
        return [one.xml for one in self.booked.get(word, ()) if not ids or one.txn_id in ids]

    def _paged(self, request, word):
        place, size = request.get("iteratorID") or "", int(request.findtext("MaxReturned"))
        left = self._iterators.pop(place) if place else list(self._all(request, word))
        page, left = left[:size], left[size:]
        place = place or f"{{{uuid.uuid4()}}}"
        self._iterators[place] = left
        return page, {"iteratorRemainingCount": len(left), "iteratorID": place}

    def _report(self, request):
        first, last = (date.fromisoformat(request.findtext(f"ReportPeriod/{end}ReportDate")) for end in ("From", "To"))
        if request.tag.startswith("CustomDetail"):
            return self._detail(first, last)
        return self._summary(first, last) if request.tag.startswith("CustomSummary") else self._balances(first, last)

    def transactions(self):
        """Everything that posted."""
        return [*(one for found in self.booked.values() for one in found), *self.others]

    def label(self, account: str) -> str:
        """An account as a report labels it."""
        return f"{payloads.CHART[account][2]} · {account}" if self.numbered else account

    def _detail(self, first, last):
        names = ["TxnID", "TxnType", "Date", "Account", "Class", "Name", "Debit", "Credit"]
        titled = [("Blank", "")] + [(name, name) for name in names]
        lines = []
        by_account = defaultdict(list)
        for one in self.transactions():
            if first <= one.day <= last:
                for posting in one.postings:
                    by_account[posting.account].append((one, posting))
        for account, found in by_account.items():
            lines.append(("TextRow", "", {1: self.label(account)}))
            for one, posting in found:
                side = "Debit" if posting.amount >= 0 else "Credit"
                cells = dict.fromkeys(names, "") | {"TxnID": one.txn_id, "TxnType": one.kind, "Date": one.day}
                cells |= {"Account": self.label(account), "Class": posting.class_name, "Name": posting.name}
                cells |= {side: abs(posting.amount)}
                lines.append(("DataRow", "", {at: cells[name] for at, name in enumerate(names, 2)}))
            lines.append(("SubtotalRow", account, {1: f"Total {self.label(account)}"}))
        return _report("Custom Transaction Detail", titled, lines)

    def _balances(self, first, last):
        moved = defaultdict(Decimal)
        results = {payloads.SALES, payloads.RENT}
        for one in self.transactions():
            for posting in one.postings:
                if one.day <= last and (posting.account not in results or one.day >= date(last.year, 1, 1)):
                    moved[posting.account] += posting.amount
                elif one.day < date(last.year, 1, 1):
                    moved[payloads.RETAINED] += posting.amount
        for account, amount in self.plants.items():
            moved[account] += amount if last >= date(2026, 10, 31) else 0
        lines = [
            ("DataRow", account, {1: self.label(account), 2 if amount > 0 else 3: abs(amount)})
            for account, amount in moved.items()
            if amount
        ]
        sums = [sum((abs(v) for v in moved.values() if (v > 0) == up), Decimal(0)) for up in (True, False)]
        lines.append(("TotalRow", "", {1: "TOTAL", 2: sums[0], 3: sums[1]}))
        return _report("Trial Balance", [("Blank", ""), ("Debit", "Debit"), ("Credit", "Credit")], lines)

    def _summary(self, first, last):
        moved = defaultdict(lambda: defaultdict(Decimal))
        for one in self.transactions():
            if first <= one.day <= last:
                for posting in one.postings:
                    moved[posting.account][posting.class_name or "Unclassified"] += posting.amount
        titles = sorted({name for found in moved.values() for name in found})
        titled = [("Blank", "")] + [("Amount", name) for name in titles] + [("Total", "TOTAL")]
        lines = [
            ("DataRow", account, {1: self.label(account), **{titles.index(name) + 2: v for name, v in found.items()}})
            for account, found in moved.items()
        ]
        return _report("Summary", titled, lines)


def _report(title, titled, lines):
    columns = [
        f'<ColDesc colID="{at}" dataType="{DETAIL_TYPES.get(kind, "STRTYPE")}">'
        f'<ColTitle titleRow="1" value={json.dumps(name)}/><ColType>{kind}</ColType></ColDesc>'
        for at, (kind, name) in enumerate(titled, 1)
    ]
    rows_ = [_line(number, *line) for number, line in enumerate(lines, 1)]
    return element(
        "ReportRet",
        *columns,
        f"<ReportData>{''.join(rows_)}</ReportData>",
        ReportTitle=title,
        ReportSubtitle="October 2026",
        ReportBasis="Accrual",
        NumRows=len(lines),
        NumColumns=len(titled),
        NumColTitleRows=1,
    )


def _line(number, kind, account, cells):
    if kind == "TextRow":
        return f'<TextRow rowNumber="{number}" value={json.dumps(str(cells[1]), ensure_ascii=False)}/>'
    about = f'<RowData rowType="account" value="{account}"/>' if account else ""
    inside = "".join(f'<ColData colID="{at}" value="{value}"/>' for at, value in cells.items() if value != "")
    return f'<{kind} rowNumber="{number}">{about}{inside}</{kind}>'
