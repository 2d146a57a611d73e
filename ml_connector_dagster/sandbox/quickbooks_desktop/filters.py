"""What a query's filters let through."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import parse_stamp
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused, missing_reference
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text, texts

_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "Contains": str.__contains__,
}
Test = Callable[[Any], bool]
_EVER = datetime(1970, 1, 1), datetime(2038, 1, 19)  # noqa: DTZ001 - wall times; the bounds are QuickBooks' own


def days(element: etree._Element | None, start: str, end: str, today: date) -> tuple[date, date]:
    """Two days of a filter, both included; open where one is missing, and by macro where the filter has one."""
    if element is None:
        return date.min, date.max
    if macro := text(element, "DateMacro"):
        return macro_days(macro, today)
    first, last = text(element, start), text(element, end)
    found = date.fromisoformat(first) if first else date.min, date.fromisoformat(last) if last else date.max
    if found[0] > found[1]:
        raise Refused(3030, f"The date range from {first} to {last} is invalid.")
    return found


def macro_days(macro: str, today: date) -> tuple[date, date]:
    """The days of a macro, by the PC's calendar; only the commonest are known here."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    year = date(today.year, 1, 1)
    known = {
        "All": (date.min, date.max),
        "Today": (today, today),
        "ThisMonth": (month, after - timedelta(days=1)),
        "ThisMonthToDate": (month, today),
        "LastMonth": (before, month - timedelta(days=1)),
        **dict.fromkeys(("ThisFiscalYear", "ThisCalendarYear", "ThisYear"), (year, date(today.year, 12, 31))),
        **dict.fromkeys(("ThisFiscalYearToDate", "ThisCalendarYearToDate", "ThisYearToDate"), (year, today)),
        **dict.fromkeys(
            ("LastFiscalYear", "LastCalendarYear", "LastYear"),
            (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        ),
    }
    if macro not in known:
        raise Refused(3110, f'The value "{macro}" of the date macro is not supported.')
    return known[macro]


def times(element: etree._Element | None, start: str, end: str) -> tuple[datetime, datetime]:
    """Two wall times of a filter, both included."""
    if element is None:
        return _EVER[0], _EVER[1]
    first, last = text(element, start), text(element, end)
    try:
        found = (
            parse_stamp(first) if first else _EVER[0],
            parse_stamp(last, end=True) if last else _EVER[1],
        )
    except ValueError as wrong:
        raise Refused(3020, f"There was an error when converting the date value: {wrong}") from None
    if found[0] > found[1]:
        raise Refused(3030, f"The date range from {first} to {last} is invalid.")
    return found


def chosen(element: etree._Element | None, kinds: Iterable[str], company: Company) -> set[str] | None:
    """The ids that a filter by id or full name chooses, with children where it says so; None for no filter.

    Raises:
        Refused: 3000 for an id and 3140 for a name that no list of these kinds has.
    """
    if element is None:
        return None
    found: set[str] = set()
    for child in element:
        value, tag = (child.text or "").strip(), str(child.tag)
        if not tag.startswith(("ListID", "FullName")):
            return _by_word(tag, value, company)
        hit = (by_id if tag.startswith("ListID") else by_name)(value, kinds, company)
        found |= company.with_children(hit) if tag.endswith("WithChildren") else {hit}
    return found


def _by_word(tag: str, word: str, company: Company) -> set[str]:
    """EntityTypeFilter and AccountTypeFilter: a kind of party, or a type of account."""
    if tag == "EntityTypeFilter":
        return set(company.lists.get(word, {}))
    accounts = company.lists["Account"].values()
    groups: dict[str, tuple[str, ...]] = {
        "BalanceSheet": ("Bank", "Accounts", "Other", "Fixed", "Credit", "Long", "Equity"),
        "OrdinaryIncome": ("Income",),
        "OrdinaryExpense": ("Expense",),
        "OrdinaryIncomeAndCOGS": ("Income", "CostOfGoodsSold"),
    }
    starts = groups.get(word, (word,))
    return {
        one.list_id
        for one in accounts
        if one.account_type.startswith(starts) and not (len(starts) > 3 and one.account_type.startswith(_OTHER_RESULT))
    }


_OTHER_RESULT = ("OtherIncome", "OtherExpense")


def by_id(list_id: str, kinds: Iterable[str], company: Company) -> str:
    """An id that a list has."""
    if any(list_id in company.lists[kind] for kind in kinds):
        return list_id
    raise Refused(3000, f'The given object ID "{list_id}" in the field "list id" is invalid.')


def by_name(full_name: str, kinds: Iterable[str], company: Company) -> str:
    """The id that has a full name; QuickBooks does not mind its case."""
    wanted, kinds = full_name.casefold(), tuple(kinds)
    for kind in kinds:
        for list_id in company.lists[kind]:
            if company.full_name(list_id).casefold() == wanted:
                return list_id
    raise missing_reference("/".join(kinds), full_name, "request")


def numbers(element: etree._Element) -> Test:
    """By RefNumberFilter or RefNumberRangeFilter of the request; case does not matter."""
    single, span = element.find("RefNumberFilter"), element.find("RefNumberRangeFilter")
    if single is not None:
        match, wanted = _MATCHES[text(single, "MatchCriterion")], text(single, "RefNumber").casefold()
        return lambda txn: match(txn.ref.casefold(), wanted)
    if span is not None:
        first, last = text(span, "FromRefNumber"), text(span, "ToRefNumber")
        return lambda txn: first <= txn.ref and (not last or txn.ref <= last)
    return lambda _txn: True


def names(element: etree._Element) -> Test:
    """By NameFilter or NameRangeFilter of the request."""
    single, span = element.find("NameFilter"), element.find("NameRangeFilter")
    if single is not None:
        match, wanted = _MATCHES[text(single, "MatchCriterion")], text(single, "Name").casefold()
        return lambda one: match(one.name.casefold(), wanted)
    if span is not None:
        first, last = text(span, "FromName").casefold(), text(span, "ToName").casefold()
        return lambda one: first <= one.name.casefold() and (not last or one.name.casefold() <= last)
    return lambda _one: True


def paid_status(element: etree._Element, company: Company) -> Test:
    """By PaidStatus of invoices and bills."""
    wanted = text(element, "PaidStatus")
    if wanted in {"", "All"}:
        return lambda _txn: True
    return lambda txn: (txn.total == sum(company.paid(txn.txn_id).values())) == (wanted == "PaidOnly")


def touched(txn: Txn, company: Company) -> set[str]:
    """The accounts that a transaction posts to."""
    posting = company.ledger.find(txn.txn_id)
    return {leg.account_id for leg in posting.legs} if posting else set()


def wanted_elements(request: etree._Element) -> list[str]:
    """What IncludeRetElement names."""
    return texts(request, "IncludeRetElement")
