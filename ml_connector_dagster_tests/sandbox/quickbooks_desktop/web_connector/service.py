"""The smallest web service and the smallest QuickBooks that a Web Connector can talk to; nothing of the product."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessorError
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.call_log import CallLog
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.calls import Surroundings
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.connector import WebConnector
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.envelope import INTUIT, SOAP, HttpAnswer
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault, FaultPlan
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import CompanyFile, QuickBooks
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.wire import Wire

PATH = r"C:\Books\Brackenridge.QBW"
FILE_ID = "{6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38}"
OWNER_ID = "{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}"
PASSWORD = "correct horse"
URL = "http://localhost:8701/quickbooks_desktop/soap"
ELEMENTS = {
    "AppName": "ml-connector Brackenridge",
    "AppID": "",
    "AppURL": URL,
    "AppDescription": "Actuals and plan",
    "AppSupport": "http://localhost:8701/quickbooks_desktop/support",
    "UserName": "brackenridge-1",
    "OwnerID": OWNER_ID,
    "FileID": FILE_ID,
    "QBType": "QBFS",
    "Scheduler": "<RunEveryNMinutes>15</RunEveryNMinutes>",
}


def qwc(**changed):
    """The text of a .qwc file; an element set to None is left out."""
    elements = {**ELEMENTS, **changed}
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items() if text is not None)
    return f'<?xml version="1.0"?><QBWCXML>{inside}</QBWCXML>'


@dataclass
class Service:
    """Carries calls into itself. answers[method] replaces what would be answered: a text, or raw HttpAnswer bytes."""

    work: list[str] = field(default_factory=lambda: ["<one/>", "<two/>"])
    answers: dict[str, object] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    sent: int = 0
    received: int = 0

    def get(self, url):
        return self.statuses.get(url.rpartition("/")[2], 200)

    def post(self, url, headers, body):
        self.bodies.append(body)
        call = etree.fromstring(body)[0][0]
        method = etree.QName(call).localname
        assert headers["SOAPAction"] == f'"{INTUIT}{method}"'
        given = {etree.QName(child).localname: child.text or "" for child in call}
        self.heard.append((method, given))
        planned = self.answers.get(method)
        if isinstance(planned, list):
            planned = planned.pop(0) if planned else None
        if isinstance(planned, HttpAnswer):
            return planned
        return envelope(method, getattr(self, method)() if planned is None else planned)

    def begin_again(self):
        """Have all the work to hand out anew."""
        self.sent = self.received = 0
        self.heard.clear()

    def methods(self):
        return [method for method, _ in self.heard]

    def given(self, method):
        return [given for name, given in self.heard if name == method]

    def serverVersion(self):
        return "service 1"

    def clientVersion(self):
        return ""

    def authenticate(self):
        return ["ticket-1", "", "", ""]

    def sendRequestXML(self):
        self.sent += 1
        return self.work[self.sent - 1] if self.sent <= len(self.work) else ""

    def receiveResponseXML(self):
        self.received += 1
        return str(self.received * 100 // len(self.work))

    def getLastError(self):
        return "nothing to do"

    def connectionError(self):
        return "done"

    def closeConnection(self):
        return "OK"

    def getInteractiveURL(self):
        return ""

    def interactiveRejected(self):
        return "another time"


def envelope(method, result, namespace=INTUIT):
    """An answer as a service gives it; a list is authenticate's array."""
    inside = (
        "".join(f'<string xmlns="{namespace}">{escape(text)}</string>' for text in result)
        if isinstance(result, list)
        else escape(str(result))
    )
    text = (
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><{method}Response xmlns="{INTUIT}">'
        f"<{method}Result>{inside}</{method}Result></{method}Response></soap:Body></soap:Envelope>"
    )
    return HttpAnswer(200, "text/xml", text.encode())


def fault(code="Server", text="it broke", status=500):
    body = (
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault><faultcode>soap:{code}</faultcode>'
        f"<faultstring>{text}</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    )
    return HttpAnswer(status, "text/xml", body.encode())


@dataclass
class Echo:
    """QuickBooks that knows its host, its company's FileID, and echoes every other message."""

    data_ext: dict[str, str] = field(default_factory=dict)
    processed: list[str] = field(default_factory=list)
    sessions: int = 0
    open_sessions: int = 0

    def company_file(self):
        return CompanyFile(lambda _application: self, self.data_ext)

    def begin_session(self):
        self.sessions += 1
        self.open_sessions += 1

    def end_session(self):
        self.open_sessions -= 1

    @property
    def is_open(self):
        return self.open_sessions > 0

    def process(self, qbxml):
        assert self.is_open, "a message outside a session"
        if "<broken" in qbxml:
            raise ProcessorError("0x80040400", "QuickBooks found an error when parsing the provided XML text stream.")
        root = etree.fromstring(qbxml.encode())
        if root.find(".//CompanyQueryRq") is not None:
            return answered(HOST + self.company(root.findtext(".//OwnerID")))
        self.processed.append(qbxml)
        return answered(f"<echo>{escape(qbxml)}</echo>")

    def company(self, owner_id):
        value = self.data_ext.get(owner_id)
        named = f"<DataExtRet><DataExtName>FileID</DataExtName><DataExtValue>{value}</DataExtValue></DataExtRet>"
        return f'<CompanyQueryRs statusCode="0"><CompanyRet>{named if value else ""}</CompanyRet></CompanyQueryRs>'


HOST = (
    '<HostQueryRs statusCode="0"><HostRet><Country>US</Country><SupportedQBXMLVersion>CA2.0</SupportedQBXMLVersion>'
    "<SupportedQBXMLVersion>9.0</SupportedQBXMLVersion><SupportedQBXMLVersion>16.0</SupportedQBXMLVersion>"
    "</HostRet></HostQueryRs>"
)


def answered(inside):
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{inside}</QBXMLMsgsRs></QBXML>'


@dataclass
class Office:
    """One machine, its service and its company file."""

    service: Service = field(default_factory=Service)
    file: Echo = field(default_factory=Echo)
    plan: FaultPlan = field(default_factory=FaultPlan)
    log: CallLog = field(default_factory=CallLog)
    slept: list[float] = field(default_factory=list)
    carrier: object = None

    def __post_init__(self):
        self.quickbooks = QuickBooks({PATH: self.file.company_file()}, open_file=PATH)
        self.wire = Wire(self.carrier or self.service)
        self.connector = self.machine("OFFICE-PC")

    def machine(self, name):
        return WebConnector(
            Surroundings(
                machine=name,
                quickbooks=self.quickbooks,
                wire=self.wire,
                plan=self.plan,
                log=self.log,
                now=lambda: 0.0,
                sleep=self.slept.append,
            )
        )

    def meet(self, kind, call, **more):
        self.plan.plant(CallFault(kind, call, **more))

    def cycle(self, password=PASSWORD, auto_run=True, **elements):
        self.connector.add(qwc(**elements), password, auto_run=auto_run)
        return self.connector.cycle()
