"""The buying side: bills, supplier credits, payments ahead and what the firm pays."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.records import Contact, Document, Line
from ml_connector_dagster.sandbox.books.scribe import Scribe, settle

_COSTS = (
    ("310", "Subcontractor days", 200_000, 1_900_000),
    ("310", "Associate fees", 150_000, 900_000),
    ("320", "Travel to client", 8_000, 190_000),
    ("325", "Software for client", 20_000, 500_000),
    ("400", "Campaign", 30_000, 400_000),
    ("408", "Cleaning", 12_000, 90_000),
    ("412", "Legal advice", 40_000, 600_000),
    ("429", "Sundries", 1_500, 40_000),
    ("445", "Electricity", 30_000, 180_000),
    ("463", "Software subscription", 15_000, 450_000),
    ("469", "Office rent", 900_000, 1_400_000),
    ("473", "Repairs", 5_000, 120_000),
    ("489", "Telephone", 9_000, 90_000),
    ("493", "Rail tickets", 3_000, 80_000),
    ("720", "Laptops", 90_000, 700_000),
)


class Buying:
    """Writes what the firm buys, month by month."""

    def __init__(self, scribe: Scribe, taxes: tuple[str, str, str]) -> None:
        """Taxes are the types of the standard, the reduced and the exempt rate on expenses."""
        self._scribe = scribe
        self._standard, self._reduced, self._exempt = taxes
        self._practices = [option.option_id for option in scribe.company.categories[1].options]
        contacts = scribe.company.contacts.values()
        self._suppliers = [contact for contact in contacts if contact.is_supplier and contact.status == "ACTIVE"]
        self._ahead: list[Document] = []

    def month(self, month: date) -> None:
        """All of one month; nothing dated after today."""
        low, high = self._scribe.profile.bills_a_month
        for _ in range(self._scribe.rng.randint(low, high)):
            day = self._scribe.day(month)
            if day <= self._scribe.today:
                self._purchase(self._scribe.pick(self._suppliers), day)
        if month.month % 3 == 0:
            self._pay_ahead(self._scribe.day(month, 3, 20))

    def _purchase(self, supplier: Contact, day: date) -> None:
        scribe, chance = self._scribe, self._scribe.rng.random()
        bill = self._bill(supplier, day)
        recent = (scribe.today - day).days < 14
        if chance < 0.015:
            bill.status = "VOIDED"
            bill.updated_ms = scribe.stamp(day, days_later=scribe.rng.randint(2, 40))
        elif chance < 0.03:
            bill.status = "DELETED"
        elif recent and chance < 0.2:
            bill.status = "DRAFT" if chance < 0.1 else "SUBMITTED"
        else:
            self._use_ahead(bill)
            self._credit(bill)
            self._settle_up(bill)

    def _bill(self, supplier: Contact, day: date) -> Document:
        scribe, rng = self._scribe, self._scribe.rng
        foreign = supplier.currency != scribe.profile.base
        inclusive = rng.random() < 0.25 and not foreign
        late = rng.random() < 0.08 and not foreign
        return scribe.keep(
            Document(
                kind="Invoices",
                doc_id=scribe.new_id(),
                type="ACCPAY",
                number="" if rng.random() < 0.1 else f"{supplier.name[:3].upper()}{rng.randrange(100, 2_000)}",
                contact_id=supplier.contact_id,
                day=day,
                due_on=day + timedelta(days=rng.choice((14, 30, 30, 45))),
                status="AUTHORISED",
                amount_types="Inclusive" if inclusive else "Exclusive",
                lines=[self._line(day, inclusive=inclusive, foreign=foreign) for _ in range(rng.choice((1, 1, 2, 3)))],
                currency=supplier.currency,
                rate=scribe.rate(supplier.currency, day),
                created_ms=scribe.stamp(day, days_later=rng.randint(20, 45) if late else rng.randint(0, 3)),
            )
        )

    def _line(self, day: date, *, inclusive: bool, foreign: bool) -> Line:
        rng = self._scribe.rng
        code, description, low, high = rng.choice(_COSTS)
        if code == "463" and day < self._scribe.first + timedelta(days=400):
            code, description = "462", "Hosting contract"
        tax = self._reduced if code == "445" else self._standard
        if rng.random() < 0.05:
            # tax on client entertainment cannot be reclaimed: the whole price is cost, and no tax stands on the line
            code, description, tax, low, high = "420", "Client dinner, VAT not reclaimable", "NONE", 8_000, 90_000
        region = rng.choice(self._scribe.company.categories[0].options[:3]).option_id
        tracking = (region, rng.choice(self._practices)) if rng.random() < 0.7 else ()
        return self._scribe.line(
            code,
            rng.randrange(low, high),
            self._exempt if foreign else tax,
            description,
            tracking,
            inclusive=inclusive,
        )

    def _use_ahead(self, bill: Document) -> None:
        for ahead in self._ahead:
            if ahead.contact_id == bill.contact_id and ahead.day <= bill.day and bill.total > ahead.total:
                self._scribe.allocate(ahead, bill, ahead.total, bill.day)
                self._ahead.remove(ahead)
                return

    def _credit(self, bill: Document) -> None:
        scribe, rng = self._scribe, self._scribe.rng
        day = bill.day + timedelta(days=rng.randint(3, 15))
        home = bill.currency == scribe.profile.base
        if rng.random() >= 0.04 or day > scribe.today or not home:
            return
        line = bill.lines[0]
        credit = scribe.keep(
            Document(
                kind="CreditNotes",
                doc_id=scribe.new_id(),
                type="ACCPAYCREDIT",
                number=f"SC-{rng.randrange(1_000, 9_999)}",
                contact_id=bill.contact_id,
                day=day,
                status="AUTHORISED",
                amount_types=bill.amount_types,
                lines=[
                    Line(
                        scribe.new_id(),
                        line.account_id,
                        "Returned",
                        line.amount // 4,
                        line.tax_type,
                        line.tax // 4,
                        line.tracking,
                    )
                ],
                currency=bill.currency,
                rate=bill.rate,
                created_ms=scribe.stamp(day),
            )
        )
        if credit.total <= bill.open_amount:
            scribe.allocate(credit, bill, credit.total, day)

    def _settle_up(self, bill: Document) -> None:
        """Bills are paid when due; foreign ones after three to nine weeks, so that some stand open at each month's end."""
        scribe, rng = self._scribe, self._scribe.rng
        if bill.currency != scribe.profile.base:
            day = bill.day + timedelta(days=20 + 5 * rng.randint(0, 9))
        elif rng.random() < 0.05:
            return
        else:
            day = bill.day + timedelta(days=rng.randint(10, 48))
        if day <= scribe.today and bill.open_amount > 0:
            scribe.pay(bill, "ACCPAYPAYMENT", bill.open_amount, day)
        settle(bill)

    def _pay_ahead(self, day: date) -> None:
        scribe = self._scribe
        if day > scribe.today:
            return
        home = [supplier for supplier in self._suppliers if supplier.currency == scribe.profile.base]
        supplier = scribe.pick(home[:4])
        ahead = Document(
            kind="Prepayments",
            doc_id=scribe.new_id(),
            twin_id=scribe.new_id(),
            type="SPEND-PREPAYMENT",
            reference="Paid ahead",
            contact_id=supplier.contact_id,
            day=day,
            status="AUTHORISED",
            amount_types="NoTax",
            lines=[scribe.line("620", scribe.rng.randrange(4_000, 30_000), "NONE", "Paid ahead", (), inclusive=False)],
            currency=scribe.profile.base,
            bank_id=scribe.bank(scribe.profile.base),
            created_ms=scribe.stamp(day),
        )
        self._ahead.append(scribe.keep(ahead))
