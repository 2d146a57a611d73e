"""The hand that writes the books: ids, stamps, lines and documents, all from one seeded source of chance."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up
from ml_connector_dagster.sandbox.books.chart import stable_id
from ml_connector_dagster.sandbox.books.rates import Market
from ml_connector_dagster.sandbox.books.records import Allocation, Company, Contact, Document, Line, Payment

_EPOCH = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class FirmProfile:
    """What tells the two trading entities apart."""

    key: str
    tenant_id: str
    name: str
    country: str
    base: str
    foreign: tuple[str, ...]
    year_end_month: int
    headcount: int
    sales_a_month: tuple[int, int]
    bills_a_month: tuple[int, int]
    contacts: int


UK = FirmProfile(
    key="uk",
    tenant_id="7d1f6a52-3c84-4b0e-9a61-2f5b8c7d9e10",
    name="Calder & Finch Ltd",
    country="GB",
    base="GBP",
    foreign=("USD", "EUR"),
    year_end_month=3,
    headcount=162,
    sales_a_month=(34, 46),
    bills_a_month=(28, 40),
    contacts=60,
)
IRELAND = FirmProfile(
    key="ie",
    tenant_id="c2a9e4b7-58d3-4f16-8b7c-6e1d0f3a5b29",
    name="Calder & Finch Ireland Ltd",
    country="IE",
    base="EUR",
    foreign=("GBP", "USD"),
    year_end_month=12,
    headcount=38,
    sales_a_month=(12, 18),
    bills_a_month=(9, 15),
    contacts=24,
)

PROFILES_BY_KEY = {profile.key: profile for profile in (UK, IRELAND)}


class Scribe:
    """Everything the writers of one firm share. Nothing it writes is dated after today or stamped after its first minute."""

    def __init__(self, seed: int, profile: FirmProfile, market: Market, first: date, today: date) -> None:
        self.rng = random.Random(f"books:{seed}:{profile.tenant_id}")
        self.profile = profile
        self.market = market
        self.first = first
        self.today = today
        self.company = Company()
        self._latest_ms = _midnight_ms(today)
        self._codes: dict[str, str] = {}

    def account(self, code: str) -> str:
        """Id of the account with this code."""
        if code not in self._codes:
            self._codes[code] = stable_id(self.profile.tenant_id, f"account:{code}")
        return self._codes[code]

    def bank(self, currency: str) -> str:
        """The bank account that money of a currency goes through: its own where there is one, else the current account."""
        banks = [account for account in self.company.accounts.values() if account.kind == "BANK"]
        return next((bank for bank in banks if bank.currency == currency), banks[0]).account_id

    def new_id(self) -> str:
        """A random UUID, version 4."""
        bits = f"{self.rng.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) & 3]}{bits[17:20]}-{bits[20:]}"

    def stamp(self, day: date, *, days_later: int = 0) -> int:
        """A moment of the working day, in epoch milliseconds, never after today began."""
        moment = _midnight_ms(day) + days_later * _DAY_MS + self.rng.randrange(8 * 3_600_000, 18 * 3_600_000)
        return min(moment, self._latest_ms - self.rng.randrange(1, 3_600_000))

    def day(self, month: date, first: int = 1, last: int = 28) -> date:
        """Some day of the month."""
        return month.replace(day=self.rng.randint(first, last))

    def pick(self, contacts: Sequence[Contact]) -> Contact:
        """A contact; the front of the list is picked far more often, as big customers are."""
        return contacts[int(len(contacts) * self.rng.random() ** 1.7)]

    def rate(self, currency: str, day: date) -> int:
        return RATE_ONE if currency == self.profile.base else self.market.rate(currency, self.profile.base, day)

    def line(
        self, code: str, amount: int, tax_type: str, description: str, tracking: tuple[str, ...], *, inclusive: bool
    ) -> Line:
        """A line with the tax its rate asks for; amount is what the paper prints."""
        points = self.company.tax_rates[tax_type].basis_points
        tax = half_up(amount * points, 10_000 + points) if inclusive else half_up(amount * points, 10_000)
        return Line(self.new_id(), self.account(code), description, amount, tax_type, tax, tracking)

    def keep(self, document: Document) -> Document:
        """Enter a document into the books."""
        document.updated_ms = max(document.updated_ms, document.created_ms)
        self.company.documents[document.doc_id] = document
        return document

    def pay(self, document: Document, kind: str, amount: int, day: date, reference: str = "") -> Payment:
        """Pay or refund part of a document; the document's stamp moves with it."""
        bank_id = self.bank(document.currency)
        rate = self.rate(document.currency, day)
        bank = self.company.accounts[bank_id]
        stamp = self.stamp(day)
        payment = Payment(
            payment_id=self.new_id(),
            type=kind,
            target_id=document.doc_id,
            bank_id=bank_id,
            day=day,
            amount=amount,
            bank_amount=amount if bank.currency == document.currency else half_up(amount * RATE_ONE, rate),
            rate=rate,
            reference=reference,
            created_ms=stamp,
            updated_ms=stamp,
        )
        self.company.payments[payment.payment_id] = payment
        document.payments.append(payment)
        document.updated_ms = max(document.updated_ms, stamp + self.rng.randrange(1, 40))
        return payment

    def allocate(self, credit: Document, invoice: Document, amount: int, day: date) -> None:
        """Set a credit against an invoice or bill; both stamps move."""
        allocation = Allocation(self.new_id(), amount, day, credit.doc_id, invoice.doc_id)
        credit.allocations.append(allocation)
        invoice.allocations.append(allocation)
        stamp = self.stamp(day)
        credit.updated_ms = max(credit.updated_ms, stamp)
        invoice.updated_ms = max(invoice.updated_ms, stamp + 3)
        settle(credit)
        settle(invoice)


def settle(document: Document) -> None:
    """PAID is never chosen by a person: a document with nothing open becomes PAID, and AUTHORISED again otherwise."""
    if document.status in {"AUTHORISED", "PAID"} and document.kind != "BankTransactions":
        document.status = "PAID" if document.open_amount == 0 else "AUTHORISED"


def month_end(month: date) -> date:
    """The last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return month_end(month) + timedelta(days=1)


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds of an aware moment."""
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _midnight_ms(day: date) -> int:
    return (day.toordinal() - _EPOCH) * _DAY_MS
