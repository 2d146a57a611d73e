"""How Xero writes documents and payments: what a list shows, and what only a single record shows."""

from datetime import date

from ml_connector_dagster.sandbox.books.cents import RATE_ONE
from ml_connector_dagster.sandbox.books.records import (
    Allocation,
    Document,
    Line,
    Payment,
    TrackingCategory,
    Transfer,
)
from ml_connector_dagster.sandbox.xero.notation import (
    Json,
    base_rate,
    day_stamp,
    day_text,
    iso_stamp,
    number,
    shown_rate,
    stamp,
)
from ml_connector_dagster.sandbox.xero.tenant import Tenant

_CREDIT_TYPES = {"RECEIVE-OVERPAYMENT": "AROVERPAYMENT", "SPEND-OVERPAYMENT": "APOVERPAYMENT"}
_CREDIT_TYPES |= {"RECEIVE-PREPAYMENT": "ARPREPAYMENT", "SPEND-PREPAYMENT": "APPREPAYMENT"}


class Wire:
    """Writes one tenant's records."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._company = tenant.company
        self._base = tenant.profile.base
        self._options: dict[str, tuple[TrackingCategory, str]] = {
            option.option_id: (category, option.name)
            for category in self._company.categories
            for option in category.options
        }

    # documents with lines

    def invoice(self, document: Document, *, full: bool) -> Json:
        """An invoice or bill; full is the single GET, which alone shows RoundingAmount."""
        shown = self._head(document, "InvoiceID") | {
            "InvoiceNumber": document.number,
            "Reference": document.reference,
            "Payments": [self._paid(payment) for payment in document.payments if payment.status == "AUTHORISED"],
            "CreditNotes": [
                self._credit(entry) for entry in document.allocations if self._kind(entry) == "CreditNotes"
            ],
            "Prepayments": [
                self._credit(entry) for entry in document.allocations if self._kind(entry) == "Prepayments"
            ],
            "Overpayments": [
                self._credit(entry) for entry in document.allocations if self._kind(entry) == "Overpayments"
            ],
            "AmountDue": number(document.open_amount),
            "AmountPaid": number(document.paid),
            "AmountCredited": number(document.credited),
            "SentToContact": document.type == "ACCREC" and document.status != "DRAFT",
            "IsDiscounted": False,
            "HasAttachments": False,
            "HasErrors": False,
            "InvoiceAddresses": [],
            "InvoicePaymentServices": [],
        }
        if document.due_on is not None:
            shown["DueDate"] = day_stamp(document.due_on)
            if int(document.doc_id[0], 16) % 4 == 0:
                shown["DueDateString"] = day_text(document.due_on)
        if document.status == "PAID":
            shown["FullyPaidOnDate"] = day_stamp(_settled_on(document))
        if full and document.rounding:
            shown["RoundingAmount"] = number(document.rounding)
        return shown | document.damaged

    def credit_note(self, document: Document, *, full: bool) -> Json:  # noqa: ARG002 - one shape for both
        shown = self._head(document, "CreditNoteID") | {
            "ID": document.doc_id,
            "CreditNoteNumber": document.number,
            "Reference": document.reference,
            "Payments": [self._paid(payment) for payment in document.payments if payment.status == "AUTHORISED"],
            "SentToContact": False,
            "HasErrors": False,
            "InvoiceAddresses": [],
        }
        if document.status == "PAID":
            shown["FullyPaidOnDate"] = day_stamp(_settled_on(document))
        return shown | self._remaining(document) | document.damaged

    def prepayment(self, document: Document, *, full: bool) -> Json:  # noqa: ARG002 - one shape for both
        shown = self._head(document, "PrepaymentID") | {"ID": document.doc_id, "Reference": document.reference}
        return shown | {"Payments": []} | self._remaining(document) | document.damaged

    def overpayment(self, document: Document, *, full: bool) -> Json:  # noqa: ARG002 - one shape for both
        shown = self._head(document, "OverpaymentID") | {"ID": document.doc_id, "Reference": document.reference}
        payments = [self._paid(payment) for payment in document.payments if payment.status == "AUTHORISED"]
        return shown | {"Payments": payments} | self._remaining(document) | document.damaged

    def bank_transaction(self, record: Document | tuple[Transfer, bool], *, full: bool) -> Json:  # noqa: ARG002
        """Spent or received money; also the bank's side of a prepayment, an overpayment and of each end of a transfer."""
        if isinstance(record, tuple):
            return self._transfer_end(*record)
        shown = self._head(record, "BankTransactionID") | {
            "BankTransactionID": record.twin_id or record.doc_id,
            "BankAccount": self._account_reference(record.bank_id),
            "Reference": record.reference,
            "IsReconciled": True,
            "HasAttachments": False,
        }
        shown.pop("UpdatedDateUTCString", None)
        if record.kind in {"Prepayments", "Overpayments"}:
            shown["PrepaymentID" if record.kind == "Prepayments" else "OverpaymentID"] = record.doc_id
            shown["Status"] = "AUTHORISED" if record.status == "PAID" else record.status
        return shown | record.damaged

    def manual_journal(self, document: Document, *, full: bool) -> Json:  # noqa: ARG002 - one shape for both
        shown: Json = {
            "Date": day_stamp(document.day),
            "Status": document.status,
            "LineAmountTypes": document.amount_types,
            "UpdatedDateUTC": stamp(document.updated_ms),
            "ManualJournalID": document.doc_id,
            "Narration": document.narration,
            "JournalLines": [self._journal_line(line) for line in document.lines],
            "ShowOnCashBasisReports": document.cash_basis,
            "HasAttachments": False,
        }
        if document.url:
            shown["Url"] = document.url
        return shown | document.damaged

    # money without lines

    def payment(self, payment: Payment, *, full: bool) -> Json:  # noqa: ARG002 - one shape for both
        target = self._company.documents[payment.target_id]
        shown: Json = {
            "PaymentID": payment.payment_id,
            "Date": day_stamp(payment.day),
            "BankAmount": number(payment.bank_amount),
            "Amount": number(payment.amount),
            "Reference": payment.reference,
            "CurrencyRate": shown_rate(payment.rate) if payment.rate != RATE_ONE else base_rate(payment.payment_id),
            "PaymentType": payment.type,
            "Status": payment.status,
            "UpdatedDateUTC": stamp(payment.updated_ms),
            "UpdatedDateUTCString": iso_stamp(payment.updated_ms),
            "HasAccount": True,
            "IsReconciled": True,
            "Account": self._account_reference(payment.bank_id, name=False),
            "Invoice": {
                "Type": _CREDIT_TYPES.get(target.type, target.type),
                "InvoiceID": target.doc_id,
                "InvoiceNumber": target.number,
                "Payments": [],
                "CreditNotes": [],
                "Prepayments": [],
                "Overpayments": [],
                "IsDiscounted": False,
                "HasErrors": False,
                "Contact": self._contact_reference(target.contact_id),
                "LineItems": [],
                "CurrencyCode": target.currency,
            },
            "HasValidationErrors": False,
        }
        return shown | payment.damaged

    def transfer(self, transfer: Transfer, *, full: bool) -> Json:  # noqa: ARG002 - one shape for both
        return {
            "BankTransferID": transfer.transfer_id,
            "CreatedDateUTC": stamp(transfer.created_ms),
            "DateString": day_text(transfer.day),
            "Date": day_stamp(transfer.day),
            "Status": transfer.status,
            "FromBankAccount": self._account_reference(transfer.from_id),
            "ToBankAccount": self._account_reference(transfer.to_id),
            "Amount": number(transfer.amount),
            "CurrencyRate": 1.0,
            "FromBankTransactionID": transfer.out_id,
            "ToBankTransactionID": transfer.in_id,
            "FromIsReconciled": True,
            "ToIsReconciled": True,
            "Reference": transfer.reference,
            "HasAttachments": False,
        }

    def tracking(self, option_ids: tuple[str, ...], *, with_option_ids: bool) -> list[Json]:
        """Document lines name category and option, and leave the option's id out; journals give it."""
        found = []
        for option_id in option_ids:
            category, name = self._options[option_id]
            entry: Json = {"Name": category.name, "Option": name, "TrackingCategoryID": category.category_id}
            extra: Json = {"TrackingOptionID": option_id} if with_option_ids else {"Options": []}
            found.append(entry | extra)
        return found

    def reread_tracking(self) -> None:
        """Learn of options that changed."""
        self._options = {
            option.option_id: (category, option.name)
            for category in self._company.categories
            for option in category.options
        }

    def _head(self, document: Document, id_name: str) -> Json:
        shown: Json = {
            "Type": document.type,
            id_name: document.doc_id,
            "Contact": self._contact_reference(document.contact_id),
            "DateString": day_text(document.day),
            "Date": day_stamp(document.day),
            "Status": document.status,
            "LineAmountTypes": document.amount_types,
            "LineItems": [self._line(line) for line in document.lines],
            "SubTotal": number(document.subtotal),
            "TotalTax": number(document.total_tax),
            "Total": number(document.total),
            "UpdatedDateUTC": stamp(document.updated_ms),
            "CurrencyCode": document.currency,
        }
        if document.updated_ms % 2:
            shown["UpdatedDateUTCString"] = iso_stamp(document.updated_ms)
        if document.rate != RATE_ONE:
            shown["CurrencyRate"] = shown_rate(document.rate)
        elif int(document.doc_id[1], 16) % 3 == 0:
            shown["CurrencyRate"] = base_rate(document.doc_id)
        return shown

    def _line(self, line: Line) -> Json:
        shown: Json = {
            "Description": line.description,
            "UnitAmount": number(line.amount),
            "TaxAmount": number(line.tax),
            "LineAmount": number(line.amount),
            "Tracking": self.tracking(line.tracking, with_option_ids=False),
            "Quantity": 1,
            "LineItemID": line.line_id,
        }
        if line.tax_type:
            shown["TaxType"] = line.tax_type
        if line.account_id:
            account = self._company.accounts[line.account_id]
            shown["AccountID"] = account.account_id
            if account.code:
                shown["AccountCode"] = account.code
        return shown

    def _journal_line(self, line: Line) -> Json:
        account = self._company.accounts[line.account_id]
        return {
            "LineAmount": number(line.amount),
            "AccountCode": account.code,
            "AccountID": account.account_id,
            "Description": line.description,
            "TaxType": line.tax_type,
            "TaxAmount": number(line.tax),
            "Tracking": self.tracking(line.tracking, with_option_ids=True),
            "IsBlank": False,
        }

    def _paid(self, payment: Payment) -> Json:
        return {
            "PaymentID": payment.payment_id,
            "Date": day_stamp(payment.day),
            "Amount": number(payment.amount),
            "Reference": payment.reference,
            "CurrencyRate": shown_rate(payment.rate) if payment.rate != RATE_ONE else 1.0,
            "HasAccount": False,
            "HasValidationErrors": False,
        }

    def _kind(self, allocation: Allocation) -> str:
        return self._company.documents[allocation.credit_id].kind

    def _credit(self, allocation: Allocation) -> Json:
        credit = self._company.documents[allocation.credit_id]
        names = {"CreditNotes": "CreditNoteID", "Prepayments": "PrepaymentID", "Overpayments": "OverpaymentID"}
        shown: Json = {
            names[credit.kind]: credit.doc_id,
            "ID": credit.doc_id,
            "AppliedAmount": number(allocation.amount),
            "DateString": day_text(allocation.allocated_on),
            "Date": day_stamp(allocation.allocated_on),
            "LineItems": [],
            "Total": number(credit.total),
        }
        return shown | ({"CreditNoteNumber": credit.number} if credit.kind == "CreditNotes" else {})

    def _remaining(self, document: Document) -> Json:
        return {
            "RemainingCredit": number(document.open_amount),
            "Allocations": [self._allocated(allocation) for allocation in document.allocations],
            "HasAttachments": False,
        }

    def _allocated(self, allocation: Allocation) -> Json:
        invoice = self._company.documents[allocation.invoice_id]
        return {
            "AllocationID": allocation.allocation_id,
            "Amount": number(allocation.amount),
            "Date": day_stamp(allocation.allocated_on),
            "Invoice": {
                "InvoiceID": invoice.doc_id,
                "InvoiceNumber": invoice.number,
                "Payments": [],
                "CreditNotes": [],
                "Prepayments": [],
                "Overpayments": [],
                "LineItems": [],
                "IsDiscounted": False,
                "HasErrors": False,
            },
        }

    def _transfer_end(self, transfer: Transfer, money_in: bool) -> Json:  # noqa: FBT001 - one half of a pair
        return {
            "Type": "RECEIVE-TRANSFER" if money_in else "SPEND-TRANSFER",
            "BankTransactionID": transfer.in_id if money_in else transfer.out_id,
            "BankAccount": self._account_reference(transfer.to_id if money_in else transfer.from_id),
            "Reference": transfer.reference,
            "IsReconciled": True,
            "HasAttachments": False,
            "DateString": day_text(transfer.day),
            "Date": day_stamp(transfer.day),
            "Status": transfer.status,
            "LineAmountTypes": "NoTax",
            "LineItems": [],
            "SubTotal": number(transfer.amount),
            "TotalTax": 0,
            "Total": number(transfer.amount),
            "UpdatedDateUTC": stamp(transfer.updated_ms),
            "CurrencyCode": self._base,
        }

    def _contact_reference(self, contact_id: str) -> Json:
        return {
            "ContactID": contact_id,
            "Name": self._company.contacts[contact_id].name,
            "Addresses": [],
            "Phones": [],
            "ContactGroups": [],
            "ContactPersons": [],
            "HasValidationErrors": False,
        }

    def _account_reference(self, account_id: str, *, name: bool = True) -> Json:
        account = self._company.accounts[account_id]
        shown: Json = {"AccountID": account.account_id}
        if account.code:
            shown["Code"] = account.code
        return shown | ({"Name": account.name} if name else {})


def _settled_on(document: Document) -> date:
    days = [payment.day for payment in document.payments if payment.status == "AUTHORISED"]
    days += [allocation.allocated_on for allocation in document.allocations]
    return max(days, default=document.day)
