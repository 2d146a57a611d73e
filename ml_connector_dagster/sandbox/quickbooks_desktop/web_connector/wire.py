"""The network between one Web Connector and the service, with what may befall a request on it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import Carrier, CarrierFailed
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import HttpAnswer
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault

CUT = "The underlying connection was closed: The connection was closed unexpectedly."


@dataclass
class _Held:
    """A request that some hop keeps back; waits counts the calls that still pass it."""

    waits: int
    url: str
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Delivers requests; several machines may share one, so that a late request meets another machine's session."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._held: list[_Held] = []
        self.late_answers: list[HttpAnswer | CarrierFailed] = []
        """What late deliveries were answered; no Web Connector ever sees it."""

    def get(self, url: str) -> int:
        return self._carrier.get(url)

    def post(self, url: str, headers: Mapping[str, str], body: bytes, fault: CallFault | None) -> HttpAnswer:
        """Answer what came back, or CarrierFailed; held requests whose time has come go first."""
        self._deliver_held()
        kind = fault.kind if fault else ""
        if kind == "late" and fault:
            self._held.append(_Held(fault.after_calls, url, headers, body))
        if kind in {"drop_request", "late"}:
            raise CarrierFailed(CUT)
        answer = self._carrier.post(url, headers, body)
        if kind == "drop_answer":
            raise CarrierFailed(CUT)
        if kind == "repeat" and fault:
            answer = self._repeated(fault, _Held(fault.after_calls, url, headers, body), answer)
        return answer

    def _repeated(self, fault: CallFault, again: _Held, first: HttpAnswer) -> HttpAnswer:
        """Deliver a second time, now or later; of two answers at once the second one arrives, the first was lost."""
        if fault.after_calls:
            self._held.append(again)
            return first
        return self._carrier.post(again.url, again.headers, again.body)

    def _deliver_held(self) -> None:
        for held in self._held:
            held.waits -= 1
        due, self._held = (
            [held for held in self._held if held.waits <= 0],
            [held for held in self._held if held.waits > 0],
        )
        for held in due:
            self.late_answers.append(self._outcome(held))

    def _outcome(self, held: _Held) -> HttpAnswer | CarrierFailed:
        try:
            return self._carrier.post(held.url, held.headers, held.body)
        except CarrierFailed as lost:
            return lost
