"""Which .qwc files the Web Connector takes: Programmer's Guide chapter 4 and its table of errors."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import ApplicationRefused, read_qwc
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.web_connector.service import (
    ELEMENTS,
    OWNER_ID,
    PASSWORD,
    Office,
    qwc,
)

SECURE = {"AppURL": "https://books.example.com/soap", "AppSupport": "https://books.example.com/support"}


def test_everything_that_counts_is_read():
    application = read_qwc(
        qwc(
            **SECURE,
            AppUniqueName="ml-connector one",
            CertURL="https://books.example.com/",
            Style="rpc",
            AuthFlags="0xC",
            IsReadOnly="false",
        )
    )
    assert application.name == "ml-connector one"
    assert application.url == SECURE["AppURL"]
    assert application.certificate_url == "https://books.example.com/"
    assert (application.style, application.auth_flags, application.reads_only) == ("RPC", 12, False)
    assert (application.owner_id, application.every_seconds) == (OWNER_ID, 900.0)


@pytest.mark.parametrize("name", [name for name in ELEMENTS if name != "Scheduler"])
def test_a_file_without_a_required_element_is_not_added(name):
    with pytest.raises(ApplicationRefused, match=f"QBWC1039.*{name}"):
        read_qwc(qwc(**{name: None}))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"AppName": ""}, "QBWC1039"),
        ({"OwnerID": "a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084"}, "QBWC1039"),
        ({"FileID": "{1}"}, "QBWC1039"),
        ({"QBType": "QBPOS"}, "QBWC1039"),
        ({"Style": "Literal"}, "QBWC1039"),
        ({"AppURL": "http://books.example.com/soap"}, "QBWC1010"),
        ({"AppURL": "ftp://localhost/soap"}, "QBWC1010"),
        ({"AppURL": "https://10.0.0.5/soap"}, "QBWC1001"),
        ({"AppURL": "http://127.0.0.1:8701/soap"}, "QBWC1001"),
        ({"AppURL": "https://[::1]/soap"}, "QBWC1001"),
        ({**SECURE, "AppSupport": "https://10.0.0.5/support"}, "QBWC1002"),
        ({**SECURE, "AppSupport": "https://example.com/support"}, "QBWC1000"),
    ],
)
def test_addresses_and_values_that_it_does_not_take(changed, code):
    with pytest.raises(ApplicationRefused) as refused:
        read_qwc(qwc(**changed))
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["no xml", "<QBWC/>"])
def test_what_is_no_qwc_file_is_not_added(text):
    with pytest.raises(ApplicationRefused, match="QBWC1039"):
        read_qwc(text)


def test_localhost_may_be_plain_and_supported_elsewhere():
    assert read_qwc(qwc(AppSupport="https://books.example.com/support")).support.startswith("https://books")


@pytest.mark.parametrize(
    ("scheduler", "seconds"),
    [
        ("<RunEveryNSeconds>30</RunEveryNSeconds><RunEveryNMinutes>2</RunEveryNMinutes>", 30.0),
        ("<RunEveryNMinutes>2</RunEveryNMinutes><RunEveryNSeconds>30</RunEveryNSeconds>", 120.0),
        ("", 3600.0),
    ],
)
def test_of_two_intervals_the_first_one_wins(scheduler, seconds):
    assert read_qwc(qwc(Scheduler=scheduler)).every_seconds == seconds


@pytest.mark.parametrize(
    ("page", "status", "code"),
    [("support", 404, "QBWC1003"), ("support", 202, ""), ("soap", 405, "QBWC1048"), ("soap", 202, "QBWC1048")],
)
def test_the_support_page_and_the_service_are_looked_at_before_anything_is_called(page, status, code):
    office = Office()
    office.service.statuses[page] = status
    try:
        office.connector.add(qwc(), PASSWORD)
        said = ""
    except ApplicationRefused as refused:
        said = refused.code
    assert (said, office.service.heard) == (code, [])


def test_a_file_that_cannot_be_opened_when_the_application_comes_is_said_at_once():
    office = Office()
    office.quickbooks.open_file = ""
    with pytest.raises(ApplicationRefused, match="QBWC1023"):
        office.connector.add(qwc(), PASSWORD)
    with pytest.raises(ValueError, match="No application"):
        office.connector.cycle()
