"""What a source declares that cannot be asked, only answers: its own machine calls us, when it is on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ml_connector_dagster.sources.contract.answers import Finding

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store

CHANGES = "changes"
"""Stands where an entity's name would, for the answer of a change feed; its period is empty."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entity of a period that was asked for and is not answered in full."""

    entity: str
    period: str
    """2026-10; empty of a reference entity, whose one answer serves all periods."""
    since: datetime
    """Aware UTC: when it was asked for."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entity of a period whose answer is complete and not yet published as a snapshot, or ``CHANGES``.

    A question that was refused for good is among them: the run that takes it says why, and its reader puts it away.
    """

    entity: str
    period: str
    """As in ``Waiting``."""
    key: str
    """Of this answer alone, the same whenever it is asked for: it becomes part of a run key."""
    began_at: datetime
    """Aware UTC, the database's clock: when the first question of it was handed out. What was noted later is not in it."""
    arrived_at: datetime
    """Aware UTC: when its last answer was stored."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What is carried to the machine, so that it calls us."""

    kind: str
    """The file's ending: qwc."""
    text: str
    password: str
    """Typed in beside it; shown once, so empty where an earlier one counts."""


@dataclass(frozen=True, slots=True)
class Later:
    """How a source is read that cannot be asked, only answers: its own machine calls us, when it is on.

    Its reader answers from the state database. What is not there in full it asks for, once, and raises AnswerAwaited; the
    run ends without a materialization, and ``answers_arrived`` starts another when the answer is complete. All that one
    pull of an entity needs (lines, control, company) is one answer, so that a pull never publishes half of it.
    """

    waiting: Callable[[Store, str], Sequence[Waiting]]
    """With a company id: what was asked for and is not answered in full, oldest first."""
    arrived: Callable[[Store, str], Sequence[Arrived]]
    """With a company id: what is complete and not yet published, oldest first."""
    published: Callable[[Store, str, str, str, str], None]
    """With company id, entity, period and run id: the answer that a reader gave last stands in a snapshot now.

    Called by the run that published, never by a sensor; what it does not find it passes over.
    """
    heartbeat: Callable[[Store, str], Sequence[Finding]]
    """With a company id: when the machine was last seen, and what keeps it, in words a bookkeeper understands."""
    how_to_connect: str
    """One sentence in place of a consent: what to run, and what to do on the machine."""
    invite: Callable[[Store, str, str, str], Invitation] | None = None
    """With the connection's name, its company id and the address of ``ml-connector serve``; issues a password once.

    None where nothing is carried to the machine. It raises SettingWrong where the machine would refuse the address.
    """
