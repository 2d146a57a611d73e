"""Makes the calls of one session: a SOAP method over the wire, or a step on the machine; each may meet a planted fault."""

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied, ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.call_log import CallLog
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import CarrierFailed
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import (
    AnswerUnreadable,
    HttpAnswer,
    SoapFault,
    headers,
    written,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault, FaultPlan
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import QuickBooks
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.qwc import Application, Style
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.wire import Wire

ResultT = TypeVar("ResultT")
Steps = Generator[str, None, ResultT]
Reader = Callable[[str, HttpAnswer, Style], ResultT]


class CallFailed(Exception):  # noqa: N818 - said as it happens
    """A call had no answer that the Web Connector can read; is_unknown: the service says it has no such method."""

    def __init__(self, text: str, *, is_unknown: bool = False) -> None:
        super().__init__(text)
        self.is_unknown = is_unknown


class MachineDied(Exception):  # noqa: N818 - said as it happens
    """The Windows machine went down; nobody is told anything."""

    def __init__(self, fault: CallFault) -> None:
        super().__init__(fault.kind)
        self.away_cycles = fault.away_cycles


@dataclass
class Surroundings:
    """What all sessions of a machine share. now answers epoch seconds of the sandbox's clock."""

    machine: str
    quickbooks: QuickBooks
    wire: Wire
    plan: FaultPlan
    log: CallLog
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Calls:
    """One session's calls. Each is a generator that pauses before the call, naming it, and answers its result."""

    def __init__(self, around: Surroundings, application: Application, session: int) -> None:
        self._around = around
        self._application = application
        self._session = session

    def ask(self, method: str, read: Reader[ResultT], **values: str | int) -> Steps[ResultT]:
        """Call a SOAP method of the service; CallFailed."""
        yield method
        fault = self._meet(method)
        style, url = self._application.style, self._application.url
        body = written(method, values, style)

        def act() -> ResultT:
            try:
                return read(method, self._around.wire.post(url, headers(method), body, fault), style)
            except SoapFault as refused:
                raise CallFailed(str(refused), is_unknown=refused.code == "Client") from refused
            except (CarrierFailed, AnswerUnreadable) as lost:
                raise CallFailed(str(lost)) from lost

        return self._done(method, values, act, fault)

    def step(self, name: str, values: Mapping[str, str], act: Callable[[], ResultT]) -> Steps[ResultT]:
        """Do a step on the machine; whatever act throws, and ProcessorError where it is planted."""
        yield name
        fault = self._meet(name)

        def acted() -> ResultT:
            if fault and fault.kind == "refuse":
                raise ProcessorError(fault.hresult, fault.message)
            result = act()
            if fault and fault.kind == "crash":
                raise ProcessDied(fault.hresult, fault.message)
            return result

        return self._done(name, values, acted, fault)

    def _meet(self, call: str) -> CallFault | None:
        fault = self._around.plan.take(self._around.machine, call)
        if fault and fault.kind == "die_before":
            self._log(call, {}, failed="the machine died before the call", fault=fault)
            raise MachineDied(fault)
        if fault and fault.kind == "delay":
            self._around.sleep(fault.seconds)
        return fault

    def _done(
        self, call: str, values: Mapping[str, str | int], act: Callable[[], ResultT], fault: CallFault | None
    ) -> ResultT:
        """Act and log; a machine that dies after the call never learns what came of it."""
        began = time.perf_counter()
        try:
            result = act()
        except (CallFailed, CarrierFailed, ProcessorError) as wrong:
            self._log(call, values, failed=str(wrong), fault=fault, began=began)
            if fault and fault.kind == "die_after":
                raise MachineDied(fault) from wrong
            raise
        self._log(call, values, answered=_shown(result), fault=fault, began=began)
        if fault and fault.kind == "die_after":
            raise MachineDied(fault)
        return result

    def _log(
        self,
        call: str,
        values: Mapping[str, str | int],
        *,
        answered: str = "",
        failed: str = "",
        fault: CallFault | None = None,
        began: float | None = None,
    ) -> None:
        self._around.log.add(
            at=self._around.now(),
            machine=self._around.machine,
            session=self._session,
            call=call,
            arguments=values,
            answered=answered,
            failed=failed,
            fault=fault.kind if fault else "",
            seconds=0.0 if began is None else time.perf_counter() - began,
        )


def _shown(result: object) -> str:
    if isinstance(result, list):
        return " | ".join(str(one) for one in result)
    return str(result) if isinstance(result, str | int) else ""
