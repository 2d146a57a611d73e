"""Which loads are due: a question to the state database alone, no network, cheap enough for a sensor's tick.

Due is a slice whose content (snapshots + mapping + settings) is not what the last verified load sent, or whose load is
unfinished with nobody at work, or whose retry time has come; and which no person holds. An unchanged re-read has the
digest it had before and starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.flows.load_rows import MOST_ATTEMPTS
from ml_connector_dagster.flows.mapping_use import mapping_hash
from ml_connector_dagster.flows.past_loads import LoadFact, PastLoads, attempts
from ml_connector_dagster.flows.register import held_slices
from ml_connector_dagster.flows.slices import CurrentSnapshots, SliceInputs, inputs_of, slice_digest
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.store.locks import LockBusy

QUIET = timedelta(seconds=60)
"""An unfinished load that took a step within this time is taken to be under way."""
FORGOTTEN = timedelta(hours=1)
"""A slice still due after this long without any load row had a run that died before it planned: another one may start."""


@dataclass(frozen=True, slots=True)
class DueLoad:
    """One slice that should be loaded now."""

    connection: str
    target: str
    kind: str
    """list or module."""
    period: str
    digest: str
    attempt: int
    why: str
    """In words, for the run's tags."""

    @property
    def run_key(self) -> str:
        """Never the same twice for a new attempt (protocol 17)."""
        return f"{self.target}:{self.period}:{self.digest}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class SliceState:
    """Everything the decision needs to know of one slice."""

    digest: str
    content_at: datetime
    """When its newest snapshot was published."""
    is_held: bool
    newest: LoadFact | None


def due(slice_state: SliceState, now: datetime, *, model_is_busy: bool) -> str | None:
    """Decide whether a slice is due; answers why, or None.

    Args:
        slice_state: The slice.
        now: The database's clock.
        model_is_busy: Somebody holds the model's lease, so an unfinished load may be in good hands.
    """
    newest = slice_state.newest
    if slice_state.is_held:
        return None
    if newest is None:
        return "never loaded"
    if newest.is_unfinished and _is_under_way(newest, now, model_is_busy=model_is_busy):
        return None
    if newest.digest != slice_state.digest:
        return "content, mapping or settings changed"
    if newest.is_done:
        return None
    return _why_again(newest, now)


def forgotten_runs(slice_state: SliceState, now: datetime) -> int:
    """Answer how many hours a due slice has gone without a load: each lets one more run start, as its run died early."""
    since = max(slice_state.content_at, slice_state.newest.moved_at if slice_state.newest else slice_state.content_at)
    return max(0, int((now - since) / FORGOTTEN))


def _why_again(load: LoadFact, now: datetime) -> str | None:
    """Answer why the same content is tried again: its retry time came, or its run was lost on the way."""
    if load.retry_at is not None:
        return "its retry time has come" if load.retry_at <= now else None
    gave_up = load.error != "" and load.attempt >= MOST_ATTEMPTS
    return "unfinished" if load.is_unfinished and not gave_up else None


def _is_under_way(load: LoadFact, now: datetime, *, model_is_busy: bool) -> bool:
    """A load with a retry time was put down on purpose; any other without a recent step and a lease lost its run."""
    if load.retry_at is not None:
        return load.retry_at > now
    return model_is_busy or load.moved_at > now - QUIET


def loads_due(connection: OpenConnection) -> list[DueLoad]:
    """Answer the loads of this connection that are due now, lists before modules, oldest period first.

    While a list is due or under way, only modules of that list's own period are answered: their run loads the list
    first, and the other periods follow once its members exist.

    Raises:
        SettingWrong: A crosswalk file is missing or wrong.
    """
    looked = _Look(connection)
    lists = [found for target in connection.settings.lists for found in looked.due(target)]
    modules = [found for target in connection.settings.modules for found in looked.due(target)]
    if lists:
        together = {found.period for found in lists}
        modules = [found for found in modules if found.period in together]
    elif any(looked.is_under_way(target) for target in connection.settings.lists):
        modules = []
    return [*lists, *sorted(modules, key=lambda found: (found.period, found.target))]


class _Look:
    """One look at the state database: every table read once."""

    def __init__(self, connection: OpenConnection) -> None:
        self._connection = connection
        self._snapshots = CurrentSnapshots.of(connection)
        self._loads = PastLoads.newest_of(connection)
        self._held = {(held.target, held.period, held.digest) for held in held_slices(connection)}
        self._members = Members.load(connection.settings.mapping, connection.folder)
        self._now = connection.store.now()

    @cached_property
    def _model_is_busy(self) -> bool:
        """Asked only where some load is unfinished."""
        return self._loads.any_unfinished and model_is_busy(self._connection)

    def due(self, target: ListTarget | ModuleTarget) -> Iterator[DueLoad]:
        settings_hash = self._connection.settings_hash(target.name)
        for period in self._periods(target):
            inputs = inputs_of(self._connection, target, period, self._snapshots)
            if inputs is not None:
                digest = slice_digest(
                    inputs, settings_hash, mapping_hash(self._connection, target, inputs, self._members)
                )
                yield from self._due(target, period, inputs, digest)

    def is_under_way(self, target: ListTarget) -> bool:
        newest = self._loads.newest(target.name, "list", "")
        return (
            newest is not None
            and newest.is_unfinished
            and _is_under_way(newest, self._now, model_is_busy=self._model_is_busy)
        )

    def _periods(self, target: ListTarget | ModuleTarget) -> tuple[str, ...]:
        if isinstance(target, ModuleTarget):
            return self._snapshots.periods(target.from_)
        newest = self._snapshots.newest(target.entity)
        return (self._snapshots.first_with(newest).period,) if newest else ()

    def _due(
        self, target: ListTarget | ModuleTarget, period: str, inputs: SliceInputs, digest: str
    ) -> Iterator[DueLoad]:
        state = SliceState(
            digest=digest,
            content_at=max(fact.published_at for fact in inputs.pinned),
            is_held=(target.name, "" if inputs.kind == "list" else period, digest) in self._held,
            newest=self._loads.newest(target.name, inputs.kind, period),
        )
        why = due(state, self._now, model_is_busy=self._model_is_busy)
        if why is not None:
            tried = attempts(self._connection, target.name, inputs.kind, period, digest)
            attempt = tried + 1 + forgotten_runs(state, self._now)
            yield DueLoad(self._connection.name, target.name, inputs.kind, period, digest, attempt, why)


def model_is_busy(connection: OpenConnection) -> bool:
    """Answer whether somebody holds the model's lease now; asks the lock, not Anaplan."""
    try:
        with connection.locks.hold(connection.pool, wait_seconds=0):
            return False
    except LockBusy:
        return True
