"""Queries of lists and of transactions: by id, by number, by filter; in one answer or in pages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, Child, element, kept_children, spoilt
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import (
    chosen,
    days,
    names,
    numbers,
    paid_status,
    times,
    touched,
    wanted_elements,
)
from ml_connector_dagster.sandbox.quickbooks_desktop.iterators import Iterators, Record
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import ListWire
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Named, Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused, nothing_found
from ml_connector_dagster.sandbox.quickbooks_desktop.request import flag, text, texts
from ml_connector_dagster.sandbox.quickbooks_desktop.txns_wire import TxnWire

NOT_ALL_FOUND = (
    "The query request has not been fully completed. "
    "There was a required element that could not be found in QuickBooks."
)
Writer = Callable[[Record], str]


@dataclass(frozen=True)
class Shelf:
    """What a query may find: records of one kind that are not hidden, and which of them match its filters."""

    records: Mapping[str, Record]
    hidden: AbstractSet[str]
    kind: str = ""
    """Empty for transactions of every kind."""
    matches: Callable[[Any], bool] = lambda _record: True

    def get(self, key: str) -> Record | None:
        """A record by its id, whatever the filters say."""
        found = self.records.get(key)
        return None if found is None or key in self.hidden or self.kind not in {"", found.kind} else found

    def find(self, key: str) -> Record | None:
        """A record by its id, if the filters let it through."""
        found = self.get(key)
        return found if found is not None and self.matches(found) else None

    def keys(self) -> Iterator[str]:
        """Ids of all records that are there, in the order they came."""
        return (key for key in self.records if self.get(key) is not None)


def list_query(company: Company, iterators: Iterators, request: etree._Element) -> Answer:
    """AccountQuery, ClassQuery, CustomerQuery, VendorQuery. Inactive elements only where ActiveStatus asks for them."""
    kind = str(request.tag).removesuffix("QueryRq")
    shelf = Shelf(company.lists[kind], company.hidden, kind, _listed(company, request))
    asked = texts(request, "ListID")
    by_name = {company.full_name(key).casefold(): key for key in shelf.keys()}  # noqa: SIM118 - no dict
    asked += [by_name.get(name.casefold(), "") for name in texts(request, "FullName")]
    wire, wanted = ListWire(company).refresh(), wanted_elements(request)

    def write(record: Record) -> str:
        assert isinstance(record, Named)
        return _written(company, f"{kind}Ret", record.list_id, wire.children(record), wanted)

    pages = Pages(shelf, iterators, request, write)
    return pages.by_key(asked) if asked else pages.filtered()


def _listed(company: Company, request: etree._Element) -> Callable[[Any], bool]:
    status = text(request, "ActiveStatus") or "ActiveOnly"
    since, until = times(request, "FromModifiedDate", "ToModifiedDate")
    named, types = names(request), texts(request, "AccountType")
    tagged = chosen(request.find("ClassFilter"), ["Class"], company)

    def matches(one: Named) -> bool:
        return (
            (status == "All" or one.active == (status == "ActiveOnly"))
            and since <= one.modified_at <= until
            and named(one)
            and (not types or one.account_type in types)
            and (tagged is None or one.class_id in tagged)
        )

    return matches


def txn_query(company: Company, iterators: Iterators, request: etree._Element) -> Answer:
    """InvoiceQuery and its kind; lines only where IncludeLineItems says so."""
    kind = str(request.tag).removesuffix("QueryRq")
    shelf = Shelf(company.txns, company.hidden, kind, _entered(company, request))
    wire = TxnWire(company, with_lines=flag(request, "IncludeLineItems"), with_links=flag(request, "IncludeLinkedTxns"))
    wanted = wanted_elements(request)

    def write(record: Record) -> str:
        assert isinstance(record, Txn)
        return _written(company, f"{kind}Ret", record.txn_id, wire.children(_readable(record)), wanted)

    pages = Pages(shelf, iterators, request, write)
    if request.find("TxnID") is not None:
        return pages.by_key(texts(request, "TxnID"))
    for name, fold in (("RefNumberCaseSensitive", str), ("RefNumber", str.casefold)):
        if request.find(name) is not None:
            return pages.by_key(_numbered(company, texts(request, name), kind, fold))
    return pages.filtered()


def _readable(txn: Txn) -> Txn:
    """A journal entry whose first line was added without an amount breaks every later query that comes across it."""
    if txn.kind == "JournalEntry" and txn.lines and not txn.lines[0].amount_given:
        raise Refused(1000, "There has been an internal error when processing the request.")
    return txn


def _numbered(company: Company, wanted: Sequence[str], kind: str, fold: Callable[[str], str]) -> list[str]:
    """The ids that have one of the numbers, which need not be unique; a number that nobody has is an id that nobody has."""
    found: dict[str, list[str]] = {}
    for key, txn in company.txns.items():
        if txn.kind == kind:
            found.setdefault(fold(txn.ref), []).append(key)
    return [key for number in wanted for key in found.get(fold(number), [""])]


def _entered(company: Company, request: etree._Element) -> Callable[[Any], bool]:
    since, until = times(request.find("ModifiedDateRangeFilter"), "FromModifiedDate", "ToModifiedDate")
    first, last = days(request.find("TxnDateRangeFilter"), "FromTxnDate", "ToTxnDate", company.now().date())
    parties = chosen(request.find("EntityFilter"), ["Customer", "Vendor"], company)
    accounts = chosen(request.find("AccountFilter"), ["Account"], company)
    numbered, owed = numbers(request), paid_status(request, company)

    def matches(txn: Txn) -> bool:
        return (
            since <= txn.modified_at <= until
            and first <= txn.day <= last
            and (parties is None or txn.name_id in parties or any(line.name_id in parties for line in txn.lines))
            and (accounts is None or bool(accounts & touched(txn, company)))
            and numbered(txn)
            and owed(txn)
        )

    return matches


class Pages:
    """Turns the records of one query into its answer."""

    def __init__(self, shelf: Shelf, iterators: Iterators, request: etree._Element, write: Writer) -> None:
        self._shelf = shelf
        self._iterators = iterators
        self._request = request
        self._write = write

    def by_key(self, asked: Sequence[str]) -> Answer:
        """What was asked for by name; other filters do not count, and what is missing turns the status into 500."""
        if self._request.get("iterator"):
            raise Refused(3110, "An iterator cannot be used in a query by id or number.")
        found = [self._shelf.get(key) for key in asked]
        answer = self._answer([record for record in found if record is not None])
        if None in found:
            answer.code, answer.severity, answer.message = 500, "Warn", NOT_ALL_FOUND
        return answer

    def filtered(self) -> Answer:
        """All that match, the first MaxReturned of them, or a page."""
        size, mode = self._size(), self._request.get("iterator")
        if mode is None:
            found = (self._shelf.find(key) for key in self._shelf.keys())  # noqa: SIM118 - no dict
            return self._some(list(islice((record for record in found if record is not None), size)))
        if size is None and mode != "Stop":
            raise Refused(3110, "An iterator needs MaxReturned.")
        name = self._request.get("iteratorID", "")
        if mode == "Start":
            keys = [key for key in self._shelf.keys() if self._shelf.find(key) is not None]  # noqa: SIM118 - no dict
            if not keys:
                raise nothing_found()
            name = self._iterators.start(self._filters(), keys)
        else:
            self._iterators.check(name, self._filters())
        if mode == "Stop":
            self._iterators.stop(name)
            return Answer(self._rs, self._request.get("requestID"))
        page, remaining = self._iterators.page(name, size or 1, self._shelf.find)
        answer = self._answer(page)
        if not page:  # everything that was left has gone meanwhile
            answer.code, answer.message = nothing_found().code, nothing_found().message
        counted = {"iteratorRemainingCount": str(remaining), "iteratorID": name}
        answer.attributes = {**answer.attributes, **counted}
        return answer

    @property
    def _rs(self) -> str:
        return f"{str(self._request.tag).removesuffix('Rq')}Rs"

    def _size(self) -> int | None:
        given = text(self._request, "MaxReturned")
        if given and int(given) < 1:
            raise Refused(3110, f'The value "{given}" of MaxReturned is invalid.')
        return int(given) if given else None

    def _filters(self) -> str:
        """Everything that was asked for but the size of a page, which may change on the way."""
        filters = (child for child in self._request if child.tag != "MaxReturned")
        return "".join(etree.tostring(child, method="c14n", with_tail=False).decode() for child in filters)

    def _some(self, records: Sequence[Record]) -> Answer:
        if not records:
            raise nothing_found()
        return self._answer(records)

    def _answer(self, records: Sequence[Record]) -> Answer:
        body = "".join(self._write(record) for record in records)
        answer = Answer(self._rs, self._request.get("requestID"), body=body, rows=len(records))
        answer.attributes = {"retCount": str(len(records))}
        return answer


def _written(company: Company, name: str, key: str, children: Iterable[Child], wanted: Sequence[str]) -> str:
    if key in company.damaged:
        children = spoilt(children, company.damaged[key])
    return element(name, list(kept_children(children, wanted)))
