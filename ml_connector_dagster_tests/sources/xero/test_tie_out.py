"""Books against ledger lines over every month of both trading entities, straight from the sandbox's API.

The sandbox posts to a ledger of its own and reports from it; the ledger lines come from the documents alone. What is left
between the two after the named residual classes must be nothing, in every month and account; and a planted cent, a dropped
document, a swapped sign or a document in the wrong month must show, in its month and on its account.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pyarrow.compute as pc
import pytest

from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.contract import LEDGER_LINES
from ml_connector_dagster.sources.xero.company import XeroCompany
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero.sandboxed import IRELAND, UK, consent, control, opened, without_limits

FIRST, END = Period(2023, 11), Period(2026, 12)
OCTOBER, SEPTEMBER = Period(2026, 10), Period(2026, 9)
CLASSES = {"fx_revaluation", "rounding", "retained_earnings"}
DERIVED = SOURCE.entity(LEDGER_LINES)


@dataclass
class Read:
    """Everything read of one organisation, and what it cost."""

    company: XeroCompany
    staged: StagedInMemory
    records: dict[Period, dict[str, int]] = field(default_factory=dict)
    calls: dict[Period, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def sandbox():
    with running(World.new(today=date(2026, 11, 20))) as started:
        without_limits(started)
        yield started


@pytest.fixture(scope="module")
def token(sandbox):
    return consent(sandbox)


@pytest.fixture(scope="module", params=[UK, IRELAND], ids=["uk", "ie"])
def books(request, sandbox, token) -> Read:
    return read_books(sandbox, request.param, token, periods_between(FIRST, END))


def read_books(sandbox: Running, tenant, token, periods) -> Read:
    found = Read(opened(sandbox, tenant, token), StagedInMemory())
    for period in periods:
        before = found.company.session.http.calls
        found.records[period] = found.staged.pull(found.company, SOURCE.entities, period)
        found.calls[period] = found.company.session.http.calls - before
    return found


def unexplained(found: Read, period: Period, sign=1) -> dict[str, Decimal]:
    """Answer {account: what no named class explains}; debit positive, books less lines less classes."""
    left = defaultdict(Decimal)
    for balance in found.company.control(period):
        left[balance.ledger_account_id] += balance.movement
    for account, amount in staged_sums(found, period).items():
        left[account] -= sign * amount
    for amounts in found.company.residuals(period, found.staged).values():
        for account, amount in amounts.items():
            left[account] -= amount
    return {account: amount for account, amount in left.items() if amount}


def staged_sums(found: Read, period: Period) -> dict[str, Decimal]:
    lines = found.staged.lines(LEDGER_LINES, period)
    grouped = lines.group_by("ledger_account_id").aggregate([("amount", "sum")])
    return dict(zip(grouped["ledger_account_id"].to_pylist(), grouped["amount_sum"].to_pylist(), strict=True))


def derive_again(found: Read, period: Period) -> None:
    found.staged.stage(DERIVED, period, found.company.derive(DERIVED, period, found.staged))


def test_nothing_is_unexplained_in_any_month(books):
    assert {str(period): unexplained(books, period) for period in books.records} == {
        str(period): {} for period in periods_between(FIRST, END)
    }


def test_no_record_is_refused(books):
    assert [one for refused in books.staged.refused.values() for one in refused] == []


def test_every_record_that_posts_sums_to_nought(books):
    for period in books.records:
        lines = books.staged.lines(LEDGER_LINES, period)
        sums = lines.group_by("record_id").aggregate([("amount", "sum")])["amount_sum"]
        assert pc.all(pc.equal(sums, 0)).as_py()


def test_a_pull_makes_the_calls_its_formula_says(books):
    periods = list(books.records)
    assert books.calls[periods[0]] == SOURCE.expected_calls(books.records[periods[0]])
    once = SOURCE.expected_calls({"invoices": 0}) - 1
    for period in periods[1:]:
        assert books.calls[period] == SOURCE.expected_calls(books.records[period]) - once


def test_only_named_classes_explain_and_rounding_stays_within_its_bound(books):
    for period in books.records:
        classes = books.company.residuals(period, books.staged)
        assert set(classes) <= CLASSES
        bound = Decimal("0.005") * books.staged.lines(LEDGER_LINES, period).num_rows
        assert all(abs(amount) <= bound for amount in classes.get("rounding", {}).values())


def test_every_class_occurs_so_that_the_proof_is_of_something(books):
    seen = {name for period in books.records for name in books.company.residuals(period, books.staged)}
    assert seen == CLASSES


def test_every_kind_of_record_occurs_so_that_the_proof_is_of_something(books):
    kinds = {kind for period in books.records for kind in books.staged.lines(LEDGER_LINES, period)["kind"].to_pylist()}
    assert kinds == {
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


def test_a_dropped_document_shows_on_its_accounts(books):
    held = books.staged.tables["invoices", OCTOBER]
    try:
        dropped = next(table for table in held if table.num_rows)
        first = dropped.filter(dropped["posts"])["document_id"][0]
        books.staged.tables["invoices", OCTOBER] = [
            table.filter(pc.not_equal(table["document_id"], first)) for table in held
        ]
        derive_again(books, OCTOBER)
        assert len(unexplained(books, OCTOBER)) >= 2
    finally:
        books.staged.tables["invoices", OCTOBER] = held
        derive_again(books, OCTOBER)
    assert unexplained(books, OCTOBER) == {}


def test_a_swapped_sign_shows(books):
    assert unexplained(books, OCTOBER, sign=-1)


def test_documents_of_the_wrong_month_show_in_both(books):
    first, second = books.staged.tables["bills", SEPTEMBER], books.staged.tables["bills", OCTOBER]
    try:
        books.staged.tables["bills", SEPTEMBER], books.staged.tables["bills", OCTOBER] = [], [*first, *second]
        derive_again(books, SEPTEMBER)
        derive_again(books, OCTOBER)
        assert unexplained(books, SEPTEMBER)
        assert unexplained(books, OCTOBER)
    finally:
        books.staged.tables["bills", SEPTEMBER], books.staged.tables["bills", OCTOBER] = first, second
        derive_again(books, SEPTEMBER)
        derive_again(books, OCTOBER)


def test_books_that_begin_before_the_first_staged_month_tie_out_too(sandbox, token):
    """Payments then settle documents of months that were never staged: they are fetched by id."""
    found = read_books(sandbox, UK, token, [SEPTEMBER])
    assert unexplained(found, SEPTEMBER) == {}
    assert found.staged.refused[LEDGER_LINES, SEPTEMBER] == []


def test_a_planted_cent_shows_on_its_account_and_month_alone(token, sandbox):
    found = read_books(sandbox, UK, token, [SEPTEMBER, OCTOBER])
    planted = control(sandbox, "plant", tenant="uk", account="429", date="2026-10-15", amount="0.01", against="840")
    expected = {planted["account"]: Decimal("0.01"), planted["against"]: Decimal("-0.01")}
    assert unexplained(found, OCTOBER) == expected
    assert unexplained(found, SEPTEMBER) == {}
