"""Opens a FreshBooks in a drawer and reads from it."""

import json
from decimal import Decimal

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.freshbooks.context import Chart, Context
from ml_connector_dagster.sources.freshbooks.source import SOURCE
from ml_connector_dagster_tests.sources.freshbooks import payloads
from ml_connector_dagster_tests.sources.staged import StagedInMemory

OCTOBER = Period(2026, 10)
DAY = "2026-10-15"
CONTEXT = Context("USD", Chart.of([payloads.account(name) for name in payloads.ACCOUNTS]))


def wire(record):
    """Answer a record as it comes over the wire: fractions as Decimal."""
    return json.loads(json.dumps(record), parse_float=Decimal)


def read(company, name, period=OCTOBER):
    """Answer the rows and the refusals of an entity."""
    pages = list(company.read(SOURCE.entity(name), period))
    return [row for page in pages for row in page.rows], [one for page in pages for one in page.refused]


def pulled(company, period=OCTOBER):
    """Answer everything of a period, staged."""
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, period)
    return staged


def lines(staged, period=OCTOBER):
    """Answer the ledger lines as dicts."""
    return staged.lines("ledger_lines", period).to_pylist()
