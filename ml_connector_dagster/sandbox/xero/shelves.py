"""The rendered records of a tenant, sorted as Xero sorts them, rendered once until something changes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import msgspec

from ml_connector_dagster.sandbox.xero.notation import Json
from ml_connector_dagster.sandbox.xero.reference_wire import write_account, write_contact
from ml_connector_dagster.sandbox.xero.tenant import Tenant
from ml_connector_dagster.sandbox.xero.wire import Wire

_DOCUMENT_FIELDS = (
    "Status Type Date DueDate UpdatedDateUTC Reference Total SubTotal CurrencyCode Contact.ContactID Contact.Name"
)
_OPTIMISED_INVOICE_FIELDS = (
    "Status Type Contact.ContactID Contact.Name Reference InvoiceNumber InvoiceID Date DueDate AmountDue AmountPaid "
    "UpdatedDateUTC"
)


@dataclass(frozen=True)
class Resource:
    """How one collection is listed: its id, what `where` and `order` may name, whether it pages, knows deltas."""

    plural: str
    id_name: str
    fields: frozenset[str]
    lines_name: str = "LineItems"
    pages: bool = True
    deltas: bool = True
    always_paged_by: str = ""
    optimised: frozenset[str] = frozenset()
    """What `where` and `order` may name in an organisation of high volume; empty where nothing is that large here."""


def _resource(plural: str, id_name: str, fields: str, **options: Any) -> Resource:
    return Resource(plural, id_name, frozenset(fields.split()) | {id_name}, **options)


RESOURCES = {
    resource.plural: resource
    for resource in (
        _resource(
            "Invoices",
            "InvoiceID",
            f"{_DOCUMENT_FIELDS} InvoiceId InvoiceNumber AmountDue AmountPaid FullyPaidOnDate",
            always_paged_by="summaryOnly",
            optimised=frozenset(_OPTIMISED_INVOICE_FIELDS.split()),
        ),
        _resource(
            "CreditNotes", "CreditNoteID", f"{_DOCUMENT_FIELDS} CreditNoteNumber RemainingCredit FullyPaidOnDate"
        ),
        _resource("Prepayments", "PrepaymentID", f"{_DOCUMENT_FIELDS} RemainingCredit"),
        _resource("Overpayments", "OverpaymentID", f"{_DOCUMENT_FIELDS} RemainingCredit"),
        _resource(
            "BankTransactions",
            "BankTransactionID",
            f"{_DOCUMENT_FIELDS} IsReconciled BankAccount.AccountID PrepaymentID",
        ),
        _resource(
            "Payments",
            "PaymentID",
            "Status PaymentType Date UpdatedDateUTC Reference Amount Invoice.InvoiceID Invoice.InvoiceId Account.AccountID",
        ),
        _resource(
            "BankTransfers",
            "BankTransferID",
            "Date Status Amount FromBankAccount.AccountID ToBankAccount.AccountID CreatedDateUTC",
            pages=False,
        ),
        _resource(
            "ManualJournals", "ManualJournalID", "Status Date Narration UpdatedDateUTC", lines_name="JournalLines"
        ),
        _resource(
            "Contacts",
            "ContactID",
            "Name ContactStatus IsCustomer IsSupplier EmailAddress UpdatedDateUTC",
            lines_name="",
            always_paged_by="summaryOnly",
        ),
        _resource(
            "Accounts",
            "AccountID",
            "Code Name Status Type Class TaxType SystemAccount UpdatedDateUTC",
            pages=False,
        ),
    )
}


class Shelf:
    """One rendered record; its bytes are made when first needed."""

    __slots__ = ("_lines_name", "encoded_full", "encoded_head", "record_id", "shown", "updated_ms")

    def __init__(self, record_id: str, updated_ms: int, shown: Json, lines_name: str) -> None:
        self.record_id = record_id
        self.updated_ms = updated_ms
        self.shown = shown
        self._lines_name = lines_name
        self.encoded_full: bytes | None = None
        self.encoded_head: bytes | None = None

    def full(self) -> bytes:
        """With its lines, as a paged list shows it."""
        if self.encoded_full is None:
            self.encoded_full = msgspec.json.encode(self.shown)
        return self.encoded_full

    def head(self) -> bytes:
        """Without its lines, as an unpaged list shows it."""
        if self.encoded_head is None:
            bare = self.shown | {self._lines_name: []} if self._lines_name in self.shown else self.shown
            self.encoded_head = msgspec.json.encode(bare)
        return self.encoded_head


class _Place(NamedTuple):
    """Where a record stands in a list, and how to write it."""

    record_id: str
    updated_ms: int
    write: Callable[[], Json]


class Shelves:
    """All shelves of a tenant. A change renders anew only the records it touched; every list is sorted anew."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.wire = Wire(tenant)
        self._seen = len(tenant.changes)
        self._rendered: dict[str, dict[str, Shelf]] = {plural: {} for plural in RESOURCES}
        self._listed: dict[str, list[Shelf]] = {}
        self.walks: dict[object, Any] = {}
        """What the newest questions matched, for the next pages of the same walks."""

    def listed(self, plural: str) -> list[Shelf]:
        """Every record that lists show, by UpdatedDateUTC and then id, both ascending."""
        self._forget_changed()
        if plural not in self._listed:
            rendered, hidden = self._rendered[plural], self._tenant.hidden
            lines_name = RESOURCES[plural].lines_name
            found = []
            for record_id, updated_ms, write in self._places(plural):
                if record_id not in rendered:
                    rendered[record_id] = Shelf(record_id, updated_ms, write(), lines_name)
                if record_id not in hidden:
                    found.append(rendered[record_id])
            found.sort(key=lambda shelf: (shelf.updated_ms, shelf.record_id))
            self._listed[plural] = found
        return self._listed[plural]

    def _forget_changed(self) -> None:
        news = self._tenant.changes[self._seen :]
        if not news:
            return
        self._seen += len(news)
        self._listed.clear()
        self.walks.clear()
        self.wire.reread_tracking()
        for touched in news:
            for rendered in self._rendered.values():
                for record_id in list(rendered) if touched is None else touched:
                    rendered.pop(record_id, None)

    def _places(self, plural: str) -> Iterable[_Place]:
        company, wire = self._tenant.company, self.wire
        if plural == "Payments":
            for payment in company.payments.values():
                yield _Place(payment.payment_id, payment.updated_ms, partial(wire.payment, payment, full=False))
        elif plural == "BankTransfers":
            for transfer in company.transfers.values():
                yield _Place(transfer.transfer_id, transfer.updated_ms, partial(wire.transfer, transfer, full=False))
        elif plural == "Accounts":
            for account in company.accounts.values():
                yield _Place(account.account_id, account.updated_ms, partial(write_account, account))
        elif plural == "Contacts":
            for contact in company.contacts.values():
                yield _Place(contact.contact_id, contact.updated_ms, partial(write_contact, contact, full=False))
        else:
            yield from self._document_places(plural)

    def _document_places(self, plural: str) -> Iterable[_Place]:
        render = self.renderer(plural)
        kinds = {plural, "Prepayments", "Overpayments"} if plural == "BankTransactions" else {plural}
        empty = {month for name, month in self._tenant.empty_months if name == plural}
        for document in self._tenant.company.documents.values():
            if document.kind in kinds and not (empty and f"{document.day:%Y-%m}" in empty):
                record_id = document.twin_id if plural == "BankTransactions" and document.twin_id else document.doc_id
                yield _Place(record_id, document.updated_ms, partial(render, document, full=False))
        if plural == "BankTransactions":
            for transfer in self._tenant.company.transfers.values():
                for money_in, record_id in ((False, transfer.out_id), (True, transfer.in_id)):
                    yield _Place(record_id, transfer.updated_ms, partial(render, (transfer, money_in), full=False))

    def renderer(self, plural: str) -> Callable[..., Json]:
        """The function that writes a record of this collection."""
        wire = self.wire
        renderers: dict[str, Callable[..., Json]] = {
            "Invoices": wire.invoice,
            "CreditNotes": wire.credit_note,
            "Prepayments": wire.prepayment,
            "Overpayments": wire.overpayment,
            "BankTransactions": wire.bank_transaction,
            "ManualJournals": wire.manual_journal,
            "Payments": wire.payment,
            "BankTransfers": wire.transfer,
        }
        return renderers[plural]
