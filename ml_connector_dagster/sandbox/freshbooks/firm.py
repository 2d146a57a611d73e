"""Lantern & Loom LLC: a creative agency of 40 people, three years of books up to today, from one seed."""

import random
from datetime import UTC, date, datetime, timedelta

from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.names import CLIENTS, SUPPLIERS
from ml_connector_dagster.sandbox.freshbooks.records import ARCHIVED, Client, Document, Line, Project, Vendor

ACCOUNT_ID, BUSINESS_ID = "LnL8k2", 4_718_203
BUSINESS_UUID = "5d0c7c1e-6a5b-4e55-9c57-1f3a2b8e9d04"
SIDE_ACCOUNT_ID, SIDE_BUSINESS_ID = "Qv7Rm1", 4_718_990
SIDE_BUSINESS_UUID = "a94d1b2e-0c37-4f5e-8d21-6b7e90c4f1a8"
YEARS = 3
_SERVICES = (
    ("Brand Strategy", 420_000),
    ("Web Design", 310_000),
    ("Content and Media", 180_000),
    ("Retainers", 250_000),
)
_PAYMENT_TYPES = ("ACH", "Check", "Credit Card", "Bank Transfer", "VISA")
_SPENT_ON = (
    "Airfare",
    "Hotel and Accommodation",
    "Taxi and Parking",
    "Postage",
    "Meals and Entertainment",
    "Advertising",
)
_BILLED_FOR = (
    "Freelancers",
    "Stock and Licensing",
    "Print Production",
    "Software Subscriptions",
    "Utilities",
    "Legal Fees",
)
_TAX_PERCENT = "8.875"


def first_month(today: date) -> date:
    return date(today.year - YEARS, today.month, 1)


def agency(seed: int, today: date) -> Company:
    """Write the whole agency. The same seed and day give the same books, to the last id and stamp."""
    return _Scribe(seed, today).write()


def side_business(today: date) -> Company:
    """The owner's second business: a chart and nothing else."""
    opened = _midnight_ms(first_month(today))
    return Company(SIDE_ACCOUNT_ID, SIDE_BUSINESS_ID, SIDE_BUSINESS_UUID, "Loom Side Projects", opened)


class _Scribe:
    """Nothing it writes is dated after today or stamped after today began."""

    def __init__(self, seed: int, today: date) -> None:
        self.rng = random.Random(f"freshbooks:{seed}")
        self.today = today
        self.first = first_month(today)
        opened = _midnight_ms(self.first)
        self.company = Company(ACCOUNT_ID, BUSINESS_ID, BUSINESS_UUID, "Lantern & Loom LLC", opened)
        self.category = {one.name: one for one in self.company.categories.values()}
        self._latest_ms = _midnight_ms(today)
        self._numbers = 0

    def write(self) -> Company:
        self._parties()
        self._journal(
            self.first - timedelta(days=1),
            "Opening balance",
            {
                "Operating Checking": 18_450_000,
                "Savings": 9_000_000,
                "Computers and Cameras": 14_320_000,
                "Accumulated Depreciation": -5_100_000,
                "Bank Loan": -12_000_000,
                "Owner Contributions": -10_000_000,
                "Retained Earnings": -14_670_000,
            },
        )
        month = self.first
        while month <= self.today:
            self._month(month)
            month = (month + timedelta(days=32)).replace(day=1)
        return self.company

    def _parties(self) -> None:
        for place, name in enumerate(CLIENTS):
            stamp = self._stamp(self.first + timedelta(days=place % 20))
            first, _, last = ("", "", "") if place % 9 else ("Noor", "", f"Delgado-{place}")
            currency = {4: "CAD", 11: "CAD", 17: "GBP"}.get(place, "USD")
            email = f"accounts@{name.lower().replace(' ', '-').replace('&', 'and')}.example"
            organization = name if place not in {9, 18} else ""
            client = Client(5_510_001 + place, organization, first, last, email, currency, 0, stamp, stamp)
            self.company.clients[client.client_id] = client
        last_client = list(self.company.clients.values())[-1]
        last_client.vis_state = ARCHIVED
        twin = list(self.company.clients.values())[-2]
        twin.organization = CLIENTS[0]  # two clients may share a name
        for place, name in enumerate(SUPPLIERS):
            stamp = self._stamp(self.first)
            category = self.category[_BILLED_FOR[place % len(_BILLED_FOR)]].category_id
            currency = "CAD" if place == 7 else "USD"
            vendor = Vendor(6_620_001 + place, name, currency, category, updated_ms=stamp)
            self.company.vendors[vendor.vendor_id] = vendor
        for place, client in enumerate(list(self.company.clients.values())[:14]):
            title = f"{client.organization or client.last_name} {('Rebrand', 'Launch', 'Campaign')[place % 3]}"
            project = Project(
                8_830_001 + place, title, client.client_id, place % 5 == 0, self._stamp(self.first + timedelta(days=40))
            )
            self.company.projects[project.project_id] = project

    def _month(self, month: date) -> None:
        for _ in range(self.rng.randint(26, 34)):
            self._invoice(self._day(month))
        for _ in range(self.rng.randint(34, 46)):
            self._expense(self._day(month))
        if month < self.first + timedelta(days=150):  # an account that was archived since, and whose number lives on
            self._expense(self._day(month), "Old Rentals")
        for _ in range(self.rng.randint(12, 18)):
            self._bill(self._day(month))
        for _ in range(self.rng.randint(1, 3)):
            self._other_income(self._day(month))
        if month.month % 2 == 0:
            self._credit_note(self._day(month))
        self._closing(month)

    def _invoice(self, day: date) -> None:
        if day > self.today:
            return
        clients = [one for one in self.company.clients.values() if one.vis_state == 0]
        client = clients[int(len(clients) * self.rng.random() ** 1.6)]
        services = self.rng.sample(_SERVICES, self.rng.choice((1, 2, 2, 3)))
        self._numbers += 1
        taxed = self.rng.random() < 0.2 and client.currency == "USD"
        lines = [self._service(name, price, taxed=taxed) for name, price in services]
        draft = day > self.today - timedelta(days=12) and self.rng.random() < 0.3
        created = self._stamp(day)
        invoice = Document(
            "invoices",
            self.company.new_id(),
            day,
            client.currency,
            lines,
            number=f"{self._numbers:07d}",
            party_id=client.client_id,
            status="draft" if draft else self.rng.choice(("sent", "sent", "sent", "created")),
            due_on=day + timedelta(days=30),
            discount_percent=0 if taxed or self.rng.random() > 0.12 else self.rng.choice((5, 10)),
            created_ms=created,
        )
        self.company.keep(invoice)
        if draft or self.rng.random() < 0.06:
            return
        shares = (
            (invoice.total,) if self.rng.random() < 0.85 else (invoice.total // 3, invoice.total - invoice.total // 3)
        )
        for place, amount in enumerate(shares):
            self._receipt(invoice, amount, day + timedelta(days=self.rng.randint(6, 45) + 20 * place))

    def _service(self, name: str, price: int, *, taxed: bool) -> Line:
        quantity = self.rng.randint(1, 4)
        amount = quantity * (price // 100 * self.rng.randint(40, 160) + self.rng.randint(0, 99))
        tax = (amount * 8_875 + 50_000) // 100_000 if taxed else 0
        account = self.company.account(name)
        return Line(
            account,
            amount,
            name,
            f"{name} work",
            tax,
            "Sales Tax" if taxed else "",
            _TAX_PERCENT if taxed else "",
            quantity,
        )

    def _receipt(self, invoice: Document, amount: int, day: date) -> None:
        if day > self.today:
            return
        self.company.keep(
            Document(
                "payments",
                self.company.new_id(),
                day,
                invoice.currency,
                [Line("", amount)],
                party_id=invoice.party_id,
                target_id=invoice.doc_id,
                type=self.rng.choice(_PAYMENT_TYPES),
                bank=self.company.account("Operating Checking"),
                created_ms=self._stamp(day),
            )
        )
        invoice.updated_ms = max(invoice.updated_ms, self._stamp(day))

    def _expense(self, day: date, spent_on: str = "") -> None:
        if day > self.today:
            return
        category = self.category[spent_on or self.rng.choice(_SPENT_ON)]
        amount = self.rng.randint(900, 64_000)
        taxed = self.rng.random() < 0.1
        tax = (amount * 8_875 + 50_000) // 100_000 if taxed else 0
        name = "Sales Tax" if taxed else ""
        line = Line(category.account, amount, tax=tax, tax_name=name, category_id=category.category_id)
        line.tax_percent = _TAX_PERCENT if taxed else ""
        billed = self.rng.random() < 0.15
        vendor = self.rng.choice((*SUPPLIERS[:8], None, "Skyline Air", "Harbor Hotel"))
        project = self.rng.choice(list(self.company.projects.values()))
        self.company.keep(
            Document(
                "expenses",
                self.company.new_id(),
                day,
                "USD" if self.rng.random() > 0.03 else "CAD",
                [line],
                party_id=project.client_id if billed else 0,
                project_id=project.project_id if billed else 0,
                bank=self.company.account(self.rng.choice(("Operating Checking", "Operating Checking", "Cash"))),
                note=f"{category.name} {day:%b}",
                vendor=vendor,
                created_ms=self._stamp(day + timedelta(days=self.rng.randint(0, 6))),
            )
        )

    def _bill(self, day: date) -> None:
        if day > self.today:
            return
        vendor = self.rng.choice(list(self.company.vendors.values()))
        lines = [self._billed(vendor) for _ in range(self.rng.choice((1, 1, 2)))]
        self._numbers += 1
        bill = self.company.keep(
            Document(
                "bills",
                self.company.new_id(),
                day,
                vendor.currency,
                lines,
                number=None if self.rng.random() < 0.2 else f"B-{self._numbers}",
                party_id=vendor.vendor_id,
                due_on=day + timedelta(days=21),
                created_ms=self._stamp(day + timedelta(days=1)),
            )
        )
        paid_on = day + timedelta(days=self.rng.randint(5, 40))
        if paid_on <= self.today and self.rng.random() < 0.92:
            self._pay_bill(bill, paid_on)

    def _billed(self, vendor: Vendor) -> Line:
        """What a vendor bills for: its own category most of the time."""
        usual = self.company.categories[vendor.category_id]
        category = usual if self.rng.random() < 0.8 else self.category[self.rng.choice(_BILLED_FOR)]
        amount = self.rng.randint(8_000, 520_000)
        return Line(category.account, amount, description=f"{category.name}", category_id=category.category_id)

    def _pay_bill(self, bill: Document, day: date) -> None:
        self.company.keep(
            Document(
                "bill_payments",
                self.company.new_id(),
                day,
                bill.currency,
                [Line("", bill.total)],
                party_id=bill.party_id,
                target_id=bill.doc_id,
                type=self.rng.choice(("Check", "Bank Transfer", "ACH")),
                bank=self.company.account("Operating Checking"),
                created_ms=self._stamp(day),
            )
        )
        bill.updated_ms = max(bill.updated_ms, self._stamp(day))

    def _other_income(self, day: date) -> None:
        if day > self.today:
            return
        rented = self.rng.random() < 0.6
        amount = self.rng.randint(5_000, 160_000)
        tax = 0 if rented else (amount * 8_875 + 50_000) // 100_000
        line = Line(self.company.account("Studio Rental" if rented else "Print Shop"), amount, tax=tax)
        line.tax_name, line.tax_percent = ("", "") if rented else ("Sales Tax", _TAX_PERCENT)
        self.company.keep(
            Document(
                "other_income",
                self.company.new_id(),
                day,
                "USD",
                [line],
                type="rentals" if rented else "online_sales",
                bank=self.company.account("Operating Checking"),
                note="Studio by the day" if rented else "Posters",
                created_ms=self._stamp(day),
            )
        )

    def _credit_note(self, day: date) -> None:
        """A credit, applied to an unpaid invoice of the same client where there is one."""
        if day > self.today:
            return
        open_ones = [
            one
            for one in self.company.by_kind["invoices"][-120:]
            if one.status != "draft" and one.currency == "USD" and one.outstanding > 50_000
        ]
        if not open_ones:
            return
        invoice, self._numbers = open_ones[-1], self._numbers + 1
        kind = self.rng.choice(("goodwill", "goodwill", "prepayment"))
        day = max(day, invoice.day)
        if day > self.today:
            return
        amount = self.rng.randint(5_000, 50_000)
        credit = self.company.keep(
            Document(
                "credit_notes",
                self.company.new_id(),
                day,
                "USD",
                [Line(self.company.account("Discounts and Credits"), amount, "Goodwill", "Agreed credit")],
                number=f"CN{self._numbers:05d}",
                party_id=invoice.party_id,
                type=kind,
                bank=self.company.account("Operating Checking"),
                created_ms=self._stamp(day),
            )
        )
        self._apply(credit, invoice)

    def _apply(self, credit: Document, invoice: Document) -> None:
        """Set a credit against an invoice on its own day, whole or by half."""
        amount = credit.total
        self.company.keep(
            Document(
                "payments",
                self.company.new_id(),
                credit.day,
                "USD",
                [Line("", amount if self.rng.random() < 0.6 else amount // 2)],
                party_id=invoice.party_id,
                target_id=invoice.doc_id,
                credit_id=credit.doc_id,
                type="Credit",
                created_ms=self._stamp(credit.day),
            )
        )

    def _closing(self, month: date) -> None:
        """What no document shows: payroll, rent by standing order, depreciation, interest."""
        end = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        if end > self.today:
            return
        salaries = self.rng.randint(25_600_000, 27_900_000)
        taxes = salaries * 765 // 10_000
        self._journal(
            end,
            "Payroll",
            {
                "Salaries": salaries,
                "Employer Taxes": taxes,
                "Payroll Liabilities": -taxes,
                "Operating Checking": -salaries,
            },
        )
        self._journal(
            end,
            "Payroll taxes remitted",
            {"Payroll Liabilities": taxes * 9 // 10, "Operating Checking": -(taxes * 9 // 10)},
        )
        self._journal(month, "Petty cash", {"Cash": 420_000, "Operating Checking": -420_000})
        self._journal(month, "Rent", {"Rent": 1_150_000, "Operating Checking": -1_150_000})
        self._journal(end, "Depreciation", {"Depreciation": 185_000, "Accumulated Depreciation": -185_000})
        if month.month % 3 == 0:
            interest = self.rng.randint(4_000, 9_500)
            self._journal(end, "Interest", {"Savings": interest, "Interest Income": -interest})

    def _journal(self, day: date, text: str, amounts: dict[str, int]) -> None:
        lines = [Line(self.company.account(name), cents, description=text) for name, cents in amounts.items()]
        stamp = self._stamp(day)
        self.company.keep(Document("journals", self.company.new_id(), day, "USD", lines, number=text, created_ms=stamp))

    def _day(self, month: date) -> date:
        return month.replace(day=self.rng.randint(1, 28))

    def _stamp(self, day: date) -> int:
        moment = _midnight_ms(day) + self.rng.randrange(12 * 3_600_000, 24 * 3_600_000)
        return min(moment, self._latest_ms - self.rng.randrange(1, 3_600_000))


def _midnight_ms(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
