"""The shapes that Xero writes, as typed records: only the fields the product reads have a type of their own.

Everything else that the API is known to send is listed in ``Known`` and left undecoded; a field that is neither is drift.
Amounts become Decimal straight from the page's text, never by way of a float.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Raw, Struct, field

LEFT = Raw()
"""The default of a field that nothing reads."""
NO_VALUES = Raw(b"[]")
NOUGHT = Decimal(0)
_SPELLED = {"id": "ID", "utc": "UTC", "cis": "CIS"}


def xero_name(name: str) -> str:
    """Spell a field as Xero does: ``updated_date_utc`` is ``UpdatedDateUTC``."""
    return "".join(_SPELLED.get(word, word.capitalize()) for word in name.split("_"))


class Known(Struct, rename=xero_name, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Fields that any Xero record may carry and that nothing here reads."""

    applied_amount: Raw = LEFT
    attachments: Raw = LEFT
    batch_payment: Raw = LEFT
    batch_payment_id: Raw = LEFT
    bank_account_number: Raw = LEFT
    branding_theme_id: Raw = LEFT
    cis_rate: Raw = LEFT
    created_date_utc: Raw = LEFT
    created_date_utc_string: Raw = LEFT
    details: Raw = LEFT
    entered_total: Raw = LEFT
    expected_payment_date: Raw = LEFT
    external_link_provider_name: Raw = LEFT
    fully_paid_on_date: Raw = LEFT
    has_account: Raw = LEFT
    has_attachments: Raw = LEFT
    has_errors: Raw = LEFT
    has_validation_errors: Raw = LEFT
    invoice_addresses: Raw = LEFT
    invoice_payment_services: Raw = LEFT
    is_discounted: Raw = LEFT
    is_reconciled: Raw = LEFT
    particulars: Raw = LEFT
    planned_payment_date: Raw = LEFT
    repeating_invoice_id: Raw = LEFT
    rounding_amount: Raw = LEFT
    sent_to_contact: Raw = LEFT
    show_on_cash_basis_reports: Raw = LEFT
    status_attribute_string: Raw = LEFT
    total_discount: Raw = LEFT
    updated_date_utc_string: Raw = LEFT
    url: Raw = LEFT
    validation_errors: Raw = LEFT
    warnings: Raw = LEFT


class ContactRef(Struct, rename=xero_name, gc=False):
    """The contact as a document shows it."""

    contact_id: str = ""


class AccountRef(Struct, rename=xero_name, gc=False):
    """An account as a document shows it."""

    account_id: str = ""
    currency_code: str = ""


class LineTracking(Struct, rename=xero_name, gc=False):
    """One tracking value of a line; lists carry the option's name, its id only now and then."""

    tracking_category_id: str = ""
    name: str = ""
    option: str = ""
    tracking_option_id: str = ""


class Line(Struct, rename=xero_name, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One line of a document; a text-only line has neither account nor tax. Fields are found fastest in Xero's own order."""

    description: str | None = None
    unit_amount: Raw = LEFT
    tax_amount: Decimal | None = None
    line_amount: Decimal = NOUGHT
    tracking: Raw = NO_VALUES
    """A list of LineTracking, decoded by ``Context.tracking`` once for each distinct text: a few stand on nearly all lines."""
    quantity: Raw = LEFT
    line_item_id: str = ""
    tax_type: str | None = None
    account_id: str = ""
    account_code: Raw = LEFT
    discount_amount: Raw = LEFT
    discount_entered_as_percent: Raw = LEFT
    discount_rate: Raw = LEFT
    is_blank: Raw = LEFT
    item: Raw = LEFT
    item_code: Raw = LEFT
    repeating_invoice_id: Raw = LEFT
    sales_tax_code_id: Raw = field(default=LEFT, name="SalesTaxCodeId")
    tax_breakdown: Raw = LEFT
    taxability: Raw = LEFT
    validation_errors: Raw = LEFT


class Allocation(Struct, rename=xero_name, gc=False):
    """A credit, prepayment or overpayment set against an invoice or a bill, on a day of its own."""

    allocation_id: str = ""
    amount: Decimal = NOUGHT
    date: str = ""
    invoice: InvoiceRef | None = None
    is_deleted: bool = False


class InvoiceRef(Struct, rename=xero_name, gc=False):
    """The document that a payment or an allocation belongs to; a credit note stands here under InvoiceID as well."""

    invoice_id: str = ""
    type: str = ""
    currency_code: str = ""
    contact: ContactRef | None = None


class Settlement(Struct, rename=xero_name, gc=False):
    """A payment as the document it settles shows it."""

    date: str = ""
    amount: Decimal = NOUGHT


class Applied(Struct, rename=xero_name, gc=False):
    """A credit as the document it was set against shows it."""

    applied_amount: Decimal = NOUGHT
    date: str = ""


class Document(Known, kw_only=True):
    """What invoices, credit notes, prepayments, overpayments and bank transactions have in common."""

    type: str
    contact: ContactRef | None = None
    date_string: str = ""
    date: str = ""
    status: str
    line_amount_types: str = "Exclusive"
    line_items: list[Line] = []
    sub_total: Decimal = NOUGHT
    total_tax: Decimal = NOUGHT
    total: Decimal = NOUGHT
    updated_date_utc: str = ""
    currency_code: str = ""
    currency_rate: Decimal | None = None
    reference: str | None = None
    cis_deduction: Decimal | None = None
    due_date: str = ""
    due_date_string: str = ""


class Invoice(Document, kw_only=True):
    """A sales invoice (ACCREC) or a bill (ACCPAY)."""

    record_id: str = field(name="InvoiceID")
    number: str | None = field(default=None, name="InvoiceNumber")
    payments: list[Settlement] = []
    credit_notes: list[Applied] = []
    prepayments: list[Applied] = []
    overpayments: list[Applied] = []
    open_amount: Decimal = field(default=NOUGHT, name="AmountDue")
    amount_paid: Raw = LEFT
    amount_credited: Raw = LEFT


class Credit(Document, kw_only=True):
    """What credit notes, prepayments and overpayments have in common."""

    id: Raw = LEFT
    open_amount: Decimal = field(default=NOUGHT, name="RemainingCredit")
    payments: list[Settlement] = []
    allocations: list[Allocation] = []


class CreditNote(Credit, kw_only=True):
    """A credit note to a customer (ACCRECCREDIT) or by a vendor (ACCPAYCREDIT)."""

    record_id: str = field(name="CreditNoteID")
    number: str | None = field(default=None, name="CreditNoteNumber")


class Prepayment(Credit, kw_only=True):
    """Money paid ahead; its lines name the accounts it stands on."""

    record_id: str = field(name="PrepaymentID")
    number: str | None = field(default=None, name="InvoiceNumber")


class Overpayment(Credit, kw_only=True):
    """Money paid beyond what was owed."""

    record_id: str = field(name="OverpaymentID")
    number: str | None = field(default=None, name="InvoiceNumber")


class BankTransaction(Document, kw_only=True):
    """Money spent or received, prepayments, overpayments and transfers among it."""

    record_id: str = field(name="BankTransactionID")
    bank_account: AccountRef | None = None
    prepayment_id: str = ""
    overpayment_id: str = ""
    number: str | None = field(default=None, name="InvoiceNumber")
    open_amount: Decimal = field(default=NOUGHT, name="AmountDue")


class ManualJournal(Known, kw_only=True):
    """A journal that an accountant wrote: base currency, debit positive, credit negative."""

    record_id: str = field(name="ManualJournalID")
    narration: str = ""
    date: str = ""
    status: str
    line_amount_types: str = "NoTax"
    journal_lines: list[Line] = []
    updated_date_utc: str = ""


class Payment(Known, kw_only=True):
    """Money that settled a document; ``amount`` is in the document's currency, ``bank_amount`` in the bank account's."""

    record_id: str = field(name="PaymentID")
    payment_type: str = ""
    status: str
    date: str = ""
    amount: Decimal = NOUGHT
    bank_amount: Decimal | None = None
    currency_rate: Decimal | None = None
    reference: str | None = None
    account: AccountRef | None = None
    invoice: InvoiceRef | None = None
    credit_note: CreditNoteRef | None = None
    prepayment: PrepaymentRef | None = None
    overpayment: OverpaymentRef | None = None
    updated_date_utc: str = ""
    code: Raw = LEFT
    invoice_number: Raw = LEFT
    credit_note_number: Raw = LEFT


class CreditNoteRef(Struct, rename=xero_name, gc=False):
    """The credit note of a refund, where it does not stand under Invoice."""

    record_id: str = field(default="", name="CreditNoteID")
    currency_code: str = ""
    contact: ContactRef | None = None


class PrepaymentRef(Struct, rename=xero_name, gc=False):
    """The prepayment of a refund, where it does not stand under Invoice."""

    record_id: str = field(default="", name="PrepaymentID")
    currency_code: str = ""
    contact: ContactRef | None = None


class OverpaymentRef(Struct, rename=xero_name, gc=False):
    """The overpayment of a refund, where it does not stand under Invoice."""

    record_id: str = field(default="", name="OverpaymentID")
    currency_code: str = ""
    contact: ContactRef | None = None


class BankTransfer(Known, kw_only=True):
    """Money moved between two bank accounts of the company."""

    record_id: str = field(name="BankTransferID")
    from_bank_account: AccountRef
    to_bank_account: AccountRef
    amount: Decimal
    date: str = ""
    date_string: str = ""
    currency_rate: Decimal | None = None
    status: str = "AUTHORISED"
    reference: str | None = None
    from_tracking: Raw = NO_VALUES
    to_tracking: Raw = NO_VALUES
    from_bank_transaction_id: str = ""
    to_bank_transaction_id: str = ""
    from_is_reconciled: Raw = LEFT
    to_is_reconciled: Raw = LEFT


class Pagination(Struct, gc=False):
    """Where a page stands; absent on endpoints that answer everything at once."""

    page: int = 1
    page_size: int = field(default=0, name="pageSize")
    page_count: int = field(default=1, name="pageCount")
    item_count: int = field(default=0, name="itemCount")
