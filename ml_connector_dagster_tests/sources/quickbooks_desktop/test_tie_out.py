"""Books against ledger lines over every month of the company, from the sandbox's QuickBooks.

The sandbox posts to a ledger of its own and reports from it. What is left between its trial balance and the lines of the detail
report after the named classes must be nothing, in every month and account; and a planted cent, a dropped transaction, a
swapped sign or one of the wrong month must show, in its month and on its account.
"""

from collections import defaultdict
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.quickbooks_desktop.source import LEDGER_MESSAGES, SOURCE
from ml_connector_dagster_tests.sources.quickbooks_desktop.sandboxed import Brackenridge
from ml_connector_dagster_tests.sources.staged import StagedInMemory

FIRST, END = Period(2023, 11), Period(2026, 12)
SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
LINES = SOURCE.entity(LEDGER_LINES)


class Books:
    """The company, and what was staged of its ledger."""

    def __init__(self, company):
        self.company, self.staged = company, StagedInMemory()

    def read(self, *periods):
        for period in periods:
            self.staged.stage(LINES, period, self.company.reader.read(LINES, period))
        return self

    def anew(self):
        """Forget what was answered: the books or the shape of reports changed."""
        self.company.machine.forget()
        return self

    def unexplained(self, period, *, sign=1):
        """Answer {account: what no named class explains}; debit positive, books less lines less classes."""
        left = defaultdict(Decimal)
        for balance in self.company.reader.control(period):
            left[balance.ledger_account_id] += balance.movement
        for account, amount in self.sums(period).items():
            left[account] -= sign * amount
        for amounts in self.company.reader.residuals(period, self.staged).values():
            for account, amount in amounts.items():
                left[account] -= amount
        return {account: amount for account, amount in left.items() if amount}

    def sums(self, period):
        lines = self.staged.lines(LEDGER_LINES, period)
        grouped = lines.group_by("ledger_account_id").aggregate([("amount", "sum")])
        return dict(zip(grouped["ledger_account_id"].to_pylist(), grouped["amount_sum"].to_pylist(), strict=True))


AS_IT_COMES = {
    "account_numbers": True,
    "class_tracking": True,
    "short_class_titles": False,
    "bare_detail_rows": False,
    "fiscal_month": 1,
}
SHAPES = [
    {"short_class_titles": True},
    {"bare_detail_rows": True},
    {"account_numbers": False},
    {"account_numbers": False, "bare_detail_rows": True, "short_class_titles": True},
    {"class_tracking": False},
    {"fiscal_month": 10},
]
"""Of a real QuickBooks: what its settings change in reports, and what nobody could look up."""


@pytest.fixture(scope="module")
def straight():
    return Books(Brackenridge.open_straight())


@pytest.fixture(scope="module")
def autumn():
    return Books(Brackenridge.open()).read(SEPTEMBER, OCTOBER)


def test_every_month_ties_out_to_the_cent():
    """One reading of three years, judged in every respect: reading them is what takes the time."""
    books, months = Books(Brackenridge.open_straight()), list(periods_between(FIRST, END))
    classes, left, calls, closings = {}, {}, [], {}
    for period in months:
        before = books.company.machine.calls
        books.read(period)
        left[period] = books.unexplained(period)
        classes[period] = books.company.reader.residuals(period, books.staged)
        closings[period] = books.company.reader.control(period), books.sums(period)
        calls.append(books.company.machine.calls - before)
    assert not any(left.values()), left
    assert closings_follow(closings, classes)
    assert [one for refused in books.staged.refused.values() for one in refused] == []
    assert set(calls) == {LEDGER_MESSAGES}
    assert {period for period, found in classes.items() if found} == {period for period in months if period.month == 1}
    assert {name for found in classes.values() for name in found} == {"retained_earnings"}
    lines = books.staged.lines(LEDGER_LINES, OCTOBER)
    sums = lines.group_by("record_id").aggregate([("amount", "sum")])["amount_sum"]
    assert pc.all(pc.equal(sums, 0)).as_py()
    shown = {"invoice", "credit_note", "bill", "vendor_credit", "payment", "bank_transaction", "journal", "transfer"}
    assert shown == set(lines["kind"].to_pylist())
    assert any(pc.not_equal(lines["tracking"], "{}").to_pylist())
    assert any(lines["customer_id"].to_pylist())
    assert any(lines["vendor_id"].to_pylist())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: ", ".join(f"{name} {on}" for name, on in shape.items()))
def test_a_month_ties_out_in_every_shape_that_a_report_may_have(straight, shape):
    straight.company.post("settings", **shape)
    straight.anew().read(OCTOBER)
    assert straight.staged.refused.get((LEDGER_LINES, OCTOBER), []) == []
    assert straight.unexplained(OCTOBER) == {}
    assert straight.sums(OCTOBER)
    rolled = straight.company.reader.residuals(OCTOBER, straight.staged)
    assert set(rolled) == ({"retained_earnings"} if shape.get("fiscal_month") == 10 else set())
    straight.company.post("settings", **AS_IT_COMES)


def test_classes_whose_postings_cancel_out_are_among_those_that_the_summary_is_asked_for(straight):
    """Two entries between the same accounts, each within one class that has nothing else."""
    for amount, name in (("10.00", "Old Depot"), ("-10.00", "Sales")):
        lines = [["6400", amount, name], ["6500", amount.lstrip("-") if amount[0] == "-" else f"-{amount}", name]]
        straight.company.post("journal", date="2026-09-15", lines=lines)
    straight.anew().read(SEPTEMBER)
    assert straight.unexplained(SEPTEMBER) == {}


def closings_follow(closings, classes):
    """Each balance is the one before, what the lines moved, and the year-end roll; results begin at nothing each January."""
    balances = {one.ledger_account_id: one.year_to_date - one.movement for one in closings[FIRST][0]}
    for period, (control, sums) in closings.items():
        rolled = classes[period].get("retained_earnings", {})
        if rolled:
            begun = {one.ledger_account_id for one in control if one.movement == one.year_to_date}
            balances = {account: amount for account, amount in balances.items() if account not in begun}
        for moved in (sums, rolled):
            for account, amount in moved.items():
                balances[account] = balances.get(account, 0) + amount
        shown = {one.ledger_account_id: one.year_to_date for one in control if one.year_to_date}
        if {account: amount for account, amount in balances.items() if amount} != shown:
            return False
    return True


def test_a_credit_takes_back_what_an_invoice_or_a_bill_brought(autumn):
    """On its own day, to its own accounts: sales, goods, tax and receivable of a memo; payable, goods and freight of a bill's."""
    lines = autumn.staged.lines(LEDGER_LINES, OCTOBER).to_pylist()
    by_kind = defaultdict(lambda: defaultdict(Decimal))
    for line in lines:
        by_kind[line["kind"]][line["ledger_account_id"]] += line["amount"]
    for credit, what in (("credit_note", "invoice"), ("vendor_credit", "bill")):
        assert by_kind[credit]
        for account, amount in by_kind[credit].items():
            assert amount * by_kind[what][account] < 0, (credit, account)


def test_lines_are_what_the_sandbox_s_ledger_posted(autumn):
    assert {account: amount for account, amount in autumn.sums(OCTOBER).items() if amount} == autumn.company.ledger(
        OCTOBER
    )


def test_a_dropped_transaction_shows_on_its_accounts(autumn):
    held = autumn.staged.tables[LEDGER_LINES, OCTOBER]
    first = held[0]["record_id"][0]
    autumn.staged.tables[LEDGER_LINES, OCTOBER] = [
        table.filter(pc.not_equal(table["record_id"], first)) for table in held
    ]
    left = autumn.unexplained(OCTOBER)
    autumn.staged.tables[LEDGER_LINES, OCTOBER] = held
    assert len(left) >= 2
    assert autumn.unexplained(SEPTEMBER) == {}


def test_a_swapped_sign_shows(autumn):
    assert autumn.unexplained(OCTOBER) == {}
    assert autumn.unexplained(OCTOBER, sign=-1)


def test_lines_of_the_wrong_month_show_in_both(autumn):
    tables = autumn.staged.tables
    september, october = tables[LEDGER_LINES, SEPTEMBER], tables[LEDGER_LINES, OCTOBER]
    tables[LEDGER_LINES, SEPTEMBER], tables[LEDGER_LINES, OCTOBER] = october, september
    left = autumn.unexplained(SEPTEMBER), autumn.unexplained(OCTOBER)
    tables[LEDGER_LINES, SEPTEMBER], tables[LEDGER_LINES, OCTOBER] = september, october
    assert all(left)


def test_a_planted_cent_shows_on_its_account_and_month_alone(autumn):
    """Balances and summaries show it, details and queries do not."""
    planted = autumn.company.post("plant", date="2026-10-15", amount="0.01")
    expected = {planted["account"]: Decimal("0.01"), planted["against"]: Decimal("-0.01")}
    assert autumn.unexplained(OCTOBER) == expected
    assert autumn.unexplained(SEPTEMBER) == {}
    autumn.company.post("plant", date="2026-10-15", amount="-0.01")
    assert autumn.unexplained(OCTOBER) == {}


def test_a_merged_account_gives_its_postings_to_the_survivor(straight):
    moved = [account for account, amount in straight.anew().read(OCTOBER).sums(OCTOBER).items() if amount]
    chart = [
        row for page in straight.company.reader.read(SOURCE.entity("ledger_accounts"), OCTOBER) for row in page.rows
    ]
    loser, survivor = [
        row.ledger_account_id for row in chart if row.account_type == "Expense" and row.ledger_account_id in moved
    ][:2]
    straight.company.post("merge", loser=loser, survivor=survivor)
    assert straight.anew().read(OCTOBER).unexplained(OCTOBER) == {}
    assert loser not in straight.sums(OCTOBER)
