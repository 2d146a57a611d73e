"""Measured 0.6 and 0.9 CPU seconds; the bounds catch a quadratic slip and leave room for coverage and busy machines."""

import time
from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.anaplan.actions import run_action
from ml_connector_dagster.sandbox.anaplan.grid import read_grid
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.world import World

ROWS = 60_000


@pytest.fixture(scope="module")
def model():
    model = next(iter(World.new().part(Tenant).models.values()))
    for number in range(200, 280):
        model.list_named("Accounts").create(f"Account {number}", str(number))
    for number in range(375):
        model.list_named("Customers").create(f"Customer {number}", f"C{number}")
    for code in "NS":
        model.list_named("Regions").create(f"Region {code}", code)
    return model


def file() -> bytes:
    rows = [
        f"UK,Actual,2026-10-01,{200 + n % 80},C{n // 160},{'N' if n // 80 % 2 else 'S'},{n}.{n % 100:02d}"
        for n in range(ROWS)
    ]
    return "\r\n".join(["Entity,Version,Period,Account,Customer,Region,Amount", *rows]).encode()


def test_60_000_rows_import_and_read_back_to_the_cent(model):
    model.files.write(model.file_named("actuals.csv").id, "u", file())
    began = time.process_time()
    outcome = run_action(model, model.import_named("Actuals from Xero").id, "u", {})
    imported = time.process_time() - began
    assert outcome.successful
    began = time.process_time()
    month = model.calendar.by_name("Oct 26").id
    grid = read_grid(model, model.view_named("Actuals by entity"), {"20000000003": month})
    read = time.process_time() - began
    assert len(grid.rows) == ROWS - 1  # the first amount is 0.00, which a view of values hides
    total = sum((values[0] for _, values in grid.rows), Decimal(0))
    assert total == sum((Decimal(f"{n}.{n % 100:02d}") for n in range(ROWS)), Decimal(0))
    assert imported < 12
    assert read < 12
