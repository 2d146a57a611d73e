"""What the sandbox was asked: the newest requests one by one, and counts of all of them."""

import itertools
import re
import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

_KEPT = 50_000


@dataclass(frozen=True)
class LoggedRequest:
    """One request: number in order of arrival, when, who was asked, what, how it was answered.

    status 0 means that no answer left (dropped or lost). at is epoch seconds of the sandbox's clock. No header and
    no body is kept: secrets travel there.
    """

    number: int
    at: float
    vendor: str
    method: str
    path: str
    query: str
    status: int
    seconds: float
    request_bytes: int
    response_bytes: int
    fault: str

    def shown(self) -> dict[str, Any]:
        """JSON-able form for the control API."""
        return asdict(self)


class RequestLog:
    """The record by which tests count calls; bounded, while the counters go on."""

    def __init__(self) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def number(self) -> int:
        """The next request's number."""
        return next(self._numbers)

    def add(self, entry: LoggedRequest) -> None:
        """Keep one finished request."""
        with self._lock:
            self._entries.append(entry)
            self._counts[f"{entry.vendor} {entry.method} {entry.status}"] += 1

    def entries(self, *, vendor: str = "", method: str = "", path: str = "", after: int = 0) -> list[LoggedRequest]:
        """The kept requests that fit, oldest first; path is a regular expression searched in path?query."""
        return list(self._fitting(vendor, method, path, after))

    def count(self, *, vendor: str = "", method: str = "", path: str = "", after: int = 0) -> int:
        """How many kept requests fit."""
        return sum(1 for _ in self._fitting(vendor, method, path, after))

    def last_number(self) -> int:
        """Number of the newest kept request, 0 if none: the mark that a later count starts from."""
        with self._lock:
            return max((entry.number for entry in self._entries), default=0)

    def counts(self) -> dict[str, int]:
        """All requests ever, by 'vendor METHOD status'."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Forget requests and counts."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()

    def _fitting(self, vendor: str, method: str, path: str, after: int) -> Iterator[LoggedRequest]:
        wanted = re.compile(path)
        with self._lock:
            kept = list(self._entries)
        for entry in kept:
            if entry.number <= after or vendor not in {"", entry.vendor} or method.upper() not in {"", entry.method}:
                continue
            if wanted.search(f"{entry.path}?{entry.query}" if entry.query else entry.path):
                yield entry
