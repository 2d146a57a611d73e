"""One organisation of the sandbox's Xero: its records, the ledger made from them, and how a change reaches both."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from ml_connector_dagster.sandbox.books import firm
from ml_connector_dagster.sandbox.books.cents import RATE_ONE
from ml_connector_dagster.sandbox.books.ledger import Entry, EntryLine, Ledger
from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.books.records import Allocation, Company, Document, Payment, Transfer
from ml_connector_dagster.sandbox.books.scribe import FirmProfile, settle
from ml_connector_dagster.sandbox.xero import revaluation, unshown
from ml_connector_dagster.sandbox.xero.posting import Posting, PostingRules

_BEFORE_VOID = {"Invoices": "AUTHORISED", "CreditNotes": "AUTHORISED", "ManualJournals": "POSTED"}


@dataclass
class Locks:
    """Days up to which the books are closed; None where nothing is locked."""

    period: date | None = None
    year: date | None = None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Write many small lasting objects without the garbage collector counting them over and over."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Tenant:
    """Answers for one organisation. Every change goes through here, so that documents and ledger never part."""

    def __init__(self, profile: FirmProfile, market: Market, seed: int, today: date, now_ms: Callable[[], int]) -> None:
        self.profile = profile
        self._market, self._seed, self._today = market, seed, today
        self.locks = Locks()
        self.changes: list[frozenset[str] | None] = []
        """For each change the ids whose rendering is stale; None for all of them."""
        self.hidden: set[str] = set()
        self.empty_months: set[tuple[str, str]] = set()
        self.first = firm.first_month(today)
        self.listeners: list[Callable[[Tenant, Document, bool], None]] = []
        """Told of each document that changed with a new stamp, and whether it is new."""
        self._revalued: dict[str, Posting] = {}
        self._now_ms = now_ms
        self._last_ms = 0

    @cached_property
    def company(self) -> Company:
        """What the firm wrote down, generated when first looked at."""
        with _no_collection():
            return firm.generate(self._seed, self.profile, self._market, self._today)

    @cached_property
    def rules(self) -> PostingRules:
        return PostingRules(self.company)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, posted when first looked at; whoever changes records looks at it first, so it knows the old ones."""
        with _no_collection():
            return self._posted()

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return self._twins()

    def rate(self, currency: str, day: date) -> int:
        """Foreign units for one unit of base, in millionths; one for one in base currency."""
        base = self.profile.base
        return RATE_ONE if currency in ("", base) else self._market.rate(currency, base, day)

    @property
    def tenant_id(self) -> str:
        return self.profile.tenant_id

    def stamp(self) -> int:
        """A new UpdatedDateUTC: now, and later than any other given before."""
        self._last_ms = max(self._now_ms(), self._last_ms + 1)
        return self._last_ms

    def find(self, record_id: str) -> Document | Payment | Transfer:
        """The document, payment or transfer with this id, also by the id it has as a bank transaction; else KeyError."""
        record_id = self._aliases.get(record_id.lower(), record_id.lower())
        for shelf in (self.company.documents, self.company.payments, self.company.transfers):
            if record_id in shelf:
                return shelf[record_id]
        raise KeyError(record_id)

    def open_ledger(self) -> None:
        """Have everything posted before a record changes."""
        assert self.ledger.entries

    def changed(self, record_ids: Iterable[str] | None = None) -> None:
        """Say which rendered records are stale; None for all of them, none for a change of lists alone."""
        self.changes.append(None if record_ids is None else frozenset(record_ids))

    def touched_by(self, record: Document | Payment | Transfer) -> set[str]:
        """The ids of everything that shows this record."""
        if isinstance(record, Transfer):
            return {record.transfer_id, record.out_id, record.in_id}
        if isinstance(record, Payment):
            target = self.company.documents[record.target_id]
            return {record.payment_id, target.doc_id, target.twin_id}
        linked = {other for part in record.allocations for other in (part.credit_id, part.invoice_id)}
        return linked | {record.doc_id, record.twin_id} | {payment.payment_id for payment in record.payments}

    def restate(self, record: Document | Payment | Transfer, *, quiet: bool = False, created: bool = False) -> None:
        """Post a changed record anew; quiet leaves UpdatedDateUTC where it was, as Xero does for some changes."""
        stamp = self.stamp()
        if not quiet:
            record.updated_ms = stamp
        if isinstance(record, Document):
            settle(record)
            self._aliases[record.twin_id or record.doc_id] = record.doc_id
        self._repost(record, stamp)
        if self._is_foreign(record):
            self._revalue(self.ledger, stamp)
        if isinstance(record, Document):
            self._clear_strays(record, stamp)
            if not quiet:
                self._tell(record, created=created)
        self.changed(self.touched_by(record))

    def settle_after(self, payment: Payment) -> None:
        """A payment that came or went moves the status and the stamp of what it settles."""
        target = self.company.documents[payment.target_id]
        settle(target)
        target.updated_ms = self.stamp()
        self._clear_strays(target, target.updated_ms)
        self._tell(target, created=False)
        self.changed(self.touched_by(target))

    def standing(self, record_id: str) -> list[Entry]:
        """The ledger's truth about one source: its own entries and those of its allocations."""
        record_id = self._aliases.get(record_id.lower(), record_id.lower())
        entries = self.ledger.standing(record_id)
        document = self.company.documents.get(record_id)
        for allocation in document.allocations if document else ():
            if allocation.credit_id == record_id:
                entries += self.ledger.standing(allocation.allocation_id)
        return entries

    def plant(self, account_id: str, against_id: str, day: date, cents: int) -> None:
        """Post what no document shows, to prove that a tie-out sees it."""
        lines = [EntryLine(account_id, cents, 0), EntryLine(against_id, -cents, 0)]
        stamp = self.stamp()
        self.ledger.post(day, unshown.PLANTED, f"planted-{stamp}", lines, created_ms=stamp, shown=False)

    def allocations(self) -> Iterator[Allocation]:
        """Each allocation once."""
        for document in self.company.documents.values():
            yield from (entry for entry in document.allocations if entry.credit_id == document.doc_id)

    def _repost(self, record: Document | Payment | Transfer, stamp: int) -> None:
        posting: Posting | None
        if isinstance(record, Document):
            source_id, posting = record.doc_id, self.rules.document(record)
        elif isinstance(record, Payment):
            source_id, posting = record.payment_id, self.rules.payment(record)
        else:
            source_id, posting = record.transfer_id, self.rules.transfer(record)
        self.ledger.withdraw(source_id, stamp)
        if posting is not None:
            self.ledger.post(*posting, created_ms=stamp)

    def _tell(self, document: Document, *, created: bool) -> None:
        for listener in self.listeners:
            listener(self, document, created)

    def _clear_strays(self, document: Document, stamp: int) -> None:
        self.ledger.withdraw(unshown.stray_source(document), stamp)
        stray = unshown.stray_cents(self.company, self.ledger, document)
        if stray is not None:
            self.ledger.post(*stray, created_ms=stamp, shown=False)

    def _is_foreign(self, record: Document | Payment | Transfer) -> bool:
        if isinstance(record, Transfer):
            return False
        currency = self.company.documents[record.target_id].currency if isinstance(record, Payment) else record.currency
        return currency != self.profile.base

    def _revalue(self, ledger: Ledger, stamp: int) -> None:
        """Post what month ends are revalued at; what is posted already and still right stays."""
        whole = revaluation.revaluations(self.company, ledger, self._market, self.profile, self.first, self._today)
        wanted = {posting.source_id: posting for posting in whole}
        for source_id, posting in self._revalued.items():
            if wanted.get(source_id) != posting:
                ledger.withdraw(source_id, stamp)
        for source_id, posting in wanted.items():
            if self._revalued.get(source_id) != posting:
                ledger.post(*posting, created_ms=stamp, shown=False)
        self._revalued = wanted

    def _posted(self) -> Ledger:
        ledger, company, documents = Ledger(), self.company, self.company.documents.values()
        ledger.post(*unshown.conversion(company, self.profile, self.first), created_ms=0, shown=False)
        for stamp, posting in sorted(self._shown_postings(), key=lambda pair: pair[0]):
            ledger.post(*posting, created_ms=stamp)
        for document in documents:
            if document.status == "VOIDED":
                ledger.withdraw(document.doc_id, document.updated_ms)
        self._revalue(ledger, 0)
        for document in documents:
            stray = unshown.stray_cents(company, ledger, document)
            if stray is not None:
                ledger.post(*stray, created_ms=document.updated_ms, shown=False)
        return ledger

    def _shown_postings(self) -> Iterator[tuple[int, Posting]]:
        for document in self.company.documents.values():
            # a voided document was posted once and taken back: the journals tell both
            stood = replace(document, status=_BEFORE_VOID[document.kind]) if document.status == "VOIDED" else document
            if (posting := self.rules.document(stood)) is not None:
                yield document.created_ms, posting
        for payment in self.company.payments.values():
            if (posting := self.rules.payment(payment)) is not None:
                yield payment.created_ms, posting
        for transfer in self.company.transfers.values():
            if (posting := self.rules.transfer(transfer)) is not None:
                yield transfer.created_ms, posting
        for allocation in self.allocations():
            if (posting := self.rules.allocation(allocation)) is not None:
                yield self.company.documents[allocation.credit_id].updated_ms, posting

    def _twins(self) -> dict[str, str]:
        twins = {document.twin_id: document.doc_id for document in self.company.documents.values() if document.twin_id}
        for transfer in self.company.transfers.values():
            twins[transfer.out_id] = twins[transfer.in_id] = transfer.transfer_id
        return twins
