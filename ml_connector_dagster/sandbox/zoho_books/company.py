"""One organisation of Zoho Books: its records, its ledger, and every change that a person or a bug may make to them."""

import itertools
from collections.abc import Callable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up
from ml_connector_dagster.sandbox.books.ledger import Entry, EntryLine, Ledger
from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.zoho_books import chart
from ml_connector_dagster.sandbox.zoho_books.posting import postings
from ml_connector_dagster.sandbox.zoho_books.records import Contact, Doc, Item, Leg, Line

ORGANIZATION_ID = "20078154321"
OTHER_ORGANIZATION_ID = "20078154999"
NAME = "Marlow Home Goods Ltd"
BASE = "GBP"
ZONE = ZoneInfo("Europe/London")
FEED_ONLY = frozenset({"bank", "opening_balance", "base_currency_adjustment", "creditnote_refund"})
"""Kinds that no list of documents shows, but the account transactions do."""
_PREFIX = "46000001"

Listener = Callable[[Doc, str], None]
Posting = tuple[Entry, list[EntryLine]]


class Company:
    """The books. A change withdraws what a record posted and posts it anew; `version` counts changes."""

    def __init__(self, market: Market, first: date, today: date, now_ms: Callable[[], int]) -> None:
        self.market = market
        self.first = first
        self.today = today
        self.now_ms = now_ms
        self.ledger = Ledger()
        self.accounts = {one.account_id: one for one in chart.accounts(0)}
        self.roles = {one.role: one.account_id for one in self.accounts.values() if one.role}
        self.roles["prepaid"] = chart.account_id(509)
        self.contacts: dict[str, Contact] = {}
        self.items: dict[str, Item] = {}
        self.docs: dict[str, Doc] = {}
        self.listeners: list[Listener] = []
        self.payment_moves_stamp = True
        self.version = 0
        self._numbers = itertools.count(1)
        self._by_account: tuple[int, dict[str, list[Posting]]] = (-1, {})

    def new_id(self) -> str:
        """The next id: 19 digits, as text."""
        return f"{_PREFIX}{next(self._numbers) * 2:011d}"

    def rate(self, currency: str, day: date) -> int:
        """Base currency for one unit of foreign on a day, in millionths."""
        if currency == BASE:
            return RATE_ONE
        return half_up(RATE_ONE * RATE_ONE, self.market.rate(currency, BASE, day))

    def of_kind(self, kind: str) -> Iterator[Doc]:
        """The records of a kind, oldest entry first."""
        return (doc for doc in self.docs.values() if doc.kind == kind)

    def enter(self, doc: Doc) -> Doc:
        """Enter a new record and post it."""
        self.docs[doc.doc_id] = doc
        doc.modified_ms = max(doc.modified_ms, doc.created_ms)
        self._post(doc)
        self._tell(doc, "add")
        return doc

    def restate(self, doc: Doc, *, quiet: bool = False) -> None:
        """Post a changed record anew; quiet leaves its stamp where it was."""
        self.ledger.withdraw(doc.doc_id, self.now_ms())
        self._post(doc)
        if not quiet:
            doc.modified_ms = self.now_ms()
            self._tell(doc, "edit")

    def settle(self, doc: Doc, amount: int, at_ms: int, *, by_credit: bool = False) -> None:
        """Take an amount off what is open."""
        doc.settled += amount
        doc.credits += amount if by_credit else 0
        if self.payment_moves_stamp:
            doc.modified_ms = max(doc.modified_ms, at_ms)

    def void(self, doc: Doc) -> None:
        """Void a document: amounts stay on it, the ledger forgets it, payments become credits."""
        if doc.kind == "journal":
            raise ValueError("Zoho voids no journal; it deletes it.")
        doc.status = "void"
        self._release(doc)
        self.restate(doc)

    def delete(self, doc: Doc) -> None:
        """Delete for good: no list and no detail knows it any more."""
        self._release(doc)
        if doc.kind in {"customerpayment", "vendorpayment"}:
            for one in doc.applied:
                self.docs[one.doc_id].settled -= one.amount
        self.ledger.withdraw(doc.doc_id, self.now_ms())
        del self.docs[doc.doc_id]
        self.version += 1
        self._tell(doc, "delete")

    def merge(self, loser: Contact, survivor: Contact) -> None:
        """Carry every record of one contact to the other; the loser stays, inactive."""
        for doc in self.docs.values():
            if doc.contact_id == loser.contact_id:
                doc.contact_id = survivor.contact_id
                doc.modified_ms = self.now_ms()
        loser.is_active, loser.merged_to = False, survivor.contact_id
        loser.modified_ms = survivor.modified_ms = self.now_ms()
        self.version += 1

    def plant(self, account_id: str, day: date, amount: int) -> str:
        """Post what reports show and nothing else does, against suspense; answers the account."""
        against = self.roles["opening"]
        planted = f"planted-{self.new_id()}"
        lines = [EntryLine(account_id, amount, amount), EntryLine(against, -amount, -amount)]
        self.ledger.post(day, "planted", planted, lines, created_ms=self.now_ms(), shown=False)
        self.version += 1
        return account_id

    def late_document(
        self, kind: str, day: date, amount: int, currency: str = BASE, account_id: str = "", contact_id: str = ""
    ) -> Doc:
        """Enter a bill or an invoice of one line, without tax: entered now, dated then."""
        buys = kind in {"bill", "expense", "vendorcredit", "purchaseorder"}
        wanted = "vendor" if buys else "customer"
        contact = self.contacts.get(contact_id) or next(
            one for one in self.contacts.values() if one.kind == wanted and one.is_active
        )
        line = Line(
            self.new_id(), account_id or chart.account_id(411 if buys else 202), "Entered late", amount, rate=amount
        )
        now = self.now_ms()
        return self.enter(
            Doc(
                kind,
                self.new_id(),
                day,
                "open" if buys else "sent",
                number=f"LATE-{self.version}",
                contact_id=contact.contact_id,
                currency=currency,
                rate=self.rate(currency, day),
                lines=[line],
                due_on=day,
                account_id=chart.account_id(501) if kind == "expense" else "",
                created_ms=now,
                modified_ms=now,
            )
        )

    def postings_of(self, account_id: str) -> list[Posting]:
        """What stands on an account, by day: each entry with its legs on it; planted ones are not among them."""
        version, found = self._by_account
        if version != self.version:
            found = {}
            for entry in sorted(self.ledger.all_standing(), key=lambda one: (one.posted_on, one.number)):
                if entry.shown:
                    for line in entry.lines:
                        places = found.setdefault(line.account_id, [])
                        if places and places[-1][0] is entry:
                            places[-1][1].append(line)
                        else:
                            places.append((entry, [line]))
            self._by_account = (self.version, found)
        return found.get(account_id, [])

    def shown_movement(self, first: date, last: date) -> dict[str, int]:
        """Cents by account of what documents or the feed show."""
        moved: dict[str, int] = {}
        for account_id in self.accounts:
            cents = sum(
                line.amount
                for entry, lines in self.postings_of(account_id)
                if first <= entry.posted_on <= last
                for line in lines
            )
            if cents:
                moved[account_id] = cents
        return moved

    def legs(self, account_id: str, against_id: str, amount: int, document_amount: int = 0) -> list[Leg]:
        """Two legs of a plain entry: the first account is debited."""
        document_amount = document_amount or amount
        return [Leg(account_id, amount, document_amount), Leg(against_id, -amount, -document_amount)]

    def _release(self, doc: Doc) -> None:
        """Payments that were set against a document keep the money, unused."""
        for payment in self.docs.values():
            if payment.applied and any(one.doc_id == doc.doc_id for one in payment.applied):
                payment.applied = [one for one in payment.applied if one.doc_id != doc.doc_id]
                self.restate(payment, quiet=True)
        doc.settled = doc.credits = 0

    def _post(self, doc: Doc) -> None:
        for day, lines in postings(doc, self.roles, self.docs.__getitem__):
            self.ledger.post(day, doc.kind, doc.doc_id, lines, created_ms=doc.created_ms)
        self.version += 1

    def _tell(self, doc: Doc, verb: str) -> None:
        for listener in self.listeners:
            listener(doc, verb)
