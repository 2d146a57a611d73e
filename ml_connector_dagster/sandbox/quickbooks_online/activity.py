"""What Fennimore Partners does in a month: sells, collects, buys, pays, banks, and what its bookkeeper adjusts."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import half_up
from ml_connector_dagster.sandbox.quickbooks_online.buying import Buying
from ml_connector_dagster.sandbox.quickbooks_online.chart import (
    CHECKING,
    OPENING_EQUITY,
    RECEIVABLE,
    SAVINGS,
    UNDEPOSITED,
    UNREALIZED,
)
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Leg
from ml_connector_dagster.sandbox.quickbooks_online.posting import home
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Link
from ml_connector_dagster.sandbox.quickbooks_online.scribe import Scribe, month_end
from ml_connector_dagster.sandbox.quickbooks_online.selling import Selling


def opening(scribe: Scribe, day: date) -> None:
    """Balances brought along: a journal entry against opening balance equity, the day before the books begin."""
    rows = (
        (CHECKING, 62_000_000),
        (SAVINGS, 25_000_000),
        ("37", 4_000_000),
        ("81", 26_000_000),
        ("39", 9_600_000),
        ("40", -3_100_000),
        ("44", -12_000_000),
        ("45", -5_000_000),
    )
    lines = [_journal_line(account_id, cents, "Opening balance") for account_id, cents in rows]
    lines.append(_journal_line(OPENING_EQUITY, -sum(cents for _, cents in rows), "Opening balance"))
    scribe.enter("JournalEntry", day, lines, number="OPEN", note="Opening balances")


def month(scribe: Scribe, first: date) -> None:
    """All of one month; nothing dated after today."""
    Selling(scribe).month(first)
    Buying(scribe).month(first)
    _banking(scribe, first)
    _bookkeeping(scribe, first)


def _banking(scribe: Scribe, first: date) -> None:
    """Deposits of what lies in undeposited funds, interest, transfers, the card's monthly settlement."""
    last = min(month_end(first), scribe.today)
    waiting = [
        txn
        for txn in scribe.written.txns.values()
        if txn.entity == "Payment" and txn.account_id == UNDEPOSITED and txn.day <= last and not txn.links
    ]
    for begin in range(0, len(waiting), 5):
        group = waiting[begin : begin + 5]
        lines = [Line("", payment.total, links=(Link(payment.txn_id, "Payment"),)) for payment in group]
        day = min(max(payment.day for payment in group) + timedelta(days=2), scribe.today)
        back = 20_000 if scribe.rng.random() < 0.1 else 0
        deposit = scribe.enter("Deposit", day, lines, account_id=CHECKING, amount=back, other_id="13" if back else "")
        for payment in group:
            payment.links.append(Link(deposit.txn_id, "Deposit"))
            payment.sync += 1
            payment.updated_at = max(payment.updated_at, deposit.created_at)
    if last == month_end(first):
        interest = Line("Deposit", scribe.rng.randrange(8_000, 30_000), "25", "Interest")
        scribe.enter("Deposit", last, [interest], account_id=SAVINGS)
    day = scribe.day(first, 10, 20)
    if day <= scribe.today:
        scribe.enter("Transfer", day, [], account_id=CHECKING, other_id=SAVINGS, amount=500_000, note="To savings")
        scribe.enter("Transfer", day, [], account_id=CHECKING, other_id="41", amount=900_000, note="Card settled")


def _bookkeeping(scribe: Scribe, first: date) -> None:
    """Journal entries, and what no entity shows: payroll, a statement charge, unrealised currency gains."""
    last = month_end(first)
    if last <= scribe.today:
        depreciation = [_journal_line("26", 160_000, "Depreciation"), _journal_line("40", -160_000, "Depreciation")]
        scribe.enter("JournalEntry", last, depreciation, number=f"DEP{last:%y%m}")
        accrued = scribe.rng.randrange(100_000, 600_000)
        for day, sign in ((last, 1), (last + timedelta(days=1), -1)):
            if day <= scribe.today:
                lines = [
                    _journal_line("53", sign * accrued, "Accrued contractors", class_id="2", department_id="1"),
                    _journal_line("92", -sign * accrued, "Accrued contractors"),
                ]
                lines[0].name_id = "24"
                scribe.enter("JournalEntry", day, lines, number=f"ACC{last:%y%m}{'R' if sign < 0 else ''}")
    for day in (first.replace(day=15), last):
        if day <= scribe.today:
            _payroll(scribe, day)
    if first.month % 2 == 0 and first.replace(day=9) <= scribe.today:
        legs = [Leg("84", 7_500, "4", "4", memo="Storage"), Leg("51", -7_500, "4", "4", memo="Storage")]
        scribe.unshown("Statement Charge", first.replace(day=9), legs)
    if first.month % 3 == 0 and last <= scribe.today:
        _revalue(scribe, last)


def _payroll(scribe: Scribe, day: date) -> None:
    wages = scribe.rng.randrange(4_100_000, 4_800_000)
    taxes = half_up(wages * 765, 10_000)
    legs = [
        Leg("59", wages, class_id="1", department_id="1", memo="Wages"),
        Leg("60", taxes, department_id="1", memo="Employer taxes"),
        Leg("91", -2 * taxes, memo="Payroll liabilities"),
        Leg(CHECKING, taxes - wages, memo="Net pay"),
    ]
    scribe.unshown("Payroll Check", day, legs)
    scribe.unshown("Tax Payment", day, [Leg("91", 2 * taxes, memo="940/941"), Leg(CHECKING, -2 * taxes)])


def _revalue(scribe: Scribe, day: date) -> None:
    """Open foreign receivables at the quarter's rate; turned round the next day."""
    for currency in ("EUR", "CAD"):
        rate = scribe.rates.rate(currency, day)
        gain = sum(
            home(txn.total, rate) - home(txn.total, txn.rate)
            for txn in scribe.written.txns.values()
            if txn.entity == "Invoice"
            and txn.currency == currency
            and not txn.voided
            and txn.day <= day
            and txn.open_cents
        )
        if gain:
            for moment, sign in ((day, 1), (day + timedelta(days=1), -1)):
                if moment <= scribe.today:
                    legs = [Leg(RECEIVABLE[currency], sign * gain), Leg(UNREALIZED, -sign * gain)]
                    scribe.unshown("Currency Revaluation", moment, legs)


def _journal_line(account_id: str, cents: int, text: str, *, class_id: str = "", department_id: str = "") -> Line:
    return Line(
        "JournalEntry",
        abs(cents),
        account_id,
        text,
        class_id=class_id,
        department_id=department_id,
        debit=cents > 0,
    )
