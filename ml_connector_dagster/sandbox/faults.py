"""Planted misbehaviour: what should happen to the n-th request of a kind, instead of or besides being handled."""

import itertools
import re
import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

FaultKind = Literal["answer", "drop", "answer_lost", "delay", "html", "truncate"]


@dataclass(frozen=True)
class Fault:
    """One planted fault: which requests it meets, and what it does to them.

    kind: `answer` gives status, body and headers without handling; `drop` cuts the connection before handling;
    `answer_lost` handles the request and then cuts the connection; `delay` waits delay_seconds and handles;
    `html` answers status with a gateway's page; `truncate` handles and cuts the body after keep_bytes.
    skip lets that many matching requests pass first; times 0 means for ever.
    """

    kind: FaultKind = "answer"
    vendor: str = ""
    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1
    status: int = 503
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    keep_bytes: int = 20

    def meets(self, vendor: str, method: str, path: str) -> bool:
        """Whether the request is of the kind meant; path is a regular expression searched in path?query."""
        return (
            self.vendor in {"", vendor}
            and self.method.upper() in {"", method}
            and (not self.path or re.search(self.path, path) is not None)
        )

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> "Fault":
        """Read what the control API got; an unknown key is an error, a mistyped fault would silently do nothing."""
        unknown = set(body) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no field {sorted(unknown)}.")
        return cls(**body)


@dataclass
class _Planted:
    fault_id: int
    fault: Fault
    seen: int = 0
    hits: int = 0


class Faults:
    """The faults planted at the moment; the first one that meets a request takes it."""

    def __init__(self) -> None:
        self._planted: list[_Planted] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def plant(self, fault: Fault) -> int:
        """Plant one and return its number."""
        with self._lock:
            fault_id = next(self._ids)
            self._planted.append(_Planted(fault_id, fault))
            return fault_id

    def take(self, vendor: str, method: str, path: str) -> Fault | None:
        """The fault for this request, counted; None in nearly every case."""
        if not self._planted:
            return None
        with self._lock:
            for planted in self._planted:
                if not planted.fault.meets(vendor, method, path):
                    continue
                planted.seen += 1
                spent = planted.fault.times and planted.hits >= planted.fault.times
                if planted.seen > planted.fault.skip and not spent:
                    planted.hits += 1
                    return planted.fault
        return None

    def hits(self, fault_id: int) -> int:
        """How often a planted fault struck: a test that never met its fault proves nothing."""
        return next((planted.hits for planted in self._planted if planted.fault_id == fault_id), 0)

    def clear(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._planted.clear()

    def shown(self) -> list[dict[str, Any]]:
        """All planted faults with how often each was seen and struck."""
        return [
            {"id": planted.fault_id, "seen": planted.seen, "hits": planted.hits, **asdict(planted.fault)}
            for planted in self._planted
        ]
