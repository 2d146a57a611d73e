"""What ``ml-connector check`` says of a company file: nothing can be probed at once, so it says what came and asks anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import AnswerAwaited, ConnectorError
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.answers import Finding
from ml_connector_dagster.sources.quickbooks_desktop.ledger_reading import CLASS_SUMMARY, TRIAL_BALANCE
from ml_connector_dagster.sources.quickbooks_desktop.requests import READS

if TYPE_CHECKING:
    from ml_connector_dagster.sources.quickbooks_desktop.company import DesktopCompany
    from ml_connector_dagster.sources.quickbooks_desktop.readings import Request

PURPOSE = "check"
STAYS_TRUE = timedelta(days=1)
"""How long an answered check is shown before it is asked again."""


def findings(company: DesktopCompany) -> Iterator[Finding]:
    """Yield what holds and what does not, each with what to do; writes nothing in QuickBooks."""
    machine = _machine(company)
    yield machine
    if not machine.holds:
        return
    try:
        yield _file(company)
        yield _questions(company)
    except ConnectorError as error:
        yield Finding("company file", holds=False, says=str(error))


def _machine(company: DesktopCompany) -> Finding:
    seen = company.queue.seen()
    if seen.seen_at is None:
        return Finding("Web Connector", holds=False, says="It has never called.")
    opened = f"the company file was open {seen.opened_at:%d %B %Y at %H:%M} UTC" if seen.opened_at else "the file never"
    trouble = " ".join(one for one in (seen.error, seen.paused) if one)
    said = f"The Windows machine was last seen {seen.seen_at:%d %B %Y at %H:%M} UTC, {opened}. {trouble}".strip()
    return Finding("Web Connector", holds=seen.opened_at is not None and not trouble, says=said)


def _file(company: DesktopCompany) -> Finding:
    facts = company.facts
    if facts is None:
        return Finding("company file", holds=False, says="It was never open while the Web Connector ran.")
    classes = "classes are tracked" if facts.uses_classes else "classes are not tracked"
    locked = f"closed up to {facts.closing_on}" if facts.closing_on else "not closed"
    many = "several currencies" if facts.several_currencies else "one currency"
    numbers = "accounts have numbers" if facts.uses_account_numbers else "accounts have no numbers"
    says = f"{facts.name}, {facts.base_currency} with {many}, books {locked}; {classes}, {numbers}."
    return Finding("company file", holds=True, says=says)


def _questions(company: DesktopCompany) -> Finding:
    """Ask each question once, small; what was answered is shown for a day."""
    requests = _small(company)
    try:
        answered = sum(1 for _ in company.answers(PURPOSE, requests))
    except AnswerAwaited as error:
        return Finding("questions", holds=False, says=f"{error} Then run the check again.")
    standing = company.queue.find(PURPOSE)
    at = standing.finished_at if standing else None
    if at and company.session.store and company.session.store.now() - at > STAYS_TRUE:
        company.spend(PURPOSE)
        return _questions(company)
    return Finding(
        "questions", holds=True, says=f"{answered} answers to {len(requests)} questions came on {at:%d %B %Y}."
    )


def _small(company: DesktopCompany) -> list[Request]:
    """Answer one of each question, about a single day of the last whole month."""
    assert company.session.store is not None
    today = company.session.store.now().astimezone(company.zone).date()
    day = Period.of(today).previous().last_on.isoformat()
    since = f"{today.isoformat()}T00:00:00"
    of_day = {"from": day, "to": day}
    arguments: dict[str, Mapping[str, object]] = {
        "deleted_transactions": {"types": ["Invoice", "JournalEntry"], "deleted_from": since},
        "deleted_lists": {"types": ["Account", "Class"], "deleted_from": since},
        "changed_transactions": {"modified_from": since},
    }
    changed = {"modified_from": since}
    arguments |= {"customers": changed, "vendors": changed}
    of_days = {name for name, read in READS.items() if read.by_days} | {TRIAL_BALANCE, CLASS_SUMMARY}
    arguments |= {name: of_day for name in of_days}  # noqa: C420 (each is sent alone, none is changed)
    left_out = () if company.facts and company.facts.uses_classes else (CLASS_SUMMARY,)
    return [(name, arguments.get(name, {})) for name in READS if name not in left_out]
