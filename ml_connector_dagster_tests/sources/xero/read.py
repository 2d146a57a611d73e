"""Turns payloads into typed records and rows, as a page would."""

import json
from decimal import Decimal

from ml_connector_dagster.sources.xero.context import Context
from ml_connector_dagster.sources.xero.decode import decode_page
from ml_connector_dagster_tests.sources.xero import payloads

CONTEXT = Context(
    base_currency="GBP",
    options={(payloads.CATEGORY, "North"): payloads.NORTH, (payloads.CATEGORY, "South"): payloads.SOUTH},
)


def typed(endpoint, *records):
    """Answer the records as the page's decoder types them."""
    page = decode_page(endpoint, json.dumps({endpoint: records}).encode())
    assert not page.refused, page.refused
    return page.records


def one(endpoint, record):
    return typed(endpoint, record)[0]


def exact(*amounts):
    return [Decimal(str(amount)) for amount in amounts]
