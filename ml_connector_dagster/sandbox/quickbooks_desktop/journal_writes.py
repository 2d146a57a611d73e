"""JournalEntryAdd and JournalEntryMod: what changes the books by the request of an application."""

from dataclasses import replace
from datetime import date

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, Child, element, elements, kept_children
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.filters import wanted_elements
from ml_connector_dagster.sandbox.quickbooks_desktop.journal_checks import LineAsked, check_day, check_lines, read_line
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused, no_such_txn, stale_edit_sequence
from ml_connector_dagster.sandbox.quickbooks_desktop.request import flag, text
from ml_connector_dagster.sandbox.quickbooks_desktop.txns_wire import TxnWire


def journal_add(company: Company, request: etree._Element) -> Answer:
    """Add one. What is left out is decided by QuickBooks: today, no number, no adjustment."""
    asked = request[0]
    for name in ("Memo", "IsHomeCurrencyAdjustment"):
        if asked.find(name) is not None:
            raise Refused(530, f"The field {name} is not supported by this implementation.")
    at = company.now()
    day = date.fromisoformat(text(asked, "TxnDate")) if text(asked, "TxnDate") else at.date()
    check_day(company, day)
    lines = [
        _new_line(company, read_line(company, child, str(child.tag)[len("Journal") : -len("Line")]))
        for child in asked
        if child.tag in {"JournalDebitLine", "JournalCreditLine"}
    ]
    check_lines(company, lines)
    txn = company.enter(
        "JournalEntry",
        day,
        lines,
        at=at,
        ref=text(asked, "RefNumber") or _next_number(company),
        is_adjustment=flag(asked, "IsAdjustment"),
        external_guid=text(asked, "ExternalGUID"),
    )
    return _answered("JournalEntryAddRs", company, request, txn)


def journal_mod(company: Company, request: etree._Element) -> Answer:
    """Change one: only with its own EditSequence; lines that are left out while others are sent are deleted."""
    asked = request[0]
    txn = company.txns.get(text(asked, "TxnID"))
    if txn is None or txn.kind != "JournalEntry":
        raise no_such_txn(text(asked, "TxnID"))
    if text(asked, "EditSequence") != str(txn.edit):
        raise stale_edit_sequence(text(asked, "EditSequence"))
    day = date.fromisoformat(text(asked, "TxnDate")) if text(asked, "TxnDate") else txn.day
    check_day(company, txn.day)
    check_day(company, day)
    mods = asked.findall("JournalLineMod")
    lines = [_changed_line(company, txn, mod) for mod in mods] if mods else txn.lines
    _check_order(txn, lines)
    check_lines(company, lines)
    txn.day, txn.lines = day, lines
    txn.ref = text(asked, "RefNumber") or txn.ref
    txn.is_voided = txn.is_voided and not any(line.amount for line in lines)
    if asked.find("IsAdjustment") is not None:
        txn.is_adjustment = flag(asked, "IsAdjustment")
    company.restate(txn)
    return _answered("JournalEntryModRs", company, request, txn)


def recovery(txn: Txn) -> str:
    """What a stored message set tells of a write that was done."""
    children: list[Child] = [
        ("TxnID", txn.txn_id),
        ("TxnNumber", txn.number),
        ("EditSequence", str(txn.edit)),
        ("ExternalGUID", txn.external_guid or None),
    ]
    return element("ErrorRecovery", children)


def _new_line(company: Company, asked: LineAsked) -> Line:
    line = company.new_line(asked.amount or 0, company.now())
    return _applied(replace(line, amount_given=asked.amount is not None), asked)


def _applied(line: Line, asked: LineAsked) -> Line:
    """A line with what a request says about it."""
    return replace(
        line,
        side=asked.side if asked.side is not None else line.side,
        account_id=asked.account_id if asked.account_id is not None else line.account_id,
        amount=asked.amount if asked.amount is not None else line.amount,
        memo=asked.memo if asked.memo is not None else line.memo,
        name_id=asked.name_id if asked.name_id is not None else line.name_id,
        class_id=asked.class_id if asked.class_id is not None else line.class_id,
    )


def _changed_line(company: Company, txn: Txn, mod: etree._Element) -> Line:
    line_id = text(mod, "TxnLineID")
    asked = read_line(company, mod, text(mod, "JournalLineType") or None)
    if line_id == "-1":
        if asked.side is None:
            raise Refused(3150, "There is a missing element: JournalLineType.")
        return _new_line(company, asked)
    found = next((line for line in txn.lines if line.line_id == line_id), None)
    if found is None:
        raise no_such_txn(line_id)
    return _applied(found, asked)


def _check_order(txn: Txn, lines: list[Line]) -> None:
    """3290 where lines that were there before come in another order."""
    before = [line.line_id for line in txn.lines]
    places = [before.index(line.line_id) for line in lines if line.line_id in before]
    if places != sorted(places):
        raise Refused(3290, "The lines of the transaction are not in the order in which QuickBooks has them.")


def _next_number(company: Company) -> str:
    """Empty, or the next number where the company assigns them."""
    if not company.preferences.journal_numbers:
        return ""
    numbers = [int(txn.ref) for txn in company.txns.values() if txn.kind == "JournalEntry" and txn.ref.isdecimal()]
    return str(max(numbers, default=0) + 1)


def _answered(name: str, company: Company, request: etree._Element, txn: Txn) -> Answer:
    children = kept_children(TxnWire(company, with_lines=True).children(txn), wanted_elements(request))
    body = f"<JournalEntryRet>\n{elements(children)}</JournalEntryRet>\n"
    return Answer(name, request.get("requestID"), body=body, recovery=recovery(txn), rows=1)
