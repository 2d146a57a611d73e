"""What Fennimore Partners buys in a month: bills and how they are paid, purchases by card, cash and check, orders."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.quickbooks_online.chart import CHECKING, HOME, PAYABLE
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Named, Txn
from ml_connector_dagster.sandbox.quickbooks_online.scribe import CLASSES, DEPARTMENTS, Scribe

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


class Buying:
    """Writes the buying side, month by month; nothing dated after today."""

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
            department_id=rng.choice((*DEPARTMENTS, "")),
        )
        if rng.random() < 0.04 and vendor.currency == HOME:
            self._vendor_credit(bill)
        if rng.random() < 0.94:
            self._pay(bill)

    def _line(self, costs: tuple[tuple[str, str, int, int], ...]) -> Line:
        rng = self._rng
        klass = rng.choice(CLASSES) if rng.random() < 0.7 else ""
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
            department_id=rng.choice((*DEPARTMENTS, "")),
        )
