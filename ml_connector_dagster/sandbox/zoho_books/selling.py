"""What the company sells: wholesale and export invoices, web shop settlements, outlet takings, credit notes, payments."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.zoho_books.chart import account_id
from ml_connector_dagster.sandbox.zoho_books.desk import CLEARING, CURRENT, Desk, month_end
from ml_connector_dagster.sandbox.zoho_books.records import Contact, Doc, Item, Line
from ml_connector_dagster.sandbox.zoho_books.reference import (
    CHANNEL,
    LOCATIONS,
    PROJECTS,
    STANDARD,
    ZERO,
    range_of,
)

ONLINE, WHOLESALE, OUTLET, EXPORT = account_id(201), account_id(202), account_id(203), account_id(204)
_ONLINE_TAG, _WHOLESALE_TAG, _OUTLET_TAG, _EXPORT_TAG = CHANNEL.options
_REGIONS = ("North", "Midlands", "South", "Scotland")


class Selling:
    """Writes one month of sales after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._company = desk.company
        self._rng = desk.rng
        self._goods = [item for item in desk.company.items.values() if item.is_goods]
        self._services = [item for item in desk.company.items.values() if not item.is_goods and item.is_active]
        self._shops = desk.customers[3:]
        self._markets = desk.customers[:3]

    def month(self, month: date) -> None:
        season = 130 if month.month in {11, 12} else 100
        for _ in range(self._rng.randint(16, 22) * season // 100):
            self._wholesale(month)
        for market in self._markets:
            self._settlement(market, month, season)
        for week in range(4):
            self._takings(month + timedelta(days=6 + 7 * week), season)
        self._credit(month)
        if self._rng.random() < 0.6:
            self._draft(month)

    def _wholesale(self, month: date) -> None:
        desk, customer, day = self._desk, self._desk.pick(self._shops), self._desk.day(month)
        if day > desk.today:
            return
        foreign = customer.currency != "GBP"
        tax_id = ZERO.tax_id if foreign else STANDARD.tax_id
        lines = [self._sold(self._rng.choice(self._goods), foreign=foreign) for _ in range(self._rng.randint(1, 4))]
        if not foreign and self._rng.random() < 0.2:
            lines.append(self._service(self._rng.choice(self._services)))
        discount = sum(line.amount for line in lines) // 20 if self._rng.random() < 0.12 else 0
        invoice = self._invoice(customer, day, lines, tax_id, discount=discount)
        chance = self._rng.random()
        if chance < 0.03:
            self._company.void(invoice)
            invoice.modified_ms = desk.stamp(day, 3)
        elif chance < 0.9:
            self._paid(invoice)

    def _sold(self, item: Item, *, foreign: bool = False) -> Line:
        quantity = self._rng.choice((24, 36, 48, 60, 72, 120))
        whole = quantity * item.rate * 6 // 10
        discount = whole // 10 if self._rng.random() < 0.15 else 0
        return Line(
            self._company.new_id(),
            EXPORT if foreign else WHOLESALE,
            item.name,
            whole - discount,
            quantity=quantity,
            rate=item.rate * 6 // 10,
            discount=discount,
            tags=(_EXPORT_TAG if foreign else _WHOLESALE_TAG, range_of(item)),
            item_id=item.item_id,
            cost=quantity * item.purchase_rate,
        )

    def _service(self, item: Item) -> Line:
        return Line(
            self._company.new_id(),
            WHOLESALE,
            item.name,
            item.rate,
            rate=item.rate,
            tags=(_WHOLESALE_TAG,),
            item_id=item.item_id,
        )

    def _invoice(
        self,
        customer: Contact,
        day: date,
        lines: list[Line],
        tax_id: str,
        *,
        discount: int = 0,
        inclusive: bool = False,
    ) -> Doc:
        whole = sum(line.amount for line in lines) or 1
        for line in lines:
            taken_off = half_up(discount * line.amount, whole)
            self._desk.taxed(line, tax_id, inclusive=inclusive, taken_off=taken_off)
        self._charge_to_project(customer, lines)
        plain = not inclusive and not discount
        return self._company.enter(
            Doc(
                "invoice",
                self._company.new_id(),
                day,
                self._rng.choice(("sent", "viewed")),
                number=self._desk.number("INV"),
                contact_id=customer.contact_id,
                currency=customer.currency,
                rate=self._company.rate(customer.currency, day),
                lines=lines,
                due_on=day + timedelta(days=self._rng.choice((14, 30, 30, 60))),
                reference=f"PO {self._rng.randrange(1_000, 9_999)}" if self._rng.random() < 0.6 else "",
                is_inclusive=inclusive,
                discount=discount,
                shipping=self._rng.choice((0, 0, 1_250, 2_400)) if plain else 0,
                adjustment=self._rng.choice((0, 0, 0, 1, -2)) if plain else 0,
                location_id=self._rng.choice(tuple(LOCATIONS)[:2]),
                custom={"cf_sales_region": self._rng.choice(_REGIONS)},
                created_ms=self._desk.stamp(day),
            )
        )

    def _charge_to_project(self, customer: Contact, lines: list[Line]) -> None:
        """Half of what a customer with a project is billed for belongs to it."""
        project = next((key for key, (_, place) in PROJECTS.items() if self._shops[place] is customer), "")
        if project and self._rng.random() < 0.5:
            for line in lines:
                line.project_id = project

    def _paid(self, invoice: Doc) -> None:
        day = invoice.day + timedelta(days=self._rng.randint(8, 55))
        chance, total = self._rng.random(), invoice.total
        if chance < 0.1:
            self._desk.pay(invoice, total // 2, day)
        elif chance < 0.14:
            self._desk.pay(invoice, total, day, over=5_000)
        else:
            charges = 1_500 if invoice.currency != "GBP" and total > 100_000 else 0
            self._desk.pay(invoice, total, day, charges=charges)

    def _settlement(self, market: Contact, month: date, season: int) -> None:
        """A marketplace's month: prices with tax inside, fees kept back as a bank entry of their own."""
        day = min(month_end(month), self._desk.today)
        lines = []
        for item in self._rng.sample(self._goods, 5):
            quantity = self._rng.randint(30, 120) * season // 100
            lines.append(
                Line(
                    self._company.new_id(),
                    ONLINE,
                    item.name,
                    quantity * item.rate,
                    quantity=quantity,
                    rate=item.rate,
                    tags=(_ONLINE_TAG, range_of(item)),
                    item_id=item.item_id,
                    cost=quantity * item.purchase_rate,
                )
            )
        invoice = self._invoice(market, day, lines, STANDARD.tax_id, inclusive=True)
        self._desk.pay(invoice, invoice.total, day + timedelta(days=9))
        legs = self._company.legs(account_id(406), CURRENT, invoice.total * 12 // 100)
        self._desk.bank("purchase_or_charges", day + timedelta(days=9), legs, "Marketplace fees", market.contact_id)

    def _takings(self, day: date, season: int) -> None:
        """A week at the outlet, without an invoice: only the bank feed knows."""
        net = self._rng.randint(180_000, 420_000) * season // 100
        tax = half_up(net * 20, 100)
        company = self._company
        legs = [
            *company.legs(CLEARING, OUTLET, net),
            *company.legs(CLEARING, company.roles["output_tax"], tax),
            *company.legs(company.roles["cogs"], company.roles["inventory"], net * 42 // 100),
        ]
        self._desk.bank("sales_without_invoices", day, legs, "Outlet York")
        later = day + timedelta(days=2)
        self._desk.bank("transfer_fund", later, company.legs(CURRENT, CLEARING, net + tax), "Card terminal")

    def _credit(self, month: date) -> None:
        """A return: credit note, then set against an invoice, refunded, or left open."""
        day, customer = self._desk.day(month, 5), self._desk.pick(self._shops[:12])
        if day > self._desk.today or customer.currency != "GBP":
            return
        credit = self._company.enter(
            Doc(
                "creditnote",
                self._company.new_id(),
                day,
                "draft" if self._rng.random() < 0.08 else "open",
                number=self._desk.number("CN"),
                contact_id=customer.contact_id,
                lines=[self._desk.taxed(self._sold(self._rng.choice(self._goods)), STANDARD.tax_id)],
                reference="Returned goods",
                created_ms=self._desk.stamp(day),
            )
        )
        if credit.status == "draft":
            return
        open_ones = (
            one
            for one in self._company.of_kind("invoice")
            if one.contact_id == customer.contact_id and one.posts and one.balance >= credit.total
        )
        invoice, chance = next(open_ones, None), self._rng.random()
        if invoice is not None and chance < 0.6:
            stamp = self._desk.stamp(max(day, invoice.day))
            self._company.settle(invoice, credit.total, stamp, by_credit=True)
            self._company.settle(credit, credit.total, stamp)
        elif chance < 0.8:
            self._refund(credit, day + timedelta(days=5))

    def _refund(self, credit: Doc, day: date) -> None:
        if day > self._desk.today:
            return
        company = self._company
        legs = company.legs(company.roles["receivable"], CURRENT, credit.total)
        company.enter(
            Doc(
                "creditnote_refund",
                company.new_id(),
                day,
                "paid",
                number=credit.number,
                contact_id=credit.contact_id,
                legs=legs,
                amount=credit.total,
                order_id=credit.doc_id,
                transaction_type="creditnote_refund",
                created_ms=self._desk.stamp(day),
            )
        )
        company.settle(credit, credit.total, self._desk.stamp(day))

    def _draft(self, month: date) -> None:
        """What is not in the ledger yet: a draft, or an invoice that waits for approval."""
        day, customer = self._desk.day(month, 20), self._desk.pick(self._shops[:10])
        if day > self._desk.today:
            return
        lines = [self._desk.taxed(self._sold(self._rng.choice(self._goods)), STANDARD.tax_id)]
        self._company.enter(
            Doc(
                "invoice",
                self._company.new_id(),
                day,
                self._rng.choice(("draft", "pending_approval")),
                number=self._desk.number("INV"),
                contact_id=customer.contact_id,
                lines=lines,
                due_on=day + timedelta(days=30),
                created_ms=self._desk.stamp(day),
            )
        )
