"""One QuickBooks company, opened for reading: every entity, control and check of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import RecordRefused, RequestRejected
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_online import parse_reference
from ml_connector_dagster.sources.quickbooks_online.client import Answered, QuickbooksApi, Window, record_id, records_of
from ml_connector_dagster.sources.quickbooks_online.consent import REALM
from ml_connector_dagster.sources.quickbooks_online.context import Context, context_of
from ml_connector_dagster.sources.quickbooks_online.fields import Record, calendar_date, ref, text
from ml_connector_dagster.sources.quickbooks_online.general_ledger import Names, ledger_page, read_ledger
from ml_connector_dagster.sources.quickbooks_online.known_fields import unknown_fields
from ml_connector_dagster.sources.quickbooks_online.parse import document_rows

if TYPE_CHECKING:
    from ml_connector_dagster.ledger.trial_balance import TrialBalances

Rows = Callable[[Record], Any]


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_REFERENCE_ROWS: Mapping[str, Rows] = {
    "Account": parse_reference.account_row,
    "Customer": parse_reference.party_row,
    "Vendor": parse_reference.party_row,
    "Employee": parse_reference.party_row,
    "Class": parse_reference.class_row,
    "Department": parse_reference.department_row,
    "Item": parse_reference.item_row,
}


class QuickbooksCompany:
    """Reads one company; what it needs to know of the company itself is asked for once and kept."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self.session = session
        self.api = QuickbooksApi(session)
        self._lists: dict[str, tuple[Answered, ...]] = {}
        """Name lists that a general ledger was read with, by QuickBooks' word."""
        self._reports: dict[Period, TrialBalances] = {}

    @cached_property
    def preferences(self) -> Answered:
        """The company's preferences: one call, made once."""
        return self.api.get("preferences")

    @cached_property
    def items(self) -> tuple[Answered, ...]:
        """The company's items, inactive ones included: one call a thousand, made once."""
        return tuple(self.api.pages("Item", Window.whole()))

    @cached_property
    def currencies(self) -> Context:
        """Home currency, and whether there are others."""
        return context_of(preferences_in(self.preferences))

    @cached_property
    def context(self) -> Context:
        """What documents do not say themselves."""
        items = (one for answered in self.items for one in records_of(answered.body, "Item"))
        return context_of(preferences_in(self.preferences), items)

    @cached_property
    def _company(self) -> Company:
        info = self.api.get(f"companyinfo/{self.session.company_id}").body.get("CompanyInfo") or {}
        return company_of(self.session, info, preferences_in(self.preferences))

    def company(self) -> Company:
        """Answer the company; the consent must be for the one that is configured.

        Raises:
            RequestRejected: The consent was given for another company.
        """
        consented = self.session.consent.get(REALM, self.session.company_id)
        if consented != self.session.company_id:
            raise RequestRejected(
                f"The consent was given for the company {consented}, not for {self.session.company_id}.",
                "Figures of another company would be loaded.",
                "Correct company_id in the connection's settings, or consent again and pick that company.",
            )
        return self._company

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity; see the contract."""
        if entity.kind is EntityKind.LEDGER:
            many = self.currencies.multicurrency
            return self.pages_of(entity, period, read_ledger(self.api, period, multicurrency=many))
        is_document = entity.kind is EntityKind.DOCUMENT
        window = Window.of_dates(period.first_on, period.last_on) if is_document else Window.whole()
        words = entity.endpoint.split(", ")
        return self.pages_of(entity, period, (one for word in words for one in self.api.pages(word, window)))

    def pages_of(self, entity: Entity, period: Period, answers: Iterable[Answered]) -> Iterator[Page]:
        """Yield the pages of answers, whether they were read now or kept; the first says what they were read with."""
        for number, answered in enumerate(answers):
            page = self._page(entity, answered, period)
            yield replace(page, read_with=tuple(self._read_with(entity))) if number == 0 else page

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch documents by id, 40 a call; ids that are gone are absent. A posting has no id to ask for."""
        if entity.kind is EntityKind.LEDGER:
            return
        for answered in self.api.by_ids(entity.endpoint, record_ids):
            yield self._page(entity, answered, None)

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield nothing: QuickBooks has a general ledger, so no entity is derived."""
        del entity, period, staged
        return iter(())

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer QuickBooks' trial balance of the period; 2 calls, and the chart in the first month of a fiscal year."""
        del measure_basis
        from ml_connector_dagster.sources.quickbooks_online.trial_balance import read_trial_balances

        self._reports[period] = read_trial_balances(self.api, self.company(), period)
        return self._reports[period].balances

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Decimal]]:
        """Answer the year-end roll, the only movement that the general ledger does not post; no call after ``control``."""
        del staged
        if period not in self._reports:
            self.control(period)
        rolled = self._reports[period].rolled
        return {"retained_earnings": rolled} if rolled else {}

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Ask what moved since the watermark: one call, more only where a thousand objects changed."""
        from ml_connector_dagster.sources.quickbooks_online.changes import read_changes

        return read_changes(self, since, staged)

    def checks(self) -> Iterator[Finding]:
        """Probe company, entities and reports: one small call each."""
        from ml_connector_dagster.sources.quickbooks_online.checks import findings

        return findings(self)

    def close(self) -> None:
        """Give the transport's connections back."""
        self.session.http.close()

    def ids_of(self, word: str) -> Mapping[str, str]:
        """Answer a name list as full name to id; asked for when a report first names one without its id, then kept."""
        found: dict[str, str] = {}
        for answered in self.listed(word):
            for record in records_of(answered.body, word):
                names = (record.get("FullyQualifiedName"), record.get("DisplayName"), record.get("Name"))
                found |= {str(name): record_id(record) for name in reversed(names) if name}
        return found

    def listed(self, word: str) -> tuple[Answered, ...]:
        """Answer a name list as QuickBooks writes it, inactive rows included; asked for once."""
        if word not in self._lists:
            self._lists[word] = tuple(self.api.pages(word, Window.whole()))
        return self._lists[word]

    def _read_with(self, entity: Entity) -> Iterator[bytes]:
        if entity.kind is not EntityKind.REFERENCE:
            yield self.preferences.content
        if entity.kind is EntityKind.LEDGER:
            yield from (answered.content for answers in self._lists.values() for answered in answers)
        if entity.kind is EntityKind.DOCUMENT:
            yield from (answered.content for answered in self.items)

    def _page(self, entity: Entity, answered: Answered, period: Period | None) -> Page:
        if entity.kind is EntityKind.LEDGER and period is not None:
            known = self.currencies
            names = Names(cache(self.ids_of))
            return ledger_page(answered, period, names, known.base_currency, multicurrency=known.multicurrency)
        word = word_of(entity, answered)
        records = records_of(answered.body, word)
        if period is not None and entity.kind is EntityKind.DOCUMENT:
            _must_be_as_asked(entity, records, period)
        rows: list[Any] = []
        refused: list[RefusedRecord] = []
        for record in records:
            try:
                rows.extend(self._rows(word, entity, record))
            except RecordRefused as error:
                refused.append(RefusedRecord(record_id(record), error.happened, _raw(record)))
        return Page(rows, len(records), refused, answered.content, unknown_fields(word, records))

    def _rows(self, word: str, entity: Entity, record: Record) -> Sequence[Any]:
        if entity.kind is EntityKind.DOCUMENT:
            return document_rows(word, record, self.context)
        return (_REFERENCE_ROWS[word](record),)


def word_of(entity: Entity, answered: Answered) -> str:
    """Answer QuickBooks' word for what an answer holds; an empty one may be of any list of the entity."""
    words = entity.endpoint.split(", ")
    inside = answered.body.get("QueryResponse") or {}
    return next((word for word in words if word in inside), words[0])


def preferences_in(answered: Answered) -> Mapping[str, Any]:
    """Answer the preferences of an answer.

    Raises:
        RequestRejected: It holds none.
    """
    found = answered.body.get("Preferences")
    if not isinstance(found, dict):
        raise RequestRejected(
            "QuickBooks answered the preferences without any.",
            "The home currency is not known, so no figure can be used.",
            "Run ml-connector check; if it holds, report the answer.",
            endpoint="preferences",
        )
    return found


def company_of(session: CompanySession, info: Record, preferences: Mapping[str, Any]) -> Company:
    """Turn QuickBooks' company into ours; its id is the realm's, since CompanyInfo numbers itself 1.

    Raises:
        RequestRejected: A field that figures depend on is missing.
    """
    accounting = preferences.get("AccountingInfoPrefs") or {}
    currency = ref(preferences.get("CurrencyPrefs") or {}, "HomeCurrency")
    first_month = text(info, "FiscalYearStartMonth") or text(accounting, "FirstMonthOfFiscalYear")
    if not currency or first_month not in MONTHS:
        raise RequestRejected(
            f"QuickBooks says that the home currency is {currency!r} and the fiscal year begins in {first_month!r}.",
            "Without both no period can be tied out.",
            "Look at the company settings in QuickBooks; if they are right there, report it.",
        )
    locked, opened = text(accounting, "BookCloseDate"), text(info, "CompanyStartDate")
    return Company(
        company_id=session.company_id,
        name=text(info, "CompanyName") or text(info, "LegalName"),
        base_currency=currency,
        fiscal_year_end_month=MONTHS.index(first_month) or len(MONTHS),
        time_zone=session.time_zone,
        lock_on=calendar_date(locked) if locked else None,
        opened_on=calendar_date(opened[:10]) if opened else None,
    )


def _raw(record: object) -> bytes:
    return json.dumps(record, default=str).encode()


def _must_be_as_asked(entity: Entity, records: Iterable[Any], period: Period) -> None:
    """Refuse an answer that ignores its condition: other months' documents would be staged as this one's."""
    first, last = period.first_on.isoformat(), period.last_on.isoformat()
    for record in records:
        on = record.get("TxnDate") if isinstance(record, dict) else None
        if isinstance(on, str) and on[:1].isdigit() and not first <= on <= last:
            raise RequestRejected(
                f"QuickBooks answered {entity.endpoint} {record_id(record)} of {on} when asked for {entity.name} of {period}.",
                "It ignored the condition, so nothing of this answer was staged.",
                "Report it: the query's form must change.",
                entity=entity.name,
                record_id=record_id(record),
            )
