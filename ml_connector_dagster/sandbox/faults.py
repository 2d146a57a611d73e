"""Planted misbehaviour: what should happen to the n-th request of a kind, instead of or besides being handled."""

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar

FaultKind = Literal["answer", "drop", "answer_lost", "delay", "html", "truncate"]


class PlantedFault(Protocol):
    """What any planted fault has; ``meets`` takes what tells one call from another and says whether it is one of those meant."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def meets(self) -> Callable[..., bool]:
        """Whether a call is one of those meant."""

    @property
    def skip(self) -> int:
        """How many matching calls pass first."""

    @property
    def times(self) -> int:
        """How many calls it then strikes; 0 means for ever."""


FaultT = TypeVar("FaultT", bound=PlantedFault)


class FromJson:
    """Reads a fault, a dataclass, from what the control API got."""

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Read one; an unknown key is an error, a mistyped fault would silently do nothing."""
        unknown = set(body) - {entry.name for entry in fields(cls)}  # type: ignore[arg-type]  # a dataclass mixes this in
        if unknown:
            raise ValueError(f"A fault has no field {sorted(unknown)}.")
        return cls(**body)


@dataclass(frozen=True)
class Fault(FromJson):
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


@dataclass
class _Planted(Generic[FaultT]):
    fault_id: int
    fault: FaultT
    seen: int = 0
    hits: int = 0


class PlantedFaults(Generic[FaultT]):
    """The faults planted at the moment; the first one that meets a call takes it."""

    def __init__(self, faults: Iterable[FaultT] = ()) -> None:
        self._planted: list[_Planted[FaultT]] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        for fault in faults:
            self.plant(fault)

    def plant(self, fault: FaultT) -> int:
        """Plant one and return its number."""
        with self._lock:
            fault_id = next(self._ids)
            self._planted.append(_Planted(fault_id, fault))
            return fault_id

    def take(self, *call: str) -> FaultT | None:
        """The fault for this call, counted; None in nearly every case. The arguments are those of the fault's ``meets``."""
        if not self._planted:
            return None
        with self._lock:
            for planted in self._planted:
                if not planted.fault.meets(*call):
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

    def unmet(self) -> list[FaultT]:
        """Faults that never struck: a test that never met its fault proves nothing."""
        return [planted.fault for planted in self._planted if planted.hits == 0]

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


class Faults(PlantedFaults[Fault]):
    """The faults of a sandbox's HTTP requests; a call is (vendor, method, path?query)."""
