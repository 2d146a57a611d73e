"""Documents that arrive after the fact: entered now, dated in a month that people thought was done."""

import uuid
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.records import Document, Line
from ml_connector_dagster.sandbox.xero.tenant import Tenant


def enter(
    tenant: Tenant, *, type_: str, day: date, cents: int, account_id: str, status: str, currency: str = ""
) -> Document:
    """Enter an invoice or a bill of one untaxed line and post it; in base currency where none is named."""
    sells = type_ == "ACCREC"
    contact = next(
        contact
        for contact in tenant.company.contacts.values()
        if contact.status == "ACTIVE" and (contact.is_customer if sells else contact.is_supplier)
    )
    stamp = tenant.stamp()
    document = Document(
        kind="Invoices",
        doc_id=str(uuid.uuid4()),
        type=type_,
        number=f"LATE-{stamp}",
        contact_id=contact.contact_id,
        day=day,
        due_on=day + timedelta(days=30),
        status=status,
        amount_types="Exclusive",
        lines=[Line(str(uuid.uuid4()), account_id, "Arrived late", cents, "NONE", 0)],
        currency=currency or tenant.profile.base,
        rate=tenant.rate(currency, day),
        created_ms=stamp,
        updated_ms=stamp,
    )
    tenant.company.documents[document.doc_id] = document
    tenant.restate(document, created=True)
    return document
