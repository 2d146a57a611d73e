"""Books against ledger lines over every month, straight from the sandbox's API, and one month loaded into its model.

The sandbox posts to a ledger of its own and reports from it. What is left between its trial balance and the lines of its
general ledger after the named classes must be nothing, in every month and account. The negative controls are in
``test_every_source_in_its_sandbox``.
"""

from decimal import Decimal

import pyarrow.compute as pc
import pytest

from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.reparse import reparse
from ml_connector_dagster.flows.tie_out import tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.quickbooks_online.source import SOURCE

FIRST, END = Period(2023, 12), Period(2026, 12)
MONTH = "2026-10"
MODULES = ("actuals", "balances", "invoice_register")
OPENED_ONCE = 3
"""Preferences, items and company info are asked for with the first month alone."""
pytestmark = pytest.mark.xdist_group("quickbooks_in_sandbox")


def test_every_month_ties_out_to_the_cent_for_the_calls_of_the_formula(company):
    """One reading of three years, judged in every respect: reading them is what takes the time."""
    company.connection.close()
    reader, left, classes, made, wanted = company.connection.reader(), {}, {}, {}, {}
    for period in periods_between(FIRST, END):
        before = company.connection.source_calls
        records = company.staged.pull(reader, SOURCE.entities, period)
        classes[period] = reader.residuals(period, company.staged)
        left[period] = company.unexplained(period)
        made[period] = company.connection.source_calls - before
        opened = 0 if period == FIRST else OPENED_ONCE
        chart = 2 if period.month == 1 else 0
        wanted[period] = SOURCE.expected_calls(records) - opened + 2 + chart
    assert not any(left.values()), {period: one for period, one in left.items() if one}
    assert [one for refused in company.staged.refused.values() for one in refused] == []
    assert all(every_record_sums_to_nought(company, period) for period in left)
    assert {period.month: set(found) for period, found in classes.items() if found} == {1: {"retained_earnings"}}
    assert made == wanted


def every_record_sums_to_nought(company, period):
    lines = company.staged.lines(LEDGER_LINES, period)
    sums = lines.group_by("record_id").aggregate([("amount", "sum")])["amount_sum"]
    return lines.num_rows > 0 and pc.all(pc.equal(sums, 0)).as_py()


def test_every_check_holds(company):
    assert [one for one in company.connection.reader().checks() if not one.holds] == []


@pytest.fixture(scope="module")
def pulled(company):
    """Entity to what reading the month answered, by a company opened afresh: some calls are made once for each."""
    company.connection.close()
    return {entity.name: pull(company.connection, entity.name, MONTH) for entity in SOURCE.entities}


def test_a_pull_makes_the_calls_that_the_formula_says_and_refuses_nothing(pulled):
    assert {name: one.calls for name, one in pulled.items()} == {
        name: one.expected_calls for name, one in pulled.items()
    }
    assert {one.quarantined for one in pulled.values()} == {0}
    assert {name: one.drift for name, one in pulled.items() if one.drift} == {}
    assert pulled[LEDGER_LINES].moved == ""


def test_kept_answers_are_read_again_to_the_same_rows_without_a_call(company, pulled):
    calls = company.connection.source_calls
    again = reparse(company.connection, MONTH)
    assert [one for one in again if one.changed or one.says] == []
    assert {one.entity: one.records for one in again} == {name: one.records for name, one in pulled.items()}
    assert company.connection.source_calls == calls


def test_books_staged_and_anaplan_agree_for_every_module(company, pulled):
    del pulled
    connection = company.connection
    connection.model().patience = Patience(first_look_seconds=0.01, look_seconds=0.02)
    for target in (*(one.name for one in connection.settings.lists), *MODULES):
        load_target(connection, translate(connection, target, MONTH), run_id="test")
    for module in MODULES:
        result = tie_out(connection, module, MONTH)
        assert result.holds, result.says
        assert result.unexplained == Decimal("0.00")
        assert result.staged == result.anaplan
        assert result.books == result.staged + sum(result.residuals.values())
