"""The Windows machines of one sandbox: QuickBooks and a Web Connector on each, one network between them and the service."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.call_log import CallLog
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.calls import Surroundings
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.carrier import HttpCarrier
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.connector import WebConnector
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import FaultPlan
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import QuickBooks
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.wire import Wire

FIRST = "OFFICE-PC"
"""The machine that is meant where none is named."""


@dataclass
class Machines:
    """Machines by name, made when first named; they share the fault plan, the log and the wire.

    quickbooks answers what runs on the machine of the name: each machine has a QuickBooks of its own, though two of them
    may hold the same company file (multi-user). now answers epoch seconds of the sandbox's clock.
    """

    quickbooks: Callable[[str], QuickBooks]
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    wire: Wire = field(default_factory=lambda: Wire(HttpCarrier()))
    plan: FaultPlan = field(default_factory=FaultPlan)
    log: CallLog = field(default_factory=CallLog)
    _connectors: dict[str, WebConnector] = field(default_factory=dict)

    def connector(self, name: str = FIRST) -> WebConnector:
        """Answer the Web Connector of a machine."""
        if name not in self._connectors:
            around = Surroundings(
                machine=name,
                quickbooks=self.quickbooks(name),
                wire=self.wire,
                plan=self.plan,
                log=self.log,
                now=self.now,
                sleep=self.sleep,
            )
            self._connectors[name] = WebConnector(around)
        return self._connectors[name]

    def all(self) -> dict[str, WebConnector]:
        """Answer those that were named so far."""
        return dict(self._connectors)
