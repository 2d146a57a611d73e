"""What closes a month and no paper shows: payroll, depreciation, VAT, interest, transfers, currency adjustments."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import RATE_ONE, half_up
from ml_connector_dagster.sandbox.zoho_books.chart import account_id
from ml_connector_dagster.sandbox.zoho_books.desk import BANKS, CARD, CURRENT, Desk, month_end
from ml_connector_dagster.sandbox.zoho_books.records import Doc, Leg

_RESERVE, _PETTY = account_id(502), account_id(506)
_OPENING = ((501, 71_400_000), (502, 8_000_000), (508, 31_500_000), (510, 9_600_000), (511, -2_400_000))
_OPENING_REST = ((500, 4_210_000), (550, -3_180_000), (556, -12_000_000), (601, -10_000_000), (602, -89_000_000))


class Closing:
    """Writes the opening, then the end of one month after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._company = desk.company
        self._rng = desk.rng

    def open(self) -> None:
        """The opening balances of the day before the books begin; what does not balance goes to the offset account."""
        legs = [Leg(account_id(number), cents, cents) for number, cents in (*_OPENING, *_OPENING_REST)]
        rest = -sum(leg.amount for leg in legs)
        legs.append(Leg(self._company.roles["opening"], rest, rest))
        day = self._company.first - timedelta(days=1)
        self._company.enter(
            Doc(
                "opening_balance",
                self._company.new_id(),
                day,
                "published",
                legs=legs,
                transaction_type="opening_balance",
                created_ms=self._desk.stamp(day),
            )
        )
        owner = self._company.legs(CURRENT, account_id(601), 2_500_000)
        self._desk.bank("owner_contribution", self._company.first + timedelta(days=3), owner, "New shares")

    def month(self, month: date) -> None:
        last, legs = month_end(month), self._company.legs
        self._payroll(last)
        self._desk.journal(last, "Depreciation", [(account_id(418), 160_000, True), (account_id(511), 160_000, False)])
        interest = self._rng.randint(1_200, 9_000)
        self._desk.bank("interest_income", last, legs(_RESERVE, account_id(208), interest), "Interest")
        self._desk.bank("transfer_fund", last, legs(_RESERVE, CURRENT, 250_000), "To reserve")
        self._desk.bank("card_payment", month.replace(day=27), legs(CARD, CURRENT, 140_000), "Card bill")
        self._desk.bank("purchase_or_charges", last, legs(self._company.roles["charges"], CURRENT, 3_500), "Fees")
        for currency, amount in (("USD", 2_200_000), ("EUR", 700_000)):
            self._fund(currency, amount, month.replace(day=12))
        if self._rng.random() < 0.4:
            self._seldom(month)
        if month.month % 3 == 0:
            self._vat(last)
            for currency in ("USD", "EUR"):
                self._revalue(currency, last)
        if month.month == 6:
            draft = [(account_id(552), 90_000, True), (account_id(411), 90_000, False)]
            self._desk.journal(month.replace(day=20), "Accrual to be checked", draft, status="draft")
            cash = [(account_id(209), 45_000, True), (account_id(201), 45_000, False)]
            self._desk.journal(month.replace(day=21), "Cash basis correction", cash, journal_type="cash")

    def _fund(self, currency: str, foreign: int, day: date) -> None:
        """Buy foreign currency for the vendors abroad."""
        base = half_up(foreign * self._company.rate(currency, day), RATE_ONE)
        legs = self._company.legs(BANKS[currency], CURRENT, base, foreign)
        self._desk.bank("transfer_fund", day, legs, f"{currency} bought", currency=currency)

    def _payroll(self, last: date) -> None:
        gross = 3_300_000 + self._rng.randint(-150_000, 250_000)
        insurance, pension = gross * 11 // 100, gross * 3 // 100
        cost = gross + insurance + pension
        net = gross * 74 // 100
        self._desk.journal(
            last - timedelta(days=2),
            "Payroll",
            [
                (account_id(407), gross, True),
                (account_id(408), insurance, True),
                (account_id(409), pension, True),
                (account_id(553), cost - net, False),
                (CURRENT, net, False),
            ],
        )
        paid = last - timedelta(days=8)
        owed = self._company.ledger.movement(None, paid).get(account_id(553), 0)
        if owed < 0:
            self._desk.journal(paid, "PAYE paid", [(account_id(553), -owed, True), (CURRENT, -owed, False)])

    def _vat(self, last: date) -> None:
        """Settle the quarter's VAT a month later."""
        moved = self._company.ledger.movement(None, last)
        output, taken = self._company.roles["output_tax"], self._company.roles["input_tax"]
        owed, back = -moved.get(output, 0), moved.get(taken, 0)
        if owed > back > 0:
            lines = [(output, owed, True), (taken, back, False), (CURRENT, owed - back, False)]
            self._desk.journal(last + timedelta(days=30), "VAT return", lines)

    def _seldom(self, month: date) -> None:
        """Bank entries of the kinds that come up once in a while."""
        day, legs = self._desk.day(month), self._company.legs
        kind, debit, credit, amount = self._rng.choice(
            (
                ("other_income", CURRENT, account_id(209), 18_000),
                ("owner_drawings", account_id(604), CURRENT, 60_000),
                ("deposit", CURRENT, account_id(209), 7_500),
                ("expense_refund", CARD, account_id(412), 4_300),
                ("transfer_fund", _PETTY, CURRENT, 20_000),
            )
        )
        self._desk.bank(kind, day, legs(debit, credit, amount), kind.replace("_", " "))

    def _revalue(self, currency: str, last: date) -> None:
        """Adjust what is open in a foreign currency to the day's rate; taken back on the next day."""
        company = self._company
        if last > self._desk.today:
            return
        rate, gained = company.rate(currency, last), 0
        legs = []
        held = self._held((BANKS[currency], company.roles["receivable"], company.roles["payable"]), currency, last)
        for account, (base, foreign) in held.items():
            change = half_up(foreign * rate, RATE_ONE) - base
            if change:
                legs.append(Leg(account, change, 0))
                gained += change
        if not gained:
            return
        legs.append(Leg(company.roles["exchange"], -gained, 0))
        company.enter(
            Doc(
                "base_currency_adjustment",
                company.new_id(),
                last,
                "published",
                currency=currency,
                rate=rate,
                legs=legs,
                reversed_on=last + timedelta(days=1),
                transaction_type="base_currency_adjustment",
                notes=f"Quarter end {currency}",
                created_ms=self._desk.stamp(last),
            )
        )

    def _held(self, accounts: tuple[str, ...], currency: str, last: date) -> dict[str, tuple[int, int]]:
        """Base and foreign cents that records in a currency left on each account."""
        held = dict.fromkeys(accounts, (0, 0))
        for entry in self._company.ledger.all_standing():
            source = self._company.docs[entry.source_id]
            if entry.posted_on > last or source.currency != currency or source.kind == "base_currency_adjustment":
                continue
            for line in entry.lines:
                if line.account_id in held:
                    base, foreign = held[line.account_id]
                    held[line.account_id] = base + line.amount, foreign + line.document_amount
        return held
