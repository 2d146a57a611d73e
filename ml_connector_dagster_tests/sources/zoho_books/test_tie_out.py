"""Books against ledger lines over every month, straight from the sandbox's API; and what a reading costs.

The sandbox posts to a ledger of its own, from which come its account transactions, its report and its balances. Nothing may be left
between lines and control, in any month and account; a cent that only the report shows must show.
"""

from collections import defaultdict
from decimal import Decimal

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ml_connector_dagster.ledger.ledger_account import AccountClass
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.zoho_books.client import Listing
from ml_connector_dagster.sources.zoho_books.control import chart_with_balances, debits
from ml_connector_dagster.sources.zoho_books.ledger_feed import TRANSACTIONS, Collected
from ml_connector_dagster.sources.zoho_books.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.zoho_books.fake_zoho import KeepsAll
from ml_connector_dagster_tests.sources.zoho_books.sandboxed import control, opened

FIRST, END = Period(2023, 11), Period(2026, 12)
APRIL, SEPTEMBER, OCTOBER = Period(2026, 4), Period(2026, 9), Period(2026, 10)
FEED = SOURCE.entity("account_transactions")
KINDS = {"invoice", "bill", "credit_note", "vendor_credit", "payment", "bank_transaction", "transfer", "journal"}


@pytest.fixture
def company(sandbox, token):
    found = opened(sandbox, token)
    yield found
    found.close()


def read_feed(company, period) -> dict[str, Decimal]:
    """Answer the postings per account of a month as it is read."""
    return summed(company.read(FEED, period))


def read_months(company, accounts) -> dict[Period, list]:
    """Answer the pages of every month; each account is asked once for all of them, which takes a tenth of the calls."""
    months = {period: Collected(period) for period in periods_between(FIRST, END)}
    span = (("date.start", str(FIRST.first_on)), ("date.end", str(END.first_on)))
    for account in accounts:
        by_month = defaultdict(list)
        for answered in company.api.pages(Listing(TRANSACTIONS, (("account_id", account), *span))):
            for row in answered.records:
                by_month[Period.parse(row["transaction_date"][:7])].append(row)
        for period, rows in by_month.items():
            months[period].take(account, rows)
    return {period: list(collected.pages(b"")) for period, collected in months.items()}


def summed(pages) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for page in pages:
        assert not page.refused
        for row in page.rows:
            sums[row.ledger_account_id] += row.amount
    return {account: amount for account, amount in sums.items() if amount}


@pytest.fixture(scope="module")
def sums(sandbox, token):
    """The postings of three months, by account."""
    company = opened(sandbox, token)
    yield {period: read_feed(company, period) for period in (APRIL, SEPTEMBER, OCTOBER)}
    company.close()


def unexplained(company, period, sums) -> dict[str, Decimal]:
    """Answer what is left between Zoho's statements and the postings read."""
    return left_of(company.control(period), sums, company.residuals(period, staged(period, sums)))


def left_of(control, sums, residuals) -> dict[str, Decimal]:
    left = defaultdict(Decimal, {one.ledger_account_id: one.movement for one in control})
    for amounts in (sums, *residuals.values()):
        for account, amount in amounts.items():
            left[account] -= amount
    return {account: amount for account, amount in left.items() if amount}


def staged(period, sums):
    found = StagedInMemory()
    columns = {"ledger_account_id": list(sums), "amount": pa.array(sums.values(), pa.decimal128(38, 2))}
    found.tables[LEDGER_LINES, period] = [pa.table(columns)]
    return found


def shown(sandbox, period):
    query = {"first": str(period.first_on), "last": str(period.last_on)}
    answer = httpx.get(f"{sandbox.base_url}/_control/zoho_books/ledger", params=query, verify=False)
    return {account: Decimal(amount) for account, amount in answer.json()["movement"].items() if Decimal(amount)}


def test_every_month_ties_out_to_the_cent(sandbox, company):
    """Each month's account transactions are what the sandbox's own ledger shows, and what Zoho's two statements say.

    A month's balances begin where those of the month before ended; in April the year's result is carried, and named.
    """
    chart = chart_with_balances(company.api)
    kept = {one.account_id for one in chart if not one.restarts}
    kinds, closing, made, carried_to = set(), {}, [], ""
    for period, pages in read_months(company, [one.account_id for one in chart]).items():
        sums = summed(pages)
        kinds |= {row.kind for page in pages for row in page.rows}
        assert sums == shown(sandbox, period), period
        before = company.session.http.calls
        control = company.control(period)
        named = company.residuals(period, staged(period, sums))
        made.append(company.session.http.calls - before)
        assert left_of(control, sums, named) == {}, period
        assert set(named) == ({"retained_earnings"} if period.month == 4 else set())
        carried_to = next(iter(named.get("retained_earnings", {carried_to: 0})))
        balances = [one for one in control if one.ledger_account_id in kept]
        for one in balances if closing else ():
            assert one.year_to_date - one.movement == closing[one.ledger_account_id], (period, one)
        closing = {one.ledger_account_id: one.year_to_date for one in balances}
    assert kinds == KINDS
    assert set(made) == {5, 6}
    now = debits(chart)
    assert [one for one in kept if now[one] != closing[one]] == [carried_to]


def test_a_months_postings_cost_one_call_an_account(sandbox, company):
    accounts = len(chart_with_balances(company.api))
    before = company.session.http.calls
    assert read_feed(company, SEPTEMBER) == shown(sandbox, SEPTEMBER)
    calls = company.session.http.calls - before
    assert calls == SOURCE.expected_calls({"account_transactions": 1, "ledger_accounts": accounts}) - 1


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


@pytest.mark.parametrize(
    ("code", "day"),
    [("6050", "2026-10-15"), ("1300", "2026-10-31"), ("3000", "2026-04-01")],
    ids=["cost", "asset", "equity"],
)
def test_a_planted_cent_shows_on_its_account_and_month_alone(sandbox, company, sums, code, day):
    """A statement shows it, no account transaction does; its other side stands on opening balances."""
    cent = Decimal("0.01")
    planted = control(sandbox, "plant", account=code, date=day, amount="0.01")["account"]
    left = {period: unexplained(company, period, own) for period, own in sums.items()}
    control(sandbox, "plant", account=code, date=day, amount="-0.01")
    named = left.pop(Period.parse(day[:7]))
    assert named.pop(planted) == cent
    assert list(named.values()) == [-cent]
    assert not any(left.values())
