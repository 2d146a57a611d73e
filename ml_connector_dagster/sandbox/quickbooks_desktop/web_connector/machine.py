"""One Windows machine with QuickBooks on it: which company files it can reach, which one is open, who may come in."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Protocol

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied, ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import Application

ENTERPRISE = 0x8
"""QuickBooks Desktop Enterprise, as AuthFlags of a .qwc file name the editions."""
_CANNOT_OPEN = "0x80040403"
_NOT_STARTED = "0x80040408"
_OTHER_FILE_OPEN = "0x8004040A"
_SESSION_INVALID = "0x8004040D"
_NOT_RUNNING = "0x80040416"
_NO_FILE_OPEN = "0x80040417"
_EDITION_UNSUPPORTED = "0x8004041F"


class RequestProcessor(Protocol):
    """QuickBooks with one company file, as its request processor shows it; throws ProcessorError."""

    def begin_session(self) -> object:
        """Begin a session; iterators live in it."""
        ...

    def end_session(self) -> object:
        """End the session, and every iterator with it."""
        ...

    def process(self, qbxml: str) -> str:
        """Answer one message set."""
        ...


@dataclass(frozen=True)
class CompanyFile:
    """A company file as a machine sees it.

    processor makes a request processor for the application of a name: QuickBooks keeps message sets by that name. stamps
    are the FileID by OwnerID of known applications.
    """

    processor: Callable[[str], RequestProcessor]
    stamps: MutableMapping[str, str]


class Opened:
    """A session with a company file; a crash of QuickBooks makes it useless."""

    def __init__(self, path: str, file: CompanyFile, application: str) -> None:
        self.path = path
        self._file = file
        self._processor = file.processor(application)
        self._is_open = True
        self._processor.begin_session()

    def stamp(self, owner_id: str, file_id: str) -> None:
        """Write an application's FileID into the file, as private data of the company."""
        self._file.stamps[owner_id] = file_id

    def process(self, qbxml: str) -> str:
        """Answer a message set; ProcessorError, after which the session may be over."""
        if not self._is_open:
            raise ProcessorError(_SESSION_INVALID, "The session ticket passed to ProcessRequest is not valid.")
        try:
            return self._processor.process(qbxml)
        except ProcessDied:
            self.end()
            raise

    def end(self) -> None:
        """End the session once."""
        if self._is_open:
            self._is_open = False
            self._processor.end_session()


@dataclass
class QuickBooks:
    """QuickBooks of one machine.

    open_file is empty while no file is open. may_start is what the Admin granted when the application came first:
    "allow access even if QuickBooks is not running".
    """

    files: Mapping[str, CompanyFile]
    """Company files by path."""
    open_file: str = ""
    is_running: bool = True
    may_start: bool = True
    edition: int = ENTERPRISE

    def begin(self, path: str, application: Application) -> Opened:
        """Answer a session with the file of the path, or with the open one where the path is empty; ProcessorError."""
        if application.auth_flags and not application.auth_flags & self.edition:
            raise ProcessorError(_EDITION_UNSUPPORTED, "This application does not support this edition of QuickBooks.")
        found = self._found(path) if path else self._current()
        if not self.is_running and not self.may_start:
            raise ProcessorError(_NOT_STARTED, "Could not start QuickBooks.")
        self.is_running, self.open_file = True, found
        return Opened(found, self.files[found], application.name)

    def _current(self) -> str:
        if not self.is_running:
            raise ProcessorError(
                _NOT_RUNNING,
                "If QuickBooks is not running, a call to BeginSession must include the company file's name.",
            )
        if not self.open_file:
            raise ProcessorError(
                _NO_FILE_OPEN,
                "If QuickBooks is running without an open file, a call to BeginSession must include the file's name.",
            )
        return self.open_file

    def _found(self, path: str) -> str:
        found = next((known for known in self.files if known.lower() == path.lower()), None)
        if found is None:
            raise ProcessorError(_CANNOT_OPEN, f"Could not open the specified QuickBooks company data file: {path}.")
        if self.is_running and self.open_file not in {"", found}:
            raise ProcessorError(
                _OTHER_FILE_OPEN,
                "A QuickBooks company data file is already open and it is different from the one requested.",
            )
        return found
