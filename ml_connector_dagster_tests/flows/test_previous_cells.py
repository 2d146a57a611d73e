"""Which cells of a slice may hold a figure in Anaplan: the base of a file's zero rows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector_dagster.errors import ConnectorError, SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.previous_cells import previous_cells
from ml_connector_dagster.flows.read_back import ReadBack, ReadBackPlan
from ml_connector_dagster.flows.verify import proof_of
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster_tests.flows.office import ACTUALS, CUSTOMER_LIST, PERIOD, Office

A = {("200", "UK-a"): "1200.50", ("400", "UK-b"): "99.99"}
B = {("200", "UK-a"): "7.00", ("260", "UK-b"): "-3.10", ("400", "UK-b"): 0}


def cells(desk: Office, **asked: object) -> set[tuple[str, str]]:
    found = previous_cells(desk.connection(), ACTUALS, PERIOD, **asked)
    return {(row["Account"], row["Customer"]) for row in found.to_pylist()}


def test_a_slice_never_loaded_into_an_empty_model_has_none(desk: Office) -> None:
    assert cells(desk) == set()


def test_the_last_verified_loads_cells_are_the_base(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    load_target(desk.connection(), desk.plan(B), run_id="r")
    assert cells(desk) == set(B)


def test_protocol_09_the_cells_of_a_load_that_may_have_reached_anaplan_are_added(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    desk.plant(ends="cancelled")
    with pytest.raises(ConnectorError):
        load_target(desk.connection(), desk.plan(B), run_id="r")
    assert cells(desk) == {*A, *B}


def test_a_load_that_never_reached_anaplan_adds_nothing(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    desk.fault("/chunks/0$", method="PUT", status=500, times=0)
    with pytest.raises(ConnectorError):
        load_target(desk.connection(), desk.plan(B), run_id="r")
    assert cells(desk) == set(A)


def test_a_lost_state_database_asks_the_model_in_the_files_own_values(desk: Office) -> None:
    desk.edit("429", "5.00", "UK-b")
    found = previous_cells(desk.connection(), ACTUALS, PERIOD).to_pylist()
    assert found == [
        {
            "Entity": "UK",
            "Version": "Actual",
            "Period": "2026-10-01",
            "Account": "429",
            "Customer": "UK-b",
            "Region": "unassigned",
            "amount": Decimal(5),
        }
    ]


def test_a_restore_asks_the_model_whatever_the_loads_say(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    desk.edit("429", "5.00")
    assert cells(desk, from_model=True) == {*A, ("429", "UK-a")}


def test_a_view_with_fewer_dimensions_than_the_file_cannot_say(desk: Office) -> None:
    assert ACTUALS.read_back is not None
    columns = {name: one for name, one in ACTUALS.read_back.columns.items() if name != "Region"}
    target = ACTUALS.model_copy(update={"read_back": ACTUALS.read_back.model_copy(update={"columns": columns})})
    assert previous_cells(desk.connection(), target, PERIOD, from_model=True).num_rows == 0


def test_documents_keep_their_newest_row(desk: Office) -> None:
    register = ModuleTarget.model_validate(
        {
            "name": "invoice_register",
            "from": "invoices",
            "import": "Invoices from Xero",
            "columns": {
                "Document": "document", "Entity": "=UK", "Customer": "customer", "Number": "number", "Date": "document_date",
                "Due": "due_date", "Status": "status", "Amount": "amount", "Transaction": "transaction_id", "Loaded": "loaded_at",
                "Active": "active",
            },
            "grain": "document",
            "read_back": {"view": "Invoice Register", "line_item": "Amount", "columns": {"Document": "Invoices"}},
        }
    )  # fmt: skip

    def document(number: str, status: str, amount: str) -> dict[str, object]:
        blank = dict.fromkeys(("Customer", "Number", "Transaction", "Loaded"), "x")
        days = {"Date": "2026-10-01", "Due": "2026-10-31"}
        return {
            "Document": number,
            "Entity": "UK",
            "Status": status,
            "Active": "true",
            "amount": Decimal(amount),
            **blank,
            **days,
        }

    for documents in (
        [document("i1", "AUTHORISED", "10"), document("i2", "PAID", "20")],
        [document("i1", "PAID", "10"), document("i2", "PAID", "0")],
    ):
        outcome = load_target(desk.connection(), desk.plan_of(documents, register, period=PERIOD), run_id="r")
        assert outcome.state == "verified"
    desk.plant()
    with pytest.raises(ConnectorError):
        desk.fault("/tasks$", method="POST", status=404, body="{}")
        load_target(
            desk.connection(), desk.plan_of([document("i2", "VOIDED", "0")], register, period=PERIOD), run_id="r"
        )
    found = previous_cells(desk.connection(), register, PERIOD).to_pylist()
    assert {(row["Document"], row["Status"]) for row in found} == {("i1", "PAID"), ("i2", "VOIDED")}
    assert previous_cells(desk.connection(), register, "2026-09").num_rows == 0


def test_a_file_without_its_key_column_keeps_every_row(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    keyless = ACTUALS.model_copy(update={"grain": "line"})
    assert previous_cells(desk.connection(), keyless, PERIOD).num_rows == 2


def test_figures_are_read_by_the_files_columns(desk: Office) -> None:
    load_target(desk.connection(), desk.plan(A), run_id="r")
    found = list(ReadBack(desk.connection().model(), ReadBackPlan.of(ACTUALS, PERIOD)).figures())
    assert {(at["Account"], at["Customer"], at["Period"], value) for at, value in found} == {
        ("200", "UK-a", "Oct 26", Decimal("1200.50")),
        ("400", "UK-b", "Oct 26", Decimal("99.99")),
    }


def test_what_proves_a_load_is_kept_as_plain_facts() -> None:
    facts = proof_of(ACTUALS, PERIOD)["cells"]
    assert ReadBackPlan.from_facts(facts) == ReadBackPlan.of(ACTUALS, PERIOD)
    assert facts["fixed"] == {"Entities": "UK", "Versions": "Actual", "Time": "Oct 26"}
    assert proof_of(CUSTOMER_LIST, PERIOD) == {"members": {"list": "Customers", "column": "Code"}}
    with pytest.raises(SettingWrong, match=r"no read_back"):
        proof_of(ACTUALS.model_copy(update={"read_back": None}), PERIOD)
