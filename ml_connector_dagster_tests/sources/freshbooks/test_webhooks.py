import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.freshbooks.webhooks import is_from_freshbooks, parse_notice, signature, signed_text

KEY = "verifier-4711"
INVOICE = b"name=invoice.create&object_id=1234567&account_id=6BApk&business_id=6543&identity_id=777&user_id=1"
BILL = b"name=bill.update&object_id=9&account_id=6BApk&note=caf%C3%A9+%26+co"
VECTORS = [
    (
        INVOICE,
        (
            '{"name": "invoice.create", "object_id": "1234567", "account_id": "6BApk", "business_id": "6543", '
            '"identity_id": "777", "user_id": "1"}'
        ),
        "/q/EIX1/4WGYWKwv9iz23Scl/ZUXwM961GtWOZVVCwY=",
    ),
    (
        BILL,
        '{"name": "bill.update", "object_id": "9", "account_id": "6BApk", "note": "caf\\u00e9 & co"}',
        "P3Sx1upAZvSSk69TAEc6QzgErVNqrsAe6MXp5Jl9IhM=",
    ),
]


@pytest.mark.parametrize(("body", "text", "sign"), VECTORS, ids=["invoice", "bill"])
def test_the_signature_covers_the_fields_as_json(body, text, sign):
    assert signed_text(body) == text
    assert signature(body, KEY) == sign
    assert is_from_freshbooks(body, KEY, sign)
    assert not is_from_freshbooks(body, "another", sign)
    assert not is_from_freshbooks(body + b"1", KEY, sign)


def test_what_is_no_text_is_not_from_freshbooks():
    assert not is_from_freshbooks(b"\xff", KEY, "x")
    assert not is_from_freshbooks(INVOICE, KEY, "é")
    with pytest.raises(RequestRejected):
        parse_notice(b"\xff", "6BApk")


def test_a_delivery_names_ids_alone():
    notice = parse_notice(INVOICE, "6BApk")
    assert (notice.name, notice.object_id, notice.is_handshake) == ("invoice.create", "1234567", False)


def test_the_handshake_carries_the_key():
    notice = parse_notice(b"name=callback.verify&object_id=2001&verifier=abc&account_id=6BApk", "6BApk")
    assert notice.is_handshake
    assert notice.verifier == "abc"
    assert "abc" not in repr(notice)


@pytest.mark.parametrize(
    "body", [b"name=invoice.create&object_id=1&account_id=other", b"object_id=1&account_id=6BApk", b""]
)
def test_another_companys_delivery_is_refused(body):
    with pytest.raises(RequestRejected):
        parse_notice(body, "6BApk")
