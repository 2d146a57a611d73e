"""How each kind of document posts; debit positive. The page does not tell, so these are the sandbox's own choices."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ml_connector_dagster.sandbox.freshbooks.records import Document

if TYPE_CHECKING:
    from ml_connector_dagster.sandbox.freshbooks.company import Company


class Leg(NamedTuple):
    account: str
    cents: int
    detail_type: str
    text: str = ""
    category: str = ""


def legs(company: "Company", document: Document) -> Iterator[Leg]:
    """The legs of one document, balanced."""
    if document.kind == "journals":
        for line in document.lines:
            yield Leg(line.account, line.amount, "journal", line.description)
        return
    yield from _RULES[document.kind](company, document)


def _invoice(company: "Company", document: Document) -> Iterator[Leg]:
    yield Leg(company.account("Accounts Receivable"), document.total, "accounts_receivable")
    for line in document.lines:
        yield Leg(line.account, -line.amount, "sales", line.name)
        yield Leg(company.account("Sales Tax Payable"), -line.tax, "tax", line.tax_name)
    yield Leg(company.account("Discounts and Credits"), document.discount, "discount", "Discount")


def _payment(company: "Company", document: Document) -> Iterator[Leg]:
    source = company.account("Client Credit") if document.credit_id else document.bank
    yield Leg(source, document.total, "payment", document.type)
    yield Leg(company.account("Accounts Receivable"), -document.total, "accounts_receivable")


def _expense(company: "Company", document: Document) -> Iterator[Leg]:
    line = document.lines[0]
    yield Leg(line.account, line.amount, "expense", document.note, str(line.category_id))
    yield Leg(company.account("Sales Tax Payable"), line.tax, "tax", line.tax_name, str(line.category_id))
    yield Leg(document.bank, -document.total, "cash", "", str(line.category_id))


def _bill(company: "Company", document: Document) -> Iterator[Leg]:
    for line in document.lines:
        yield Leg(line.account, line.amount, "bill", line.description, str(line.category_id))
        yield Leg(company.account("Sales Tax Payable"), line.tax, "tax", line.tax_name, str(line.category_id))
    yield Leg(company.account("Accounts Payable"), -document.total, "accounts_payable")


def _bill_payment(company: "Company", document: Document) -> Iterator[Leg]:
    yield Leg(company.account("Accounts Payable"), document.total, "accounts_payable")
    yield Leg(document.bank, -document.total, "bill_payment", document.type)


def _other_income(company: "Company", document: Document) -> Iterator[Leg]:
    line = document.lines[0]
    yield Leg(document.bank, document.total, "cash")
    yield Leg(line.account, -line.amount, "other_income", document.type)
    yield Leg(company.account("Sales Tax Payable"), -line.tax, "tax", line.tax_name)


def _credit_note(company: "Company", document: Document) -> Iterator[Leg]:
    """Goodwill takes income back; a prepayment is money that came in. Both are owed to the client until applied."""
    for line in document.lines:
        given = document.bank if document.type == "prepayment" else line.account
        yield Leg(given, line.amount, "credit_note", line.name)
    yield Leg(company.account("Client Credit"), -document.total, "client_credit")


_RULES = {
    "invoices": _invoice,
    "payments": _payment,
    "expenses": _expense,
    "bills": _bill,
    "bill_payments": _bill_payment,
    "other_income": _other_income,
    "credit_notes": _credit_note,
}
