"""What QuickBooks checks before it saves a journal entry; each refusal saves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lxml import etree

from ml_connector_dagster.sandbox.books.cents import parse
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import by_name
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import kept
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Named
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused, missing_reference
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text

_NOT_HERE = ("TaxAmount", "ItemSalesTaxRef")
_CONTROL = {"AccountsReceivable": "Customer", "AccountsPayable": "Vendor"}


@dataclass(frozen=True)
class LineAsked:
    """One line of a request, its references found. None where a Mod leaves something as it is."""

    side: str | None
    account_id: str | None
    amount: int | None
    memo: str | None
    name_id: str | None
    class_id: str | None


def read_line(company: Company, element: etree._Element, side: str | None) -> LineAsked:
    """Take a line apart.

    Raises:
        Refused: 3140 unknown reference, 3000 unknown id, 3040 an amount with a sign, 530 an element that the US edition has
            not, 3250 a class while class tracking is off.
    """
    for name in _NOT_HERE:
        if element.find(name) is not None:
            raise Refused(530, f"The field {name} is not supported by this implementation.")
    amount = text(element, "Amount")
    if amount[:1] in {"-", "+"}:
        raise Refused(3040, f'There was an error when converting the amount "{amount}" in the field "amount".')
    if element.find("ClassRef") is not None and not company.preferences.class_tracking:
        raise Refused(3250, "This feature is not enabled or not available in this version of QuickBooks.")
    memo = element.findtext("Memo")
    return LineAsked(
        side,
        _reference(company, element.find("AccountRef"), ("Account",)),
        parse(amount) if amount else None,
        None if memo is None else kept(memo),
        _reference(company, element.find("EntityRef"), ("Customer", "Vendor")),
        _reference(company, element.find("ClassRef"), ("Class",)),
    )


def _reference(company: Company, element: etree._Element | None, kinds: Sequence[str]) -> str | None:
    """The id that a reference means: the ListID wins where both are given."""
    if element is None:
        return None
    list_id, full_name = text(element, "ListID"), text(element, "FullName")
    if list_id:
        if any(list_id in company.lists[kind] for kind in kinds):
            return list_id
        raise missing_reference(kinds[0], list_id, "Journal Entry line")
    return by_name(full_name, kinds, company) if full_name else None


def check_day(company: Company, day: date) -> None:
    """3171 for a day on or before the closing date."""
    closed = company.preferences.closing_date
    if closed is not None and day <= closed:
        raise Refused(
            3171, f"The transaction date {day} is on or before the closing date {closed} of the company file."
        )


def check_lines(company: Company, lines: Sequence[Line]) -> None:
    """Both sides must be equal, every line must have an account that may be used, and control accounts a name."""
    debit = sum(line.amount for line in lines if line.side == "Debit")
    credit = sum(line.amount for line in lines if line.side == "Credit")
    if debit != credit:
        raise _not_saved("The transaction is not in balance. Make sure the amounts in both columns are equal.")
    controls = set()
    for line in lines:
        account = company.lists["Account"].get(line.account_id)
        if account is None:
            raise Refused(3270, "A posting account is missing from a line of the Journal Entry.")
        _check_account(company, account, line)
        if account.account_type in _CONTROL:
            controls.add(account.list_id)
    if len(controls) > 1:
        raise _not_saved("A transaction can have only one accounts receivable or accounts payable line.")


def _check_account(company: Company, account: Named, line: Line) -> None:
    if not account.active:
        raise missing_reference("Account", company.full_name(account.list_id), "Journal Entry line")
    if account.account_type == "NonPosting":
        raise _not_saved(f"You cannot post to the account {account.name}.")
    wanted = _CONTROL.get(account.account_type)
    if wanted and line.name_id not in company.lists[wanted]:
        raise _not_saved(f"A line on {account.name} must name a {wanted.lower()}.")


def _not_saved(why: str) -> Refused:
    return Refused(3180, f'There was an error when saving a "Journal Entry". QuickBooks error message: {why}')
