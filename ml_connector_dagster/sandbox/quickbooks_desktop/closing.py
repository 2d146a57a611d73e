"""Brackenridge's month: payroll, transfers, depreciation, insurance, an accrual that is reversed, interest earned."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.quickbooks_desktop.scribe import Scribe

Row = tuple[str, str, int]
"""Account number, class, cents: debit +."""
_OPENING: tuple[Row, ...] = (
    ("1010", "", 42_000_000),
    ("1020", "", 3_500_000),
    ("1200", "", 31_000_000),
    ("1250", "", 600_000),
    ("1510", "", 18_000_000),
    ("1520", "", -6_000_000),
    ("1800", "", 1_700_000),
    ("2700", "", -12_000_000),
    ("3100", "", -10_000_000),
)
_WAGES = (("Warehouse", 980_000), ("Sales:East", 520_000), ("Sales:West", 485_000), ("Admin", 440_000))


class Closing:
    """The controller."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._number = 0

    def open(self, day: date) -> None:
        """The balances that the books begin with."""
        rest = -sum(cents for _, _, cents in _OPENING)
        self._journal(day, [*_OPENING, ("3000", "", rest)], "Opening balances")

    def month(self, month: date) -> None:
        """Everything that the controller does in a month."""
        last = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        for day in (month.replace(day=14), month.replace(day=28)):
            self._payroll(day)
        self._journal(last, [("6700", "Warehouse", 150_000), ("1520", "", -150_000)], "Depreciation")
        self._journal(last, [("6500", "Admin", 90_000), ("1250", "", -90_000)], "Insurance of the month")
        if month.month in {1, 7}:
            self._journal(month, [("1250", "", 540_000), ("2300", "", -540_000)], "Insurance premium")
        accrued = self._scribe.dice.randrange(80_000, 260_000)
        rows = [("6600", "Admin", accrued), ("2300", "", -accrued)]
        self._journal(last, rows, "Accrued fees", adjusting=True)
        self._journal(last + timedelta(days=1), [(account, tag, -cents) for account, tag, cents in rows], "Reversal")
        self._interest(last)

    def _payroll(self, day: date) -> None:
        rows = list[Row]()
        for tag, wages in _WAGES:
            paid = wages + self._scribe.dice.randrange(-20_000, 20_000)
            rows += [("6010", tag, paid), ("6020", tag, paid * 765 // 10_000)]
        cost = sum(cents for _, _, cents in rows)
        withheld = cost * 23 // 100
        self._transfer(day, cost)
        self._journal(day, [*rows, ("2100", "", -withheld), ("1020", "", withheld - cost)], "Payroll")
        self._journal(day, [("2100", "", withheld), ("1020", "", -withheld)], "Payroll taxes paid")

    def _transfer(self, day: date, cents: int) -> None:
        scribe = self._scribe
        at = scribe.entered_at(day)
        scribe.enter(
            "Transfer",
            day,
            at,
            [scribe.line(cents, at)],
            account_id=scribe.company.account("1010"),
            deposit_to=scribe.company.account("1020"),
            memo="Funds for payroll",
        )

    def _interest(self, day: date) -> None:
        scribe = self._scribe
        at = scribe.entered_at(day)
        line = scribe.line(scribe.dice.randrange(900, 4_200), at, "7000", memo="Interest")
        scribe.enter("Deposit", day, at, [line], deposit_to=scribe.company.account("1020"), memo="Interest")

    def _journal(self, day: date, rows: list[Row], memo: str, *, adjusting: bool = False) -> None:
        scribe = self._scribe
        at = scribe.entered_at(day, scribe.dice.randint(0, 4))
        self._number += 1
        lines = [
            scribe.line(abs(cents), at, account, tag, memo=memo, side="Debit" if cents > 0 else "Credit")
            for account, tag, cents in rows
        ]
        scribe.enter("JournalEntry", day, at, lines, ref=f"JE{self._number:04d}", is_adjustment=adjusting)
