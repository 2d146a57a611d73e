"""Transactions as their queries answer them: header, links, and lines where they were asked for."""

from collections.abc import Callable, Iterator, Mapping

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Child, cents
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import ref
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Txn

Writer = Callable[["TxnWire", Txn], Iterator[Child]]


class TxnWire:
    """Writes the transactions of one query."""

    def __init__(self, company: Company, *, with_lines: bool, with_links: bool = False) -> None:
        self._company = company
        self._with_lines = with_lines
        self._with_links = with_links

    def children(self, txn: Txn) -> Iterator[Child]:
        """The transaction's children, in the schema's order."""
        yield "TxnID", txn.txn_id
        yield "TimeCreated", txn.created_at
        yield "TimeModified", txn.modified_at
        yield "EditSequence", str(txn.edit)
        yield "TxnNumber", txn.number
        yield from WRITERS[txn.kind](self, txn)

    def invoice(self, txn: Txn) -> Iterator[Child]:
        paid = sum(self._company.paid(txn.txn_id).values())
        yield self._ref("CustomerRef", txn.name_id)
        yield self._ref("ClassRef", txn.class_id)
        yield self._ref("ARAccountRef", txn.account_id)
        yield "TxnDate", txn.day
        yield "RefNumber", txn.ref or None
        yield "IsPending", False
        yield "DueDate", txn.due_on
        yield "Subtotal", cents(txn.total - txn.tax)
        yield "SalesTaxPercentage", "8.00" if txn.tax else "0.00"
        yield "SalesTaxTotal", cents(txn.tax)
        yield "AppliedAmount", cents(-paid)
        yield "BalanceRemaining", cents(txn.total - paid)
        yield "Memo", txn.memo or None
        yield "IsPaid", paid == txn.total
        yield "ExternalGUID", txn.external_guid or None
        yield from self._links(txn)
        if self._with_lines:
            yield from (("InvoiceLineRet", list(self._invoice_line(line))) for line in txn.lines)

    def bill(self, txn: Txn) -> Iterator[Child]:
        paid = sum(self._company.paid(txn.txn_id).values())
        yield self._ref("VendorRef", txn.name_id)
        yield self._ref("APAccountRef", txn.account_id)
        yield "TxnDate", txn.day
        yield "DueDate", txn.due_on
        yield "AmountDue", cents(txn.total)
        yield "RefNumber", txn.ref or None
        yield "Memo", txn.memo or None
        yield "IsPaid", paid == txn.total
        yield from self._links(txn)
        yield from self._spent(txn)
        yield "OpenAmount", cents(txn.total - paid)

    def payment(self, txn: Txn) -> Iterator[Child]:
        yield self._ref("CustomerRef", txn.name_id)
        yield self._ref("ARAccountRef", txn.account_id)
        yield "TxnDate", txn.day
        yield "RefNumber", txn.ref or None
        yield "TotalAmount", cents(txn.total)
        yield "Memo", txn.memo or None
        yield self._ref("DepositToAccountRef", txn.deposit_to)
        yield "UnusedPayment", cents(txn.total - sum(paid for _, paid in txn.applied))
        yield "UnusedCredits", cents(0)
        yield from self._applied(txn, "Invoice")

    def bill_payment(self, txn: Txn) -> Iterator[Child]:
        yield self._ref("PayeeEntityRef", txn.name_id)
        yield self._ref("APAccountRef", txn.account_id)
        yield "TxnDate", txn.day
        yield self._ref("BankAccountRef", txn.deposit_to)
        yield "Amount", cents(txn.total)
        yield "RefNumber", txn.ref or None
        yield "Memo", txn.memo or None
        yield "IsToBePrinted", False
        yield from self._applied(txn, "Bill")

    def check(self, txn: Txn) -> Iterator[Child]:
        yield self._ref("AccountRef", txn.account_id)
        yield self._ref("PayeeEntityRef", txn.name_id)
        yield "RefNumber", txn.ref or None
        yield "TxnDate", txn.day
        yield "Amount", cents(txn.total)
        yield "Memo", txn.memo or None
        yield "IsToBePrinted", False
        yield from self._spent(txn)

    def deposit(self, txn: Txn) -> Iterator[Child]:
        yield "TxnDate", txn.day
        yield self._ref("DepositToAccountRef", txn.deposit_to)
        yield "Memo", txn.memo or None
        yield "DepositTotal", cents(txn.total)
        if self._with_lines:
            yield from (("DepositLineRet", list(self._deposit_line(line))) for line in txn.lines)

    def journal(self, txn: Txn) -> Iterator[Child]:
        yield "TxnDate", txn.day
        yield "RefNumber", txn.ref or None
        yield "IsAdjustment", txn.is_adjustment
        yield "ExternalGUID", txn.external_guid or None
        if self._with_lines:
            yield from ((f"Journal{line.side}Line", list(self._journal_line(line))) for line in txn.lines)

    def _ref(self, name: str, list_id: str) -> Child:
        return ref(name, self._company, list_id)

    def _links(self, txn: Txn) -> Iterator[Child]:
        if not self._with_links:
            return
        for payment_id, paid in self._company.paid(txn.txn_id).items():
            payment = self._company.txns[payment_id]
            yield (
                "LinkedTxn",
                [
                    ("TxnID", payment_id),
                    ("TxnType", payment.kind),
                    ("TxnDate", payment.day),
                    ("RefNumber", payment.ref or None),
                    ("LinkType", "AMTTYPE"),
                    ("Amount", cents(-paid)),
                ],
            )

    def _applied(self, txn: Txn, kind: str) -> Iterator[Child]:
        for paid_id, amount in txn.applied if self._with_lines else ():
            paid = self._company.txns[paid_id]
            rest = paid.total - sum(self._company.paid(paid_id).values())
            yield (
                "AppliedToTxnRet",
                [
                    ("TxnID", paid_id),
                    ("TxnType", kind),
                    ("TxnDate", paid.day),
                    ("RefNumber", paid.ref or None),
                    ("BalanceRemaining", cents(rest)),
                    ("Amount", cents(amount)),
                ],
            )

    def _spent(self, txn: Txn) -> Iterator[Child]:
        """Expense lines first, then what was bought by item."""
        if not self._with_lines:
            return
        for line in (line for line in txn.lines if not line.item_id):
            yield (
                "ExpenseLineRet",
                [
                    ("TxnLineID", line.line_id),
                    self._ref("AccountRef", line.account_id),
                    ("Amount", cents(line.amount)),
                    ("Memo", line.memo or None),
                    self._ref("CustomerRef", line.name_id),
                    self._ref("ClassRef", line.class_id),
                ],
            )
        for line in (line for line in txn.lines if line.item_id):
            yield (
                "ItemLineRet",
                [
                    ("TxnLineID", line.line_id),
                    self._ref("ItemRef", line.item_id),
                    ("Desc", line.memo or None),
                    ("Quantity", line.quantity),
                    ("Cost", cents(line.rate)),
                    ("Amount", cents(line.amount)),
                    self._ref("ClassRef", line.class_id),
                ],
            )

    def _invoice_line(self, line: Line) -> Iterator[Child]:
        yield "TxnLineID", line.line_id
        yield self._ref("ItemRef", line.item_id)
        yield "Desc", line.memo or None
        yield "Quantity", line.quantity
        yield "Rate", cents(line.rate)
        yield self._ref("ClassRef", line.class_id)
        yield "Amount", cents(line.amount)

    def _deposit_line(self, line: Line) -> Iterator[Child]:
        yield "TxnType", "ReceivePayment" if line.linked_id else None
        yield "TxnID", line.linked_id or None
        yield "TxnLineID", line.line_id
        yield self._ref("EntityRef", line.name_id)
        yield self._ref("AccountRef", line.account_id)
        yield "Memo", line.memo or None
        yield self._ref("ClassRef", line.class_id)
        yield "Amount", cents(line.amount)

    def _journal_line(self, line: Line) -> Iterator[Child]:
        yield "TxnLineID", line.line_id
        yield self._ref("AccountRef", line.account_id)
        yield "Amount", cents(line.amount) if line.amount_given else None
        yield "Memo", line.memo or None
        yield self._ref("EntityRef", line.name_id)
        yield self._ref("ClassRef", line.class_id)


WRITERS: Mapping[str, Writer] = {
    "Invoice": TxnWire.invoice,
    "Bill": TxnWire.bill,
    "ReceivePayment": TxnWire.payment,
    "BillPaymentCheck": TxnWire.bill_payment,
    "Check": TxnWire.check,
    "Deposit": TxnWire.deposit,
    "JournalEntry": TxnWire.journal,
}
