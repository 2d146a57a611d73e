"""Which journals QuickBooks Desktop would refuse, or should not be given: said before anything is sent.

The unbalanced journal's own status code is in no text of Intuit's, and some of what would be accepted is wrong all the same: an
A/R line without a customer, a posting to Undeposited Funds that no deposit ever clears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.journal import Journal, JournalLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import TrackingOption
from ml_connector_dagster.sources.quickbooks_desktop.facts import Facts
from ml_connector_dagster.sources.quickbooks_desktop.qbxml import LONGEST, windows_text

FORBIDDEN_TYPES = {
    "AccountsReceivable": "is accounts receivable: its lines need a customer and an invoice",
    "AccountsPayable": "is accounts payable: its lines need a vendor and a bill",
    "NonPosting": "takes no postings",
}
FORBIDDEN_ROLES = {
    "UndepositedFunds": "is Undeposited Funds, which only deposits may clear",
    "InventoryAssets": "is the inventory account, which only items may move",
}
MOST_AMOUNT_DIGITS = 13


def problems(
    journal: Journal, accounts: Mapping[str, LedgerAccount], options: Mapping[str, TrackingOption], facts: Facts | None
) -> Iterator[str]:
    """Yield why a journal may not be posted, in words, each once.

    Args:
        journal: As approved.
        accounts: The chart by id, as it was read last.
        options: The classes by id.
        facts: The company file as of its last session; None where there was none.
    """
    if facts is None:
        yield "the company file was never open for us, so its closing date is not known; let the Web Connector run once"
        return
    try:
        journal.checked()
    except RecordRefused as error:
        yield error.happened.removeprefix(f"The journal {journal.key!r} ").removesuffix(".")
    if facts.closing_on is not None and journal.posting_date <= facts.closing_on:
        yield f"its date {journal.posting_date} lies in a closed period: the books are closed up to {facts.closing_on}"
    seen = dict.fromkeys(
        problem
        for line in journal.lines
        for problem in _of_line(line, accounts, options, uses_classes=facts.uses_classes)
    )
    yield from seen


def _of_line(
    line: JournalLine,
    accounts: Mapping[str, LedgerAccount],
    options: Mapping[str, TrackingOption],
    *,
    uses_classes: bool,
) -> Iterator[str]:
    yield from _of_account(line, accounts.get(line.ledger_account_id))
    if line.tracking_id:
        yield from _of_class(line, options.get(line.tracking_id), uses_classes=uses_classes)
    if len(windows_text(line.memo)) > LONGEST["Memo"]:
        yield f"a memo is longer than the {LONGEST['Memo']} characters that QuickBooks takes"
    if abs(line.amount) >= 10**MOST_AMOUNT_DIGITS:
        yield f"an amount of {line.amount:f} has more than {MOST_AMOUNT_DIGITS} digits"


def _of_account(line: JournalLine, account: LedgerAccount | None) -> Iterator[str]:
    if account is None:
        named = line.ledger_account or line.ledger_account_id
        yield f"account {named!r} is not in the chart of accounts as it was read last"
        return
    named = f"account {account.name!r}"
    if not account.active:
        yield f"{named} is inactive"
    forbidden = FORBIDDEN_TYPES.get(account.account_type) or FORBIDDEN_ROLES.get(account.system_role)
    if forbidden:
        yield f"{named} {forbidden}"
    if account.currency:
        yield f"{named} is kept in {account.currency}, and journals are posted in the home currency alone"


def _of_class(line: JournalLine, option: TrackingOption | None, *, uses_classes: bool) -> Iterator[str]:
    if not uses_classes:
        yield "it names a class, and class tracking is off in QuickBooks"
    elif option is None:
        yield f"class {line.tracking or line.tracking_id!r} is not in the list of classes as it was read last"
    elif not option.active:
        yield f"class {option.option!r} is inactive"
