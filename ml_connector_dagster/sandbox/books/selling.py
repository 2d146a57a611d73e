"""The selling side: invoices, credit notes, deposits and what customers pay."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.records import Contact, Document, Line
from ml_connector_dagster.sandbox.books.scribe import Scribe, settle

_SERVICES = (
    ("200", "Consulting days"),
    ("200", "Project milestone"),
    ("210", "Managed service, monthly fee"),
    ("220", "Licences resold"),
    ("260", "Recharged costs"),
)


class Selling:
    """Writes what the firm sells, month by month."""

    def __init__(self, scribe: Scribe, standard_tax: str, zero_tax: str) -> None:
        self._scribe = scribe
        self._standard = standard_tax
        self._zero = zero_tax
        self._number = 0
        self._deposits: list[Document] = []
        self._practices = [option.option_id for option in scribe.company.categories[1].options]
        contacts = scribe.company.contacts.values()
        self._customers = [contact for contact in contacts if contact.is_customer and contact.status == "ACTIVE"]

    def month(self, month: date) -> None:
        """All of one month; nothing dated after today."""
        low, high = self._scribe.profile.sales_a_month
        for _ in range(self._scribe.rng.randint(low, high)):
            day = self._scribe.day(month)
            if day <= self._scribe.today:
                self._sale(self._scribe.pick(self._customers), day)
        if month.month % 2 == 0:
            self._deposit(self._scribe.day(month, 2, 20))

    def _sale(self, customer: Contact, day: date) -> None:
        scribe, chance = self._scribe, self._scribe.rng.random()
        invoice = self._invoice(customer, day)
        age = (scribe.today - day).days
        if chance < 0.02:
            self._void(invoice)
        elif chance < 0.035:
            invoice.status = "DELETED"
        elif age < 20 and chance < 0.2:
            invoice.status = "DRAFT" if chance < 0.12 else "SUBMITTED"
        else:
            self._use_deposit(invoice)
            self._credit(invoice)
            self._collect(invoice)

    def _invoice(self, customer: Contact, day: date) -> Document:
        scribe = self._scribe
        rng = scribe.rng
        self._number += 1
        foreign = customer.currency != scribe.profile.base
        draw = rng.random()
        types = "NoTax" if draw < 0.05 else "Inclusive" if draw < 0.17 and not foreign else "Exclusive"
        tax = "NONE" if types == "NoTax" else self._zero if foreign else self._standard
        late = rng.random() < 0.05
        invoice = Document(
            kind="Invoices",
            doc_id=scribe.new_id(),
            type="ACCREC",
            number=f"INV-{self._number:05d}",
            reference=rng.choice(("", f"PO {rng.randrange(10_000, 99_999)}")),
            contact_id=customer.contact_id,
            day=day,
            due_on=day + timedelta(days=30),
            status="AUTHORISED",
            amount_types=types,
            lines=[
                self._line(customer, day, tax, inclusive=types == "Inclusive")
                for _ in range(rng.choice((1, 2, 2, 3, 4)))
            ],
            currency=customer.currency,
            rate=scribe.rate(customer.currency, day),
            created_ms=scribe.stamp(day, days_later=rng.randint(18, 40) if late else 0),
        )
        if rng.random() < 0.03:
            invoice.rounding = -(invoice.total % 5) or 3
        if rng.random() < 0.04:
            invoice.updated_ms = scribe.stamp(day, days_later=rng.randint(1, 45))
        return scribe.keep(invoice)

    def _line(self, customer: Contact, day: date, tax: str, *, inclusive: bool) -> Line:
        rng = self._scribe.rng
        code, description = rng.choice(_SERVICES)
        if code == "260" and day < self._scribe.first + timedelta(days=300):
            code, description = "215", "Training course"
        tracking: tuple[str, ...] = ()
        if rng.random() < 0.94:
            tracking = (customer.region, rng.choice(self._practices)) if rng.random() < 0.9 else (customer.region,)
        return self._scribe.line(
            code, rng.randrange(110_000, 2_600_000), tax, description, tracking, inclusive=inclusive
        )

    def _void(self, invoice: Document) -> None:
        """Voided weeks later: amounts stay, nothing is due, the stamp moves."""
        invoice.status = "VOIDED"
        invoice.updated_ms = self._scribe.stamp(invoice.day, days_later=self._scribe.rng.randint(3, 70))

    def _use_deposit(self, invoice: Document) -> None:
        for deposit in self._deposits:
            fits = deposit.contact_id == invoice.contact_id and deposit.day <= invoice.day
            if fits and invoice.currency == deposit.currency and invoice.total > deposit.total:
                self._scribe.allocate(deposit, invoice, deposit.total, invoice.day)
                self._deposits.remove(deposit)
                return

    def _credit(self, invoice: Document) -> None:
        """One invoice in twenty-five is credited in part, at its own rate; a few credits are refunded instead."""
        scribe, rng = self._scribe, self._scribe.rng
        day = invoice.day + timedelta(days=rng.randint(4, 24))
        if rng.random() >= 0.04 or day > scribe.today:
            return
        line = invoice.lines[0]
        rebate = rng.random() < 0.3
        note = scribe.keep(
            Document(
                kind="CreditNotes",
                doc_id=scribe.new_id(),
                type="ACCRECCREDIT",
                number=f"CN-{invoice.number[4:]}",
                reference=invoice.number,
                contact_id=invoice.contact_id,
                day=day,
                status="AUTHORISED",
                amount_types=invoice.amount_types,
                lines=[
                    scribe.line(
                        "205" if rebate else "200",
                        line.amount // rng.choice((2, 3, 5)),
                        line.tax_type,
                        "Volume rebate" if rebate else "Credited work",
                        line.tracking,
                        inclusive=invoice.amount_types == "Inclusive",
                    )
                ],
                currency=invoice.currency,
                rate=invoice.rate,
                created_ms=scribe.stamp(day),
            )
        )
        if rng.random() < 0.2:
            self._refund(note, "ARCREDITPAYMENT")
        elif note.total <= invoice.open_amount:
            scribe.allocate(note, invoice, note.total, day)

    def _refund(self, credit: Document, kind: str) -> None:
        day = credit.day + timedelta(days=9)
        if day <= self._scribe.today:
            self._scribe.pay(credit, kind, credit.open_amount, day, "Refund")
            settle(credit)

    def _collect(self, invoice: Document) -> None:
        """Most pay within two months, some in two parts, a few never; one payment in fifty was entered wrongly first."""
        scribe, rng = self._scribe, self._scribe.rng
        if rng.random() < 0.04 or invoice.open_amount <= 0:
            settle(invoice)
            return
        day = invoice.day + timedelta(days=rng.randint(12, 62))
        if rng.random() < 0.09:
            part = invoice.open_amount // 2
            if day <= scribe.today and part:
                scribe.pay(invoice, "ACCRECPAYMENT", part, day)
            day += timedelta(days=rng.randint(5, 40))
        if day <= scribe.today:
            if rng.random() < 0.02:
                self._wrong_payment(invoice, day)
            payment = scribe.pay(invoice, "ACCRECPAYMENT", invoice.open_amount, day, invoice.number)
            if rng.random() < 0.02 and invoice.currency == scribe.profile.base:
                self._overpay(invoice, day, payment.bank_id)
        settle(invoice)

    def _wrong_payment(self, invoice: Document, day: date) -> None:
        wrong = self._scribe.pay(invoice, "ACCRECPAYMENT", invoice.open_amount, day, "Entered twice")
        wrong.status = "DELETED"
        wrong.updated_ms = self._scribe.stamp(day, days_later=1)

    def _deposit(self, day: date) -> None:
        """A customer pays ahead; the money waits on Income in Advance until an invoice takes it."""
        scribe = self._scribe
        if day > scribe.today:
            return
        home = [customer for customer in self._customers if customer.currency == scribe.profile.base]
        customer = scribe.pick(home[:5])
        amount = scribe.rng.randrange(200_000, 900_000)
        deposit = Document(
            kind="Prepayments",
            doc_id=scribe.new_id(),
            twin_id=scribe.new_id(),
            type="RECEIVE-PREPAYMENT",
            reference="Deposit",
            contact_id=customer.contact_id,
            day=day,
            status="AUTHORISED",
            lines=[scribe.line("810", amount, self._standard, "Deposit", (), inclusive=False)],
            currency=scribe.profile.base,
            bank_id=scribe.bank(scribe.profile.base),
            created_ms=scribe.stamp(day),
        )
        self._deposits.append(scribe.keep(deposit))

    def _overpay(self, invoice: Document, day: date, bank_id: str) -> None:
        scribe = self._scribe
        amount = scribe.rng.randrange(5_000, 90_000)
        surplus = Document(
            kind="Overpayments",
            doc_id=scribe.new_id(),
            twin_id=scribe.new_id(),
            type="RECEIVE-OVERPAYMENT",
            reference=f"Overpaid {invoice.number}",
            contact_id=invoice.contact_id,
            day=day,
            status="AUTHORISED",
            amount_types="NoTax",
            lines=[scribe.line("610", amount, "NONE", "Overpayment", (), inclusive=False)],
            currency=invoice.currency,
            bank_id=bank_id,
            created_ms=scribe.stamp(day),
        )
        scribe.keep(surplus)
        if scribe.rng.random() < 0.6:
            self._refund(surplus, "AROVERPAYMENTPAYMENT")
