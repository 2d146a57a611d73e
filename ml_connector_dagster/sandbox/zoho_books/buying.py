"""What the company buys: purchase orders and the bills that fulfil them, running bills, card expenses, vendor credits."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.zoho_books.chart import account_id
from ml_connector_dagster.sandbox.zoho_books.desk import CARD, CURRENT, Desk
from ml_connector_dagster.sandbox.zoho_books.records import Doc, Line
from ml_connector_dagster.sandbox.zoho_books.reference import CHANNEL, LOCATIONS, REDUCED, STANDARD, ZERO, range_of

INVENTORY = account_id(508)
_RUNNING = (
    ("Broadgate Estates", 403, 620_000, STANDARD),
    ("Outlet Properties York", 404, 340_000, STANDARD),
    ("Beacon Energy", 414, 96_000, REDUCED),
    ("Swift Courier Services", 405, 410_000, STANDARD),
    ("Meridian Freight", 302, 280_000, ZERO),
    ("Tyne Packaging", 303, 150_000, STANDARD),
    ("Kestrel Software", 410, 88_000, STANDARD),
    ("Signal Marketing", 401, 260_000, STANDARD),
    ("Alder & Finch Accountants", 411, 120_000, STANDARD),
)
"""Vendor, account number, pence a month, tax."""
_MAKERS = (
    "Stokefield Ceramics",
    "Ashdown Textiles",
    "Pennine Glassworks",
    "Lowther Lighting",
    "Weald Timber Products",
    "Ningbo Homeware Export",
    "Shenzhen Lamps Co",
    "Porto Ceramica",
)
_CARD = ((412, "Train tickets"), (416, "Stationery"), (402, "Stand materials"), (401, "Photo shoot"), (405, "Parcels"))


class Buying:
    """Writes one month of purchases after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._company = desk.company
        self._rng = desk.rng
        self._goods = [item for item in desk.company.items.values() if item.is_goods]

    def month(self, month: date) -> None:
        for name, number, pence, tax in _RUNNING:
            self._running(month, name, number, pence, tax.tax_id)
        for _ in range(self._rng.randint(4, 6)):
            self._order(month)
        for _ in range(self._rng.randint(5, 8)):
            self._expense(month)
        if self._rng.random() < 0.5:
            self._vendor_credit(month)

    def _running(self, month: date, name: str, number: int, pence: int, tax_id: str) -> None:
        day = self._desk.day(month, 1, 25)
        if day > self._desk.today:
            return
        amount = pence * self._rng.randint(85, 118) // 100
        tags = () if number != 401 else (self._rng.choice(tuple(CHANNEL.options)[:2]),)
        lines = [self._desk.line(account_id(number), name, amount, tax_id, tags=tags)]
        late = 24 if self._rng.random() < 0.1 else 0
        bill = self._bill(name, day, lines, entered_later=late)
        if self._rng.random() < 0.02:
            self._company.void(bill)
            bill.modified_ms = self._desk.stamp(day, 4)
        elif self._rng.random() < 0.93:
            self._desk.pay(bill, bill.total, day + timedelta(days=self._rng.randint(12, 40)))

    def _bill(self, name: str, day: date, lines: list[Line], *, order_id: str = "", entered_later: int = 0) -> Doc:
        vendor = self._desk.vendors[name]
        return self._company.enter(
            Doc(
                "bill",
                self._company.new_id(),
                day,
                "draft" if self._rng.random() < 0.015 else "open",
                number=f"{name[:3].upper()}{self._rng.randrange(10_000, 99_999)}",
                contact_id=vendor.contact_id,
                currency=vendor.currency,
                rate=self._company.rate(vendor.currency, day),
                lines=lines,
                due_on=day + timedelta(days=30),
                order_id=order_id,
                location_id=next(iter(LOCATIONS)),
                created_ms=self._desk.stamp(day, entered_later),
            )
        )

    def _order(self, month: date) -> None:
        """A purchase order: half of it comes, then the rest, or it stays open, or it is cancelled."""
        name, day = self._rng.choice(_MAKERS), self._desk.day(month)
        vendor = self._desk.vendors[name]
        if day > self._desk.today:
            return
        lines = []
        for item in self._rng.sample(self._goods, self._rng.randint(1, 3)):
            quantity = self._rng.choice((400, 500, 640, 760))
            line = Line(
                self._company.new_id(),
                INVENTORY,
                item.name,
                quantity * item.purchase_rate,
                quantity=quantity,
                rate=item.purchase_rate,
                tags=(range_of(item),),
                item_id=item.item_id,
            )
            lines.append(self._desk.taxed(line, ZERO.tax_id if vendor.currency != "GBP" else STANDARD.tax_id))
        order = self._company.enter(
            Doc(
                "purchaseorder",
                self._company.new_id(),
                day,
                "open",
                number=self._desk.number("PO"),
                contact_id=vendor.contact_id,
                currency=vendor.currency,
                rate=self._company.rate(vendor.currency, day),
                lines=lines,
                due_on=day + timedelta(days=45),
                location_id=tuple(LOCATIONS)[1],
                custom={"cf_buyer": vendor.manager},
                created_ms=self._desk.stamp(day),
            )
        )
        self._fate(order, name)

    def _fate(self, order: Doc, name: str) -> None:
        chance = self._rng.random()
        if chance < 0.06:
            order.status = "draft" if chance < 0.02 else "cancelled"
            for line in order.lines:
                line.cancelled = 0 if order.status == "draft" else line.quantity
            return
        self._fulfil(order, name, order.day + timedelta(days=self._rng.randint(14, 35)), 2)
        if chance < 0.75:
            self._fulfil(order, name, order.day + timedelta(days=self._rng.randint(40, 75)), 1)
        elif chance < 0.8:
            for line in order.lines:
                line.cancelled = line.quantity - line.billed
            order.status = "closed"

    def _fulfil(self, order: Doc, name: str, day: date, divisor: int) -> None:
        """Bill a part of what is still open; a bill line names the order line it takes from."""
        if day > self._desk.today:
            return
        lines = []
        for ordered in order.lines:
            quantity = (ordered.quantity - ordered.billed) // divisor
            ordered.billed += quantity
            line = Line(
                self._company.new_id(),
                INVENTORY,
                ordered.description,
                quantity * ordered.rate,
                quantity=quantity,
                rate=ordered.rate,
                tags=ordered.tags,
                item_id=ordered.item_id,
                source_line_id=ordered.line_id,
            )
            lines.append(self._desk.taxed(line, ordered.tax_id))
        bill = self._bill(name, day, lines, order_id=order.doc_id)
        order.modified_ms = bill.created_ms
        if bill.posts and self._rng.random() < 0.9:
            self._desk.pay(bill, bill.total, day + timedelta(days=self._rng.randint(15, 45)))

    def _expense(self, month: date) -> None:
        """Something paid by card or at once; sometimes split, in euros, or to be billed on."""
        day = self._desk.day(month)
        if day > self._desk.today:
            return
        abroad, inclusive = self._rng.random() < 0.12, self._rng.random() < 0.5
        lines = []
        for number, what in self._rng.sample(_CARD, 2 if self._rng.random() < 0.2 else 1):
            line = Line(self._company.new_id(), account_id(number), what, self._rng.randint(1_200, 48_000))
            line.rate = line.amount
            tax_id = ZERO.tax_id if abroad else STANDARD.tax_id
            lines.append(self._desk.taxed(line, tax_id, inclusive=inclusive))
        currency = "EUR" if abroad else "GBP"
        billable = self._rng.random() < 0.1
        self._company.enter(
            Doc(
                "expense",
                self._company.new_id(),
                day,
                "unbilled" if billable else "nonbillable",
                contact_id=self._desk.pick(self._desk.customers[3:9]).contact_id if billable else "",
                currency=currency,
                rate=self._company.rate(currency, day),
                lines=lines,
                is_inclusive=inclusive,
                is_billable=billable,
                account_id=CARD if self._rng.random() < 0.7 else CURRENT,
                reference=f"R{self._rng.randrange(100, 999)}",
                created_ms=self._desk.stamp(day, self._rng.choice((0, 0, 3, 20))),
            )
        )

    def _vendor_credit(self, month: date) -> None:
        """A complaint that was accepted; applied to a bill of the same vendor where one is open."""
        name, day = self._rng.choice(_MAKERS[:5]), self._desk.day(month, 10)
        vendor = self._desk.vendors[name]
        if day > self._desk.today:
            return
        line = self._desk.line(INVENTORY, "Broken on arrival", self._rng.randint(4_000, 30_000), STANDARD.tax_id)
        credit = self._company.enter(
            Doc(
                "vendorcredit",
                self._company.new_id(),
                day,
                "open",
                number=self._desk.number("VC"),
                contact_id=vendor.contact_id,
                lines=[line],
                created_ms=self._desk.stamp(day),
            )
        )
        bills = (one for one in self._company.of_kind("bill") if one.contact_id == vendor.contact_id and one.posts)
        bill = next((one for one in bills if one.balance >= credit.total), None)
        if bill is not None:
            stamp = self._desk.stamp(max(day, bill.day))
            self._company.settle(bill, credit.total, stamp, by_credit=True)
            self._company.settle(credit, credit.total, stamp)
