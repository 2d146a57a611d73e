"""Every list of the accounting family: where it is, what its keys are called, what its search understands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector_dagster.sandbox.freshbooks import list_wire, wire
from ml_connector_dagster.sandbox.freshbooks.company import Company
from ml_connector_dagster.sandbox.freshbooks.records import ACTIVE, DELETED
from ml_connector_dagster.sandbox.freshbooks.search import Field, Grammar
from ml_connector_dagster.sandbox.freshbooks.stamps import eastern

Json = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One list and its single records."""

    name: str
    path: str
    list_key: str
    single_key: str
    word: str
    """How an error names it."""
    records: Callable[[Company], Sequence[Any]]
    identity: Callable[[Any], int]
    shown: Callable[[Company, Any, bool], Json]
    equals: Mapping[str, Field] = field(default_factory=dict)
    ranges: Mapping[str, Field] = field(default_factory=dict)
    amounts: Mapping[str, Callable[[Any], int]] = field(default_factory=dict)
    contains: Mapping[str, Field] = field(default_factory=dict)
    sorts: Mapping[str, Field] = field(default_factory=dict)
    sweeps: bool = True
    """Whether search[vis_state] is understood."""

    @property
    def grammar(self) -> Grammar:
        swept = {"vis_state": lambda one: str(one.vis_state)} if self.sweeps else {}
        return Grammar({**self.equals, **swept}, self.ranges, self.amounts, self.contains, self.sorts)

    def standing(self, company: Company, *, swept: bool) -> list[Any]:
        """The records, newest first; deleted ones only where search[vis_state] is used and understood."""
        every = [one for one in reversed(self.records(company)) if not getattr(one, "hidden", False)]
        if swept and self.sweeps:
            return every
        return [one for one in every if getattr(one, "vis_state", ACTIVE) != DELETED]


def _documents(kind: str) -> Callable[[Company], Sequence[Any]]:
    return lambda company: company.by_kind[kind]


def _document(company: Company, one: Any, lines: bool) -> Json:  # noqa: FBT001 - a shape shared by all resources
    return wire.shown(company, one, lines=lines)


def _id(one: Any) -> int:
    return int(one.doc_id)


def _text_of(name: str) -> Field:
    return lambda one: str(getattr(one, name) or "")


def _one_or_many(key: str, of: Field) -> dict[str, Field]:
    return {key: of, f"{key}s": of}


def _day(one: Any) -> str:
    return str(one.day.isoformat())


def _updated_day(one: Any) -> str:
    return eastern(one.updated_ms)[:10]


def _v3(one: Any) -> str:
    return str(one.status if one.status == "draft" or not one.paid else one.settlement)


def _truth(of: Callable[[Any], bool]) -> Field:
    return lambda one: str(of(one)).lower()


_DATED = {"date": _day, "updated": _updated_day}
_AMOUNT = {"amount": lambda one: int(one.total)}
_PARTY = _text_of("party_id")

RESOURCES = (
    Resource(
        name="invoices",
        path="invoices/invoices",
        list_key="invoices",
        single_key="invoice",
        word="Invoice",
        records=_documents("invoices"),
        identity=_id,
        shown=_document,
        equals={
            **_one_or_many("customerid", _PARTY),
            **_one_or_many("invoiceid", _text_of("doc_id")),
            "invoice_number": _text_of("number"),
            "v3_status": _v3,
            "paid": _truth(lambda one: one.outstanding <= 0),
            "outstanding": _truth(lambda one: one.outstanding > 0),
        },
        ranges=_DATED,
        sorts={"invoice_date": _day},
    ),
    Resource(
        name="payments",
        path="payments/payments",
        list_key="payments",
        single_key="payment",
        word="Payment",
        records=_documents("payments"),
        identity=_id,
        shown=_document,
        equals={
            "invoiceid": _text_of("target_id"),
            **_one_or_many("clientid", _PARTY),
            **_one_or_many("customerid", _PARTY),
            "type": _text_of("type"),
            "currency": _text_of("currency"),
        },
        ranges=_DATED,
        amounts=_AMOUNT,
    ),
    Resource(
        name="expenses",
        path="expenses/expenses",
        list_key="expenses",
        single_key="expense",
        word="Expense",
        records=_documents("expenses"),
        identity=_id,
        shown=_document,
        equals={
            **_one_or_many("clientid", _PARTY),
            **_one_or_many("projectid", _text_of("project_id")),
            **_one_or_many("categoryid", lambda one: str(one.lines[0].category_id)),
            "vendor": _text_of("vendor"),
            "has_receipt": _truth(lambda one: one.doc_id % 3 == 0),
        },
        ranges=_DATED,
        amounts=_AMOUNT,
    ),
    Resource(
        name="categories",
        path="expenses/categories",
        list_key="categories",
        single_key="category",
        word="Category",
        records=lambda company: list(company.categories.values()),
        identity=lambda one: int(one.category_id),
        shown=lambda company, one, _lines: list_wire.category(company, one),
    ),
    Resource(
        name="bills",
        path="bills/bills",
        list_key="bills",
        single_key="bill",
        word="Bill",
        records=_documents("bills"),
        identity=_id,
        shown=_document,
        equals={
            "vendorid": _PARTY,
            "statuses": _text_of("settlement"),
            "currency_code": _text_of("currency"),
            "ids": _text_of("doc_id"),
        },
    ),
    Resource(
        name="bill_payments",
        path="bill_payments/bill_payments",
        list_key="bill_payments",
        single_key="bill_payment",
        word="Bill payment",
        records=_documents("bill_payments"),
        identity=_id,
        shown=_document,
        sweeps=False,
    ),
    Resource(
        name="bill_vendors",
        path="bill_vendors/bill_vendors",
        list_key="bill_vendors",
        single_key="bill_vendor",
        word="Vendor",
        records=lambda company: list(company.vendors.values()),
        identity=lambda one: int(one.vendor_id),
        shown=lambda company, one, _lines: list_wire.vendor(company, one),
        sweeps=False,
    ),
    Resource(
        name="clients",
        path="users/clients",
        list_key="clients",
        single_key="client",
        word="Client",
        records=lambda company: list(company.clients.values()),
        identity=lambda one: int(one.client_id),
        shown=lambda company, one, _lines: list_wire.client(company, one),
        equals={
            "email": _text_of("email"),
            **_one_or_many("userid", _text_of("client_id")),
            "username": lambda one: f"client{one.client_id}",
        },
        ranges={"updated": _updated_day},
        contains={
            "organization_like": _text_of("organization"),
            "fname_like": _text_of("first_name"),
            "lname_like": _text_of("last_name"),
            "email_like": _text_of("email"),
        },
        sorts={
            "organization_name": _text_of("organization"),
            "fullname": lambda one: f"{one.first_name} {one.last_name}",
            "email": _text_of("email"),
            "updated": lambda one: eastern(one.updated_ms),
        },
    ),
    Resource(
        name="credit_notes",
        path="credit_notes/credit_notes",
        list_key="credit_notes",
        single_key="credit_notes",
        word="Credit note",
        records=_documents("credit_notes"),
        identity=_id,
        shown=_document,
        equals={"clientid": _PARTY},
        ranges={"date": _day},
    ),
    Resource(
        name="other_income",
        path="other_incomes/other_incomes",
        list_key="other_income",
        single_key="other_income",
        word="Other income",
        records=_documents("other_income"),
        identity=_id,
        shown=_document,
        equals={"incomeid": _text_of("doc_id"), "category_name": _text_of("type")},
    ),
)

ITEMS = ("Brand Strategy", "Web Design", "Content and Media", "Retainers")
