"""A session's calls, their order and their consequences: Programmer's Guide chapters 2, 5, 8 and 10."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import CarrierFailed
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import HttpAnswer
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import ApplicationRefused
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.web_connector.service import (
    FILE_ID,
    OWNER_ID,
    PASSWORD,
    PATH,
    Office,
    Service,
    envelope,
    fault,
)

BEFORE_WORK = ["serverVersion", "clientVersion", "authenticate"]
TWO_ROUNDS = ["sendRequestXML", "receiveResponseXML"] * 2


def office(**answers):
    return Office(Service(answers=answers))


def test_a_session_brings_every_message_to_quickbooks_and_its_answer_back():
    desk = office()
    outcome = desk.cycle()
    assert desk.service.methods() == [*BEFORE_WORK, *TWO_ROUNDS, "closeConnection"]
    assert (outcome.result, outcome.code, outcome.told) == ("Update completed", "", "OK")
    assert (outcome.percent, outcome.messages) == (100, 2)
    assert desk.file.processed == ["<one/>", "<two/>"]
    assert not desk.file.is_open
    steps = ["GET", *BEFORE_WORK, "BeginSession", "HCPQuery"]
    assert desk.log.calls() == [
        *steps,
        *["sendRequestXML", "ProcessRequest", "receiveResponseXML"] * 2,
        "closeConnection",
    ]


def test_only_the_first_request_carries_host_company_and_preferences():
    desk = office()
    desk.cycle()
    first, second = desk.service.given("sendRequestXML")
    assert FILE_ID in first["strHCPResponse"]
    assert second["strHCPResponse"] == ""
    for given in (first, second):
        del given["strHCPResponse"]
        assert given == {
            "ticket": "ticket-1",
            "strCompanyFileName": PATH,
            "qbXMLCountry": "US",
            "qbXMLMajorVers": "16",
            "qbXMLMinorVers": "0",
        }


def test_the_file_id_is_stamped_once_and_another_one_is_refused():
    desk = office()
    desk.cycle()
    assert desk.file.data_ext == {OWNER_ID: FILE_ID}
    desk.cycle()
    with pytest.raises(ApplicationRefused, match=r"QBWC1026.*FileID") as refused:
        desk.cycle(FileID="{00000000-0000-4000-8000-000000000000}")
    assert refused.value.code == "QBWC1026"


@pytest.mark.parametrize(
    ("second", "code", "result"),
    [
        ("none", "", "No Data Exchange"),
        ("NVU", "QBWC1040", "Web connector did not provide a valid username and/or password."),
        ("busy", "", "Application Busy"),
    ],
)
def test_a_refusal_of_authenticate_ends_in_close_connection_with_the_ticket_given(second, code, result):
    desk = office()
    desk.service.answers["authenticate"] = [["", second, "", ""]]
    outcome = desk.cycle()
    assert desk.service.methods() == [*BEFORE_WORK, "closeConnection"]
    assert desk.service.given("closeConnection") == [{"ticket": ""}]
    assert (outcome.code, outcome.result) == (code, result)
    assert desk.file.sessions == 1  # for the FileID


@pytest.mark.parametrize(
    ("array", "auto_run", "postponed", "minimum", "is_done"),
    [
        (["t", "", "90", ""], True, 90.0, 0.0, False),
        (["t", "", "90", "300"], True, 90.0, 300.0, False),
        (["", "none", "60", ""], True, 60.0, 0.0, False),
        (["t", "", "", "1800"], True, 0.0, 1800.0, True),
        (["t", "", "90", "1800"], False, 0.0, 0.0, True),
        (["t", ""], True, 0.0, 0.0, True),
        (["t", "", "soon", ""], True, 0.0, 0.0, True),
    ],
)
def test_the_third_and_fourth_string_postpone_and_slow_down_where_auto_run_is_on(
    array, auto_run, postponed, minimum, is_done
):
    desk = office()
    desk.service.answers["authenticate"] = [array]
    outcome = desk.cycle(auto_run=auto_run)
    assert (outcome.postponed_seconds, outcome.minimum_seconds) == (postponed, minimum)
    assert (outcome.result == "Update completed") is is_done
    assert (outcome.result == "Update postponed by application") is bool(postponed)
    assert desk.connector.every_seconds == max(900.0, minimum)


def test_a_path_opens_that_file_and_a_wrong_one_is_reported_until_the_service_is_done():
    desk = office()
    desk.service.answers["authenticate"] = [["t", r"C:\Books\Other.QBW", "", ""]]
    desk.service.answers["connectionError"] = [PATH.lower()]
    outcome = desk.cycle()
    assert outcome.result == "Update completed"
    [told] = desk.service.given("connectionError")
    assert (told["ticket"], told["hresult"]) == ("t", "0x80040403")
    assert "Other.QBW" in told["message"]
    assert desk.service.given("sendRequestXML")[0]["strCompanyFileName"] == PATH


@pytest.mark.parametrize(
    ("changed", "path", "hresult"),
    [
        ({"is_running": False}, "", "0x80040416"),
        ({"open_file": ""}, "", "0x80040417"),
        ({"open_file": r"C:\Books\Else.QBW"}, PATH, "0x8004040A"),
        ({"is_running": False, "may_start": False}, PATH, "0x80040408"),
        ({"edition": 0x2}, "", "0x8004041F"),
    ],
)
def test_quickbooks_that_cannot_be_reached_is_told_with_its_hresult_and_ends_on_done(changed, path, hresult):
    desk = office(connectionError="DONE")
    desk.service.answers["authenticate"] = [["t", path, "", ""]] * 2
    desk.cycle(AuthFlags="0x8")
    for name, value in changed.items():
        setattr(desk.quickbooks, name, value)
    desk.service.heard.clear()
    outcome = desk.connector.cycle()
    assert desk.service.methods() == [*BEFORE_WORK, "connectionError", "closeConnection"]
    assert desk.service.given("connectionError")[0]["hresult"] == hresult
    assert outcome.code == "QBWC1013"


def test_a_service_that_names_files_for_ever_is_left_in_the_end():
    desk = office(connectionError=r"C:\nowhere.qbw")
    desk.meet("refuse", "BeginSession", times=0, hresult="0x80040403", message="no")
    assert desk.cycle().code == "QBWC1013"
    assert len(desk.service.given("connectionError")) == 20


def test_an_empty_request_leads_to_the_last_error_and_the_end():
    desk = office(sendRequestXML="", getLastError="wrong company file")
    outcome = desk.cycle()
    assert desk.service.methods() == [*BEFORE_WORK, "sendRequestXML", "getLastError", "closeConnection"]
    assert (outcome.code, outcome.result) == ("QBWC1031", "wrong company file")


@pytest.mark.parametrize("request_text", ["", "NoOp"])
def test_no_op_pauses_five_seconds_and_asks_again(request_text):
    desk = office()
    desk.service.answers["sendRequestXML"] = [request_text]
    desk.service.answers["getLastError"] = ["NoOp"]
    outcome = desk.cycle()
    assert outcome.result == "Update completed"
    assert desk.slept == [5.0]
    assert desk.service.methods()[3:6] == ["sendRequestXML", "getLastError", "sendRequestXML"]


def test_interactive_mode_is_rejected_for_want_of_a_person():
    desk = office(sendRequestXML="", getLastError="Interactive mode")
    assert desk.cycle().result == "another time"
    assert desk.service.methods()[-4:] == [
        "getLastError",
        "getInteractiveURL",
        "interactiveRejected",
        "closeConnection",
    ]


def test_a_negative_percentage_leads_to_the_last_error_and_the_end():
    desk = office(receiveResponseXML="-101", getLastError="cannot use this")
    outcome = desk.cycle()
    assert desk.service.methods()[-3:] == ["receiveResponseXML", "getLastError", "closeConnection"]
    assert (outcome.result, outcome.messages) == ("cannot use this", 1)


def test_zero_percent_goes_on_and_more_than_hundred_ends():
    desk = office()
    desk.service.answers["receiveResponseXML"] = ["0", "250"]
    outcome = desk.cycle()
    assert (outcome.percent, outcome.messages, outcome.result) == (100, 2, "Update completed")


def test_a_refused_message_goes_back_as_hresult_and_the_session_goes_on():
    desk = Office(Service(work=["<broken/>", "<fine/>"]))
    assert desk.cycle().result == "Update completed"
    first, second = desk.service.given("receiveResponseXML")
    assert (first["response"], first["hresult"]) == ("", "0x80040400")
    assert "parsing" in first["message"]
    assert (second["hresult"], second["message"]) == ("", "")
    assert "&lt;fine/&gt;" in second["response"]


def test_a_crash_of_quickbooks_ends_its_session_and_every_later_message_fails():
    desk = office()
    desk.meet("crash", "ProcessRequest")
    assert desk.cycle().messages == 2
    assert [given["hresult"] for given in desk.service.given("receiveResponseXML")] == ["0x80040402", "0x8004040D"]
    assert desk.file.processed == ["<one/>"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("E:too old", "QBWC1037"), ("O:35.0", "QBWC1037"), ("too old", "QBWC1046"), ("W:rather old", "")],
)
def test_what_client_version_is_answered_decides_whether_there_is_an_update(said, code):
    desk = office(clientVersion=said)
    assert desk.cycle().code == code
    assert desk.service.methods() == (["serverVersion", "clientVersion"] if code else desk.service.methods())


def test_a_service_need_know_neither_version_method():
    unknown = fault("Client", "Server did not recognize the value of HTTP Header SOAPAction")
    desk = office(serverVersion=fault(), clientVersion=unknown)
    assert desk.cycle().result == "Update completed"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("clientVersion", "QBWC1036"),
        ("authenticate", "QBWC1012"),
        ("sendRequestXML", "QBWC1041"),
        ("receiveResponseXML", "QBWC1042"),
        ("closeConnection", "QBWC1044"),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [fault(), HttpAnswer(502, "text/html", b"<html/>"), HttpAnswer(200, "text/xml", b"<broken")],
    ids=["fault", "gateway page", "no xml"],
)
def test_a_call_without_a_readable_answer_ends_the_session_there_with_its_code(method, code, answer):
    desk = office(**{method: answer})
    outcome = desk.cycle()
    assert outcome.code == code
    assert desk.service.methods()[-1] == method
    assert not desk.file.is_open


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (envelope("authenticate", []), "outside the bounds"),
        (envelope("authenticate", ["t", ""], namespace="http://schemas.microsoft.com/arrays"), "outside the bounds"),
        (HttpAnswer(200, "text/xml", envelope("getLastError", "x").body), "outside the bounds"),
    ],
    ids=["empty array", "strings of another namespace", "another method's answer"],
)
def test_an_array_that_dotnet_does_not_see_is_index_out_of_range(answer, said):
    outcome = office(authenticate=answer).cycle()
    assert (outcome.code, said in outcome.result) == ("QBWC1012", True)


def test_a_session_needs_a_password_and_never_logs_it():
    desk = office()
    assert desk.cycle(password="").code == "QBWC1030"
    desk.connector.set_password(PASSWORD)
    desk.connector.cycle()
    [logged] = desk.log.entries(call="authenticate")
    assert logged.arguments == {"strUserName": "brackenridge-1", "strPassword": "********"}
    assert PASSWORD not in str([entry.shown() for entry in desk.log.entries()])


def test_a_service_that_cannot_be_looked_at_is_not_called():
    desk = office()
    desk.cycle()
    desk.service.heard.clear()
    desk.service.statuses["soap"] = 405
    assert desk.connector.cycle().code == "QBWC1048"
    desk.service.get = unreachable
    assert desk.connector.cycle().code == "QBWC1048"
    assert desk.service.heard == []


def unreachable(_url):
    raise CarrierFailed("refused")


def test_a_first_query_that_fails_is_job_ending():
    desk = office()
    desk.meet("refuse", "HCPQuery")
    assert desk.cycle().code == "QBWC1014"
    assert desk.service.methods() == [*BEFORE_WORK, "closeConnection"]
