"""Planted misfortune on the customer's side: which call of which machine it meets, and what becomes of the call."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

FaultKind = Literal[
    "drop_request", "drop_answer", "repeat", "late", "delay", "die_before", "die_after", "refuse", "crash"
]
CERTIFICATE_CHECK = "GET"
BEGIN_SESSION = "BeginSession"
HCP_QUERY = "HCPQuery"
PROCESS_REQUEST = "ProcessRequest"
QUICKBOOKS_STEPS = frozenset({BEGIN_SESSION, HCP_QUERY, PROCESS_REQUEST})
"""Steps between the Web Connector and QuickBooks; HCPQuery is the Web Connector's own ProcessRequest."""
LOCAL_STEPS = QUICKBOOKS_STEPS | {CERTIFICATE_CHECK}
"""Steps that are no SOAP method."""
_ON_A_WIRE = frozenset({"drop_request", "drop_answer", "repeat", "late"})


@dataclass(frozen=True)
class CallFault:
    """One planted fault.

    kind:
        drop_request: the request is lost on the way, the Web Connector sees a broken connection.
        drop_answer: the service handled it, its answer is lost.
        repeat: the request is delivered twice: at once, or a second time before the after_calls-th later call.
        late: as drop_request, but the request is delivered before the after_calls-th later call, whoever makes that.
        delay: the call waits for seconds, then goes on.
        die_before, die_after: the machine dies before or after the call; QuickBooks' session and its iterators with it.
        refuse: QuickBooks throws hresult and message without having done anything.
        crash: QuickBooks goes down after it has done what it was asked; hresult and message are thrown.
    call: a SOAP method, GET, BeginSession, HCPQuery or ProcessRequest; empty means each of them.
    machine: its name; empty means any.
    skip lets that many matching calls pass first; times 0 means for ever. away_cycles: after a death, how many scheduled
    sessions the machine misses before it is back.
    """

    kind: FaultKind
    call: str = ""
    machine: str = ""
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    after_calls: int = 0
    away_cycles: int = 0
    hresult: str = "0x80040402"
    message: str = "Unexpected error. Check the qbsdklog.txt file for possible, additional information."

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"A call cannot be met by {self.kind!r}; known are {', '.join(get_args(FaultKind))}.")
        if self.kind in _ON_A_WIRE and self.call in LOCAL_STEPS:
            raise ValueError(f"{self.kind} is for SOAP calls, not for {self.call}.")
        if self.kind in {"refuse", "crash"} and self.call not in QUICKBOOKS_STEPS:
            raise ValueError(
                f"{self.kind} is for {', '.join(sorted(QUICKBOOKS_STEPS))}, not for {self.call or 'any call'}."
            )

    def meets(self, machine: str, call: str) -> bool:
        """Whether the call is one of those meant; a fault of the wire meets no local step."""
        if self.kind in _ON_A_WIRE and call in LOCAL_STEPS:
            return False
        return self.machine in {"", machine} and self.call in {"", call}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "CallFault":
        """Read what the control API got; an unknown key is an error, a mistyped fault would silently do nothing."""
        unknown = set(body) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no field {sorted(unknown)}.")
        return cls(**body)


@dataclass
class _Planted:
    fault: CallFault
    seen: int = 0
    hits: int = 0


class FaultPlan:
    """The faults planted at the moment, shared by all machines; the first one that meets a call takes it."""

    def __init__(self, faults: Iterable[CallFault] = ()) -> None:
        self._planted = [_Planted(fault) for fault in faults]
        self._lock = threading.Lock()

    def plant(self, fault: CallFault) -> None:
        with self._lock:
            self._planted.append(_Planted(fault))

    def take(self, machine: str, call: str) -> CallFault | None:
        """The fault for this call, counted; None in nearly every case."""
        with self._lock:
            for planted in self._planted:
                if not planted.fault.meets(machine, call):
                    continue
                planted.seen += 1
                is_spent = planted.fault.times and planted.hits >= planted.fault.times
                if planted.seen > planted.fault.skip and not is_spent:
                    planted.hits += 1
                    return planted.fault
        return None

    def unmet(self) -> list[CallFault]:
        """Faults that never struck: a test that never met its fault proves nothing."""
        return [planted.fault for planted in self._planted if planted.hits == 0]

    def clear(self) -> None:
        with self._lock:
            self._planted.clear()

    def shown(self) -> list[dict[str, Any]]:
        """All planted faults with how often each was seen and struck."""
        return [{"seen": one.seen, "hits": one.hits, **asdict(one.fault)} for one in self._planted]
