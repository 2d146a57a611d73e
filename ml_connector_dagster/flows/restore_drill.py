"""A restore, tried without touching anything: is what would be restored whole, readable, and provable?"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ml_connector_dagster.audit import trail
from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.store.copying import copy_to_file, faults_of
from ml_connector_dagster.store.migrate import HEAD
from ml_connector_dagster.store.references import referred_blobs

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Drilled:
    """One part of the drill."""

    part: str
    holds: bool
    says: str


def drill(connector: Connector, step: Callable[[str], None] = lambda _: None) -> tuple[Drilled, ...]:
    """Copy the state into an empty place, open it there as after a restore, and prove every part of it.

    The copy lies in a folder of its own, readable by this user alone, and is gone afterwards. Blobs and the vault's key are
    where the environment says: they are restored by other means, and are compared with what the copy says of them.

    Args:
        connector: Of the state in use; it is read alone.
        step: Called with what comes next.

    Raises:
        SettingWrong: There is no state database, or of another release.
    """
    with tempfile.TemporaryDirectory(prefix="ml_connector_drill_") as folder:
        home = Path(folder)
        step("copying the state database")
        rows = copy_to_file(connector.store, home / "state.db")
        there = replace(connector.environment, home=home, database_url=f"sqlite:///{home / 'state.db'}")
        with Connector(there) as restored:
            return tuple(_parts(restored, home, rows, step))


def _parts(restored: Connector, home: Path, rows: dict[str, int], step: Callable[[str], None]) -> Iterator[Drilled]:
    faults = faults_of(home / "state.db")
    filled = sum(1 for count in rows.values() if count)
    yield Drilled("database", not faults, _named(faults) or f"{sum(rows.values()):,} rows in {filled} tables, whole")
    restored.store.now()
    yield Drilled("schema", holds=True, says=f"revision {HEAD}, this release's")
    step("opening every secret")
    yield _vault(restored)
    step("proving the audit trail")
    breaks = [f"{one.connection} event {one.sequence}: {one.says}" for one in trail.verify(restored.store)]
    yield Drilled("audit trail", not breaks, _named(breaks) or f"{trail.count(restored.store):,} events, unbroken")
    yield from _blobs(restored, step)


def _vault(restored: Connector) -> Drilled:
    try:
        found = list(restored.vault.findings())
    except SettingWrong as error:
        return Drilled("vault", holds=False, says=str(error))
    shut = [f"{one.credential} {one.field}: {one.says}" for one in found if not one.opens]
    credentials = len({one.credential for one in found})
    return Drilled("vault", not shut, _named(shut) or f"{len(found)} secrets of {credentials} credentials open")


def _blobs(restored: Connector, step: Callable[[str], None]) -> Iterator[Drilled]:
    """Yield one part for each kind: every blob that a snapshot or a load names is there, and is what its name says."""
    named: Counter[str] = Counter()
    wrong: dict[str, list[str]] = {}
    for address in sorted(referred_blobs(restored.store)):
        kind = address.partition("/")[0]
        step(f"hashing {kind} blobs")
        named[kind] += 1
        if not restored.blobs.is_whole(address):
            wrong.setdefault(kind, []).append(f"{address} is missing or changed")
    for kind, count in sorted(named.items()):
        faults = wrong.get(kind, [])
        yield Drilled(f"{kind} blobs", not faults, _named(faults) or f"{count:,} there, each with its hash")


def _named(faults: list[str]) -> str:
    more = f"; and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
    return "; ".join(faults[:MOST_NAMED]) + more
