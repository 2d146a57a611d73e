"""Journals through the sandbox's own Web Connector, SOAP envelopes and all, each call of it lost, repeated, late or the last."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from ml_connector_dagster.sandbox.quickbooks_desktop.company import FILE_PATH
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.call_log import CallLog
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.calls import Surroundings
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.connector import WebConnector
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import HttpAnswer
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault, FaultPlan
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import CompanyFile, QuickBooks
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.session import REFUSALS
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.wire import Wire
from ml_connector_dagster.sources.quickbooks_desktop.qwc import written
from ml_connector_dagster.sources.quickbooks_desktop.web_connector import SOAP_PATH, SUPPORT_PATH, Endpoint
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster_tests.faults.desktop_office import Office, journal
from ml_connector_dagster_tests.faults.sandbox_books import SandboxBooks
from ml_connector_dagster_tests.faults.test_desktop_journals import assert_in_the_books_once, store

__all__ = ["store"]
NUMBERS = itertools.count(2 * 10**6)
"""Of companies, apart from those of the other harness."""


class Carrier:
    """Carries the Web Connector's HTTP into the endpoint of this process."""

    def __init__(self, office: Office) -> None:
        endpoint = Endpoint(office.sessions)
        routes = [
            Route(SOAP_PATH, endpoint.greet, methods=["GET"]),
            Route(SOAP_PATH, endpoint.call, methods=["POST"]),
            Route(SUPPORT_PATH, endpoint.greet, methods=["GET"]),
        ]
        self._client = TestClient(Starlette(routes=routes), raise_server_exceptions=False)

    def get(self, url: str) -> int:
        return self._client.get(url).status_code

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer = self._client.post(url, headers=dict(headers), content=body)
        return HttpAnswer(answer.status_code, answer.headers["content-type"].partition(";")[0], answer.content)


def machine(office: Office, books: SandboxBooks, plan: FaultPlan, name: str = "first") -> WebConnector:
    """A PC with QuickBooks and a Web Connector to which our .qwc file was added."""
    file = CompanyFile(
        lambda application: Processor(books.program, application=application, wait=lambda _: None), books.company.stamps
    )
    around = Surroundings(
        machine=name,
        quickbooks=QuickBooks({FILE_PATH: file}, open_file=FILE_PATH),
        wire=Wire(Carrier(office)),
        plan=plan,
        log=CallLog(),
        now=lambda: 0.0,
        sleep=lambda _: None,
    )
    connector = WebConnector(around)
    qwc = written(
        connection="brackenridge", company_id=office.company_id, username="u", public_url="http://localhost:8701",
        every_minutes=15,
    )  # fmt: skip
    connector.add(qwc, "password")
    return connector


NO_WORK = REFUSALS["none"][1]
ON_THE_WIRE = ("drop_request", "drop_answer", "repeat", "late", "die_before", "die_after")
FAULTS = [
    *itertools.product(("drop_answer", "repeat", "late"), ("authenticate",), (0,)),
    *itertools.product(ON_THE_WIRE, ("sendRequestXML", "receiveResponseXML"), (0, 1)),
    *itertools.product(("die_before", "die_after", "refuse", "crash"), ("ProcessRequest",), (0, 1)),
    ("drop_request", "closeConnection", 0),
]


@pytest.mark.parametrize(("kind", "call", "skip"), FAULTS)
def test_a_journal_stands_once_whatever_call_is_struck(store: Store, kind: str, call: str, skip: int) -> None:
    """``skip`` 0 strikes the look, 1 the write; even cases have a QuickBooks that forgets message sets."""
    number = next(NUMBERS)
    books = SandboxBooks(remembers=bool(number % 2))
    office = Office(store, f"6b1e9d52-7c3f-4a8e-b0d4-{number:012d}", books)
    plan = FaultPlan()
    connector = machine(office, books, plan)
    office.post(journal("A"))
    plan.plant(CallFault(kind, call, skip=skip, after_calls=2 if kind == "late" else 0))
    while connector.cycle().result != NO_WORK:
        books.now += timedelta(minutes=20)
    assert_in_the_books_once(office)


def test_two_machines_with_one_qwc_file_post_once(store: Store) -> None:
    """Woven call by call, in every order in which the second may come between the first's calls."""
    for pause in range(2, 10):
        number = next(NUMBERS)
        books = SandboxBooks()
        office = Office(store, f"6b1e9d52-7c3f-4a8e-b0d4-{number:012d}", books)
        first, second = (machine(office, books, FaultPlan(), name) for name in ("first", "second"))
        office.post(journal("A"))
        steps = first.session().steps()
        for _ in range(pause):
            next(steps, None)
        books.now += timedelta(minutes=pause % 2 * 7)
        second.cycle()
        for _ in steps:
            pass
        for _ in range(3):
            books.now += timedelta(minutes=20)
            second.cycle()
        assert_in_the_books_once(office)
