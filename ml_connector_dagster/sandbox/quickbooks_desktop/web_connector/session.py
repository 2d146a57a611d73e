"""One update session, call by call, in the order and with the consequences that the Web Connector's guide gives.

`Session.steps()` is a generator: it pauses before each call, naming it, so that a test can weave two machines into each
other or stop one for good between any two calls.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied, ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.calls import (
    CallFailed,
    Calls,
    MachineDied,
    Reader,
    ResultT,
    Steps,
    Surroundings,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import CarrierFailed
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import number, string, strings
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import (
    BEGIN_SESSION,
    CERTIFICATE_CHECK,
    HCP_QUERY,
    PROCESS_REQUEST,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.first_message import (
    FirstAnswer,
    host_company_preferences,
    read_first_answer,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import Opened
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import Application

VERSION = "34.0.10001.106"
NO_OP = "NoOp"
NO_OP_SECONDS = 5.0
INTERACTIVE = "Interactive mode"
MOST_ATTEMPTS = 20
"""How often connectionError may name another file; the Web Connector knows no such end, a test needs one."""
METHOD_CODES = {
    "clientVersion": "QBWC1036",
    "authenticate": "QBWC1012",
    "sendRequestXML": "QBWC1041",
    "receiveResponseXML": "QBWC1042",
    "getLastError": "QBWC1043",
    "closeConnection": "QBWC1044",
    "connectionError": "QBWC1045",
}
"""What the window shows where a method had no answer or a fault."""
REFUSALS = {
    "none": ("", "No Data Exchange"),
    "nvu": ("QBWC1040", "Web connector did not provide a valid username and/or password."),
    "busy": ("", "Application Busy"),
}
COMPLETED = "Update completed"
POSTPONED = "Update postponed by application"
WITH_ERROR = "QBWC1031"


class SessionEnds(Exception):  # noqa: N818 - said as it happens
    """The update cannot go on. is_closed: the service is told by closeConnection, its ticket was good so far."""

    def __init__(self, code: str, text: str, *, is_closed: bool) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.is_closed = is_closed


@dataclass(frozen=True)
class Login:
    """Who runs an update: the application, its password, and whether Auto-Run is on, without which nothing is postponed."""

    application: Application
    password: str
    auto_run: bool = True
    goes_on_after_warning: bool = True
    """What the user clicks where clientVersion is answered with W:."""


@dataclass
class Outcome:
    """What the Web Connector's window shows after a session.

    code is a QBWC number or empty; result its status text; told what closeConnection answered; percent the last one
    reported; messages how many qbXML messages QuickBooks was given. postponed_seconds and minimum_seconds are what
    authenticate asked for, 0 where it did not or where Auto-Run is off. away_cycles: sessions that a dead machine misses.
    """

    machine: str
    session: int
    result: str = ""
    code: str = ""
    told: str = ""
    percent: int = 0
    messages: int = 0
    is_dead: bool = False
    away_cycles: int = 0
    postponed_seconds: float = 0.0
    minimum_seconds: float = 0.0


class Session:
    """One session from the certificate check to closeConnection."""

    def __init__(self, around: Surroundings, login: Login, session: int) -> None:
        self._around = around
        self._login = login
        self._calls = Calls(around, login.application, session)
        self._ticket = ""
        self._opened: Opened | None = None
        self.outcome = Outcome(around.machine, session)

    def run(self) -> Outcome:
        """Run to the end and answer what came of it."""
        for _ in self.steps():
            pass
        return self.outcome

    def steps(self) -> Steps[None]:
        """Pause before each call; however the session ends, also by closing the generator, QuickBooks' ends with it."""
        try:
            yield from self._update()
        except SessionEnds as end:
            self._note(end)
        except MachineDied as death:
            self.outcome.is_dead, self.outcome.away_cycles = True, death.away_cycles
            self.outcome.result = "The machine went down"
        finally:
            self._end_quickbooks_session()

    def _update(self) -> Steps[None]:
        yield from self._check_certificate()
        yield from self._say_versions()
        path = yield from self._authenticate()
        if path is not None:
            try:
                yield from self._exchange(path)
            except SessionEnds as end:
                if not end.is_closed:
                    raise
                self._note(end)
        self.outcome.told = yield from self._ask("closeConnection", string, ticket=self._ticket)

    def _ask(self, method: str, read: Reader[ResultT], **values: str | int) -> Steps[ResultT]:
        """Call a method without which the session cannot go on."""
        try:
            return (yield from self._calls.ask(method, read, **values))
        except CallFailed as wrong:
            raise SessionEnds(METHOD_CODES[method], f"{method} failed: {wrong}", is_closed=False) from wrong

    def _check_certificate(self) -> Steps[None]:
        url = self._login.application.certificate_url
        refusal = "QuickBooks Web Connector could not verify the web application server certificate"
        try:
            status = yield from self._calls.step(CERTIFICATE_CHECK, {"url": url}, lambda: self._around.wire.get(url))
        except CarrierFailed as wrong:
            raise SessionEnds("QBWC1048", f"{refusal}: {wrong}", is_closed=False) from wrong
        if status != 200:
            raise SessionEnds("QBWC1048", f"{refusal}: the request failed with HTTP status {status}.", is_closed=False)

    def _say_versions(self) -> Steps[None]:
        """Ask for the service's version and say ours; a service need not have either method."""
        with suppress(CallFailed):  # only the window "More info" shows it
            yield from self._calls.ask("serverVersion", string)
        try:
            said = yield from self._calls.ask("clientVersion", string, strVersion=VERSION)
        except CallFailed as wrong:
            if not wrong.is_unknown:
                raise SessionEnds(METHOD_CODES["clientVersion"], str(wrong), is_closed=False) from wrong
            return
        self._judge_version(said)

    def _judge_version(self, said: str) -> None:
        kind = said[:2]
        if said and kind not in {"W:", "E:", "O:"}:
            text = f"Application sent incorrect syntax return value for clientVersion(): {said}"
            raise SessionEnds("QBWC1046", text, is_closed=False)
        if kind in {"E:", "O:"} or (kind == "W:" and not self._login.goes_on_after_warning):
            raise SessionEnds("QBWC1037", said, is_closed=False)

    def _authenticate(self) -> Steps[str | None]:
        """Answer the path of the company file to use; None where there will be no exchange."""
        application = self._login.application
        if not self._login.password:
            text = f"Password is not available for application named {application.name}."
            raise SessionEnds("QBWC1030", text, is_closed=False)
        answered = yield from self._ask(
            "authenticate", strings, strUserName=application.user_name, strPassword=self._login.password
        )
        if len(answered) < 2:
            text = "Authentication failed due to error message: Index was outside the bounds of the array."
            raise SessionEnds(METHOD_CODES["authenticate"], text, is_closed=False)
        self._ticket, path = answered[0], answered[1]
        if self._login.auto_run:
            self.outcome.postponed_seconds, self.outcome.minimum_seconds = (_seconds(answered, at) for at in (2, 3))
        self.outcome.code, self.outcome.result = REFUSALS.get(path.strip().lower(), ("", ""))
        if self.outcome.postponed_seconds:
            self.outcome.result = POSTPONED
        return None if self.outcome.result else path

    def _exchange(self, path: str) -> Steps[None]:
        yield from self._connect(path)
        first = yield from self._first_answer()
        hcp = first.text
        while True:
            request = yield from self._send_request(first, hcp)
            hcp = ""
            if request in {"", NO_OP}:
                yield from self._pause()
                continue
            percent = yield from self._answer(request)
            if percent < 0:
                told = yield from self._ask("getLastError", string, ticket=self._ticket)
                raise SessionEnds(WITH_ERROR, told, is_closed=True)
            self.outcome.percent = min(percent, 100)
            if percent >= 100:
                self.outcome.result = COMPLETED
                return

    def _connect(self, path: str) -> Steps[None]:
        """Begin QuickBooks' session, with other files as long as the service names some."""
        for _ in range(MOST_ATTEMPTS):
            try:
                yield from self._calls.step(BEGIN_SESSION, {"path": path}, partial(self._begin, path))
            except ProcessorError as wrong:
                path = yield from self._report(wrong)
            else:
                return
        raise SessionEnds("QBWC1013", f"The service still retries after {MOST_ATTEMPTS} attempts.", is_closed=True)

    def _begin(self, path: str) -> None:
        self._opened = self._around.quickbooks.begin(path, self._login.application)

    def _report(self, wrong: ProcessorError) -> Steps[str]:
        """Tell the service that QuickBooks cannot be reached, and answer the file it wants to try next."""
        said = yield from self._ask(
            "connectionError", string, ticket=self._ticket, hresult=wrong.hresult, message=wrong.message
        )
        if said.strip().lower() == "done":
            text = f"Error connecting to QuickBooks. Returning error message to application. {wrong.message}"
            raise SessionEnds("QBWC1013", text, is_closed=True)
        return said

    def _first_answer(self) -> Steps[FirstAnswer]:
        message = host_company_preferences(self._login.application.owner_id)
        try:
            text = yield from self._calls.step(HCP_QUERY, {"request": message}, partial(self._process, message))
            return read_first_answer(text)
        except (ProcessorError, ValueError) as wrong:
            said = f"Could not get Host/Company/Preference Query response from QuickBooks. Job ending. {wrong}"
            raise SessionEnds("QBWC1014", said, is_closed=True) from wrong

    def _send_request(self, first: FirstAnswer, hcp: str) -> Steps[str]:
        return (
            yield from self._ask(
                "sendRequestXML",
                string,
                ticket=self._ticket,
                strHCPResponse=hcp,
                strCompanyFileName=self._opened.path if self._opened else "",
                qbXMLCountry=first.country,
                qbXMLMajorVers=first.major,
                qbXMLMinorVers=first.minor,
            )
        )

    def _pause(self) -> Steps[None]:
        """Learn why there is no request: to wait, to open a browser (nobody is there), or to show an error."""
        told = yield from self._ask("getLastError", string, ticket=self._ticket)
        if told == NO_OP:
            self._around.sleep(NO_OP_SECONDS)
            return
        if told == INTERACTIVE:
            told = yield from self._reject_interactive()
        raise SessionEnds(WITH_ERROR, told, is_closed=True)

    def _reject_interactive(self) -> Steps[str]:
        try:
            yield from self._calls.ask("getInteractiveURL", string, wcTicket=self._ticket, sessionID=self._ticket)
            reason = "The user is not there to allow interactive mode."
            return (yield from self._calls.ask("interactiveRejected", string, wcTicket=self._ticket, reason=reason))
        except CallFailed as wrong:
            raise SessionEnds(WITH_ERROR, str(wrong), is_closed=False) from wrong

    def _answer(self, request: str) -> Steps[int]:
        """Let QuickBooks answer, hand it on, and answer the percentage; an exception goes as hresult and message."""
        self.outcome.messages += 1
        response, hresult, message = "", "", ""
        try:
            response = yield from self._calls.step(
                PROCESS_REQUEST, {"request": request}, partial(self._process, request)
            )
        except ProcessorError as wrong:
            hresult, message = wrong.hresult, wrong.message
            if isinstance(wrong, ProcessDied):
                self._end_quickbooks_session()
        return (
            yield from self._ask(
                "receiveResponseXML", number, ticket=self._ticket, response=response, hresult=hresult, message=message
            )
        )

    def _process(self, qbxml: str) -> str:
        assert self._opened is not None, "a message before BeginSession"
        return self._opened.process(qbxml)

    def _end_quickbooks_session(self) -> None:
        if self._opened is not None:
            self._opened.end()

    def _note(self, end: SessionEnds) -> None:
        self.outcome.code, self.outcome.result = end.code, end.text


def _seconds(answered: list[str], at: int) -> float:
    """Answer an optional number of seconds of authenticate's array; 0 where it is absent, empty or no number."""
    text = answered[at].strip() if len(answered) > at else ""
    return float(text) if text.isdigit() else 0.0
