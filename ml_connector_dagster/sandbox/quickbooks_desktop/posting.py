"""What a transaction posts: QuickBooks Desktop's own rules, in whole cents of the home currency, debit +."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Leg
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Named, Txn


class Books(Protocol):
    """What posting needs to know of the company."""

    @property
    def items(self) -> Mapping[str, Named]:
        """Items by id."""

    def special(self, role: str) -> str:
        """The id of the account that QuickBooks itself uses for something."""

    @property
    def tax_agency(self) -> str:
        """The vendor that sales tax is owed to."""


def legs_of(txn: Txn, books: Books) -> list[Leg]:
    """The legs of one transaction, in the order that a detail report shows them; none for a voided one."""
    if txn.is_voided:
        return []
    return [leg for leg in _RULES[txn.kind](txn, books) if leg.amount]


def _invoice(txn: Txn, books: Books) -> Iterator[Leg]:
    yield Leg(txn.account_id, txn.total, "", txn.name_id, txn.memo)
    for line in txn.lines:
        item = books.items[line.item_id]
        yield Leg(line.account_id or item.account_id, -line.amount, line.class_id, txn.name_id, line.memo)
        # goods leave the shelf when they are sold; no query of invoices tells of it
        yield Leg(books.special("InventoryAssets"), -line.cost, line.class_id, txn.name_id, line.memo)
        yield Leg(books.special("CostOfGoodsSold"), line.cost, line.class_id, txn.name_id, line.memo)
    yield Leg(books.special("SalesTaxPayable"), -txn.tax, "", books.tax_agency, "")


def _credit_memo(txn: Txn, books: Books) -> Iterator[Leg]:
    """An invoice the other way round: the goods come back, and the tax on them is no longer owed."""
    return (leg._replace(amount=-leg.amount) for leg in _invoice(txn, books))


def _vendor_credit(txn: Txn, books: Books) -> Iterator[Leg]:
    return (leg._replace(amount=-leg.amount) for leg in _bill(txn, books))


def _bill(txn: Txn, books: Books) -> Iterator[Leg]:
    yield Leg(txn.account_id, -txn.total, "", txn.name_id, txn.memo)
    yield from (_spent(line, txn, books) for line in txn.lines)


def _check(txn: Txn, books: Books) -> Iterator[Leg]:
    yield Leg(txn.account_id, -txn.total, "", txn.name_id, txn.memo)
    yield from (_spent(line, txn, books) for line in txn.lines)


def _spent(line: Line, txn: Txn, books: Books) -> Leg:
    account = books.special("InventoryAssets") if line.item_id else line.account_id
    return Leg(account, line.amount, line.class_id, line.name_id or txn.name_id, line.memo)


def _payment(txn: Txn, _books: Books) -> Iterator[Leg]:
    yield Leg(txn.deposit_to, txn.total, "", txn.name_id, txn.memo)
    yield Leg(txn.account_id, -txn.total, "", txn.name_id, txn.memo)


def _bill_payment(txn: Txn, _books: Books) -> Iterator[Leg]:
    yield Leg(txn.deposit_to, -txn.total, "", txn.name_id, txn.memo)
    yield Leg(txn.account_id, txn.total, "", txn.name_id, txn.memo)


def _deposit(txn: Txn, _books: Books) -> Iterator[Leg]:
    yield Leg(txn.deposit_to, txn.total, "", "", txn.memo)
    yield from (Leg(line.account_id, -line.amount, line.class_id, line.name_id, line.memo) for line in txn.lines)


def _journal(txn: Txn, _books: Books) -> Iterator[Leg]:
    for line in txn.lines:
        sign = 1 if line.side == "Debit" else -1
        yield Leg(line.account_id, sign * line.amount, line.class_id, line.name_id, line.memo)


def _transfer(txn: Txn, _books: Books) -> Iterator[Leg]:
    yield Leg(txn.account_id, -txn.total, "", "", txn.memo)
    yield Leg(txn.deposit_to, txn.total, "", "", txn.memo)


_RULES: Mapping[str, Callable[[Txn, Books], Iterator[Leg]]] = {
    "Invoice": _invoice,
    "CreditMemo": _credit_memo,
    "Bill": _bill,
    "VendorCredit": _vendor_credit,
    "Check": _check,
    "ReceivePayment": _payment,
    "BillPaymentCheck": _bill_payment,
    "Deposit": _deposit,
    "JournalEntry": _journal,
    "Transfer": _transfer,
}
