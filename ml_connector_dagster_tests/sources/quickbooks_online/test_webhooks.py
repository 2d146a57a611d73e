"""Webhooks: the signature over the raw body, and both forms of payload. The vectors were made with openssl."""

from datetime import UTC, datetime

import pytest

from ml_connector_dagster.errors import RequestRejected
from ml_connector_dagster.sources.quickbooks_online.webhooks import WebhookEvent, events_in, is_from_intuit

TOKEN = "verifier-of-tests"
REALM = "9341453987654321"
CLOUD_EVENTS = (
    b'[{"specversion":"1.0","id":"7d9e5f2a-0001","source":"intuit.x","type":"qbo.invoice.updated.v1",'
    b'"datacontenttype":"application/json","time":"2025-09-10T21:31:25.179851517Z","intuitentityid":"145",'
    b'"intuitaccountid":"9341453987654321","data":{}}]'
)
NOTIFICATIONS = (
    b'{"eventNotifications":[{"realmId":"9341453987654321","dataChangeEvent":{"entities":[{"name":"Customer","id":"8",'
    b'"operation":"Merge","lastUpdated":"2026-10-05T07:00:00Z","deletedId":"9"}]}}]}'
)
VECTORS = {
    CLOUD_EVENTS: "JzTwR5qV8MpGRxEu2rURp6o4Y696jGmQIGFx3R+JseY=",
    NOTIFICATIONS: "latZECZJx1l3BSvwNh/yeKxupgNih27gnf5r4QIV5ZU=",
}


@pytest.mark.parametrize("body", VECTORS, ids=["cloud_events", "notifications"])
def test_a_body_is_intuits_only_with_its_own_signature(body):
    signature = VECTORS[body]
    assert is_from_intuit(body, signature, TOKEN)
    assert not is_from_intuit(body + b" ", signature, TOKEN)
    assert not is_from_intuit(body, signature, "another")
    assert not is_from_intuit(body, signature, "")
    assert not is_from_intuit(body, "", TOKEN)
    assert not is_from_intuit(body, "ünsigned", TOKEN)


def test_a_cloud_event_names_company_record_and_what_was_done():
    at = datetime(2025, 9, 10, 21, 31, 25, 179_851, UTC)
    assert events_in(CLOUD_EVENTS) == [WebhookEvent(REALM, "Invoice", "145", "updated", at, "7d9e5f2a-0001")]


def test_the_older_form_names_the_loser_of_a_merge():
    (event,) = events_in(NOTIFICATIONS)
    assert (event.word, event.record_id, event.operation, event.merged_id) == ("Customer", "8", "merged", "9")


def test_an_entity_that_is_not_read_is_named_as_it_came():
    assert events_in(CLOUD_EVENTS.replace(b"invoice", b"budget"))[0].word == "budget"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{}",
        b'"text"',
        b'[{"type":"qbo.invoice.updated.v1"}]',
        CLOUD_EVENTS.replace(b"2025-09-10T", b""),
        CLOUD_EVENTS.replace(b"qbo.invoice", b"payroll"),
        NOTIFICATIONS.replace(b'"Merge"', b'"Explode"'),
    ],
)
def test_what_is_neither_form_is_refused(body):
    with pytest.raises(RequestRejected, match="cannot be read"):
        events_in(body)
