"""What the Web Connectors did, call by call, as QWCLog.txt would say it; a password is never kept."""

import itertools
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_KEPT = 20_000
_XML_SHOWN = 50
"""Log level DEBUG, the Web Connector's default, keeps so many characters of each XML text; VERBOSE keeps them all."""
_XML = frozenset({"strHCPResponse", "response", "request"})
_MASK = "********"


@dataclass(frozen=True)
class LoggedCall:
    """One call: which machine's which session made it, with what, and what came of it.

    at is epoch seconds of the sandbox's clock. answered is the result as text, empty where none came; failed says why
    not. fault is the planted fault that met the call.
    """

    number: int
    at: float
    machine: str
    session: int
    call: str
    arguments: Mapping[str, str]
    answered: str
    failed: str
    fault: str
    seconds: float

    def shown(self) -> dict[str, Any]:
        """JSON-able form for the control API."""
        return {**asdict(self), "arguments": dict(self.arguments)}


class CallLog:
    """The record by which tests count calls; bounded."""

    def __init__(self, *, is_verbose: bool = False) -> None:
        self.is_verbose = is_verbose
        self._entries: deque[LoggedCall] = deque(maxlen=_KEPT)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(
        self,
        *,
        at: float,
        machine: str,
        session: int,
        call: str,
        arguments: Mapping[str, str | int],
        answered: str = "",
        failed: str = "",
        fault: str = "",
        seconds: float = 0.0,
    ) -> None:
        """Keep one call, its password masked and its XML cut as the log level says."""
        kept = {name: self._kept(name, str(value)) for name, value in arguments.items()}
        answered = self._kept("request", answered) if call in {"sendRequestXML", "ProcessRequest"} else answered
        with self._lock:
            number = next(self._numbers)
            self._entries.append(
                LoggedCall(number, at, machine, session, call, kept, answered, failed, fault, round(seconds, 6))
            )

    def entries(self, *, machine: str = "", call: str = "", after: int = 0) -> list[LoggedCall]:
        """Calls in order; empty means any, after is the number of the last one already seen."""
        with self._lock:
            entries = list(self._entries)
        return [
            one for one in entries if machine in {"", one.machine} and call in {"", one.call} and one.number > after
        ]

    def calls(self, *, machine: str = "") -> list[str]:
        """Names of all calls in order."""
        return [one.call for one in self.entries(machine=machine)]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def _kept(self, name: str, text: str) -> str:
        if name == "strPassword":
            return _MASK
        if name in _XML and not self.is_verbose and len(text) > _XML_SHOWN:
            return f"{text[:_XML_SHOWN]}… ({len(text)} characters)"
        return text
