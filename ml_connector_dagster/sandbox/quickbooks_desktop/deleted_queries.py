"""TxnDeletedQuery and ListDeletedQuery: only the types that were named, only the last 90 days, grouped by type."""

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, Child, element, kept_children
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import times, wanted_elements
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Deleted
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import nothing_found
from ml_connector_dagster.sandbox.quickbooks_desktop.request import texts


def deleted_query(company: Company, request: etree._Element) -> Answer:
    """What was deleted, or merged away, within the filter's times."""
    of_txns = request.tag == "TxnDeletedQueryRq"
    prefix, key, label = ("Txn", "TxnID", "RefNumber") if of_txns else ("List", "ListID", "FullName")
    since, until = times(request.find("DeletedDateRangeFilter"), "FromDeletedDate", "ToDeletedDate")
    gone = company.recently(company.deleted_txns if of_txns else company.deleted_lists)
    found = [
        one
        for kind in dict.fromkeys(texts(request, f"{prefix}DelType"))
        for one in gone
        if one.kind == kind and since <= one.deleted_at <= until
    ]
    if not found:
        raise nothing_found()
    wanted = wanted_elements(request)
    body = "".join(
        element(f"{prefix}DeletedRet", list(kept_children(_children(one, prefix, key, label), wanted))) for one in found
    )
    answer = Answer(f"{prefix}DeletedQueryRs", request.get("requestID"), body=body, rows=len(found))
    answer.attributes = {"retCount": str(len(found))}
    return answer


def _children(one: Deleted, prefix: str, key: str, label: str) -> list[Child]:
    return [
        (f"{prefix}DelType", one.kind),
        (key, one.gone_id),
        ("TimeCreated", one.created_at),
        ("TimeDeleted", one.deleted_at),
        (label, one.label or None),
    ]
