"""The hand that writes the books: days, stamps, lines and payments, all from one seeded source of chance."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.zoho_books.chart import account_id
from ml_connector_dagster.sandbox.zoho_books.company import Company
from ml_connector_dagster.sandbox.zoho_books.records import Applied, Contact, Doc, Leg, Line
from ml_connector_dagster.sandbox.zoho_books.reference import TAXES, ZERO

_EPOCH = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
CURRENT, CARD, CLEARING = account_id(501), account_id(505), account_id(507)
BANKS = {"GBP": CURRENT, "USD": account_id(503), "EUR": account_id(504)}


class Desk:
    """Writes into one company; nothing it writes lies after the company's today."""

    def __init__(self, company: Company, seed: int) -> None:
        self.company = company
        self.rng = random.Random(f"zoho books:{seed}")
        self.today = company.today
        self._latest_ms = day_ms(company.today)  # a stamp of later would lie ahead of the clock for a part of the day
        self.customers = [one for one in company.contacts.values() if one.kind == "customer" and one.is_active]
        self.vendors = {one.name: one for one in company.contacts.values() if one.kind == "vendor"}
        self.counts: dict[str, int] = {}

    def stamp(self, day: date, days_later: int = 0) -> int:
        """Some moment of a working day, never after today."""
        moment = day_ms(day) + days_later * _DAY_MS + self.rng.randrange(8 * 3_600_000, 18 * 3_600_000)
        return min(moment, self._latest_ms - self.rng.randrange(1, 3_600_000)) // 1000 * 1000

    def day(self, month: date, first: int = 1, last: int = 28) -> date:
        return month.replace(day=self.rng.randint(first, last))

    def pick(self, contacts: Sequence[Contact]) -> Contact:
        """A contact; the front of the list far more often, as big customers are."""
        return contacts[int(len(contacts) * self.rng.random() ** 1.6)]

    def number(self, prefix: str) -> str:
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}-{self.counts[prefix]:05d}"

    def taxed(self, line: Line, tax_id: str, *, inclusive: bool = False, taken_off: int = 0) -> Line:
        """Give a line its tax; taken_off is its share of the document's discount."""
        points = TAXES[tax_id].percentage
        base = line.amount - taken_off
        line.tax_id = tax_id
        line.tax = half_up(base * points, 100 + points) if inclusive else half_up(base * points, 100)
        return line

    def line(self, account: str, description: str, amount: int, tax_id: str = ZERO.tax_id, **more: object) -> Line:
        """A line of one piece."""
        made = Line(self.company.new_id(), account, description, amount, rate=amount, **more)  # type: ignore[arg-type]
        return self.taxed(made, tax_id)

    def pay(self, doc: Doc, amount: int, day: date, *, charges: int = 0, over: int = 0) -> Doc | None:
        """Pay part of an invoice or bill, if the day has come; over is paid beyond it."""
        if day > self.today:
            return None
        incoming = doc.kind == "invoice"
        stamp = self.stamp(day)
        paid = self.company.enter(
            Doc(
                "customerpayment" if incoming else "vendorpayment",
                self.company.new_id(),
                day,
                "paid",
                number=str(len(self.company.docs)),
                contact_id=doc.contact_id,
                currency=doc.currency,
                rate=self.company.rate(doc.currency, day),
                account_id=BANKS[doc.currency],
                amount=amount + over,
                charges=charges,
                applied=[Applied(doc.doc_id, amount)],
                reference=f"BACS {self.rng.randrange(10_000, 99_999)}",
                created_ms=stamp,
            )
        )
        self.company.settle(doc, amount, stamp)
        return paid

    def bank(
        self,
        kind: str,
        day: date,
        legs: list[Leg],
        reference: str = "",
        contact_id: str = "",
        currency: str = "GBP",
    ) -> None:
        """Enter what only the bank feed knows, if the day has come."""
        if day <= self.today:
            self.company.enter(
                Doc(
                    "bank",
                    self.company.new_id(),
                    day,
                    "categorized",
                    legs=legs,
                    transaction_type=kind,
                    reference=reference,
                    contact_id=contact_id,
                    currency=currency,
                    rate=self.company.rate(currency, day),
                    created_ms=self.stamp(day),
                )
            )

    def journal(self, day: date, notes: str, lines: list[tuple[str, int, bool]], **more: object) -> None:
        """Enter a journal of (account, amount, is debit), if the day has come."""
        if day > self.today:
            return
        made = [
            Line(self.company.new_id(), account, notes, amount, rate=amount, is_debit=is_debit)
            for account, amount, is_debit in lines
        ]
        shown: dict[str, object] = {"status": "published", **more}
        self.company.enter(
            Doc(
                "journal",
                self.company.new_id(),
                day,
                number=str(self._next_journal()),
                lines=made,
                notes=notes,
                reference=f"{day:%Y%m}",
                created_ms=self.stamp(day),
                **shown,  # type: ignore[arg-type]
            )
        )

    def _next_journal(self) -> int:
        self.counts["journal"] = self.counts.get("journal", 0) + 1
        return self.counts["journal"]


def day_ms(day: date) -> int:
    """Midnight UTC of a day, in epoch milliseconds."""
    return (day.toordinal() - _EPOCH) * _DAY_MS


def month_end(month: date) -> date:
    """The last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return month_end(month) + timedelta(days=1)
