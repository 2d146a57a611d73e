"""Xero's own examples and schemas against what our reader knows: nothing refused, nothing called drift that is official."""

import json

import msgspec
import pytest

from ml_connector_dagster.sources.xero import parse, wire, wire_reference
from ml_connector_dagster.sources.xero.decode import RECORD_SHAPES, decode_page
from ml_connector_dagster.sources.xero.parse_money import PAYMENT_ENTITY
from ml_connector_dagster_tests.contract.specs import xero_document

SPEC = "xero_accounting.yaml"
MISSPELT = {"Contact.TaxNumbeType": 2}
"""A typing error in the official example; it shows that drift is counted."""
SCHEMAS = {
    "Invoice": wire.Invoice,
    "CreditNote": wire.CreditNote,
    "Prepayment": wire.Prepayment,
    "Overpayment": wire.Overpayment,
    "BankTransaction": wire.BankTransaction,
    "BankTransfer": wire.BankTransfer,
    "ManualJournal": wire.ManualJournal,
    "Payment": wire.Payment,
    "LineItem": wire.Line,
    "ManualJournalLine": wire.Line,
    "Account": wire_reference.Account,
    "Contact": wire_reference.Contact,
    "TrackingCategory": wire_reference.TrackingCategory,
}

OTHER_TYPES = {"ACCPAYCREDIT", "APOVERPAYMENT", "APPREPAYMENT", "ACCRECCREDIT", "AROVERPAYMENT", "ARPREPAYMENT"}
"""Xero's schema of Invoice lists the types that an invoice stands in for inside other records."""


def examples(endpoint):
    """Yield every official answer of an endpoint's GETs, as bytes."""
    plural, _ = RECORD_SHAPES[endpoint]
    for path, operations in xero_document(SPEC)["paths"].items():
        if path.strip("/").split("/")[0] != endpoint or "get" not in operations:
            continue
        answers = operations["get"]["responses"].get("200", {}).get("content", {}).get("application/json", {})
        example = answers.get("example")
        example = json.loads(example) if isinstance(example, str) else example
        if example and plural in example:
            records = example[plural] if isinstance(example[plural], list) else [example[plural]]
            yield json.dumps(example | {plural: records}).encode()


@pytest.mark.parametrize("endpoint", sorted(RECORD_SHAPES))
def test_every_official_example_is_read(endpoint):
    pages = [decode_page(endpoint, content) for content in examples(endpoint)]
    assert pages
    assert [one for page in pages for one in page.refused] == []
    assert [page.unknown_fields for page in pages if page.unknown_fields not in ({}, MISSPELT)] == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_official_field_is_known(schema):
    official = xero_document(SPEC)["components"]["schemas"][schema]["properties"]
    known = {one.encode_name for one in msgspec.structs.fields(SCHEMAS[schema])}
    assert set(official) <= known


def test_every_status_and_type_of_the_specification_has_a_meaning():
    schemas = xero_document(SPEC)["components"]["schemas"]
    for shape, kinds in parse._KINDS.items():
        properties = schemas[shape.__name__]["properties"]
        assert set(properties["Type"]["enum"]) <= set(kinds) | OTHER_TYPES
        assert set(properties["Status"]["enum"]) <= set(parse._STATUSES[shape])
    assert set(schemas["Payment"]["properties"]["PaymentType"]["enum"]) <= set(PAYMENT_ENTITY)
    assert set(schemas["ManualJournal"]["properties"]["Status"]["enum"]) <= set(parse._JOURNAL_STATUS)
