"""What a test plants in QuickBooks: statuses, slow answers, crashes before or after the work is saved."""

import threading
from dataclasses import dataclass, field
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied, ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import (
    INJECTED,
    OTHER_USER,
    SEVERITIES,
    SINGLE_USER,
    UNEXPECTED,
    Refused,
)

_CRASHES = {"before", "after"}


@dataclass
class Injection:
    """Strikes so many requests of a name (any where it is empty)."""

    request: str = ""
    times: int = 1
    skip: int = 0
    status: int = 0
    message: str = ""
    crash: str = ""
    """ "before" or "after" the request is executed; the session is gone either way."""
    hresult: str = ""
    seconds: float = 0.0

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> "Injection":
        """An injection of the control route; ValueError for what makes no sense."""
        try:
            found = cls(**body)
        except TypeError as wrong:
            raise ValueError(str(wrong)) from None
        if found.crash not in {"", *_CRASHES} or not (found.status or found.crash or found.hresult or found.seconds):
            raise ValueError(
                f"An injection needs a status, a crash of {sorted(_CRASHES)}, an hresult or seconds: {body}"
            )
        return found


@dataclass
class Injections:
    """Everything planted, in order, and how slow QuickBooks is all the time."""

    planted: list[Injection] = field(default_factory=list)
    seconds_each: float = 0.0
    seconds_a_row: float = 0.0
    gives_up_after_seconds: float = 0.0
    """Above 0: an answer that takes longer is lost, though the work is done."""
    session_hresult: str = ""
    """What BeginSession fails with until it is emptied."""
    forbidden: frozenset[str] = frozenset()
    """Requests that are refused with 3260; "Report" stands for all reports."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: str) -> Injection | None:
        """The injection that this request meets, if any; it is used up."""
        with self._lock:
            for one in self.planted:
                if one.request not in {"", request}:
                    continue
                if one.skip > 0:
                    one.skip -= 1
                    continue
                one.times -= 1
                if one.times <= 0:
                    self.planted.remove(one)
                return one
        return None

    def before(self, one: Injection | None, request: str, named: str) -> None:
        """Fail, where the injection fails before the work."""
        if any(word and word in request for word in self.forbidden):
            raise Refused(3260, INJECTED[3260])
        if one is None:
            return
        if one.crash == "before":
            raise ProcessDied(UNEXPECTED, "An unexpected error occurred. See the qbsdklog.txt file for details.")
        if one.hresult:
            raise ProcessorError(one.hresult, one.message or "QuickBooks could not process the request.")
        if one.status:
            text = one.message or INJECTED.get(one.status, "The request failed.").format(named)
            raise Refused(one.status, text, SEVERITIES.get(one.status, "Error"))

    def session(self) -> None:
        """Fail, where a session cannot be begun."""
        if self.session_hresult:
            text = {OTHER_USER: SINGLE_USER}
            raise ProcessorError(
                self.session_hresult, text.get(self.session_hresult, "Could not begin a session with QuickBooks.")
            )
