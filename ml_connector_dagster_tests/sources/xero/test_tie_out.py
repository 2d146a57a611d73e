"""Books against ledger lines over every month of both trading entities, straight from the sandbox's API.

The sandbox posts to a ledger of its own and reports from it; the ledger lines come from the documents alone. What is left
between the two after the named residual classes must be nothing, in every month and account; and a planted cent, a dropped
document, a swapped sign or a document in the wrong month must show, in its month and on its account.
"""

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.xero.company import XeroCompany
from ml_connector_dagster.sources.xero.source import CONTEXT_CALLS, SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero.sandboxed import IRELAND, UK, control, opened

FIRST, END = Period(2023, 11), Period(2026, 12)
OCTOBER, SEPTEMBER = Period(2026, 10), Period(2026, 9)
KINDS = {
    "invoice",
    "bill",
    "credit_note",
    "vendor_credit",
    "payment",
    "allocation",
    "bank_transaction",
    "transfer",
    "journal",
}
CLASSES = {"fx_revaluation", "rounding", "retained_earnings"}
DERIVED = SOURCE.entity(LEDGER_LINES)


@dataclass
class Read:
    """Everything read of one organisation, and what it cost."""

    company: XeroCompany
    staged: StagedInMemory
    records: dict[Period, dict[str, int]] = field(default_factory=dict)
    calls: dict[Period, int] = field(default_factory=dict)


@pytest.fixture
def autumn(sandbox, token):
    """Two months of the British entity."""
    with read_books(sandbox, UK, token, [SEPTEMBER, OCTOBER]) as found:
        yield found


@contextmanager
def read_books(sandbox: Running, tenant, token, periods):
    found = Read(opened(sandbox, tenant, token), StagedInMemory())
    try:
        for period in periods:
            before = found.company.session.http.calls
            found.records[period] = found.staged.pull(found.company, SOURCE.entities, period)
            found.calls[period] = found.company.session.http.calls - before
        yield found
    finally:
        found.company.close()


def unexplained(found: Read, period: Period, *, sign=1, classes=None) -> dict[str, Decimal]:
    """Answer {account: what no named class explains}; debit positive, books less lines less classes."""
    left = defaultdict(Decimal)
    for balance in found.company.control(period):
        left[balance.ledger_account_id] += balance.movement
    for account, amount in staged_sums(found, period).items():
        left[account] -= sign * amount
    for amounts in (found.company.residuals(period, found.staged) if classes is None else classes).values():
        for account, amount in amounts.items():
            left[account] -= amount
    return {account: amount for account, amount in left.items() if amount}


def staged_sums(found: Read, period: Period) -> dict[str, Decimal]:
    lines = found.staged.lines(LEDGER_LINES, period)
    grouped = lines.group_by("ledger_account_id").aggregate([("amount", "sum")])
    return dict(zip(grouped["ledger_account_id"].to_pylist(), grouped["amount_sum"].to_pylist(), strict=True))


def derive_again(found: Read, period: Period) -> None:
    found.staged.stage(DERIVED, period, found.company.derive(DERIVED, period, found.staged))


@pytest.mark.parametrize("tenant", [UK, IRELAND], ids=["uk", "ie"])
def test_every_month_ties_out_to_the_cent(sandbox, token, tenant):
    """One reading of three years, judged in every respect: reading them is what takes the time."""
    with read_books(sandbox, tenant, token, periods_between(FIRST, END)) as books:
        left, classes = {}, {}
        for period in books.records:
            classes[period] = books.company.residuals(period, books.staged)
            left[period] = unexplained(books, period, classes=classes[period])
    assert not any(left.values()), left
    assert [one for refused in books.staged.refused.values() for one in refused] == []
    assert all(every_record_sums_to_nought(books, period) for period in books.records)
    assert books.calls == calls_by_formula(books)
    assert {name for found in classes.values() for name in found} == CLASSES
    assert all(rounding_is_bounded(books, period, found) for period, found in classes.items())
    assert kinds_of(books) == KINDS


def every_record_sums_to_nought(books: Read, period: Period) -> bool:
    lines = books.staged.lines(LEDGER_LINES, period)
    sums = lines.group_by("record_id").aggregate([("amount", "sum")])["amount_sum"]
    return pc.all(pc.equal(sums, 0)).as_py()


def calls_by_formula(books: Read) -> dict[Period, int]:
    """Without control calls, which are counted apart; what the company says of itself is asked for with the first month."""
    first, *_ = books.records
    lists = {
        period: {name: count for name, count in records.items() if name != LEDGER_LINES}
        for period, records in books.records.items()
    }
    return {
        period: SOURCE.expected_calls(records) - (0 if period == first else CONTEXT_CALLS)
        for period, records in lists.items()
    }


def rounding_is_bounded(books: Read, period: Period, classes) -> bool:
    bound = Decimal("0.005") * books.staged.lines(LEDGER_LINES, period).num_rows
    return all(abs(amount) <= bound for amount in classes.get("rounding", {}).values())


def kinds_of(books: Read) -> set[str]:
    return {kind for period in books.records for kind in books.staged.lines(LEDGER_LINES, period)["kind"].to_pylist()}


def test_a_dropped_document_shows_on_its_accounts(autumn):
    held = autumn.staged.tables["invoices", OCTOBER]
    whole = next(table for table in held if table.num_rows)
    first = whole.filter(whole["posts"])["document_id"][0]
    autumn.staged.tables["invoices", OCTOBER] = [
        table.filter(pc.not_equal(table["document_id"], first)) for table in held
    ]
    derive_again(autumn, OCTOBER)
    assert len(unexplained(autumn, OCTOBER)) >= 2
    assert unexplained(autumn, SEPTEMBER) == {}


def test_a_swapped_sign_shows(autumn):
    assert unexplained(autumn, OCTOBER) == {}
    assert unexplained(autumn, OCTOBER, sign=-1)


def test_documents_of_the_wrong_month_show_in_both(autumn):
    tables = autumn.staged.tables
    tables["bills", SEPTEMBER], tables["bills", OCTOBER] = [], tables["bills", SEPTEMBER] + tables["bills", OCTOBER]
    for period in (SEPTEMBER, OCTOBER):
        derive_again(autumn, period)
        assert unexplained(autumn, period)


def test_a_planted_cent_shows_on_its_account_and_month_alone(autumn, sandbox):
    """Books that begin before the first staged month tie out as well: what payments settle is fetched by id."""
    assert unexplained(autumn, OCTOBER) == unexplained(autumn, SEPTEMBER) == {}
    day, cent = "2026-10-15", "0.01"
    planted = control(sandbox, "plant", tenant="uk", account="429", date=day, amount=cent, against="840")
    expected = {planted["account"]: Decimal("0.01"), planted["against"]: Decimal("-0.01")}
    assert unexplained(autumn, OCTOBER) == expected
    assert unexplained(autumn, SEPTEMBER) == {}
    control(sandbox, "plant", tenant="uk", account="840", date=day, amount=cent, against="429")
    assert unexplained(autumn, OCTOBER) == {}
