"""QuickBooks Desktop, declared: entities, questions and how answers come. Nothing here touches the network.

There is no address to ask: the customer's Web Connector calls our SOAP endpoint while the company file is open, takes one
question at a time and brings its answer. Facts are from the QuickBooks Desktop reference page: SOAP §2, qbXML and its status
codes §4, queue §6. Leaned on although Intuit's text could not confirm them, each with its safe default:

- how reports label accounts and classes: by full name, or with the account's number before each part; a label that fits no
  account, or two, refuses the transaction, and a class title that fits none refuses the control;
- whether a deleted or merged list element shows up in ListDeleted: if it does it stays as an inactive member and the months
  that name it are read again; if not, the member keeps its last state in Anaplan;
- whether a trial balance heeds its start date: asked from the fiscal year's first day, where both readings agree;
- whether reports leave rows without movement out: all rows are asked for, and the report's own total must be met;
- the roughly 60 seconds of one question: the queue cuts pages and spans of days until answers come well within them;
- that a void keeps its transaction, with amounts of 0 and "VOID:" before the memo: both are needed to call it voided;
- that an invoice's subtotal lines repeat the lines above: only taken as such where the invoice's own subtotal says so;
- whether the query over transactions of all types answers voids: documents, checks and deposits are asked for by type besides,
  and voids of other types are met by the daily read of the open months;
- that reports are in home currency where there are several: the trial balance would differ from the lines else, and say so;
- that names are unique over customers, vendors, employees and others: one that is a customer's and a vendor's refuses its
  transaction, one that is neither's leaves both blank;
- the home currency of a file with one currency, which it does not name: its country's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.sources.contract.journals import JournalDesk, Journals, JournalWriter
from ml_connector_dagster.sources.contract.later import Arrived, Invitation, Later, Waiting
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.quickbooks_desktop.commands import COMMANDS
from ml_connector_dagster.sources.quickbooks_desktop.entities import CLASSES, CUSTOMERS, ENTITIES, VENDORS

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store
    from ml_connector_dagster.transport.client import VendorHttp

HOW_TO_CONNECT = (
    "Run ml-connector qwc <connection>, and add the file it writes to the Web Connector on the Windows machine where the "
    "company file opens."
)
FILE_ID_PATTERN = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SDK_ENDS_ON: date | None = None
"""Intuit has announced no end of the SDK; new sales of Pro and Premier ended in 2024, Enterprise remains."""


def open_company(session: CompanySession) -> CompanyReader:
    """Open one company file; nothing is asked yet."""
    from ml_connector_dagster.sources.quickbooks_desktop.company import DesktopCompany

    return DesktopCompany(session)


def open_kept(company: Company) -> KeptAnswers:
    """Open what was kept of one company file; there is no queue behind it."""
    from ml_connector_dagster.sources.quickbooks_desktop.kept import KeptDesktop

    return KeptDesktop(company)


def discover_companies(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    """Answer none: a company file is known by the FileID that its .qwc gave it, and calls us itself."""
    del http, api_url, consent
    return ()


def waiting(store: Store, company_id: str) -> Sequence[Waiting]:
    """Answer what was asked for and is not answered in full, oldest first."""
    from ml_connector_dagster.sources.quickbooks_desktop import arrivals

    return arrivals.waiting(store, company_id)


def arrived(store: Store, company_id: str) -> Sequence[Arrived]:
    """Answer what is complete and not yet published, oldest first."""
    from ml_connector_dagster.sources.quickbooks_desktop import arrivals

    return arrivals.arrived(store, company_id)


def published(store: Store, company_id: str, entity: str, period: str, run_id: str) -> None:
    """Mark the answer that stands in a snapshot now."""
    from ml_connector_dagster.sources.quickbooks_desktop import arrivals

    arrivals.published(store, company_id, entity, period, run_id)


def heartbeat(store: Store, company_id: str) -> Sequence[Finding]:
    """Answer when the machine was last seen, and what keeps it."""
    from ml_connector_dagster.sources.quickbooks_desktop import arrivals

    return arrivals.heartbeat(store, company_id)


def invite(store: Store, connection: str, company_id: str, public_url: str) -> Invitation:
    """Answer the .qwc file, and the password where none was issued before."""
    from ml_connector_dagster.sources.quickbooks_desktop import qwc

    return qwc.invitation(store, connection, company_id, public_url)


def open_journals(desk: JournalDesk) -> JournalWriter:
    """Open one company file for journals; nothing is asked yet."""
    from ml_connector_dagster.sources.quickbooks_desktop.journal_writer import DesktopJournals

    return DesktopJournals(desk)


def routes(store: Store) -> Sequence[Any]:
    """Answer the Starlette routes that the Web Connectors call."""
    from ml_connector_dagster.sources.quickbooks_desktop import web_connector

    return web_connector.routes(store)


def expected_calls(records: Mapping[str, int]) -> int:
    """Answer how many messages one reading of these entities of a period takes: see ``CALL_FORMULA``.

    Args:
        records: Entity name to the number of vendor records that were read.
    """
    named = {entity.name: entity for entity in ENTITIES}
    calls = 0
    for name, count in records.items():
        entity = named[name]
        pages = max(1, -(-count // entity.page_size)) if entity.page_size else 1
        calls += LEDGER_MESSAGES if entity.kind is EntityKind.LEDGER else pages + (name in WITH_DELETED)
    return calls


WITH_DELETED = frozenset((CLASSES.name, CUSTOMERS.name, VENDORS.name))
"""Lists whose deleted elements are asked for beside them."""
LEDGER_MESSAGES = 8
"""Accounts, classes, customers, vendors, two trial balances, the account by class summary, the detail."""
CALL_FORMULA = (
    "One message a page: 1 for accounts; 2 for classes (with those deleted); 1 + ceil(records / 500) for customers and vendors; "
    "ceil(records / 25) for documents, at least 1. Ledger lines of a month: 8, for the detail, the two trial balances and the "
    "account by class summary that it is compared with, and the accounts, classes, customers and vendors whose names it uses. "
    "Besides, by need: one more a page of customers or vendors beyond the first 500; one more each time a span of days is cut, "
    "or a page made smaller, because an answer took too long; all of a list or a report again where the Web Connector's session "
    "ended amid; all of a month's ledger again where lines and balances were not of one moment."
)

SOURCE = Source(
    system="quickbooks_desktop",
    title="QuickBooks Desktop",
    company_id_name="FileID",
    company_id_pattern=FILE_ID_PATTERN,
    grant=None,
    api_url="",
    api_version="qbXML 13.0",
    sunset_on=SDK_ENDS_ON,
    limits=(),
    concurrency=1,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula=CALL_FORMULA,
    expected_calls=expected_calls,
    open_company=open_company,
    discover_companies=discover_companies,
    parser_version="1",
    later=Later(
        waiting=waiting,
        arrived=arrived,
        published=published,
        heartbeat=heartbeat,
        invite=invite,
        how_to_connect=HOW_TO_CONNECT,
    ),
    journals=Journals(open=open_journals, dimension=CLASSES.name, posts_at_once=True),
    open_kept=open_kept,
    consent_note=HOW_TO_CONNECT,
    commands=COMMANDS,
    routes=routes,
)
