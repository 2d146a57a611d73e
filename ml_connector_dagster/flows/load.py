"""Send one slice to Anaplan and prove that it arrived; every step is a committed state of the table ``load``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ml_connector_dagster.connections.opening import OpenConnection
    from ml_connector_dagster.flows.file_plan import FilePlan


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of a load that ended well; everything else is an error."""

    load_id: int
    state: str
    """``verified``: read back and equal; ``skipped``: not sent, the model holds this very file, verified."""
    verdict: str
    """LOADED, or the verdict of the load that a skipped one relies on."""
    sent: bool
    task_id: str
    adopted: bool
    rows: int
    rows_rejected: int
    rows_ignored: int
    says: str
    """One sentence for the check."""


def load_target(connection: OpenConnection, plan: FilePlan, *, run_id: str, force: bool = False) -> LoadOutcome:
    """Send the slice, unless the model already holds this very file, verified; answer when it is verified or skipped.

    Args:
        connection: The opened connection.
        plan: The whole slice as a file.
        run_id: Of the Dagster run or the command; kept in the load row.
        force: Send although the newest verified load holds the same file.

    Raises:
        HeldForPerson: The plan is held, or the period is.
        SettingWrong: Import, header, member, calendar or version do not fit; nothing was sent.
        TemporarilyRefused: Model busy or locked; the load's retry time is set.
        LoadIncomplete: Rows rejected or ignored, or the task was cancelled; rejected rows are saved.
        FiguresDiffer: The read-back does not equal the file.
        OutcomeUnknown: The task still runs after the deadline; the next run settles it.
    """
    raise NotImplementedError
