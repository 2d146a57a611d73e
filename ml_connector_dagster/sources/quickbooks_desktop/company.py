"""One company file, opened for reading: what its Web Connector brought, or a question that waits for it.

Everything that one pull of an entity needs is one reading of the queue, asked for once. Whoever reads finds it complete and
takes its pages, or raises AnswerAwaited; the run that published marks it, so that the next pull asks anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from ml_connector_dagster.errors import (
    AnswerAwaited,
    CredentialRefused,
    FiguresDiffer,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_desktop.arrivals import purpose_of
from ml_connector_dagster.sources.quickbooks_desktop.entities import CLASSES, CUSTOMERS, VENDORS
from ml_connector_dagster.sources.quickbooks_desktop.facts import Facts, facts_of
from ml_connector_dagster.sources.quickbooks_desktop.ledger_reading import (
    FIRST_LOOK,
    Answered,
    LedgerReading,
    Look,
    ledger_requests,
)
from ml_connector_dagster.sources.quickbooks_desktop.operations import Kind
from ml_connector_dagster.sources.quickbooks_desktop.our_journals import must_be_known, posted_ids
from ml_connector_dagster.sources.quickbooks_desktop.pages import document_page, reference_page
from ml_connector_dagster.sources.quickbooks_desktop.parse import Context
from ml_connector_dagster.sources.quickbooks_desktop.queue import Queue
from ml_connector_dagster.sources.quickbooks_desktop.readings import COMPLETE, FAILED, Reading, Request
from ml_connector_dagster.sources.quickbooks_desktop.trial_balance import mark_of

DELETED_OF = {CLASSES.name: "Class", CUSTOMERS.name: "Customer", VENDORS.name: "Vendor"}
"""Lists whose deleted elements stay as inactive members, by QuickBooks' word."""
IDS_A_QUESTION = 50
MOST_LOOKS = 3
"""How often a month is looked at before "the books moved while they were read" is said."""
COMPANY = "company"


class DesktopCompany:
    """Reads one company file."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; nothing is asked."""
        self.session = session
        self._counted: set[str] = set()
        """Readings whose answers were counted."""
        self._ledgers: dict[str, LedgerReading] = {}
        """Ledgers whose answers have passed, by reading."""
        self._told: tuple[bytes, Facts] | None = None

    @cached_property
    def queue(self) -> Queue:
        """What is asked of the file, and what it answered.

        Raises:
            SettingWrong: There is no state database.
        """
        if self.session.store is None:
            raise SettingWrong(
                "QuickBooks Desktop was opened without the state database.",
                "Its questions and answers are kept there, so nothing can be read.",
                "Open the connection as ml-connector does; if it did, report it.",
            )
        return Queue(self.session.store, self.session.company_id)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The company's, which the Windows machine's clock is set to."""
        return ZoneInfo(self.session.time_zone)

    @property
    def facts(self) -> Facts | None:
        """What the file said of itself when it was open last; None before its first session."""
        last = self.queue.company()
        if last is None:
            return None
        if self._told is None or self._told[0] != last.document:
            self._told = (last.document, facts_of(last.document))
        return self._told[1]

    def company(self) -> Company:
        """Answer what the file said of itself when it was open last; no question beyond the first session.

        Raises:
            AnswerAwaited: It was never open under us.
        """
        facts = self.facts
        if facts is None:
            self.answers(COMPANY, [("company", {}), ("preferences", {})])
            raise self._awaited("what the company file says of itself")
        return facts.company(self.session.company_id, self.session.time_zone)

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity; see the contract.

        Raises:
            AnswerAwaited: It was asked for, now or before, and is not answered in full.
            RequestRejected: QuickBooks refused it; the next read asks for it anew.
        """
        if entity.kind is EntityKind.LEDGER:
            return self._ledger_pages(period)
        answers = self.answers(purpose_of(entity.name, str(period)), _requests(entity, period))
        return self._pages(entity, answers, period)

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch documents by id, 50 a question; ids that are gone are absent. A posting has no id to ask for."""
        if entity.kind is not EntityKind.DOCUMENT or not record_ids:
            return
        wanted = sorted(record_ids)
        requests: list[Request] = [
            (entity.name, {"ids": wanted[at : at + IDS_A_QUESTION]}) for at in range(0, len(wanted), IDS_A_QUESTION)
        ]
        purpose = f"{entity.name} by id {hashlib.sha256(','.join(wanted).encode()).hexdigest()[:16]}"
        yield from self._pages(entity, self.answers(purpose, requests), None)
        self.spend(purpose)

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield nothing: QuickBooks reports every posting, so no entity is derived."""
        del entity, period, staged
        return iter(())

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer the trial balance that was read with the period's detail; nothing is asked beside it."""
        del measure_basis
        return self._ledger(period).trial_balances.balances

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Decimal]]:
        """Answer the year-end roll, and what we posted from a plan: read with the period's detail."""
        del staged
        return self._ledger(period).residuals

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Answer what moved since the watermark: one reading, put away when what it says was noted."""
        from ml_connector_dagster.sources.quickbooks_desktop.changes import read_changes

        return read_changes(self, since, staged)

    def checks(self) -> Iterator[Finding]:
        """Say when the machine was last seen, what the file is, and whether every question is answered."""
        from ml_connector_dagster.sources.quickbooks_desktop.checks import findings

        return findings(self)

    def close(self) -> None:
        """Give the transport's connections back."""
        self.session.http.close()

    def answers(self, purpose: str, requests: Sequence[Request]) -> Iterator[Answered]:
        """Yield the answers of a reading; each is counted once, however often it is looked at.

        Raises:
            AnswerAwaited: It is not complete.
            RequestRejected: QuickBooks refused one of its questions; whoever reads next asks for all of them anew.
            CredentialRefused: QuickBooks gives the application no permission.
        """
        return self._answers(self._complete(purpose, requests))

    def spend(self, purpose: str) -> None:
        """Let go of answers that no snapshot is made of."""
        found = self.queue.find(purpose)
        if found is not None and found.state == COMPLETE:
            self.queue.let_go(found)

    def posted(self) -> frozenset[str]:
        """Answer the TxnIDs of the journals that we posted from a plan."""
        return posted_ids(self.queue.operations(Kind.JOURNAL_ADD))

    def _answers(self, reading: Reading) -> Iterator[Answered]:
        first = reading.id not in self._counted
        self._counted.add(reading.id)
        for answered in self.queue.answers(reading):
            if first:
                self.session.meter.count()
            yield answered

    def _complete(self, purpose: str, requests: Sequence[Request]) -> Reading:
        standing = self.queue.find(purpose)
        if standing is not None and standing.state == FAILED:
            self.queue.let_go(standing)
            raise _refused(purpose, standing)
        found = standing if standing is not None and standing.is_complete else self.queue.ask(purpose, requests)
        if found.state != COMPLETE:
            self._must_not_be_paused(purpose)
            raise self._awaited(purpose)
        return found

    def _must_not_be_paused(self, purpose: str) -> None:
        paused = self.queue.seen().paused
        if paused:
            raise CredentialRefused(
                f"Nothing is asked of QuickBooks for {purpose} any more: {paused}",
                "Nothing of it was staged; what was asked for waits.",
                "Give the application its permission in QuickBooks (Edit, Preferences, Integrated Applications), as its Admin.",
                purpose=purpose,
            )

    def _ledger_pages(self, period: Period) -> Iterator[Page]:
        reading = self._ledger_reading(period)
        must_be_known(self.queue.operations(Kind.JOURNAL_ADD), period)
        return self._judged(reading, self._fresh_ledger(period))

    def _judged(self, reading: Reading, ledger: LedgerReading) -> Iterator[Page]:
        yield from self._passing(reading, ledger)
        if ledger.unexplained or ledger.misclassed:
            self._look_again(reading, ledger)

    def _passing(self, reading: Reading, ledger: LedgerReading) -> Iterator[Page]:
        yield from ledger.pages(one for one in self._answers(reading) if not ledger.take(one))
        self._ledgers = {reading.id: ledger}

    def _fresh_ledger(self, period: Period) -> LedgerReading:
        return LedgerReading(period, self.company(), self.posted())

    def _look_again(self, reading: Reading, ledger: LedgerReading) -> None:
        """Ask for a month anew whose lines and balances differ, unless two looks met the same: the difference is real then.

        Raises:
            AnswerAwaited: It was asked for anew.
            TemporarilyRefused: The books moved during each of three looks.
            FiguresDiffer: They stood still, and lines and summary name other classes.
        """
        met, number, period = mark_of(ledger.trial_balances), ledger.look.number, ledger.period
        if number and met == ledger.look.mark and not ledger.misclassed:
            return  # the tie-out names it
        self.queue.let_go(reading)
        if number and met == ledger.look.mark:
            raise _classes_differ(ledger.misclassed[0], period)
        if number + 1 == MOST_LOOKS:
            raise _moved(period)
        self._ledger_reading(period, Look(number + 1, met))
        raise self._awaited(f"{LEDGER_LINES} {period} once more")

    def _ledger(self, period: Period) -> LedgerReading:
        reading = self._ledger_reading(period)
        if reading.id not in self._ledgers:
            for _ in self._passing(reading, self._fresh_ledger(period)):
                pass
        return self._ledgers[reading.id]

    def _ledger_reading(self, period: Period, look: Look = FIRST_LOOK) -> Reading:
        facts = self.facts
        company = facts.company(self.session.company_id, self.session.time_zone) if facts else None
        uses_classes = facts.uses_classes if facts else True
        requests = ledger_requests(period, company, uses_classes=uses_classes, look=look)
        return self._complete(purpose_of(LEDGER_LINES, str(period)), requests)

    def _pages(self, entity: Entity, answers: Iterator[Answered], period: Period | None) -> Iterator[Page]:
        context = Context(self.company().base_currency, self.zone)  # known: no answer comes before the file was open
        seen: set[str] = set()
        for _, _, content in answers:
            if entity.kind is EntityKind.REFERENCE:
                yield reference_page(content, self.zone, seen=seen)
            else:
                yield document_page(entity, content, context, period, seen=seen)

    def _awaited(self, what: str) -> AnswerAwaited:
        seen = self.queue.seen().seen_at
        last = f"was last seen {seen:%d %B %Y at %H:%M} UTC" if seen else "has never called"
        return AnswerAwaited(
            f"QuickBooks was asked for {what}; the Windows machine {last}.",
            "Nothing was read yet.",
            "It answers when its Web Connector runs and the company file can be opened; the answer starts the next run.",
            company_id=self.session.company_id,
        )


def _requests(entity: Entity, period: Period) -> list[Request]:
    if entity.kind is EntityKind.DOCUMENT:
        return [(entity.name, {"from": period.first_on.isoformat(), "to": period.last_on.isoformat()})]
    deleted: list[Request] = (
        [("deleted_lists", {"types": [DELETED_OF[entity.name]]})] if entity.name in DELETED_OF else []
    )
    return [(entity.name, {}), *deleted]


def _refused(purpose: str, reading: Reading) -> RequestRejected:
    return RequestRejected(
        f"QuickBooks refused what was asked for {purpose}: {reading.error}",
        "Nothing of it was staged; what stands there stays as it was.",
        "Mend it in QuickBooks where the message says so; the next read asks for it again.",
        purpose=purpose,
    )


def _moved(period: Period) -> TemporarilyRefused:
    return TemporarilyRefused(
        f"The books moved while {period} was read: each of {MOST_LOOKS} looks met other balances.",
        "Lines and balances of the month would not be of the same moment, so none was staged.",
        "It is read again with the next schedule; choose an hour at which nobody posts.",
        period=str(period),
    )


def _classes_differ(account: str, period: Period) -> FiguresDiffer:
    return FiguresDiffer(
        f"QuickBooks' account by class summary of {period} puts account {account} to other classes than its transactions do.",
        "The books stood still meanwhile; figures by class would be wrong, so the period's lines were not staged.",
        "Look at the account's classes in QuickBooks' reports, and report it where they are right.",
        account=account,
        period=str(period),
    )
