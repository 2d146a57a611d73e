"""The demo company's October into its own Anaplan model: read, translated, loaded, tied out against what the model answers."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.connections.settings import load_connection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.flows.tie_out import tie_out
from ml_connector_dagster.flows.translate import translate
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging
from ml_connector_dagster_tests.connections.sandboxed import DEMO
from ml_connector_dagster_tests.sources.in_sandbox import sandboxed_company

PERIOD = "2026-10"


@pytest.fixture(scope="module")
def marlow(tmp_path_factory):
    with (
        running(World.new(today=date(2026, 11, 20), task_seconds=0.0)) as sandbox,
        sandboxed_company(sandbox, "zoho_books", tmp_path_factory.mktemp("marlow")) as company,
    ):
        connection = company.connection
        connection.model().patience = Patience(first_look_seconds=0.01, look_seconds=0.02)
        pulled = {entity.name: pull(connection, entity.name, PERIOD) for entity in connection.source.entities}
        targets = (*connection.settings.lists, *connection.settings.modules)
        for target in targets:
            load_target(connection, translate(connection, target.name, PERIOD), run_id="test")
        yield company, pulled


def test_nothing_is_set_aside_and_no_call_is_beyond_the_formula(marlow):
    _, pulled = marlow
    assert [outcome.refused for outcome in pulled.values() if outcome.quarantined] == []
    assert [outcome.moved for outcome in pulled.values() if outcome.moved] == []
    beyond = {name: one for name, one in pulled.items() if name != "ledger_lines" and one.calls > one.expected_calls}
    assert beyond == {}


@pytest.mark.parametrize("module", ["actuals", "balances", "commitments", "invoice_register"])
def test_every_module_ties_out_to_what_the_model_answers(marlow, module):
    company, _ = marlow
    result = tie_out(company.connection, module, PERIOD)
    assert result.holds, result.says
    assert result.unexplained == 0
    assert result.books == result.staged == result.anaplan
    assert result.staged


def test_commitments_are_no_part_of_actuals(marlow):
    """An order moves no figure of the ledger; its lines stand on the account that will be billed."""
    company, pulled = marlow
    connection = company.connection
    assert pulled["commitment_lines"].total > Decimal(0)
    staged = StagedCompany(Staging(connection.store, connection.blobs), connection.name)
    tables = staged.batches("ledger_lines", Period.parse(PERIOD))
    assert "purchase_order" not in {kind for table in tables for kind in table["kind"].to_pylist()}


def test_commitments_carry_nothing_forward(tmp_path):
    """The open remainder of a month's end holds the months before already."""
    written = (DEMO / "marlow_home" / "defs.yaml").read_text().split("- name: commitments")
    path = tmp_path / "defs.yaml"
    path.write_text("- name: commitments".join([written[0], written[1].replace("movement", "closing_balance", 1)]))
    with pytest.raises(SettingWrong, match="commitment_lines carries nothing forward"):
        load_connection(path)
