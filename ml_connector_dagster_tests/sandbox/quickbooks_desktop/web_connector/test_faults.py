"""What may befall a call: lost, repeated, late, or the machine's last."""

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import CarrierFailed
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.web_connector.service import PASSWORD, Office, fault, qwc

METHODS = ["serverVersion", "clientVersion", "authenticate", "sendRequestXML", "receiveResponseXML", "closeConnection"]
STEPS = ["GET", *METHODS[:3], "BeginSession", "HCPQuery", "sendRequestXML", "ProcessRequest", *METHODS[4:]]


@pytest.fixture
def office():
    made = Office()
    yield made
    assert made.plan.unmet() == []


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_request_lost_on_the_way_never_reaches_the_service(office, method):
    office.meet("drop_request", method)
    assert office.cycle().code.startswith("QBWC10")
    assert method not in office.service.methods()
    assert office.log.entries(call=method)[0].fault == "drop_request"


@pytest.mark.parametrize("method", METHODS[1:])
def test_an_answer_lost_on_the_way_was_given(office, method):
    office.meet("drop_answer", method)
    assert office.cycle().code.startswith("QBWC10")
    assert office.service.methods()[-1] == method


def test_a_lost_server_version_does_not_matter(office):
    office.meet("drop_answer", "serverVersion")
    assert office.cycle().result == "Update completed"


@pytest.mark.parametrize("method", METHODS)
def test_a_repeated_request_is_delivered_twice_byte_for_byte(office, method):
    office.meet("repeat", method)
    office.cycle()
    at = office.service.methods().index(method)
    assert office.service.methods()[at : at + 2] == [method] * 2
    assert office.service.bodies[at] == office.service.bodies[at + 1]


def test_a_repeat_may_come_only_after_later_calls(office):
    office.meet("repeat", "receiveResponseXML", after_calls=2)
    assert office.cycle().result == "Update completed"
    later = ["sendRequestXML", "receiveResponseXML", "sendRequestXML", "receiveResponseXML"]
    assert office.service.methods()[3:] == [*later, "receiveResponseXML", "closeConnection"]
    assert len(office.wire.late_answers) == 1


def test_a_late_request_meets_the_next_session(office):
    office.meet("late", "receiveResponseXML", after_calls=4)
    office.cycle()
    assert "receiveResponseXML" not in office.service.methods()
    office.connector.cycle()
    assert office.service.methods()[4:9] == [
        "serverVersion",
        "clientVersion",
        "authenticate",
        "receiveResponseXML",
        "sendRequestXML",
    ]


def test_what_a_late_delivery_fails_with_is_kept_too(office):
    office.meet("late", "serverVersion", after_calls=1)
    office.service.post = failing
    assert office.cycle().code == "QBWC1036"
    [failed] = office.wire.late_answers
    assert isinstance(failed, CarrierFailed)


def failing(_url, _headers, _body):
    raise CarrierFailed("cut")


@pytest.mark.parametrize("step", STEPS)
def test_a_machine_may_die_before_any_step_and_quickbooks_session_with_it(office, step):
    office.meet("die_before", step, away_cycles=2)
    outcome = office.cycle()
    assert (outcome.is_dead, outcome.away_cycles) == (True, 2)
    assert step not in office.service.methods()
    assert not office.file.is_open
    office.service.begin_again()
    assert office.connector.cycle().result == "Update completed"


@pytest.mark.parametrize("step", STEPS)
def test_a_machine_may_die_after_any_step_which_then_was_done(office, step):
    office.meet("die_after", step)
    assert office.cycle().is_dead
    assert office.log.calls()[-1] == step
    assert step in {*office.service.methods(), "GET", "BeginSession", "HCPQuery", "ProcessRequest"}
    assert len(office.file.processed) == (STEPS.index(step) >= STEPS.index("ProcessRequest")) + (
        step == "closeConnection"
    )
    assert not office.file.is_open


def test_a_machine_may_die_of_a_call_that_fails_too(office):
    office.meet("die_after", "authenticate")
    office.service.answers["authenticate"] = fault()
    assert office.cycle().is_dead


def test_a_delay_is_waited_for_on_the_machine(office):
    office.meet("delay", "ProcessRequest", seconds=75.0, skip=1)
    assert office.cycle().result == "Update completed"
    assert office.slept == [75.0]


def test_two_machines_with_one_qwc_file_can_be_woven_into_each_other_call_by_call(office):
    first, second = office.machine("PC-1"), office.machine("PC-2")
    for machine in (first, second):
        machine.add(qwc(), PASSWORD)
    one, two = first.session().steps(), second.session().steps()
    for _ in range(6):
        next(one)
        next(two)
    assert office.log.calls()[:6] == ["GET", "GET", "serverVersion", "serverVersion", "clientVersion", "clientVersion"]
    one.close()  # the first machine is switched off; nobody is told
    list(two)
    assert office.log.calls(machine="PC-1")[-1] == "BeginSession"
    assert office.log.calls(machine="PC-2")[-1] == "closeConnection"


def test_a_fault_may_be_of_one_machine_and_of_the_nth_call_and_for_ever(office):
    office.meet("drop_request", "sendRequestXML", machine="PC-2", times=0)
    office.meet("delay", "", seconds=1.0, skip=3, times=2)
    second = office.machine("PC-2")
    second.add(qwc(), PASSWORD)
    assert office.cycle().result == "Update completed"
    assert [second.cycle().code for _ in range(2)] == ["QBWC1041"] * 2
    assert office.slept == [1.0, 1.0]
    shown = office.plan.shown()
    assert [(one["hits"], one["machine"]) for one in shown] == [(2, "PC-2"), (2, "")]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "explode"},
        {"kind": "repeat", "call": "ProcessRequest"},
        {"kind": "crash", "call": "sendRequestXML"},
        {"kind": "refuse"},
        {"kind": "delay", "second": 3},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(body):
    with pytest.raises(ValueError):
        CallFault.from_json(body)
