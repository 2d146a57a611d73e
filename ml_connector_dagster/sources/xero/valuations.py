"""What Xero's reports say that open foreign documents and foreign bank accounts are worth when a day ends.

Xero's API has no exchange rates and no posting of a revaluation, but three of its reports show what it used. Aged receivables
and aged payables of a contact show for each open document what is due in its own currency and, at the rate of the report's
day, in the company's ("Due Local"). The bank summary shows for each bank account what conversion alone moved ("FX Gain").

An aged report is one call a contact. One contact is mostly enough for a currency: the report of who owes most pins the rate
down to its sixth decimal, and the other documents of the currency are valued at it. Where it does not, the next contact is
asked, at worst all of them: then each document has a value of Xero's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import CredentialRefused, RecordRefused, RequestRejected
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.xero import chart as roles
from ml_connector_dagster.sources.xero.client import Listing, XeroApi
from ml_connector_dagster.sources.xero.context import base_rate
from ml_connector_dagster.sources.xero.dates import calendar_date, optional_date
from ml_connector_dagster.sources.xero.reports import report_rows
from ml_connector_dagster.sources.xero.settlements import in_base

if TYPE_CHECKING:
    from ml_connector_dagster.sources.xero.company import XeroCompany

BANK_SUMMARY = "Reports/BankSummary"
AGED = {roles.RECEIVABLE: "Reports/AgedReceivablesByContact", roles.PAYABLE: "Reports/AgedPayablesByContact"}
SIDES = {
    "ACCREC": (roles.RECEIVABLE, 1),
    "ACCRECCREDIT": (roles.RECEIVABLE, -1),
    "RECEIVE-OVERPAYMENT": (roles.RECEIVABLE, -1),
    "AROVERPAYMENT": (roles.RECEIVABLE, -1),
    "ACCPAY": (roles.PAYABLE, -1),
    "ACCPAYCREDIT": (roles.PAYABLE, 1),
    "SPEND-OVERPAYMENT": (roles.PAYABLE, 1),
    "APOVERPAYMENT": (roles.PAYABLE, 1),
}
"""Document type to where it stands while it is open, and on which side; debit + and credit −."""
HALF_CENT = Decimal("0.005")
RATE_STEP = Decimal("0.000001")
Gains = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A foreign document that was open at the end of a period or of the one before."""

    record_id: str
    contact_id: str
    role: str
    sign: int
    currency: str
    rate: Decimal
    total: Decimal
    dated_on: date
    settled: tuple[tuple[date, Decimal], ...]

    def due(self, on: date) -> Decimal:
        """Answer what was still due when a day ended, in the document's currency."""
        if self.dated_on > on:
            return ZERO
        return self.total - sum((amount for day, amount in self.settled if day <= on), ZERO)


def settled_parts(document: Any) -> Iterator[tuple[Decimal, str]]:
    """Yield (amount in document currency, date as written) of every payment and credit that a document shows."""
    yield from ((payment.amount, payment.date) for payment in document.payments)
    if hasattr(document, "allocations"):
        yield from ((one.amount, one.date) for one in document.allocations)
    else:
        for credits_ in (document.credit_notes, document.prepayments, document.overpayments):
            yield from ((one.applied_amount, one.date) for one in credits_)


def foreign_documents(company: XeroCompany, period: Period) -> list[OpenDocument]:
    """Answer the foreign documents that were open when the period or the one before it ended; one list an endpoint."""
    base = company.company().base_currency
    found = (
        _foreign(document, base)
        for endpoint in ("Invoices", "CreditNotes", "Overpayments")
        for document in _open_about(company, endpoint, period)
    )
    ends = (period.previous().last_on, period.last_on)
    return [one for one in found if one and any(one.due(on) for on in ends)]


def unrealised_gains(
    company: XeroCompany, documents: Sequence[OpenDocument], on: date, *, thorough: bool
) -> Gains | None:
    """Answer {role: what open documents are worth beyond their own rates} when a day ended; debit + and credit −.

    Args:
        company: Whose reports to ask.
        documents: What was open about then.
        on: A month's last day.
        thorough: True asks for every contact, so that no value rests on a rate that was inferred.

    Returns:
        None where Xero does not offer the reports to this consent, or not in several currencies.
    """
    by_currency: dict[str, list[OpenDocument]] = defaultdict(list)
    for document in documents:
        if document.due(on):
            by_currency[document.currency].append(document)
    gains: Gains = defaultdict(lambda: ZERO)
    for group in by_currency.values():
        worth = _worth(company.api, group, on, thorough=thorough)
        if worth is None:
            return None
        for document in group:
            own = in_base(document.due(on), document.rate)
            gains[document.role] += document.sign * (worth[document.record_id] - own)
    return gains


def bank_gains(api: XeroApi, period: Period) -> Gains | None:
    """Answer {bank account id: what conversion alone moved in the period}, debit +; None where Xero does not offer it."""
    span = {"fromDate": period.first_on.isoformat(), "toDate": period.last_on.isoformat()}
    rows = _offered(api, BANK_SUMMARY, span, {"fx gain", "fx gains"})
    return None if rows is None else {account: figures[0] for account, figures in rows}


def only_rate(shown: Iterable[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Answer the rate at which every (due, due in base) of a report is what it is; None where no rate or several fit.

    A rate is document currency for one unit of base, to six decimals as Xero keeps it.
    """
    low, high = ZERO, Decimal("Infinity")
    for due, local in ((abs(due), abs(local)) for due, local in shown):
        if local > HALF_CENT:
            low, high = max(low, due / (local + HALF_CENT)), min(high, due / (local - HALF_CENT))
    if not low:
        return None
    first = low.quantize(RATE_STEP, ROUND_CEILING)
    return first if first <= high < first + RATE_STEP else None


def _open_about(company: XeroCompany, endpoint: str, period: Period) -> list[Any]:
    """Answer what was open at either end of a period; Overpayments, which are few and have no such day, all of them.

    The day a document was settled on is no field that Xero filters fast: above its threshold (100,000 documents) it refuses.
    Then what is settled by now is asked for by its stamp, which its settlement moved.
    """
    first, end = (f"DateTime({day.year},{day.month:02d},{day.day:02d})" for day in (period.first_on, period.end_on))
    before = f"Date<{end}"
    if endpoint == "Overpayments":
        return list(company.records(Listing(endpoint, where=before)))
    exact = f'{before} AND (Status=="AUTHORISED" OR FullyPaidOnDate>={first})'
    try:
        return list(company.records(Listing(endpoint, where=exact)))
    except RequestRejected as refused:
        if refused.status != 400:
            raise
    still = Listing(endpoint, where=f'{before} AND Status=="AUTHORISED"')
    since = Listing(endpoint, where=f'{before} AND Status=="PAID"', since=f"{period.first_on:%Y-%m-%d}T00:00:00Z")
    both = (*company.records(still), *company.records(since))  # one that is paid between the two calls is in both
    return list({document.record_id: document for document in both}.values())


def _worth(api: XeroApi, group: Sequence[OpenDocument], on: date, *, thorough: bool) -> Mapping[str, Decimal] | None:
    """Answer record id to what is due in base currency at the day's rate; the documents are of one currency."""
    due = {document.record_id: document.due(on) for document in group}
    shown: dict[str, Decimal] = {}
    rate = None
    for role, contact_id in _contacts(group, on):
        asked = {"contactId": contact_id, "date": on.isoformat()}
        rows = _offered(api, AGED[role], asked, {"due local"})
        if rows is None:
            return None
        shown |= {key.lower(): abs(figures[0]) for key, figures in rows if key.lower() in due}
        rate = only_rate((due[record_id], local) for record_id, local in shown.items())
        if rate and not thorough:
            break
    unseen = due.keys() - shown.keys()
    if unseen and rate is None:
        return None
    return shown | {record_id: in_base(due[record_id], rate) for record_id in unseen if rate}


def _contacts(group: Iterable[OpenDocument], on: date) -> list[tuple[str, str]]:
    """Answer (role, contact id), who owes or is owed most first: the larger an amount, the sharper its rate."""
    amounts: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for document in group:
        amounts[document.role, document.contact_id] += document.due(on)
    return sorted(amounts, key=lambda key: (-amounts[key], key))


def _offered(
    api: XeroApi, report: str, params: Mapping[str, str], titles: set[str]
) -> list[tuple[str, list[Decimal]]] | None:
    """Answer a report's rows under these titles; None where the consent lacks its scope or the column is not there."""
    try:
        return report_rows(api.get(report, params).json(), titles, report)
    except CredentialRefused:
        return None


def _foreign(document: Any, base_currency: str) -> OpenDocument | None:
    """Answer a document of another currency; None for one that is not, does not stand, or cannot be read."""
    currency = document.currency_code or base_currency
    if currency == base_currency or document.type not in SIDES or document.status not in ("AUTHORISED", "PAID"):
        return None
    role, sign = SIDES[document.type]
    try:
        return OpenDocument(
            record_id=document.record_id.lower(),
            contact_id=document.contact.contact_id if document.contact else "",
            role=role,
            sign=sign,
            currency=currency,
            rate=base_rate(document.currency_rate, currency, base_currency),
            total=document.total,
            dated_on=optional_date(document.date_string) or calendar_date(document.date),
            settled=tuple((calendar_date(written), amount) for amount, written in settled_parts(document) if written),
        )
    except RecordRefused:
        return None  # quarantined where it is read: its own figures are not in the ledger lines either
