"""What Fennimore Partners does in a month: sells, collects, buys, pays, banks, and what its bookkeeper adjusts."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.quickbooks_online.chart import (
    CHECKING,
    DISCOUNTS,
    HOME,
    OPENING_EQUITY,
    PAYABLE,
    RECEIVABLE,
    SAVINGS,
    UNDEPOSITED,
    UNREALIZED,
)
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Leg
from ml_connector_dagster.sandbox.quickbooks_online.posting import home
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Link, Named, Txn
from ml_connector_dagster.sandbox.quickbooks_online.scribe import Scribe, month_end

_SERVICES = (
    ("3", "46", "Strategy advice, days", 120_000, 900_000),
    ("3", "46", "Board paper", 150_000, 600_000),
    ("4", "47", "Operations review", 200_000, 1_200_000),
    ("6", "48", "Change coaching", 60_000, 300_000),
    ("7", "49", "Workshop day", 90_000, 260_000),
    ("8", "51", "Recharged travel", 5_000, 90_000),
    ("9", "48", "Research support", 40_000, 220_000),
)
_COSTS = (
    ("53", "Contract consultant", 150_000, 700_000),
    ("54", "Flights to client", 20_000, 160_000),
    ("7", "Sponsored event", 30_000, 250_000),
    ("10", "Journal subscription", 5_000, 60_000),
    ("58", "Contract review", 60_000, 400_000),
    ("61", "Licences", 9_000, 250_000),
    ("24", "Electricity", 20_000, 80_000),
    ("62", "Phones", 10_000, 60_000),
    ("15", "Stationery", 2_000, 30_000),
)
_CARD = (
    ("13", "Client lunch", 2_000, 30_000),
    ("22", "Hotel", 12_000, 120_000),
    ("56", "Fuel", 3_000, 9_000),
    ("15", "Desk lamp", 2_500, 20_000),
    ("61", "App subscription", 900, 30_000),
)
_CLASSES = ("1", "2", "3", "4")
_DEPARTMENTS = ("1", "2", "3")


def opening(scribe: Scribe, day: date) -> None:
    """Balances brought along: a journal entry against opening balance equity, the day before the books begin."""
    rows = (
        (CHECKING, 62_000_000),
        (SAVINGS, 25_000_000),
        ("37", 4_000_000),
        ("81", 26_000_000),
        ("39", 9_600_000),
        ("40", -3_100_000),
        ("44", -12_000_000),
        ("45", -5_000_000),
    )
    lines = [_journal_line(account_id, cents, "Opening balance") for account_id, cents in rows]
    lines.append(_journal_line(OPENING_EQUITY, -sum(cents for _, cents in rows), "Opening balance"))
    scribe.enter("JournalEntry", day, lines, number="OPEN", note="Opening balances")


def month(scribe: Scribe, first: date) -> None:
    """All of one month; nothing dated after today."""
    _Selling(scribe).month(first)
    _Buying(scribe).month(first)
    _banking(scribe, first)
    _bookkeeping(scribe, first)


class _Selling:
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
            department_id=rng.choice((*_DEPARTMENTS, "")),
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
        klass = rng.choice(_CLASSES) if rng.random() < 0.9 else ""
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
        bank = UNDEPOSITED if by_check else "37" if customer.currency == "EUR" and rng.random() < 0.5 else CHECKING
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
                department_id=self._rng.choice(_DEPARTMENTS),
            )

    def _home_customer(self) -> Named:
        return self._scribe.pick([named for named in self._customers if named.currency == HOME])

    def _number(self) -> int:
        return 1_000 + self._scribe.next_id


class _Buying:
    def __init__(self, scribe: Scribe) -> None:
        self._scribe, self._rng = scribe, scribe.rng
        self._vendors = scribe.active("Vendor")
        self._customers = [named for named in scribe.active("Customer") if named.currency == HOME]

    def month(self, first: date) -> None:
        for _ in range(self._rng.randint(15, 22)):
            self._bill(self._scribe.day(first), self._scribe.pick(self._vendors))
        rent = next(named for named in self._vendors if named.name == "Brightwater Properties")
        self._bill(first, rent, [Line("AccountBasedExpense", 1_250_000, "17", "Office rent", department_id="")])
        for _ in range(self._rng.randint(20, 28)):
            self._purchase(self._scribe.day(first))
        day = self._scribe.day(first)
        if day <= self._scribe.today:
            self._scribe.enter(
                "PurchaseOrder",
                day,
                [Line("ItemBasedExpense", 310_000, "81", "Benchmark kits", "5", 50)],
                name_id=self._vendors[0].name_id,
                account_id=PAYABLE[HOME],
                number=f"PO{self._scribe.next_id}",
            )

    def _bill(self, day: date, vendor: Named, lines: list[Line] | None = None) -> None:
        scribe, rng = self._scribe, self._rng
        if day > scribe.today:
            return
        late = rng.random() < 0.08
        bill = scribe.enter(
            "Bill",
            day,
            lines or [self._line(_COSTS) for _ in range(rng.choice((1, 1, 2)))],
            days_later=rng.randint(15, 45) if late else rng.randint(0, 3),
            name_id=vendor.name_id,
            account_id=PAYABLE[vendor.currency],
            currency=vendor.currency,
            number="" if rng.random() < 0.1 else f"{vendor.name[:2].upper()}-{rng.randrange(1_000, 9_999)}",
            due_on=day + timedelta(days=30),
            department_id=rng.choice((*_DEPARTMENTS, "")),
        )
        if rng.random() < 0.04 and vendor.currency == HOME:
            self._vendor_credit(bill)
        if rng.random() < 0.94:
            self._pay(bill)

    def _line(self, costs: tuple[tuple[str, str, int, int], ...]) -> Line:
        rng = self._rng
        klass = rng.choice(_CLASSES) if rng.random() < 0.7 else ""
        if rng.random() < 0.08 and costs is _COSTS:
            return Line("ItemBasedExpense", rng.randrange(80_000, 300_000), "53", "Research", "9", class_id=klass)
        account_id, text, low, high = rng.choice(costs)
        billable = rng.choice(self._customers).name_id if account_id in {"53", "54"} and rng.random() < 0.85 else ""
        amount = rng.randrange(low, high)
        return Line("AccountBasedExpense", amount, account_id, text, class_id=klass, customer_id=billable)

    def _pay(self, bill: Txn) -> None:
        scribe, rng = self._scribe, self._rng
        day = bill.day + timedelta(days=rng.randint(8, 45))
        if day > scribe.today:
            return
        card = rng.random() < 0.2 and bill.currency == HOME
        payment = scribe.enter(
            "BillPayment",
            day,
            [],
            name_id=bill.name_id,
            account_id="41" if card else CHECKING,
            other_id=PAYABLE[bill.currency],
            currency=bill.currency,
            pay_type="CreditCard" if card else "Check",
        )
        scribe.settle(payment, bill, bill.open_cents)

    def _vendor_credit(self, bill: Txn) -> None:
        day = bill.day + timedelta(days=6)
        line = bill.lines[0]
        if day <= self._scribe.today:
            self._scribe.enter(
                "VendorCredit",
                day,
                [
                    Line(
                        "AccountBasedExpense",
                        max(line.amount // 4, 1),
                        line.account_id,
                        "Returned",
                        class_id=line.class_id,
                    )
                ],
                name_id=bill.name_id,
                account_id=PAYABLE[HOME],
            )

    def _purchase(self, day: date) -> None:
        scribe, rng = self._scribe, self._rng
        if day > scribe.today:
            return
        pay_type = rng.choice(("CreditCard", "CreditCard", "CreditCard", "Cash", "Check"))
        vendor = rng.choice([named for named in self._vendors if named.currency == HOME])
        scribe.enter(
            "Purchase",
            day,
            [self._line(_CARD)],
            days_later=rng.randint(0, 6),
            name_id=vendor.name_id if rng.random() < 0.6 else "",
            account_id=rng.choice(("41", "42")) if pay_type == "CreditCard" else CHECKING,
            pay_type=pay_type,
            credit=pay_type == "CreditCard" and rng.random() < 0.05,
            department_id=rng.choice((*_DEPARTMENTS, "")),
        )


def _banking(scribe: Scribe, first: date) -> None:
    """Deposits of what lies in undeposited funds, interest, transfers, the card's monthly settlement."""
    last = min(month_end(first), scribe.today)
    waiting = [
        txn
        for txn in scribe.written.txns.values()
        if txn.entity == "Payment" and txn.account_id == UNDEPOSITED and txn.day <= last and not txn.links
    ]
    for begin in range(0, len(waiting), 5):
        group = waiting[begin : begin + 5]
        lines = [Line("", payment.total, links=(Link(payment.txn_id, "Payment"),)) for payment in group]
        day = min(max(payment.day for payment in group) + timedelta(days=2), scribe.today)
        back = 20_000 if scribe.rng.random() < 0.1 else 0
        deposit = scribe.enter("Deposit", day, lines, account_id=CHECKING, amount=back, other_id="13" if back else "")
        for payment in group:
            payment.links.append(Link(deposit.txn_id, "Deposit"))
            payment.sync += 1
            payment.updated_at = max(payment.updated_at, deposit.created_at)
    if last == month_end(first):
        interest = Line("Deposit", scribe.rng.randrange(8_000, 30_000), "25", "Interest")
        scribe.enter("Deposit", last, [interest], account_id=SAVINGS)
    day = scribe.day(first, 10, 20)
    if day <= scribe.today:
        scribe.enter("Transfer", day, [], account_id=CHECKING, other_id=SAVINGS, amount=500_000, note="To savings")
        scribe.enter("Transfer", day, [], account_id=CHECKING, other_id="41", amount=900_000, note="Card settled")


def _bookkeeping(scribe: Scribe, first: date) -> None:
    """Journal entries, and what no entity shows: payroll, a statement charge, unrealised currency gains."""
    last = month_end(first)
    if last <= scribe.today:
        depreciation = [_journal_line("26", 160_000, "Depreciation"), _journal_line("40", -160_000, "Depreciation")]
        scribe.enter("JournalEntry", last, depreciation, number=f"DEP{last:%y%m}")
        accrued = scribe.rng.randrange(100_000, 600_000)
        for day, sign in ((last, 1), (last + timedelta(days=1), -1)):
            if day <= scribe.today:
                lines = [
                    _journal_line("53", sign * accrued, "Accrued contractors", class_id="2", department_id="1"),
                    _journal_line("92", -sign * accrued, "Accrued contractors"),
                ]
                lines[0].name_id = "24"
                scribe.enter("JournalEntry", day, lines, number=f"ACC{last:%y%m}{'R' if sign < 0 else ''}")
    for day in (first.replace(day=15), last):
        if day <= scribe.today:
            _payroll(scribe, day)
    if first.month % 2 == 0 and first.replace(day=9) <= scribe.today:
        legs = [Leg("84", 7_500, "4", "4", memo="Storage"), Leg("51", -7_500, "4", "4", memo="Storage")]
        scribe.unshown("Statement Charge", first.replace(day=9), legs)
    if first.month % 3 == 0 and last <= scribe.today:
        _revalue(scribe, last)


def _payroll(scribe: Scribe, day: date) -> None:
    wages = scribe.rng.randrange(4_100_000, 4_800_000)
    taxes = half_up(wages * 765, 10_000)
    legs = [
        Leg("59", wages, class_id="1", department_id="1", memo="Wages"),
        Leg("60", taxes, department_id="1", memo="Employer taxes"),
        Leg("91", -2 * taxes, memo="Payroll liabilities"),
        Leg(CHECKING, taxes - wages, memo="Net pay"),
    ]
    scribe.unshown("Payroll Check", day, legs)
    scribe.unshown("Tax Payment", day, [Leg("91", 2 * taxes, memo="940/941"), Leg(CHECKING, -2 * taxes)])


def _revalue(scribe: Scribe, day: date) -> None:
    """Open foreign receivables at the quarter's rate; turned round the next day."""
    for currency in ("EUR", "CAD"):
        rate = scribe.rates.rate(currency, day)
        gain = sum(
            home(txn.total, rate) - home(txn.total, txn.rate)
            for txn in scribe.written.txns.values()
            if txn.entity == "Invoice"
            and txn.currency == currency
            and not txn.voided
            and txn.day <= day
            and txn.open_cents
        )
        if gain:
            for moment, sign in ((day, 1), (day + timedelta(days=1), -1)):
                if moment <= scribe.today:
                    legs = [Leg(RECEIVABLE[currency], sign * gain), Leg(UNREALIZED, -sign * gain)]
                    scribe.unshown("Currency Revaluation", moment, legs)


def _journal_line(account_id: str, cents: int, text: str, *, class_id: str = "", department_id: str = "") -> Line:
    return Line(
        "JournalEntry",
        abs(cents),
        account_id,
        text,
        class_id=class_id,
        department_id=department_id,
        debit=cents > 0,
    )
