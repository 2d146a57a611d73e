"""Sessions, message sets and their errors, what the first call of a session tells, and what a test may plant."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied, ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.company import FILE_ID, OWNER_ID
from ml_connector_dagster.sandbox.quickbooks_desktop.injections import Injection
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import texts

FIRST = f"<HostQueryRq/><CompanyQueryRq><OwnerID>{OWNER_ID.upper()}</OwnerID></CompanyQueryRq><PreferencesQueryRq/>"


def plant(office, **injection):
    office.program.injections.planted.append(Injection.from_json(injection))


def test_the_first_call_tells_host_company_and_preferences(office):
    office.company.preferences.closing_date = office.now.date()
    host, company, preferences = office.set(FIRST)
    assert "16.0" in texts(host, ".//SupportedQBXMLVersion")
    assert "CA2.0" in texts(host, ".//SupportedQBXMLVersion")
    assert texts(host, ".//QBFileMode") == ["MultiUser"]
    assert texts(company, ".//DataExtName") == ["AppLock", "FileID"]
    assert texts(company, ".//DataExtValue")[1] == FILE_ID
    assert texts(company, ".//FirstMonthFiscalYear") == ["January"]
    assert texts(preferences, ".//ClosingDate") == ["2026-11-20"]
    assert texts(preferences, ".//IsUsingClassTracking") == ["true"]
    assert texts(preferences, ".//IsMultiCurrencyOn") == ["false"]


def test_private_data_of_the_company_is_told_to_its_owner_alone(office):
    assert not office.ask("<CompanyQueryRq/>").findall(".//DataExtRet")
    other = "<CompanyQueryRq><OwnerID>{57F3B9B1-86F1-4fcc-B1EE-566DE1813D20}</OwnerID></CompanyQueryRq>"
    assert not office.ask(other).findall(".//DataExtRet")


def test_after_an_error_the_rest_of_a_set_is_3231_or_goes_on(office):
    wrong, right = office.journal(office.line("Debit", "6600", "1.00")), office.journal(ref="P2")
    codes = [answer.get("statusCode") for answer in office.set(right + wrong + right)]
    assert codes == ["0", "3180", "3231"]
    assert len(office.company.txns) == 1, "what came earlier stays committed"
    codes = [answer.get("statusCode") for answer in office.set(wrong + right, on_error="continueOnError")]
    assert codes == ["3180", "0"]


def test_finding_nothing_is_no_error_that_stops_a_set(office):
    nothing = "<BillQueryRq/><BillQueryRq><TxnID>1-1</TxnID></BillQueryRq><HostQueryRq/>"
    assert [one.get("statusCode") for one in office.set(nothing)] == ["1", "500", "0"]
    assert [one.get("statusSeverity") for one in office.set(nothing)] == ["Info", "Warn", "Info"]


def test_include_none_answers_the_status_alone(office):
    answer = office.ask(office.journal(), responseData="includeNone")
    assert (answer.get("statusCode"), len(answer)) == ("0", 0)


@pytest.mark.parametrize("code", [3175, 3176, 3180, 3200, 3260, 3261, 3263, 1000])
def test_a_planted_status_strikes_as_often_as_was_said_and_saves_nothing(office, code):
    plant(office, request="JournalEntryAddRq", status=code, times=2)
    assert [office.code(office.journal()) for _ in range(3)] == [str(code), str(code), "0"]
    assert len(office.company.txns) == 1


def test_3210_is_a_refusal_that_calls_itself_info(office):
    plant(office, status=3210)
    answer = office.ask(office.journal())
    assert (answer.get("statusCode"), answer.get("statusSeverity"), len(office.company.txns)) == ("3210", "Info", 0)


def test_lock_words_are_in_the_text_of_3180(office):
    plant(office, status=3180)
    assert "could not be locked. It is in use by another user" in office.ask(office.journal()).get("statusMessage")


@pytest.mark.parametrize(("when", "saved"), [("before", 0), ("after", 1)])
def test_a_crash_leaves_the_work_undone_or_done_and_the_session_gone(office, when, saved):
    plant(office, request="JournalEntryAddRq", crash=when)
    with pytest.raises(ProcessDied):
        office.raw(office.journal(), newMessageSetID="M1")
    assert len(office.company.txns) == saved
    with pytest.raises(ProcessorError):
        office.raw("<HostQueryRq/>")
    office.processor.begin_session()
    office.raw(office.journal(), newMessageSetID="M1")
    assert len(office.company.txns) == 1


def test_an_answer_takes_the_time_that_was_planted(office):
    office.program.injections.seconds_each, office.program.injections.seconds_a_row = 2.0, 0.5
    office.raw("<ClassQueryRq><ActiveStatus>All</ActiveStatus></ClassQueryRq>")
    plant(office, seconds=75.0)
    office.raw("<HostQueryRq/>")
    assert office.waited == [2.0 + 6 * 0.5, 2.0 + 0.5 + 75.0]


def test_an_answer_that_takes_too_long_is_lost_though_the_work_is_done(office):
    office.program.injections.gives_up_after_seconds = 60.0
    plant(office, seconds=61.0)
    with pytest.raises(ProcessorError):
        office.raw(office.journal())
    assert office.waited == [60.0]
    assert len(office.company.txns) == 1


def test_a_session_that_cannot_be_begun_says_why(office):
    office.program.injections.session_hresult = "0x80040422"
    with pytest.raises(ProcessorError, match="single-user"):
        Processor(office.program).begin_session()


def test_in_single_user_mode_there_is_one_session_at_a_time(office):
    office.company.preferences.file_mode = "SingleUser"
    other = Processor(office.program)
    with pytest.raises(ProcessorError) as refused:
        other.begin_session()
    assert refused.value.hresult == "0x80040422"
    office.processor.begin_session()
    office.processor.end_session()
    other.begin_session()


def test_a_forbidden_request_is_3260_and_no_empty_answer(office):
    office.program.injections.forbidden = frozenset({"Report", "BillQueryRq"})
    report = (
        "<GeneralSummaryReportQueryRq><GeneralSummaryReportType>TrialBalance</GeneralSummaryReportType>"
        "</GeneralSummaryReportQueryRq>"
    )
    assert (office.code(report), office.code("<BillQueryRq/>"), office.code("<InvoiceQueryRq/>")) == (
        "3260",
        "3260",
        "1",
    )


def test_two_machines_share_the_file_and_not_their_iterators(office):
    other = Processor(office.program)
    other.begin_session()
    office.added()
    assert "<RefNumber>P1<" in other.process(
        '<?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError"><JournalEntryQueryRq/></QBXMLMsgsRq></QBXML>'
    )


@pytest.mark.parametrize("wrong", [{}, {"crash": "sometimes"}, {"colour": "red"}])
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        Injection.from_json(wrong)
