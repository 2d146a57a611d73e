"""Queries of lists and of transactions: by id, by number, by filter; in one answer or in pages."""

from collections.abc import Callable, Iterable, Sequence

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


def list_query(company: Company, iterators: Iterators, request: etree._Element) -> Answer:
    """AccountQuery, ClassQuery, CustomerQuery, VendorQuery. Inactive elements only where ActiveStatus asks for them."""
    kind = str(request.tag).removesuffix("QueryRq")
    shelf = {key: one for key, one in company.lists[kind].items() if key not in company.hidden}
    asked = texts(request, "ListID")
    by_name = {company.full_name(key).casefold(): key for key in shelf} if request.find("FullName") is not None else {}
    asked += [by_name.get(name.casefold(), "") for name in texts(request, "FullName")]
    wire, wanted = ListWire(company).refresh(), wanted_elements(request)

    def write(record: Record) -> str:
        assert isinstance(record, Named)
        return _written(company, f"{kind}Ret", record.list_id, wire.children(record), wanted)

    pages = Pages(company, iterators, request, write)
    if asked:
        return pages.by_key(asked, shelf)
    return pages.filtered(_listed(company, request, shelf))


def _listed(company: Company, request: etree._Element, shelf: dict[str, Named]) -> dict[str, Record]:
    status = text(request, "ActiveStatus") or "ActiveOnly"
    since, until = times(request, "FromModifiedDate", "ToModifiedDate")
    named, types = names(request), texts(request, "AccountType")
    tagged = chosen(request.find("ClassFilter"), ["Class"], company)
    return {
        key: one
        for key, one in shelf.items()
        if (status == "All" or one.active == (status == "ActiveOnly"))
        and since <= one.modified_at <= until
        and named(one)
        and (not types or one.account_type in types)
        and (tagged is None or one.class_id in tagged)
    }


def txn_query(company: Company, iterators: Iterators, request: etree._Element) -> Answer:
    """InvoiceQuery and its kind; lines only where IncludeLineItems says so."""
    kind = str(request.tag).removesuffix("QueryRq")
    shelf = {key: one for key, one in company.txns.items() if one.kind == kind and key not in company.hidden}
    wire = TxnWire(company, with_lines=flag(request, "IncludeLineItems"), with_links=flag(request, "IncludeLinkedTxns"))
    wanted = wanted_elements(request)

    def write(record: Record) -> str:
        assert isinstance(record, Txn)
        return _written(company, f"{kind}Ret", record.txn_id, wire.children(_readable(record)), wanted)

    pages = Pages(company, iterators, request, write)
    if request.find("TxnID") is not None:
        return pages.by_key(texts(request, "TxnID"), shelf)
    for name, fold in (("RefNumberCaseSensitive", str), ("RefNumber", str.casefold)):
        if request.find(name) is not None:
            return pages.by_key(*_numbered(texts(request, name), shelf, fold))
    return pages.filtered(_entered(company, request, shelf))


def _readable(txn: Txn) -> Txn:
    """A journal entry whose first line was added without an amount breaks every later query that comes across it."""
    if txn.kind == "JournalEntry" and txn.lines and not txn.lines[0].amount_given:
        raise Refused(1000, "There has been an internal error when processing the request.")
    return txn


def _numbered(
    wanted: Sequence[str], shelf: dict[str, Txn], fold: Callable[[str], str]
) -> tuple[list[str], dict[str, Txn]]:
    """The ids that have one of the numbers, which need not be unique; a number that nobody has stays, and is missing."""
    found: dict[str, list[str]] = {}
    for key, txn in shelf.items():
        found.setdefault(fold(txn.ref), []).append(key)
    return [key for number in wanted for key in found.get(fold(number), [""])], shelf


def _entered(company: Company, request: etree._Element, shelf: dict[str, Txn]) -> dict[str, Record]:
    since, until = times(request.find("ModifiedDateRangeFilter"), "FromModifiedDate", "ToModifiedDate")
    first, last = days(request.find("TxnDateRangeFilter"), "FromTxnDate", "ToTxnDate", company.now().date())
    parties = chosen(request.find("EntityFilter"), ["Customer", "Vendor"], company)
    accounts = chosen(request.find("AccountFilter"), ["Account"], company)
    numbered, owed = numbers(request), paid_status(request, company)
    return {
        key: txn
        for key, txn in shelf.items()
        if since <= txn.modified_at <= until
        and first <= txn.day <= last
        and (parties is None or txn.name_id in parties or any(line.name_id in parties for line in txn.lines))
        and (accounts is None or accounts & touched(txn, company))
        and numbered(txn)
        and owed(txn)
    }


class Pages:
    """Turns the records of one query into its answer."""

    def __init__(self, company: Company, iterators: Iterators, request: etree._Element, write: Writer) -> None:
        self._company = company
        self._iterators = iterators
        self._request = request
        self._write = write

    def by_key(self, asked: Sequence[str], shelf: dict[str, Named] | dict[str, Txn]) -> Answer:
        """What was asked for by name; other filters do not count, and what is missing turns the status into 500."""
        if self._request.get("iterator"):
            raise Refused(3110, "An iterator cannot be used in a query by id or number.")
        found = [shelf[key] for key in asked if key in shelf]
        answer = self._answer(found)
        if any(key not in shelf for key in asked):
            answer.code, answer.severity, answer.message = 500, "Warn", NOT_ALL_FOUND
        return answer

    def filtered(self, found: dict[str, Record]) -> Answer:
        """All that matched, the first MaxReturned of it, or a page."""
        size = self._size()
        mode = self._request.get("iterator")
        if mode is None:
            return self._some(list(found.values())[:size])
        if size is None and mode != "Stop":
            raise Refused(3110, "An iterator needs MaxReturned.")
        name = self._request.get("iteratorID", "")
        if mode == "Start":
            name = self._iterators.start(self._filters(), list(found))
        else:
            self._iterators.find(name, self._filters())
        if mode == "Stop":
            self._iterators.stop(name)
            return Answer(self._rs, self._request.get("requestID"))
        page, remaining = self._iterators.page(name, size or 1, found)
        answer = self._some(page)
        answer.attributes = {
            **answer.attributes,
            "iteratorRemainingCount": str(remaining),
            "iteratorID": name,
        }
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
        return "".join(etree.tostring(child, method="c14n", with_tail=False).decode() for child in self._request)

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
