"""What a flow's outcome looks like on an asset's page: metadata, checks, tables. No decision is made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import dagster as dg

from ml_connector_dagster.components import metadata, pictures
from ml_connector_dagster.components.checks import NO_ROWS_REJECTED, NOTHING_QUARANTINED
from ml_connector_dagster.errors import AnswerAwaited, ConnectorError
from ml_connector_dagster.sources.contract.answers import Finding

MOST_LINES = 60
"""How many accounts or documents a table on a page shows; those that differ come first."""

TO_DO = (
    "Look at the lines that differ. Where somebody edited Anaplan, materialize the module again; "
    "where the books moved, the month is read and loaded again by itself."
)

if TYPE_CHECKING:
    from ml_connector_dagster.flows.file_plan import FilePlan
    from ml_connector_dagster.flows.load import LoadOutcome
    from ml_connector_dagster.flows.pull import PullOutcome
    from ml_connector_dagster.flows.tie_out import TieOut


def materialization_of_pull(outcome: PullOutcome, key: dg.AssetKey) -> dg.MaterializeResult[None]:
    """Answer the materialization: counts, total, calls against the formula; the data version is the content's digest."""
    facts = {
        metadata.ROWS: outcome.rows,
        metadata.RECORDS: outcome.records,
        metadata.QUARANTINED: outcome.quarantined,
        metadata.TOTAL: metadata.number(outcome.total),
        metadata.TOTAL_EXACT: metadata.money(outcome.total),
        metadata.CALLS: outcome.calls,
        metadata.CALLS_EXPECTED: outcome.expected_calls,
        metadata.REUSED: outcome.reused,
        metadata.DRIFT: outcome.drift,
        "mlc/dirtied": ", ".join(outcome.dirtied),
        "mlc/books_moved": outcome.moved,
    }
    return dg.MaterializeResult(
        asset_key=key, metadata=metadata.without_empty(facts), data_version=dg.DataVersion(outcome.digest)
    )


def observation_of_wait(awaited: AnswerAwaited, key: dg.AssetKey, period: str) -> dg.AssetObservation:
    """Answer what the asset's page shows of a read that was asked for and not answered yet: no figure, only words."""
    facts = {metadata.WAITS_FOR: str(awaited), metadata.WHAT_TO_DO: awaited.do}
    return dg.AssetObservation(asset_key=key, partition=period, description=awaited.happened, metadata=facts)


def check_of_pull(outcome: PullOutcome, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Answer whether every record was understood; one that was not is named with its reason."""
    staged = outcome.records - outcome.quarantined
    first = f" {outcome.refused[0].record_id}: {outcome.refused[0].reason}" if outcome.refused else ""
    facts = {
        metadata.RECORDS: outcome.records,
        metadata.QUARANTINED: outcome.quarantined,
        metadata.REFUSED_RECORDS: metadata.table(
            ("record", "why"), [(one.record_id, one.reason) for one in outcome.refused]
        ),
    }
    return dg.AssetCheckResult(
        check_name=NOTHING_QUARANTINED,
        asset_key=key,
        passed=outcome.quarantined == 0,
        description=f"{outcome.records} read = {staged} staged + {outcome.quarantined} quarantined.{first}",
        metadata=metadata.without_empty(facts),
    )


def check_of_heartbeat(findings: Sequence[Finding]) -> dg.AssetCheckResult:
    """Answer whether the machine is there; the description says what does not hold, or all that does."""
    wrong = [one for one in findings if not one.holds]
    return dg.AssetCheckResult(
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(one.says for one in wrong or findings),
        metadata=metadata.without_empty(
            {metadata.FINDINGS: metadata.table(("what", "says"), [(one.subject, one.says) for one in findings])}
        ),
    )


def materialization_of_load(
    plan: FilePlan, outcome: LoadOutcome, key: dg.AssetKey, totals: Mapping[str, Decimal]
) -> dg.MaterializeResult[None]:
    """Answer the materialization of a load: what was sent, by which task, with which verdict; a module's as a picture too."""
    from ml_connector_dagster.flows.zeroes import says_zeroes  # slow to import

    title = f"{plan.target.name} {plan.period}: {metadata.money(plan.total)} by member"
    facts = {
        metadata.CHART: pictures.bars(title, totals) if totals else None,
        metadata.ROWS: plan.rows,
        metadata.TOTAL: metadata.number(Decimal(plan.total)),
        metadata.TOTAL_EXACT: metadata.money(plan.total),
        metadata.ZERO_ROWS: plan.zero_rows,
        metadata.ZEROES: says_zeroes(plan),
        metadata.QUARANTINED: plan.quarantined,
        metadata.REJECTED: outcome.rows_rejected,
        metadata.IGNORED: outcome.rows_ignored,
        metadata.VERDICT: outcome.verdict,
        metadata.SENT: outcome.sent,
        metadata.LOAD: outcome.load_id,
        metadata.TASK: outcome.task_id,
        metadata.FILE_HASH: plan.file_hash,
    }
    return dg.MaterializeResult(
        asset_key=key, metadata=metadata.without_empty(facts), data_version=dg.DataVersion(plan.digest)
    )


def check_of_load(outcome: LoadOutcome, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Answer whether Anaplan took every row."""
    return dg.AssetCheckResult(
        check_name=NO_ROWS_REJECTED,
        asset_key=key,
        passed=outcome.rows_rejected == 0 and outcome.rows_ignored == 0,
        description=outcome.says,
        metadata={metadata.REJECTED: outcome.rows_rejected, metadata.IGNORED: outcome.rows_ignored},
    )


def check_of_failed_load(error: ConnectorError, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Answer the red check of a load that did not finish; the reason is the error's own three sentences."""
    return dg.AssetCheckResult(
        check_name=NO_ROWS_REJECTED,
        asset_key=key,
        passed=False,
        description=str(error),
        metadata={metadata.WHAT_TO_DO: error.do},
    )


def check_of_tie_out(result: TieOut, earlier: Iterable[TieOut] = ()) -> dg.AssetCheckResult:
    """Answer the check of the three totals, account by account, with a picture of the newest months."""
    facts = {
        metadata.BOOKS: metadata.number(result.books),
        metadata.STAGED: metadata.number(result.staged),
        metadata.ANAPLAN: metadata.number(result.anaplan),
        metadata.UNEXPLAINED: metadata.number(result.unexplained),
        metadata.WHAT_TO_DO: "" if result.holds else TO_DO,
        metadata.CLASSES: metadata.table(
            ("in the books, in no document", "amount"),
            [(name, metadata.money(amount)) for name, amount in result.residuals.items()],
        ),
        metadata.DIFFERENCES: metadata.table(
            ("where they differ", "books", "staged", "Anaplan", "unexplained"),
            [
                (one.subject, *map(_shown, (one.books, one.staged, one.anaplan, one.unexplained)))
                for one in result.differences[:MOST_LINES]
            ],
        ),
        metadata.ACCOUNTS: _side_by_side(result),
        metadata.CHART: pictures.totals_by_month(f"{result.target}: three totals per month", _months(result, earlier)),
    }
    return dg.AssetCheckResult(passed=result.holds, description=result.says, metadata=metadata.without_empty(facts))


def _side_by_side(result: TieOut) -> dg.TableMetadataValue | None:
    """Answer every account with its figures, what differs first, and the totals below."""
    ordered = sorted(result.figures, key=lambda one: not one.unexplained)
    rows = [
        (
            one.subject.removeprefix("account ").removeprefix("document "),
            *map(_shown, (one.books, one.named, one.staged, one.anaplan, one.unexplained)),
        )
        for one in ordered[:MOST_LINES]
    ]
    named = sum(result.residuals.values(), Decimal(0))
    total = (result.books, named, result.staged, result.anaplan, result.unexplained)
    label = f"Total of {len(ordered)}" + (f", {MOST_LINES} shown" if len(ordered) > MOST_LINES else "")
    return metadata.table(
        ("account or document", "books", "in no document", "staged", "Anaplan", "unexplained"),
        [*rows, (label, *map(_shown, total))] if rows else [],
    )


def _months(result: TieOut, earlier: Iterable[TieOut]) -> Iterator[pictures.MonthTotals]:
    by_period = {one.period: one for one in (*earlier, result)}
    for one in by_period.values():
        named = sum(one.residuals.values(), Decimal(0))
        yield pictures.MonthTotals(one.period, one.books, one.staged, one.anaplan, one.holds, named)


def _shown(amount: Decimal | None) -> str:
    return "" if amount is None else metadata.money(amount)
