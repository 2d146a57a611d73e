"""The demo company's whole way: pulled, translated, loaded into its own Anaplan model, and tied out three ways."""

from decimal import Decimal

import pytest

from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.reparse import reparse
from ml_connector_dagster.flows.tie_out import tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sources.in_sandbox import sandboxed_company

PERIOD = "2026-10"
MODULES = ("actuals", "balances", "invoice_register")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The connection after one month went all the way, with what each pull answered."""
    home = tmp_path_factory.mktemp("lantern_loom")
    with running(World.new(task_seconds=0.0)) as sandbox, sandboxed_company(sandbox, "freshbooks", home) as company:
        opened = company.connection
        pulled = {entity.name: pull(opened, entity.name, PERIOD) for entity in opened.source.entities}
        opened.model().patience = Patience(first_look_seconds=0.01, look_seconds=0.02)
        for target in (*(one.name for one in opened.settings.lists), *MODULES):
            load_target(opened, translate(opened, target, PERIOD), run_id="test")
        yield opened, pulled


@pytest.mark.parametrize("target", MODULES)
def test_books_staged_and_anaplan_agree(demo, target):
    result = tie_out(demo[0], target, PERIOD)
    assert result.holds, result.says
    assert result.unexplained == Decimal("0.00")
    assert result.books == result.staged == result.anaplan
    assert result.anaplan


def test_nothing_was_refused_and_what_is_not_in_the_figures_is_counted(demo):
    _, pulled = demo
    assert {one.quarantined for one in pulled.values()} == {0}
    assert {one.moved for one in pulled.values()} == {""}
    assert pulled["ledger_lines"].drift["Unassigned vendor"]
    assert {"Books in CAD, no rate"} <= set(pulled["ledger_lines"].drift)


def test_a_pull_makes_at_least_the_calls_of_the_formula_and_exactly_where_lists_can_be_narrowed(demo):
    made = {name: (one.calls, one.expected_calls) for name, one in demo[1].items()}
    by_need = ("bills", "bill_payments", "other_income", "journal_entries")
    assert [name for name, (calls, expected) in made.items() if name not in by_need and calls != expected] == []
    assert all(made[name][0] >= made[name][1] for name in by_need)


def test_a_month_is_translated_anew_from_its_kept_answers_without_a_call(demo):
    opened, pulled = demo
    calls = opened.source_calls
    again = {one.entity: one for one in reparse(opened, PERIOD)}
    assert [one for one in again.values() if one.changed or one.says] == []
    assert {name: one.records for name, one in again.items()} == {name: one.records for name, one in pulled.items()}
    assert opened.source_calls == calls
