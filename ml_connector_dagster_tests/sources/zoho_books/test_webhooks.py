"""Deliveries of Zoho's webhooks: the vectors of the reference, and what a payload speaks of."""

import base64

import pytest

from ml_connector_dagster.sources.zoho_books.webhooks import Wake, is_genuine, signed_text, wakes

SECRET = "mlconnector4711"
BODY = b'{"invoice":{"invoice_id":"460000000000000001","total":598.00}}'
QUERY = [("flow", "zb1"), ("organization_id", "10234695")]
FORM = [("JSONString", '{"a":1}'), ("b", "x y")]
BY_BODY = "1024ab2c500c6bf09afcbb3a496d47a6ea7b8101c11a4a3a61ea4536f09a140a"
BY_FORM = "856a589d3570fc9c06aeada81a34c8dfa208c30078767714dc936e2015fae1ed"


def test_the_signed_text_is_sorted_pairs_without_separators_and_the_raw_body():
    assert signed_text(QUERY[::-1], (), BODY) == b"flowzb1organization_id10234695" + BODY
    assert signed_text(QUERY[:1], FORM, b"") == b'JSONString{"a":1}bx yflowzb1'


@pytest.mark.parametrize(
    "written", [str.lower, str.upper, lambda hexed: base64.b64encode(bytes.fromhex(hexed)).decode()]
)
def test_a_genuine_delivery_is_taken_in_hex_and_base64(written):
    assert is_genuine(SECRET, written(BY_BODY), query=QUERY, body=BODY)
    assert is_genuine(SECRET, f" {written(BY_FORM)} ", query=QUERY[:1], form=FORM)


@pytest.mark.parametrize(
    ("signature", "body", "secret"),
    [
        (BY_BODY, BODY + b" ", SECRET),
        (BY_BODY, BODY, "another4711"),
        (BY_FORM, BODY, SECRET),
        (BY_BODY[:-2], BODY, SECRET),
        ("", BODY, SECRET),
        ("no signature", BODY, SECRET),
    ],
)
def test_anything_else_is_refused(signature, body, secret):
    assert not is_genuine(secret, signature, query=QUERY, body=body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (BODY, (Wake("invoices", "460000000000000001", "add_edit", ""),)),
        (
            b'{"entity":"bill","verb":"delete","id":"46","lmt":"2026-06-09T13:14:55-0400"}',
            (Wake("bills", "46", "delete", "2026-06-09T13:14:55-0400"),),
        ),
        (b'{"entity":"bill","verb":"delete"}', ()),
        (b'{"estimate":{"estimate_id":"1"}}', ()),
        (b"[]", ()),
        (b"<html>", ()),
    ],
)
def test_a_payload_names_what_to_read_again(body, found):
    assert wakes(body, verb="add_edit") == found
