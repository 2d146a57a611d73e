"""A company file that answers when its machine calls: asked once, read when complete, refused in words."""

from datetime import timedelta

import pytest

from ml_connector_dagster.errors import AnswerAwaited, CredentialRefused, RequestRejected, SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_desktop.company import DesktopCompany
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind
from ml_connector_dagster.sources.quickbooks_desktop.queue import Wanted
from ml_connector_dagster.sources.quickbooks_desktop.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_desktop import payloads
from ml_connector_dagster_tests.sources.quickbooks_desktop.desk import Desk, fresh_store, session_of
from ml_connector_dagster_tests.sources.quickbooks_desktop.fake_file import FakeFile

OCTOBER, SEPTEMBER = Period(2026, 10), Period(2026, 9)
BILLS, CUSTOMERS = SOURCE.entity("bills"), SOURCE.entity("customers")


def made(**records):
    desk = Desk(fresh_store(), FakeFile(records))
    return DesktopCompany(session_of(desk)), desk


def awaited(ask, *given):
    with pytest.raises(AnswerAwaited) as waits:
        list(ask(*given))
    return str(waits.value)


def test_what_is_not_there_is_asked_for_once_and_read_when_it_is():
    bill = payloads.document("bills", OCTOBER.first_on)
    company, desk = made(bills=[bill])
    assert "has never called" in awaited(company.read, BILLS, OCTOBER)
    awaited(company.read, BILLS, OCTOBER)
    desk.run()
    assert desk.calls == 1
    (page,) = company.read(BILLS, OCTOBER)
    assert [row.document_id for row in page.rows] == [bill.txn_id]
    assert company.session.meter.calls == 1
    assert list(company.read(BILLS, OCTOBER)) == [page]
    assert company.session.meter.calls == 1


def test_what_was_published_is_asked_for_anew():
    company, desk = made()
    awaited(company.read, BILLS, OCTOBER)
    desk.run()
    (answer,) = SOURCE.later.arrived(desk.store, payloads.FILE_ID)
    assert (answer.entity, answer.period) == ("bills", str(OCTOBER))
    assert answer.began_at <= answer.arrived_at
    SOURCE.later.published(desk.store, payloads.FILE_ID, answer.entity, answer.period, "run")
    awaited(company.read, BILLS, OCTOBER)
    (waiting,) = SOURCE.later.waiting(desk.store, payloads.FILE_ID)
    assert (waiting.entity, waiting.period) == ("bills", str(OCTOBER))
    assert waiting.since > answer.began_at - timedelta(minutes=1)


def test_one_answer_of_a_list_serves_every_period():
    company, desk = made()
    awaited(company.read, CUSTOMERS, OCTOBER)
    desk.run()
    assert list(company.read(CUSTOMERS, SEPTEMBER))


def test_the_company_is_known_after_any_session_and_asked_for_before_the_first():
    company, desk = made()
    awaited(lambda: [company.company()])
    desk.run()
    assert company.company().name == "Brackenridge Supply Co."


def test_the_ledger_its_balances_and_the_company_are_one_answer():
    company, desk = made()
    lines = SOURCE.entity("ledger_lines")
    awaited(company.read, lines, OCTOBER)
    desk.run()
    assert list(company.read(lines, OCTOBER))
    assert company.control(OCTOBER) == []
    assert company.residuals(OCTOBER, None) == {}
    assert desk.calls == company.session.meter.calls == 8


def test_a_refused_question_is_said_once_and_asked_anew_by_the_next_read():
    company, desk = made()
    desk.file.refusal = (3000, "The given object ID is invalid.")
    awaited(company.read, BILLS, OCTOBER)
    desk.run()
    assert [one.entity for one in SOURCE.later.arrived(desk.store, payloads.FILE_ID)] == ["bills"]
    assert not SOURCE.later.waiting(desk.store, payloads.FILE_ID)
    with pytest.raises(RequestRejected, match="object ID is invalid"):
        list(company.read(BILLS, OCTOBER))
    assert not SOURCE.later.arrived(desk.store, payloads.FILE_ID)
    desk.file.refusal = None
    awaited(company.read, BILLS, OCTOBER)
    desk.run()
    assert list(company.read(BILLS, OCTOBER))


def test_a_missing_permission_names_where_it_is_given():
    company, desk = made()
    desk.file.refusal = (3260, "Insufficient permission level to perform this action.")
    awaited(company.read, BILLS, OCTOBER)
    desk.run()
    with pytest.raises(CredentialRefused, match="Integrated Applications"):
        list(company.read(BILLS, OCTOBER))


def test_documents_are_fetched_by_id_wherever_they_stand_and_the_answer_is_spent():
    old = payloads.document("bills", SEPTEMBER.first_on)
    company, desk = made(bills=[old])
    awaited(company.read_ids, BILLS, [old.txn_id, "gone"])
    desk.run()
    (page,) = company.read_ids(BILLS, [old.txn_id, "gone"])
    assert [row.document_id for row in page.rows] == [old.txn_id]
    awaited(company.read_ids, BILLS, [old.txn_id, "gone"])
    assert list(company.read_ids(SOURCE.entity("ledger_lines"), ["1"])) == []
    assert not SOURCE.later.arrived(desk.store, payloads.FILE_ID)


def test_a_check_says_what_came_and_asks_every_question_once():
    company, desk = made(ledger_lines=[])
    (never,) = company.checks()
    assert not never.holds
    awaited(lambda: [company.company()])
    desk.run()
    machine, file, questions = company.checks()
    assert (machine.holds, file.holds, questions.holds) == (True, True, False)
    assert "run the check again" in questions.says
    desk.run()
    assert [one.holds for one in company.checks()] == [True, True, True]


def test_journals_that_we_posted_are_known_by_the_id_that_quickbooks_gave_them():
    company, _ = made()
    posted = {"dedupe_key": "a", "txn_id": "1F-1700000000", "payload": {}}
    company.queue.enqueue(Wanted("op-1", Kind.JOURNAL_ADD, **posted), Wanted("op-2", Kind.JOURNAL_ADD, "b", {}))
    assert company.posted() == {"1F-1700000000"}


def test_without_a_state_database_nothing_can_be_asked():
    desk = Desk(fresh_store(), FakeFile())
    with pytest.raises(SettingWrong, match="without the state database"):
        DesktopCompany(CompanySession(desk, "", payloads.FILE_ID, "America/Chicago")).company()
