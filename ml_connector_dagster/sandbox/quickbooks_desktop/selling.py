"""Brackenridge sells: invoices of goods and deliveries, payments, deposits of what was paid."""

from datetime import date, datetime, timedelta

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Named, Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.scribe import Scribe

TAX_PER_MILLE = 80


class Selling:
    """The receivables clerk."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._customers = [one for one in scribe.company.lists["Customer"].values() if one.active]
        self._items = list(scribe.company.items.values())
        self._number = 4100
        self._awaited: list[tuple[date, Txn, int]] = []
        self._undeposited: list[Txn] = []

    def month(self, month: date) -> None:
        """Everything that the clerk does in a month."""
        for _ in range(self._scribe.dice.randint(30, 40)):
            self._invoice(self._scribe.day(month, 1, 28))
        self._take_back(self._scribe.day(month, 8, 24))
        self._take_payments(month)
        for day in (7, 14, 21, 28):
            self._bank(month.replace(day=day))

    def _invoice(self, day: date) -> None:
        scribe, dice = self._scribe, self._scribe.dice
        customer = dice.choice(self._customers)
        at = scribe.entered_at(day, dice.randint(0, 2))
        lines = [self._sold(dice.choice(self._items), customer, at) for _ in range(dice.randint(1, 4))]
        self._number += 1
        goods = sum(line.amount for line in lines)
        txn = scribe.enter(
            "Invoice",
            day,
            at,
            lines,
            ref=f"INV-{self._number}",
            name_id=customer.list_id,
            account_id=scribe.company.special("AccountsReceivable"),
            class_id=customer.class_id,
            due_on=day + timedelta(days=customer.terms_days),
            tax=half_up(goods * TAX_PER_MILLE, 1000) if customer.taxable else 0,
            memo="Thank you for your order" if dice.random() < 0.3 else "",
        )
        if txn is None:
            return
        if dice.random() < 0.02:
            self._void_later(txn)
        elif dice.random() < 0.9:
            part = txn.total if dice.random() < 0.93 else txn.total // 2
            self._awaited.append((day + timedelta(days=dice.randint(12, 48)), txn, part))

    def _sold(self, item: Named, customer: Named, at: datetime) -> Line:
        dice = self._scribe.dice
        quantity = dice.randint(2, 30) if item.stocked else 1
        tag = "Warehouse" if not item.stocked else ""
        line = self._scribe.line(quantity * item.price, at, "", tag, memo=item.name, item_id=item.list_id)
        line.quantity, line.rate, line.cost = quantity, item.price, quantity * item.cost
        if not tag and dice.random() < 0.95:
            line.class_id = customer.class_id
        return line

    def _take_back(self, day: date) -> None:
        """Goods come back: a credit memo, which stays open on the customer's account. No query of its own shows it."""
        scribe, dice = self._scribe, self._scribe.dice
        customer, item = dice.choice(self._customers), dice.choice([one for one in self._items if one.stocked])
        at = scribe.entered_at(day, 1)
        line = self._sold(item, customer, at)
        self._number += 1
        scribe.enter(
            "CreditMemo",
            day,
            at,
            [line],
            ref=f"CM-{self._number}",
            name_id=customer.list_id,
            account_id=scribe.company.special("AccountsReceivable"),
            class_id=customer.class_id,
            tax=half_up(line.amount * TAX_PER_MILLE, 1000) if customer.taxable else 0,
            memo="Returned goods",
        )

    def _void_later(self, txn: Txn) -> None:
        company = self._scribe.company
        company.void(txn)
        txn.modified_at = self._scribe.entered_at(txn.day, 3)

    def _take_payments(self, month: date) -> None:
        scribe = self._scribe
        due = [one for one in self._awaited if one[0] <= scribe.today and one[0] < _next(month)]
        self._awaited = [one for one in self._awaited if one not in due]
        for day, invoice, cents in sorted(due, key=lambda one: one[0]):
            at = scribe.entered_at(day, 1)
            line = scribe.line(cents, at)
            payment = scribe.enter(
                "ReceivePayment",
                day,
                at,
                [line],
                ref=str(scribe.dice.randint(10_000, 99_999)),
                name_id=invoice.name_id,
                account_id=invoice.account_id,
                deposit_to=scribe.company.special("UndepositedFunds"),
                applied=[(invoice.txn_id, cents)],
            )
            if payment is not None:
                self._undeposited.append(payment)

    def _bank(self, day: date) -> None:
        """Take what lies in the drawer to the bank."""
        scribe = self._scribe
        banked = [one for one in self._undeposited if one.day <= day]
        if not banked or day > scribe.today:
            return
        self._undeposited = [one for one in self._undeposited if one.day > day]
        at = scribe.entered_at(day)
        lines = [
            scribe.line(one.total, at, "1290", name_id=one.name_id, linked_id=one.txn_id, memo=one.ref)
            for one in banked
        ]
        scribe.enter("Deposit", day, at, lines, deposit_to=scribe.company.account("1010"), memo="Deposit")


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
