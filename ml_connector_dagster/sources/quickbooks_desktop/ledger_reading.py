"""A month's ledger as one reading: lists, trial balances, account by class summary and the detail, from the same session."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_dagster.errors import RecordRefused, SettingWrong
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.money import ZERO
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.ledger.trial_balance import TrialBalances
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.quickbooks_desktop.fields import Record
from ml_connector_dagster.sources.quickbooks_desktop.ledger_detail import Lists, Reading, detail_page, posted_lines
from ml_connector_dagster.sources.quickbooks_desktop.pages import answer_in
from ml_connector_dagster.sources.quickbooks_desktop.parse_reference import account_row
from ml_connector_dagster.sources.quickbooks_desktop.trial_balance import (
    ByClass,
    read_class_summary,
    trial_balances,
)

LISTS = ("ledger_accounts", "classes", "customers", "vendors")
TRIAL_BALANCE, CLASS_SUMMARY = "trial_balance", "class_summary"
_LIST_OF = dict(zip(("AccountQueryRs", "ClassQueryRs", "CustomerQueryRs", "VendorQueryRs"), LISTS, strict=True))
_POSTED = "posted"
Answered = tuple[str, Mapping[str, Any], bytes]
"""Name of a question, its arguments, and its answer as it came."""


@dataclass(frozen=True, slots=True)
class Look:
    """How often a month was looked at already because lines and balances did not agree, and what was met last."""

    number: int = 0
    mark: str = ""
    """Of the balances."""


FIRST_LOOK = Look()


def ledger_requests(
    period: Period, company: Company | None, *, uses_classes: bool, look: Look = FIRST_LOOK
) -> list[tuple[str, dict[str, Any]]]:
    """Answer what a month's ledger is asked with; the detail comes last, when all that reads it is known.

    Args:
        period: The month.
        company: As of the last session; None before the first: the fiscal year is taken to be the calendar's then, which
            changes no figure, since a trial balance's start says nothing where QuickBooks heeds the reference page.
        uses_classes: Whether the file tracks classes; without it no class is asked for.
        look: What was met before; it comes back with the answers.
    """
    ends = company.fiscal_year_end_month if company else 12
    days = {"from": period.first_on.isoformat(), "to": period.last_on.isoformat()}
    before = period.previous()
    return [
        (LISTS[0], {"look": look.number, "met": look.mark} if look.number else {}),
        *((name, {}) for name in LISTS[1:]),
        (TRIAL_BALANCE, {"from": period.fiscal_year_start(ends).first_on.isoformat(), "to": days["to"]}),
        (
            TRIAL_BALANCE,
            {"from": before.fiscal_year_start(ends).first_on.isoformat(), "to": before.last_on.isoformat()},
        ),
        *([(CLASS_SUMMARY, days)] if uses_classes else []),
        (LEDGER_LINES, days if uses_classes else {**days, "without_classes": True}),
    ]


@dataclass
class LedgerReading:
    """A month's answers as they pass; everything but the detail is kept, since it is small."""

    period: Period
    company: Company
    posted: Collection[str]
    """TxnIDs of the journals that we posted from a plan."""
    lists: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    balances: dict[str, Record] = field(default_factory=dict)
    """By the day they are of."""
    summary: Record | None = None
    kept: list[bytes] = field(default_factory=list)
    """Answers of the lists, and what we posted: what the detail is read with."""
    plan: dict[str, Decimal] = field(default_factory=dict)
    """What we posted in the period, by account; known when the detail has passed."""
    look: Look = FIRST_LOOK
    unexplained: Mapping[str, Decimal] = field(default_factory=dict)
    """By account, what the balances moved beyond all transactions; known when the detail has passed without refusals."""
    misclassed: Sequence[str] = ()
    """Accounts of income and expense that the account by class summary puts to other classes; known as above."""

    def take(self, answered: Answered) -> bool:
        """Answer whether an answer is one that the detail is read with, and keep it then."""
        name, arguments, content = answered
        if name == LEDGER_LINES:
            return False
        answer = answer_in(content)
        if "look" in arguments:
            self.look = Look(arguments["look"], arguments["met"])
        if name in LISTS:
            self.lists[name].append(answer)
            self.kept.append(content)
        elif name == TRIAL_BALANCE:
            self.balances[str(arguments["to"])] = answer
        else:
            self.summary = answer
        return True

    def pages(self, answers: Iterable[Answered]) -> Iterator[Page]:
        """Yield the pages of the detail; the first says what they were read with."""
        whole, refused = ByClass(), 0
        for number, (_, _, content) in enumerate(answers):  # what is read before has passed when the first one comes
            answer = answer_in(content)
            page = detail_page(answer, content, self.reading)
            ours = posted_lines(answer, self.reading) if self.posted else []
            self._add_plan(ours)
            whole.add((*page.rows, *ours))
            refused += len(page.refused)
            yield page if number else replace(page, read_with=[*self.kept, _posted_as_bytes(self.posted)])
        if not refused and self.balances:
            self.unexplained = self.trial_balances.unexplained(whole.sums())
            self.misclassed = self._misclassed(whole)

    @cached_property
    def reading(self) -> Reading:
        """What the detail is read with; all lists have passed when it is first asked for."""
        return Reading(self.period, Lists.of(self.lists), self.company.base_currency, frozenset(self.posted))

    @cached_property
    def trial_balances(self) -> TrialBalances:
        """The books' side.

        Raises:
            RequestRejected: A report cannot be read, or does not add up.
        """
        return trial_balances(
            self.balances[self.period.last_on.isoformat()],
            self.balances[self.period.previous().last_on.isoformat()],
            self._chart(),
            self.reading.lists.accounts,
            starts_year=self.period == self.period.fiscal_year_start(self.company.fiscal_year_end_month),
        )

    @property
    def residuals(self) -> Mapping[str, Mapping[str, Decimal]]:
        """The year-end roll, which no transaction posts, and what we posted from a plan."""
        classes = {"retained_earnings": self.trial_balances.rolled, "posted_plan": self.plan}
        return {name: figures for name, figures in classes.items() if figures}

    def _misclassed(self, whole: ByClass) -> Sequence[str]:
        """Answer the accounts of income and expense that the summary puts to other classes.

        How it splits receivables, payables and bank accounts over the classes of one transaction is QuickBooks' own way,
        which nobody could look up: that keeps no month from being read.
        """
        if self.summary is None:
            return ()
        known = self.reading.lists
        differing = whole.differing(read_class_summary(self.summary, known.accounts, known.classes))
        return [account for account in differing if account in self.trial_balances.results]

    def _add_plan(self, ours: Sequence[Any]) -> None:
        for line in ours:
            self.plan[line.ledger_account_id] = self.plan.get(line.ledger_account_id, ZERO) + line.amount

    def _chart(self) -> Iterator[LedgerAccount]:
        zone = ZoneInfo(self.company.time_zone)
        for answer in self.lists["ledger_accounts"]:
            for account in answer.iterfind("AccountRet"):
                try:
                    yield account_row(account, zone)
                except RecordRefused:  # its own pull reports it; an account that is no result keeps its balance
                    continue


def kept_ledger(period: Period, company: Company, answers: Iterable[bytes]) -> Iterator[Page]:
    """Yield the pages of kept answers: lists and what we posted came first.

    Raises:
        SettingWrong: A list that the detail names was not kept with it.
    """
    reading = LedgerReading(period, company, frozenset())
    for content in answers:
        if content.startswith(b"{"):
            reading.posted = frozenset(json.loads(content)[_POSTED])
            continue
        name = _LIST_OF.get(str(answer_in(content).tag), LEDGER_LINES)
        if not reading.take((name, {}, content)):
            _must_have_lists(reading)
            yield from reading.pages([(name, {}, content)])


def _must_have_lists(reading: LedgerReading) -> None:
    if "ledger_accounts" not in reading.lists:
        raise SettingWrong(
            "The chart of accounts that QuickBooks' transaction detail was read with was not kept.",
            "What was kept cannot be read again without asking, so the entity stays as it was.",
            "Materialize the entity: it is then asked for again.",
        )


def _posted_as_bytes(posted: Collection[str]) -> bytes:
    return json.dumps({_POSTED: sorted(posted)}).encode()
