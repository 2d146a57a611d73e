"""Books against ledger lines over every month, straight from the sandbox's API; and what a reading costs.

The sandbox posts to a ledger of its own, from which come its account transactions, its report and its balances. Nothing may be left
between lines and control, in any month and account; a cent that only the report shows must show.
"""

from collections import defaultdict
from decimal import Decimal

import httpx
import pyarrow.compute as pc
import pytest

from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract import LEDGER_LINES
from ml_connector_dagster.sources.zoho_books.control import chart_with_balances, from_report
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import KeepsAll
from ml_connector_dagster_tests.sources.zoho_books.sandboxed import control, opened

FIRST, END = Period(2023, 11), Period(2026, 12)
SEPTEMBER, OCTOBER = Period(2026, 9), Period(2026, 10)
FEED = SOURCE.entity("account_transactions")
KINDS = {"invoice", "bill", "credit_note", "vendor_credit", "payment", "bank_transaction", "transfer", "journal"}


@pytest.fixture
def company(sandbox, token):
    found = opened(sandbox, token)
    yield found
    found.close()


def read_feed(company, period) -> tuple[dict[str, Decimal], set[str], int]:
    """Answer the postings per account, their kinds, and the calls that reading them took."""
    before = company.session.http.calls
    sums: dict[str, Decimal] = defaultdict(Decimal)
    pages = list(company.read(FEED, period))
    assert not [one for page in pages for one in page.refused]
    rows = [row for page in pages for row in page.rows]
    for row in rows:
        sums[row.ledger_account_id] += row.amount
    return dict(sums), {row.kind for row in rows}, company.session.http.calls - before


def unexplained(company, period, staged):
    left = defaultdict(Decimal)
    for balance in company.control(period):
        left[balance.ledger_account_id] += balance.movement
    for account, amount in staged.items():
        left[account] -= amount
    return {account: amount for account, amount in left.items() if amount}


def shown(sandbox, period):
    query = {"first": str(period.first_on), "last": str(period.last_on)}
    answer = httpx.get(f"{sandbox.base_url}/_control/zoho_books/ledger", params=query, verify=False)
    return {account: Decimal(amount) for account, amount in answer.json()["movement"].items() if Decimal(amount)}


def test_every_month_ties_out_to_the_cent(sandbox, company):
    """Each month's account transactions are what the sandbox's own ledger shows, and its income and expense the report's.

    The balance sheet is proved over all months at once: what Zoho's balances say of the first month's end and of the last's is
    apart by exactly the postings between.
    """
    months = list(periods_between(FIRST, END))
    chart = chart_with_balances(company.api)
    kinds, total = set(), defaultdict(Decimal)
    for period in months:
        sums, found, calls = read_feed(company, period)
        assert {account: amount for account, amount in sums.items() if amount} == shown(sandbox, period), period
        assert reported(company, chart, period) == {
            one.account_id: sums[one.account_id] for one in chart if one.restarts and sums.get(one.account_id)
        }
        assert calls == SOURCE.expected_calls({"account_transactions": 1, "ledger_accounts": len(chart)}) - 1
        kinds |= found
        for account, amount in sums.items() if period != FIRST else ():
            total[account] += amount
    first, last = ({one.ledger_account_id: one for one in company.control(period)} for period in (FIRST, months[-1]))
    for one in chart:
        if not one.restarts:
            account = one.account_id
            assert last[account].year_to_date - first[account].year_to_date == total.get(account, 0), one.name
    assert kinds == KINDS


def reported(company, chart, period):
    found = from_report(company.api, chart, period, period)
    return {one.ledger_account_id: one.movement for one in found if one.movement}


@pytest.mark.parametrize("period", [OCTOBER, Period(2026, 11)], ids=str)
def test_the_control_of_a_month_leaves_nothing_unexplained(company, period):
    sums, _, _ = read_feed(company, period)
    assert unexplained(company, period, sums) == {}


def test_balances_carry_forward_from_any_month(company):
    """What Zoho's balances of now say of a month's end is the month before's plus the postings between."""
    before, after = ({one.ledger_account_id: one for one in company.control(period)} for period in (SEPTEMBER, OCTOBER))
    for account, balance in after.items():
        assert balance.year_to_date == before[account].year_to_date + balance.movement, account


def test_a_reading_costs_what_the_formula_says_and_a_second_one_no_details(sandbox, token, request):
    """Two readings of one month, entity by entity: the second asks for lists alone."""
    details, costs = KeepsAll(), []
    for _ in range(2):
        company, staged = opened(sandbox, token, details), StagedInMemory()
        request.addfinalizer(company.close)
        before = company.session.http.calls
        read = staged.pull(company, SOURCE.entities, OCTOBER)
        costs.append((company.session.http.calls - before, staged))
    (first, staged), (second, again) = costs
    assert not [one for found in staged.refused.values() for one in found]
    assert second < first <= SOURCE.expected_calls(read)
    assert first - second == len(details.bodies)
    assert staged.lines(LEDGER_LINES, OCTOBER) == again.lines(LEDGER_LINES, OCTOBER)
    lines = staged.lines(LEDGER_LINES, OCTOBER)
    sums = lines.group_by("record_id").aggregate([("amount", "sum")])["amount_sum"]
    assert pc.all(pc.equal(sums, 0)).as_py()
    income = {one.account_id for one in chart_with_balances(company.api) if one.account_class == AccountClass.INCOME}
    sold = [row for row in lines.to_pylist() if row["kind"] == "invoice" and row["ledger_account_id"] in income]
    goods = [row for row in sold if "Charge" not in names_of(staged)[row["ledger_account_id"]]]
    assert all(row["tracking"] != "{}" and row["customer_id"] for row in goods)


def names_of(staged):
    table = staged.newest("ledger_accounts")
    return dict(zip(table["ledger_account_id"].to_pylist(), table["name"].to_pylist(), strict=True))


def test_a_planted_cent_shows_on_its_account_and_month_alone(sandbox, company):
    """The profit and loss report shows it, no account transaction does."""
    planted = control(sandbox, "plant", account="6050", date="2026-10-15", amount="0.01")["account"]
    left = {period: unexplained(company, period, read_feed(company, period)[0]) for period in (SEPTEMBER, OCTOBER)}
    control(sandbox, "plant", account="6050", date="2026-10-15", amount="-0.01")
    assert left == {SEPTEMBER: {}, OCTOBER: {planted: Decimal("0.01")}}
