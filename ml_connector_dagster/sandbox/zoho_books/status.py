"""The status that Zoho shows: partly kept, partly worked out from what is open and what day it is; no stamp moves."""

from datetime import date

from ml_connector_dagster.sandbox.zoho_books.records import Doc

_KEPT = frozenset({"draft", "pending_approval", "void", "rejected"})


def shown_status(doc: Doc, today: date) -> str:
    """Status of a document on a day."""
    if doc.status in _KEPT:
        return doc.status
    if doc.kind in {"creditnote", "vendorcredit"}:
        return "closed" if doc.balance == 0 else "open"
    if doc.kind not in {"invoice", "bill"}:
        return doc.status
    if doc.balance == 0:
        return "paid"
    if doc.due_on is not None and doc.due_on < today:
        return "overdue"
    return "partially_paid" if doc.settled else doc.status


def order_status(doc: Doc) -> tuple[str, str]:
    """Status and billed status of a purchase order, from its lines."""
    billed = sum(line.billed for line in doc.lines)
    left = sum(line.quantity - line.billed - line.cancelled for line in doc.lines)
    if doc.status in {"draft", "pending_approval", "cancelled"}:
        return doc.status, ""
    billed_status = "billed" if left == 0 and billed else "partially_billed" if billed else "yet_to_be_billed"
    if doc.status == "closed":
        return "closed", billed_status
    return ("billed" if left == 0 else "partially_billed" if billed else "open"), billed_status
