"""Prove that books, staged and Anaplan agree for a slice, to the cent, or say where they do not (accounting rules §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from ml_connector_dagster.anaplan.lease import leased
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.document_totals import document_totals
from ml_connector_dagster.flows.ledger_totals import commitment_totals, ledger_totals
from ml_connector_dagster.flows.model_totals import ModelTotals, model_totals
from ml_connector_dagster.flows.settle import settle_model
from ml_connector_dagster.flows.slice_rows import SliceRows
from ml_connector_dagster.flows.slices import CurrentSnapshots, need_inputs
from ml_connector_dagster.flows.totals import Difference, Figure, SourceTotals, side_by_side
from ml_connector_dagster.ledger.money import ZERO, cents
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.columns import LEDGER_ACCOUNT
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster.sources.contract.entity import EntityKind
from ml_connector_dagster.store.tables.loads import tie_out as tie_out_table

MOST_KEPT = 200
"""How many differences a row of the table keeps; the sum counts all of them."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class TieOut:
    """The three totals of a slice in the module's own sign, and where they differ."""

    connection: str
    target: str
    period: str
    measured_at: datetime
    books: Decimal
    """What the accounting system's own report says of the module's accounts."""
    staged: Decimal
    """What was read, per source account, before mapping."""
    anaplan: Decimal
    """What the model answers."""
    residuals: dict[str, Decimal]
    """Named class to amount: in the books, in no document, so not in staged."""
    unexplained: Decimal
    """Sum of the absolute differences that no class explains: 0.00, or the figures differ."""
    differences: tuple[Difference, ...]
    holds: bool
    note: str = ""
    """What else the reader should know: the books moved since the read, the module was never loaded."""
    figures: tuple[Figure, ...] = ()
    """Every account side by side, equal or not, of a comparison just made; not kept, so empty for one of the past."""

    @property
    def says(self) -> str:
        """One sentence naming period and accounts, for a check's description."""
        if self.holds:
            shown = ", ".join(f"{name} {amount:,.2f}" for name, amount in self.residuals.items())
            apart = f" but for what no document shows ({shown})" if shown else ""
            return f"{self.period}: books and staged agree to the cent{apart}, and Anaplan shows the same. {self.note}".strip()
        named = "; ".join(one.says for one in self.differences[:MOST_NAMED])
        more = f" and {len(self.differences) - MOST_NAMED} more" if len(self.differences) > MOST_NAMED else ""
        return f"{self.period}: {self.unexplained:,.2f} is unexplained. {named}{more}. {self.note}".strip()


def tie_out(connection: OpenConnection, target_name: str, period: str) -> TieOut:
    """Compare books, staged and Anaplan for a module and period; the result is stored in the table ``tie_out``.

    Anaplan's figure is read from the model's saved view, under the model's lease and after whatever an earlier run left
    unsettled; never from our file or the load table.

    Args:
        connection: The opened connection.
        target_name: A module of the connection.
        period: 2026-10.

    Raises:
        SettingWrong: The target is a list, or has no read_back.
        HeldForPerson: The period was never read.
        LockBusy: Another run holds the model.
    """
    target = connection.target(target_name)
    if not isinstance(target, ModuleTarget):
        raise SettingWrong(
            f"{target_name!r} is a list.",
            "A list has members and no figures.",
            "Tie out one of the connection's modules.",
        )
    snapshots = CurrentSnapshots.of(connection)
    rows = SliceRows(connection, Period.parse(period), need_inputs(connection, target, period, snapshots), snapshots)
    source = _source_totals(connection, target, rows)
    result = _result(connection, target, period, source, _ask_model(connection, target, period))
    _keep(connection, result)
    return result


def _source_totals(connection: OpenConnection, target: ModuleTarget, rows: SliceRows) -> SourceTotals:
    match connection.source.entity(target.from_).kind:
        case EntityKind.LEDGER:
            return ledger_totals(connection, target, rows)
        case EntityKind.COMMITMENT:
            return commitment_totals(connection, target, rows)
        case _:
            return document_totals(connection, target, rows)


def _ask_model(connection: OpenConnection, target: ModuleTarget, period: str) -> ModelTotals:
    with leased(connection.model()) as lease:
        settle_model(connection, lease)
        return model_totals(connection, target, period)


def _result(
    connection: OpenConnection, target: ModuleTarget, period: str, source: SourceTotals, model: ModelTotals
) -> TieOut:
    differences = (*source.differences, *model.differences)
    unexplained = sum((abs(one.unexplained) for one in differences), ZERO)
    return TieOut(
        connection=connection.name,
        target=target.name,
        period=period,
        measured_at=connection.store.now(),
        books=cents(source.books),
        staged=cents(source.staged),
        anaplan=cents(model.total),
        residuals={name: cents(amount) for name, amount in source.residuals.items()},
        unexplained=cents(unexplained),
        differences=differences,
        holds=not differences,
        note=" ".join(filter(None, (source.note, model.note))),
        figures=_figures(connection, source, model),
    )


def _figures(connection: OpenConnection, source: SourceTotals, model: ModelTotals) -> tuple[Figure, ...]:
    if not model.accounts:
        return tuple(sorted(source.figures.values(), key=lambda one: one.subject))
    members = Members.load(connection.settings.mapping, connection.folder)
    return side_by_side(source.figures, lambda account: members.member(LEDGER_ACCOUNT, account), model.accounts)


def newest_tie_outs(
    connection: OpenConnection, target_names: Iterable[str], *, since: datetime | None = None
) -> dict[tuple[str, str], TieOut]:
    """Answer the newest tie-out of each (target, period); no network.

    Args:
        connection: The opened connection.
        target_names: Of its modules.
        since: Only tie-outs made since then (aware UTC).
    """
    newest = (
        sa.select(sa.func.max(tie_out_table.c.id))
        .where(tie_out_table.c.connection == connection.name, tie_out_table.c.target.in_(list(target_names)))
        .group_by(tie_out_table.c.target, tie_out_table.c.period)
    )
    if since is not None:
        newest = newest.where(tie_out_table.c.measured_at >= since)
    with connection.store.read() as database:
        rows = database.execute(sa.select(tie_out_table).where(tie_out_table.c.id.in_(newest))).mappings().all()
    return {(row["target"], row["period"]): _from_row(dict(row)) for row in rows}


def _keep(connection: OpenConnection, result: TieOut) -> None:
    row = {
        "connection": result.connection,
        "target": result.target,
        "period": result.period,
        "measured_at": result.measured_at,
        "books": result.books,
        "staged": result.staged,
        "anaplan": result.anaplan,
        "residuals": {name: f"{amount:f}" for name, amount in result.residuals.items()},
        "unexplained": result.unexplained,
        "differences": [one.facts() for one in result.differences[:MOST_KEPT]],
        "holds": result.holds,
    }
    with connection.store.begin() as database:
        database.execute(sa.insert(tie_out_table).values(row))


def _from_row(row: dict[str, object]) -> TieOut:
    residuals, differences = row.pop("residuals"), row.pop("differences")
    assert isinstance(residuals, dict)
    assert isinstance(differences, list)
    row.pop("id")
    return TieOut(
        **row,  # type: ignore[arg-type]  # the table's columns are the class's fields
        residuals={name: Decimal(amount) for name, amount in residuals.items()},
        differences=tuple(Difference.from_facts(facts) for facts in differences),
    )
