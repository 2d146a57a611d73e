"""What Fennimore Partners sells in a month, and how it is paid, credited, voided and deleted."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.quickbooks_online.chart import (
    CHECKING,
    DISCOUNTS,
    EURO_BANK,
    HOME,
    RECEIVABLE,
    UNDEPOSITED,
)
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Named, Txn
from ml_connector_dagster.sandbox.quickbooks_online.scribe import CLASSES, DEPARTMENTS, Scribe

_SERVICES = (
    ("3", "46", "Strategy advice, days", 120_000, 900_000),
    ("3", "46", "Board paper", 150_000, 600_000),
    ("4", "47", "Operations review", 200_000, 1_200_000),
    ("6", "48", "Change coaching", 60_000, 300_000),
    ("7", "49", "Workshop day", 90_000, 260_000),
    ("8", "51", "Recharged travel", 5_000, 90_000),
    ("9", "48", "Research support", 40_000, 220_000),
)


class Selling:
    """Writes the selling side, month by month; nothing dated after today."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe, self._rng = scribe, scribe.rng
        self._customers = scribe.active("Customer")

    def month(self, first: date) -> None:
        for _ in range(self._rng.randint(27, 35)):
            self._sell(self._scribe.day(first))
        for _ in range(self._rng.randint(2, 4)):
            self._receipt("SalesReceipt", self._scribe.day(first))
        if self._rng.random() < 0.5:
            self._receipt("RefundReceipt", self._scribe.day(first, 8))
        for entity in ("Estimate", "Estimate"):
            day = self._scribe.day(first)
            if day <= self._scribe.today:
                customer = self._home_customer()
                self._scribe.enter(entity, day, [self._line()], name_id=customer.name_id, number=f"E{self._number()}")

    def _sell(self, day: date) -> None:
        scribe, rng = self._scribe, self._rng
        if day > scribe.today:
            return
        customer = scribe.pick(self._customers)
        lines = [self._line() for _ in range(rng.choice((1, 1, 2, 3)))]
        tax = 0
        if customer.currency == HOME:
            tax = self._extras(lines)
        if rng.random() < 0.08:
            lines.append(
                Line(
                    "Discount",
                    half_up(sum(line.amount for line in lines if line.detail != "Group"), 10),
                    DISCOUNTS,
                    percent=10,
                )
            )
        late = rng.random() < 0.06
        invoice = scribe.enter(
            "Invoice",
            day,
            lines,
            days_later=rng.randint(12, 40) if late else 0,
            name_id=customer.name_id,
            account_id=RECEIVABLE[customer.currency],
            currency=customer.currency,
            number=str(self._number()),
            due_on=day + timedelta(days=30),
            department_id=rng.choice((*DEPARTMENTS, "")),
            tax=tax,
        )
        self._after(invoice, customer)

    def _extras(self, lines: list[Line]) -> int:
        """A bundle, stock with sales tax, or neither; answers the tax."""
        chance = self._rng.random()
        if chance < 0.05:
            inner = (
                Line("SalesItem", 180_000, "46", "Strategy Advice", "3", class_id="1"),
                Line("SalesItem", 95_000, "49", "Workshop Day", "7", class_id="1"),
            )
            lines.append(Line("Group", 0, "", "Discovery Package", "11", inner=inner))
        elif chance < 0.13:
            quantity = self._rng.randint(1, 6)
            lines.append(Line("SalesItem", quantity * 14_950, "50", "Benchmark kit", "5", quantity, class_id="2"))
            return half_up(quantity * 14_950 * 8, 100)
        return 0

    def _line(self) -> Line:
        rng = self._rng
        item_id, account_id, text, low, high = rng.choice(_SERVICES)
        # an item was re-pointed once: older lines stand on another account than the item has today
        if item_id == "9" and self._scribe.next_id < 1_500:
            account_id = "47"
        klass = rng.choice(CLASSES) if rng.random() < 0.9 else ""
        return Line("SalesItem", rng.randrange(low, high), account_id, text, item_id, class_id=klass)

    def _after(self, invoice: Txn, customer: Named) -> None:
        scribe, rng = self._scribe, self._rng
        chance = rng.random()
        if chance < 0.02:
            invoice.voided, invoice.open_cents = True, 0
            invoice.note, invoice.sync = "Voided", 1
            invoice.updated_at = scribe.stamp(invoice.day, rng.randint(3, 60))
        elif chance < 0.035:
            del scribe.written.txns[invoice.txn_id]
            scribe.written.deleted[invoice.txn_id] = ("Invoice", scribe.stamp(invoice.day, rng.randint(1, 30)))
        elif chance < 0.95:
            self._collect(invoice, customer)
        if chance > 0.97 and customer.currency == HOME:
            self._credit(invoice, customer)

    def _collect(self, invoice: Txn, customer: Named) -> None:
        scribe, rng = self._scribe, self._rng
        day = invoice.day + timedelta(days=rng.randint(10, 62))
        if day > scribe.today:
            return
        by_check = rng.random() < 0.4 and customer.currency == HOME
        bank = UNDEPOSITED if by_check else EURO_BANK if customer.currency == "EUR" and rng.random() < 0.5 else CHECKING
        payment = scribe.enter(
            "Payment",
            day,
            [],
            name_id=customer.name_id,
            account_id=bank,
            other_id=RECEIVABLE[customer.currency],
            currency=customer.currency,
        )
        if customer.currency == HOME and rng.random() < 0.04:
            payment.unapplied = rng.randrange(5_000, 60_000)
        amount = invoice.open_cents // 2 if rng.random() < 0.05 and customer.currency == HOME else invoice.open_cents
        scribe.settle(payment, invoice, amount)

    def _credit(self, invoice: Txn, customer: Named) -> None:
        day = invoice.day + timedelta(days=9)
        if day <= self._scribe.today:
            line = next(invoice.leaves())
            self._scribe.enter(
                "CreditMemo",
                day,
                [Line("SalesItem", line.amount // 3, line.account_id, "Credit", line.item_id, class_id=line.class_id)],
                name_id=customer.name_id,
                account_id=RECEIVABLE[HOME],
                number=f"C{invoice.number}",
            )

    def _receipt(self, entity: str, day: date) -> None:
        if day <= self._scribe.today:
            self._scribe.enter(
                entity,
                day,
                [self._line()],
                name_id=self._home_customer().name_id,
                account_id=CHECKING,
                number=str(self._number()),
                department_id=self._rng.choice(DEPARTMENTS),
            )

    def _home_customer(self) -> Named:
        return self._scribe.pick([named for named in self._customers if named.currency == HOME])

    def _number(self) -> int:
        return 1_000 + self._scribe.next_id
