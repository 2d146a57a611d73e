"""TxnVoid and TxnDel: a voided transaction stays with zero amounts, a deleted one leaves only a trace."""

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, Child, elements
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.journal_checks import check_day
from ml_connector_dagster.sandbox.quickbooks_desktop.journal_writes import recovery
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused, no_such_txn
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text


def txn_void(company: Company, request: etree._Element) -> Answer:
    """Void; a transaction that is void already is voided again without a change."""
    kind = text(request, "TxnVoidType")
    txn = _found(company, kind, text(request, "TxnID"))
    check_day(company, txn.day)
    company.void(txn)
    children: list[Child] = [
        ("TxnVoidType", kind),
        ("TxnID", txn.txn_id),
        ("TimeCreated", txn.created_at),
        ("TimeModified", txn.modified_at),
        ("RefNumber", txn.ref or None),
    ]
    answer = Answer("TxnVoidRs", request.get("requestID"), body=elements(children), rows=1)
    answer.recovery = recovery(txn)
    return answer


def txn_del(company: Company, request: etree._Element) -> Answer:
    """Delete; a payment that was deposited cannot be."""
    kind = text(request, "TxnDelType")
    txn = _found(company, kind, text(request, "TxnID"))
    check_day(company, txn.day)
    if company.is_banked(txn.txn_id):
        raise Refused(3160, f'Object "{txn.txn_id}" cannot be deleted: it is used in a deposit.')
    told = recovery(txn)
    company.delete(txn)
    children: list[Child] = [
        ("TxnDelType", kind),
        ("TxnID", txn.txn_id),
        ("TimeDeleted", company.deleted_txns[-1].deleted_at),
        ("RefNumber", txn.ref or None),
    ]
    return Answer("TxnDelRs", request.get("requestID"), body=elements(children), recovery=told, rows=1)


def _found(company: Company, kind: str, txn_id: str) -> Txn:
    txn = company.txns.get(txn_id)
    if txn is None or txn.kind != kind:
        raise no_such_txn(txn_id)
    return txn
