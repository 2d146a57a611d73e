"""Planted misfortune on the customer's side: which call of which machine it meets, and what becomes of the call."""

from dataclasses import dataclass
from typing import Literal, get_args

from ml_connector_dagster.sandbox.faults import FromJson, PlantedFaults

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
class CallFault(FromJson):
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


class FaultPlan(PlantedFaults[CallFault]):
    """The faults of the Web Connectors' calls, shared by all machines; a call is (machine, call)."""
