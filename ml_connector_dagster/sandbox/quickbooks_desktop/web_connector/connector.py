"""The Web Connector as its user sees it: add an application, update it now, let it run by schedule."""

import threading
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.calls import Surroundings
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import CarrierFailed
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.first_message import register_file_id
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import (
    Application,
    ApplicationRefused,
    read_qwc,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.session import Login, Outcome, Session

_KEPT_OUTCOMES = 200


@dataclass
class WebConnector:
    """One machine's Web Connector with one application.

    It serialises itself: a second update of the same machine waits for the first. Another machine with the same .qwc
    file knows nothing of this one.
    """

    around: Surroundings
    outcomes: list[Outcome] = field(default_factory=list)
    every_seconds: float = 0.0
    """The interval between scheduled sessions, as the user and authenticate's fourth string have left it."""
    _login: Login | None = None
    _sessions: int = 0
    _missed_cycles: int = 0
    _update_lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _poller: threading.Thread | None = None

    def add(self, qwc: str, password: str, *, auto_run: bool = True) -> Application:
        """Take an application from a .qwc file's text, and the password that the user types; ApplicationRefused.

        Looks at the support page and at the service first, then stamps the FileID into the company file that is open.
        """
        application = read_qwc(qwc)
        self._check_support(application)
        self._check_service(application)
        self._register(application)
        self._login = Login(application, password, auto_run=auto_run)
        self.every_seconds = application.every_seconds
        return application

    def set_password(self, password: str) -> None:
        """Type another password."""
        login = self._logged_in()
        self._login = Login(login.application, password, auto_run=login.auto_run)

    def session(self) -> Session:
        """Answer a session that has not begun; a test steps it."""
        self._sessions += 1
        return Session(self.around, self._logged_in(), self._sessions)

    def cycle(self) -> Outcome:
        """Run one session now and answer what came of it, as a click on Update Selected."""
        with self._update_lock:
            outcome = self.session().run()
            self.every_seconds = max(self.every_seconds, outcome.minimum_seconds)
            self._missed_cycles = outcome.away_cycles
            self.outcomes = [*self.outcomes[-_KEPT_OUTCOMES:], outcome]
            return outcome

    def start(self, every_seconds: float | None = None) -> None:
        """Run sessions by schedule in a thread of its own; every_seconds overrides what the .qwc file proposes."""
        self._logged_in()
        self.stop()
        if every_seconds is not None:
            self.every_seconds = every_seconds
        self._stopping = threading.Event()
        self._poller = threading.Thread(
            target=self._poll, args=(self._stopping,), name=f"web connector {self.around.machine}", daemon=True
        )
        self._poller.start()

    def stop(self) -> None:
        """Stop the schedule; a session that runs comes to its end first."""
        self._stopping.set()
        if self._poller is not None:
            self._poller.join()
            self._poller = None

    @property
    def is_polling(self) -> bool:
        return self._poller is not None and self._poller.is_alive()

    def _poll(self, stopping: threading.Event) -> None:
        wait_seconds = 0.0
        while not stopping.wait(wait_seconds):
            wait_seconds = self.every_seconds
            if self._missed_cycles:
                self._missed_cycles -= 1
            else:
                wait_seconds = self.cycle().postponed_seconds or self.every_seconds

    def _logged_in(self) -> Login:
        if self._login is None:
            raise ValueError("No application was added to this Web Connector.")
        return self._login

    def _check_support(self, application: Application) -> None:
        text = f"The application {application.name}'s support URL (AppSupport) could not be reached"
        status = self._status(application.support, "QBWC1004", text)
        if status not in {200, 202}:
            raise ApplicationRefused("QBWC1003", f"{text}: HTTP status {status}.")

    def _check_service(self, application: Application) -> None:
        text = "QuickBooks Web Connector could not verify the web application server certificate"
        status = self._status(application.certificate_url, "QBWC1048", text)
        if status != 200:
            raise ApplicationRefused("QBWC1048", f"{text}: HTTP status {status}.")

    def _status(self, url: str, code: str, text: str) -> int:
        try:
            return self.around.wire.get(url)
        except CarrierFailed as wrong:
            raise ApplicationRefused(code, f"{text}: {wrong}") from wrong

    def _register(self, application: Application) -> None:
        try:
            opened = self.around.quickbooks.begin("", application)
        except ProcessorError as wrong:
            text = f"Unable to connect to QuickBooks. Task could not be completed. Reason: {wrong.message}"
            raise ApplicationRefused("QBWC1023", text) from wrong
        try:
            register_file_id(opened, application)
        finally:
            opened.end()
