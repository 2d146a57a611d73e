"""One load at a time in an Anaplan model: a lock whose life is the process's, not a row that outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.identifiers import lease_name

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.store.locks import Held


class Lease:
    """The right to upload, start and read back in one model; ping before each of these (protocol 5)."""

    def __init__(self, held: Held, model_id: str) -> None:
        """Wrap the held lock."""
        self.model_id = model_id
        self._held = held

    def ping(self) -> None:
        """Prove that the lock is still ours.

        Raises:
            LockLost: The database ended the lock's session; somebody else may hold the model now. Stop at once.
        """
        self._held.ping()


@contextmanager
def leased(model: AnaplanModel) -> Iterator[Lease]:
    """Hold the model; freed within milliseconds when the process dies.

    A busy lease means that another load runs in this model; the caller sets its retry time and ends.

    Raises:
        LockBusy: Nobody gave the model back within the patience's ``lease_wait_seconds``.
    """
    with model.locks.hold(lease_name(model.model_id), wait_seconds=model.patience.lease_wait_seconds) as held:
        yield Lease(held, model.model_id)
