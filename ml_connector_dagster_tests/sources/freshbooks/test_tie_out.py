"""Books against ledger lines over every month of the demo company, straight from the sandbox's API.

The sandbox keeps a double-entry ledger for each currency; its trial balance comes from the US dollar one, the ledger lines from
the feed. Nothing may be left between the two in any month and account, and no class explains anything; a planted cent, a
dropped entry, a swapped sign or entries in the wrong month must show, in its month and on its account.
"""

from collections import defaultdict
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.freshbooks.source import CONTEXT_CALLS, SOURCE
from ml_connector_dagster_tests.sources.freshbooks.sandboxed import control, opened
from ml_connector_dagster_tests.sources.staged import StagedInMemory

FIRST, END = Period(2023, 10), Period(2026, 12)
OCTOBER, SEPTEMBER = Period(2026, 10), Period(2026, 9)
KINDS = {"invoice", "payment", "expense", "bill", "credit_note", "other_income", "journal"}
DERIVED = SOURCE.entity(LEDGER_LINES)
FULL_LISTS = ("bills", "bill_payments", "other_income")
REFERENCE = ("ledger_accounts", "customers", "vendors", "tracking")


@pytest.fixture
def autumn(sandbox, token):
    """Two months, read."""
    company, staged = opened(sandbox, token), StagedInMemory()
    for period in (SEPTEMBER, OCTOBER):
        staged.pull(company, SOURCE.entities, period)
    yield company, staged
    company.close()


def unexplained(company, staged, period, *, sign=1) -> dict[str, Decimal]:
    """Answer {account: what no named class explains}; debit positive, books less lines less classes."""
    left = defaultdict(Decimal)
    for balance in company.control(period):
        left[balance.ledger_account_id] += balance.movement
    for one in (
        staged.lines(LEDGER_LINES, period).group_by("ledger_account_id").aggregate([("amount", "sum")]).to_pylist()
    ):
        left[one["ledger_account_id"]] -= sign * one["amount_sum"]
    for amounts in company.residuals(period, staged).values():
        for account, amount in amounts.items():
            left[account] -= amount
    return {account: amount for account, amount in left.items() if amount}


def derive_again(company, staged, period):
    staged.stage(DERIVED, period, company.derive(DERIVED, period, staged))


def test_every_month_ties_out_to_the_cent(sandbox, token):
    """One reading of three years, judged in every respect: reading them is what takes the time."""
    company, staged, closing, kinds = opened(sandbox, token), StagedInMemory(), defaultdict(Decimal), set()
    reference = [SOURCE.entity(name) for name in REFERENCE]
    documents = [entity for entity in SOURCE.entities if entity not in reference]
    staged.pull(company, reference, FIRST)
    for period in periods_between(FIRST, END):
        before = company.session.http.calls
        records = staged.pull(company, documents, period)
        calls = company.session.http.calls - before
        assert calls == by_formula(staged, records, period, company), period
        assert unexplained(company, staged, period) == {}, period
        assert company.residuals(period, staged) == {}
        lines = staged.lines(LEDGER_LINES, period)
        sums = lines.group_by("record_id").aggregate([("amount", "sum"), ("document_amount", "sum")])
        assert set(sums["amount_sum"].to_pylist()) | set(sums["document_amount_sum"].to_pylist()) == {0}
        kinds |= set(lines["kind"].to_pylist())
        for account, amount in zip(lines["ledger_account_id"].to_pylist(), lines["amount"].to_pylist(), strict=True):
            closing[account] += amount
    assert [one for refused in staged.refused.values() for one in refused] == []
    assert kinds == KINDS
    results = {
        row["ledger_account_id"]
        for row in staged.newest("ledger_accounts").to_pylist()
        if row["account_class"] in ("income", "expense")
    }
    last = {one.ledger_account_id: one.year_to_date for one in company.control(END.previous())}
    company.close()
    stands = {account: amount for account, amount in closing.items() if amount and account not in results}
    assert stands == {account: amount for account, amount in last.items() if amount and account not in results}


def by_formula(staged, records, period, company) -> int:
    """Without control calls; with what the formula says is by need: lines in place of entries, whole lists."""
    lines = staged.lines("journal_entries", period).num_rows
    counted = {name: count for name, count in records.items() if name not in (*FULL_LISTS, LEDGER_LINES)}
    counted["journal_entries"] = lines // 2 + lines % 2
    whole = {name: company.api.get(company.path_of(SOURCE.entity(name)), {"per_page": "1"}) for name in FULL_LISTS}
    counted |= {name: answer.json()["response"]["result"]["total"] for name, answer in whole.items()}
    return SOURCE.expected_calls(counted) - (0 if period == FIRST else CONTEXT_CALLS) - (period == FIRST)


def test_a_dropped_entry_a_swapped_sign_and_a_wrong_month_show(autumn):
    company, staged = autumn
    assert unexplained(company, staged, OCTOBER) == unexplained(company, staged, SEPTEMBER) == {}
    assert unexplained(company, staged, OCTOBER, sign=-1)
    held = staged.tables["journal_entries", OCTOBER]
    whole = next(table for table in held if table.num_rows)
    first = whole.filter(pc.equal(whole["rate"], Decimal(1)))["document_id"][0]
    staged.tables["journal_entries", OCTOBER] = [
        table.filter(pc.not_equal(table["document_id"], first)) for table in held
    ]
    derive_again(company, staged, OCTOBER)
    assert len(unexplained(company, staged, OCTOBER)) >= 2
    assert unexplained(company, staged, SEPTEMBER) == {}
    earlier = staged.tables["journal_entries", SEPTEMBER]
    staged.tables["journal_entries", SEPTEMBER] = []
    staged.tables["journal_entries", OCTOBER] = [*held, *earlier]
    for period in (SEPTEMBER, OCTOBER):
        derive_again(company, staged, period)
    assert unexplained(company, staged, OCTOBER)


def test_a_planted_cent_shows_on_its_account_and_month_alone(autumn, sandbox):
    company, staged = autumn
    planted = control(sandbox).post("plant", date="2026-10-15", amount="0.01")["account"]
    left = unexplained(company, staged, OCTOBER)
    assert left.pop(planted) == Decimal("0.01")
    assert list(left.values()) == [Decimal("-0.01")]
    assert unexplained(company, staged, SEPTEMBER) == {}
    control(sandbox).post("plant", date="2026-10-15", amount="-0.01")
    assert unexplained(company, staged, OCTOBER) == {}
