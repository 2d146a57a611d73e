"""Prism passes in silence whatever lies below a schema that refers to itself, so the rings of Xero's document are unrolled."""

import jsonschema
import pytest

from ml_connector_dagster_tests.contract.prism import REALITY_DIFFERS, prepared_document
from ml_connector_dagster_tests.contract.specs import xero_document
from ml_connector_dagster_tests.contract.unrolled import rings_of, unrolled

RING = {
    "Invoice": {"properties": {"Payments": {"type": "array", "items": {"$ref": "#/components/schemas/Payment"}}}},
    "Payment": {
        "properties": {
            "Invoice": {"$ref": "#/components/schemas/Invoice"},
            "Amount": {"type": "number"},
            "Currency": {"$ref": "#/components/schemas/Currency"},
        }
    },
    "Currency": {"type": "string"},
}
TOO_DEEP = {"Payments": [{"Invoice": {"Payments": [{"Amount": "ten"}]}}]}


def judge(schemas):
    schema = {"$ref": "#/components/schemas/Invoice", "components": {"schemas": schemas}}
    return jsonschema.Draft4Validator(schema)


def test_a_ring_becomes_copies_and_what_stands_in_none_stays_alone():
    assert rings_of(RING) == {
        "Invoice": {"Invoice", "Payment"},
        "Payment": {"Invoice", "Payment"},
        "Currency": frozenset(),
    }
    made = unrolled(RING, 2)
    assert sorted(made) == ["Currency", "Invoice", "Invoice.1", "Invoice.2", "Payment", "Payment.1", "Payment.2"]
    assert not any(rings_of(made).values())


@pytest.mark.parametrize(("depth", "caught"), [(2, False), (3, True)])
def test_what_is_wrong_is_caught_down_to_the_depth(depth, caught):
    assert judge(unrolled(RING, depth)).is_valid(TOO_DEEP) is not caught
    assert not judge(unrolled(RING, depth)).is_valid({"Payments": [{"Amount": "ten"}]})
    assert judge(unrolled(RING, depth)).is_valid({"Payments": [{"Amount": 10, "Invoice": {"Payments": []}}]})


def test_xeros_own_document_has_rings_and_the_prepared_one_has_none():
    raw = rings_of(xero_document("xero_accounting.yaml")["components"]["schemas"])
    assert {name for name, ring in raw.items() if ring} >= {"Invoice", "CreditNote", "Payment", "Contact", "Prepayment"}
    prepared = prepared_document()
    assert not any(rings_of(prepared["components"]["schemas"]).values())
    assert len(prepared["paths"]) > 30


def test_what_reality_does_otherwise_is_still_in_the_document():
    """An entry that the vendor has mended must leave the list."""
    schemas = xero_document("xero-identity.yaml")["components"]["schemas"]
    for schema, properties in REALITY_DIFFERS.items():
        assert all(schemas[schema]["properties"][name]["format"] for name in properties)
