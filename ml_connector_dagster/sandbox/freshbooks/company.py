"""One business: its lists, its documents, and one double-entry ledger for each currency, which are never added up."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from ml_connector_dagster.sandbox.books.ledger import Entry, EntryLine, Ledger
from ml_connector_dagster.sandbox.freshbooks import chart
from ml_connector_dagster.sandbox.freshbooks.posting import legs
from ml_connector_dagster.sandbox.freshbooks.records import (
    DELETED,
    Account,
    Category,
    Client,
    Document,
    Project,
    Vendor,
)


class Company:
    """The books of one business. Change a document through restate, delete or undelete, so that the ledger follows."""

    def __init__(self, account_id: str, business_id: int, business_uuid: str, name: str, opened_ms: int) -> None:
        self.account_id = account_id
        self.business_id = business_id
        self.business_uuid = business_uuid
        self.name = name
        self.currency = "USD"
        self._ids = itertools.count(700_001)
        self.chart: dict[str, Account] = {one.uuid: one for one in chart.accounts(business_uuid, opened_ms)}
        self.by_name = {one.name: one for one in self.chart.values()}
        self.categories: dict[int, Category] = {
            one.category_id: one for one in chart.categories(list(self.chart.values()), 4_300_101, opened_ms)
        }
        self.clients: dict[int, Client] = {}
        self.vendors: dict[int, Vendor] = {}
        self.projects: dict[int, Project] = {}
        self.documents: dict[int, Document] = {}
        self.by_kind: dict[str, list[Document]] = defaultdict(list)
        """The same documents, in the order of their ids."""
        self.version = 0
        """Moves with every change of what the feed shows."""
        self.books: dict[str, Ledger] = {"USD": Ledger()}
        self.damaged_details: dict[int, dict[str, object]] = {}
        self.remembered: tuple[object, list[tuple[Entry, EntryLine, str]]] = (None, [])
        """The feed's rows that were asked for last, with what they answer: pages of one span come in a row."""

    def new_id(self) -> int:
        return next(self._ids)

    def account(self, name: str) -> str:
        """Answer the uuid of the account with this name."""
        return self.by_name[name].uuid

    def keep(self, document: Document) -> Document:
        """Enter a document and post it."""
        document.updated_ms = max(document.updated_ms, document.created_ms)
        self.documents[document.doc_id] = document
        self.by_kind[document.kind].append(document)
        if document.target_id in self.documents:
            self.documents[document.target_id].settled_by.append(document)
        if document.credit_id in self.documents:
            self.documents[document.credit_id].settled_by.append(document)
        self._post(document)
        return document

    def restate(self, document: Document, now_ms: int) -> None:
        """Take back what stands from a document and post it as it is now: its lines in the feed get new ids."""
        self.books[document.currency].withdraw(str(document.doc_id), now_ms)
        self._post(document, now_ms)

    def show(self, document: Document, vis_state: int, now_ms: int) -> None:
        """Set vis_state. Expenses and payments keep their stamp, as was measured; a bill takes its payments along."""
        document.vis_state = vis_state
        if document.kind not in {"expenses", "payments"}:
            document.updated_ms = now_ms
        self.restate(document, now_ms)
        if document.kind == "bills":
            for payment in document.settled_by:
                payment.vis_state = vis_state
                self.restate(payment, now_ms)

    def plant(self, day: date, account: str, cents: int, now_ms: int) -> None:
        """Post what reports show and nothing else does."""
        other = self.account("Bank Loan")
        if account == other:
            other = self.account("Owner Draws")
        lines = [EntryLine(account, cents, cents), EntryLine(other, -cents, -cents)]
        self.books[self.currency].post(day, "planted", "planted", lines, created_ms=now_ms, shown=False)

    def standing(self, currency: str, first: date, last: date) -> Iterator[Entry]:
        """The entries of one currency between two days that count in the books."""
        ledger = self.books.get(currency, Ledger())
        return (entry for entry in ledger.all_standing() if first <= entry.posted_on <= last)

    def _post(self, document: Document, now_ms: int | None = None) -> None:
        self.version += 1
        if document.vis_state == DELETED or document.status == "draft":
            return
        self.new_id()  # the entry's own id: its first line has the next one
        lines = [
            EntryLine(leg.account, leg.cents, leg.cents, str(self.new_id()), (leg.detail_type, leg.category), leg.text)
            for leg in legs(self, document)
            if leg.cents
        ]
        ledger = self.books.setdefault(document.currency, Ledger())
        stamp = document.created_ms if now_ms is None else now_ms
        ledger.post(document.day, document.kind, str(document.doc_id), lines, created_ms=stamp)
