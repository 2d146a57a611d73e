import json
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RequestRejected, TemporarilyRefused
from ml_connector_dagster.sources.xero.decode import RECORD_SHAPES, decode_page
from ml_connector_dagster_tests.sources.xero import payloads


def page(*records, endpoint="Invoices", **more):
    return json.dumps({"Id": "x", "DateTimeUTC": "/Date(1777034754042)/", endpoint: records} | more).encode()


def test_a_page_knows_where_it_stands_and_what_time_it_is():
    read = decode_page(
        "Invoices", page(payloads.invoice(), pagination={"page": 2, "pageSize": 1, "pageCount": 3, "itemCount": 3})
    )
    assert (read.pagination.page, read.pagination.page_count, read.pagination.item_count) == (2, 3, 3)
    assert read.server_time == "/Date(1777034754042)/"


def test_an_unpaged_answer_has_no_pagination():
    assert decode_page("Invoices", page(payloads.invoice())).pagination is None


def test_an_amount_never_passes_through_a_float():
    written = b'{"Invoices":[{"Type":"ACCREC","InvoiceID":"i","Status":"PAID","Total":0.1000000000000000055511}]}'
    assert decode_page("Invoices", written).records[0].total == Decimal("0.1000000000000000055511")


def test_an_unknown_field_is_counted_and_harms_nothing():
    novel = payloads.invoice(Sparkle=1) | {"LineItems": [payloads.line(Glow={"deep": 1})]}
    read = decode_page("Invoices", page(novel, payloads.invoice(Sparkle=2)))
    assert read.unknown_fields == {"Invoice.Sparkle": 2, "Line.Glow": 1}
    assert [len(record.line_items) for record in read.records] == [1, 1]
    assert read.records[0].total == 120


def test_an_amount_on_a_page_with_drift_is_exact_too():
    read = decode_page("Invoices", page(payloads.invoice(lines=[payloads.line(0.1, 0.02)], Sparkle=1)))
    assert read.records[0].line_items[0].line_amount == Decimal("0.1")


def test_pagination_survives_drift():
    read = decode_page(
        "Invoices", page(payloads.invoice(Sparkle=1), pagination={"page": 1, "pageCount": 4, "itemCount": 9})
    )
    assert read.pagination.page_count == 4


def test_one_record_that_does_not_fit_is_refused_alone():
    broken = payloads.invoice(Total={"not": "money"})
    read = decode_page("Invoices", page(payloads.invoice(), broken, payloads.invoice()))
    assert len(read.records) == 2
    assert [one.record_id for one in read.refused] == [broken["InvoiceID"]]
    assert json.loads(read.refused[0].raw)["InvoiceID"] == broken["InvoiceID"]


def test_a_record_that_is_no_object_is_refused_without_id():
    read = decode_page("Invoices", page("nonsense"))
    assert [one.record_id for one in read.refused] == [""]


def test_a_record_whose_id_is_no_text_is_refused_without_id():
    assert decode_page("Invoices", page(payloads.invoice(InvoiceID=5))).refused[0].record_id == ""


def test_a_null_is_a_missing_field():
    read = decode_page("Invoices", page(payloads.invoice(CurrencyCode=None)))
    assert read.records[0].currency_code == ""
    assert not read.refused


def test_an_answer_without_its_records_is_no_empty_list():
    with pytest.raises(RequestRejected, match="not an empty list"):
        decode_page("Invoices", b'{"Status":"OK"}')


@pytest.mark.parametrize("content", [b"<html>Bad gateway</html>", b"<Response/>", b"", b'{"Invoices":[{"Ty'])
def test_an_answer_that_is_no_json_is_tried_again(content):
    with pytest.raises(TemporarilyRefused, match="no JSON"):
        decode_page("Invoices", content)


def test_every_id_of_a_page_is_known_refused_ones_included():
    good, broken = payloads.invoice(), payloads.invoice(Total=[])
    assert decode_page("Invoices", page(good, broken)).ids == {good["InvoiceID"], broken["InvoiceID"]}


@pytest.mark.parametrize("endpoint", RECORD_SHAPES)
def test_every_shape_has_a_record_id(endpoint):
    plural, shape = RECORD_SHAPES[endpoint]
    assert plural.startswith(endpoint[:5])
    assert "record_id" in shape.__struct_fields__
