"""`python -m bench.backfill freshbooks quickbooks_online …`: 24 months of 20,000 documents, read as a backfill reads them.

For each source the demo company's sandbox gets so many invoices more, evenly over the months; every entity of every month is
pulled through the product's own flow into a fresh home. What counts is the calls: made, counted by the sandbox, allowed by the
vendor's day, and how many days that takes. Call limits are lifted meanwhile, since waiting for a vendor's minute measures nothing;
a day's quota that the vendor resets at midnight is not: where it is spent, both clocks are moved to the next day.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

import ml_connector_dagster.defs
from ml_connector_dagster.cli.demo_credentials import enter_credentials
from ml_connector_dagster.connections.opening import Connector, OpenConnection
from ml_connector_dagster.connections.settings import find_connections, load_connection
from ml_connector_dagster.errors import QuotaExhausted
from ml_connector_dagster.flows.pull import PullOutcome, pull
from ml_connector_dagster.ledger.period import Period, periods_between
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.limits import Limits

DEMO = Path(next(iter(ml_connector_dagster.defs.__path__))) / "demo"
LAST = Period(2026, 10)
"""The books of ``bench.sandbox_process`` end with it."""
LIFTED: Mapping[str, Mapping[str, Any]] = {
    "freshbooks": {"reads": 10**9},
    "quickbooks_online": {"per_second": 10**9, "per_minute": 10**9, "monthly_reads": 10**9},
    "zoho_books": {"minute": 10**9, "concurrent": 10**9, "plan": "Professional"},
}
"""How each sandbox's limits are lifted; also the list of sources whose sandbox enters documents in bulk."""


@dataclass(frozen=True)
class Backfill:
    """What reading so many months took."""

    system: str
    records: int
    calls: int
    expected: int
    counted: int
    a_day: int | None
    nights: int
    """How often the day's quota was spent and the next day had to come."""
    seconds: float
    first_rss: int
    last_rss: int

    @property
    def days(self) -> int:
        """Days of quota: those that passed, else reckoned; 1 where the vendor has no day."""
        return max(self.nights + 1, -(-self.calls // self.a_day) if self.a_day else 1)


class Nights:
    """Both clocks, the sandbox's and that of our limits, moved on where a day's calls are spent."""

    def __init__(self, base_url: str, connector: Connector) -> None:
        """Put a clock that can be moved under the connector's limits."""
        self.passed, self._ahead, self._base_url = 0, 0.0, base_url
        connector.__dict__["limits"] = Limits(connector.store, clock=lambda: time.time() + self._ahead)

    def until(self, spent: QuotaExhausted) -> None:
        """Let time pass until the vendor allows calls again."""
        assert spent.opens_at is not None
        seconds = (spent.opens_at - datetime.now(UTC)).total_seconds() + 60
        self.passed, self._ahead = self.passed + 1, self._ahead + seconds
        _post(f"{self._base_url}/_control/clock", {"advance_seconds": seconds})


def main() -> None:
    """Measure and print a table."""
    options = _options()
    print(
        "| source | records | calls made | counted by the sandbox | formula | a day | days | s | RSS MB first … last month |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for system in options.systems:
        with _sandbox() as base_url:
            print(_row(_measured(system, base_url, options.documents, options.months)), flush=True)


def _measured(system: str, base_url: str, documents: int, months: int) -> Backfill:
    control = f"{base_url}/_control/{system}"
    _post(f"{control}/settings", LIFTED[system])
    periods = _newest(months)
    _post(f"{control}/bulk", {"first": str(periods[0].first_on), "last": str(LAST.last_on), "count": documents})
    with _home(system, base_url) as connection:
        before, began = _counted(base_url, system), time.monotonic()
        records = calls = expected = first_rss = last_rss = 0
        nights = Nights(base_url, connection.connector)
        for period in periods:
            for entity in connection.source.entities:
                outcome = _pulled(connection, entity.name, str(period), nights)
                records += 0 if entity.name == LEDGER_LINES else outcome.records
                expected += outcome.expected_calls or 0
            calls += connection.source_calls
            print(f"{system} {period}: {calls:,} calls, day {nights.passed + 1}", file=sys.stderr, flush=True)
            connection.close()  # each month is a run of its own
            first_rss, last_rss = first_rss or _rss(), _rss()  # before the sandbox's log, which is large, comes over
        days = [limit.permits for limit in connection.source.limits if limit.per_seconds == 86_400]
        return Backfill(
            system,
            records,
            calls,
            expected,
            _counted(base_url, system) - before,
            min(days, default=None),
            nights.passed,
            time.monotonic() - began,
            first_rss,
            last_rss,
        )


def _pulled(connection: OpenConnection, entity: str, period: str, nights: Nights) -> PullOutcome:
    """Pull, on as many days as it takes."""
    while True:
        try:
            return pull(connection, entity, period)
        except QuotaExhausted as spent:
            nights.until(spent)


def _row(found: Backfill) -> str:
    return (
        f"| {found.system} | {found.records:,} | {found.calls:,} | {found.counted:,} | {found.expected:,} "
        f"| {found.a_day or 'no limit'} | {found.days} | {found.seconds:.0f} "
        f"| {found.first_rss / 1e6:.0f} … {found.last_rss / 1e6:.0f} |"
    )


def _newest(months: int) -> list[Period]:
    first = LAST
    for _ in range(months - 1):
        first = first.previous()
    return list(periods_between(first, LAST.next()))


@contextmanager
def _sandbox() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sandbox_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


@contextmanager
def _home(system: str, base_url: str) -> Iterator[OpenConnection]:
    (name,) = (name for name, path in find_connections(DEMO).items() if load_connection(path).source.system == system)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(DEMO / name, Path(folder) / "defs" / name)
        shell = {
            "ML_CONNECTOR_HOME": f"{folder}/home",
            "ML_CONNECTOR_SANDBOX_URL": base_url,
            "ML_CONNECTOR_CONNECTIONS": f"{folder}/defs",
            "DAGSTER_HOME": f"{folder}/dagster",
        }
        with Connector(Environment.read(shell)) as connector:
            enter_credentials(connector)
            connection = connector.connection(name)
            connection.settings.source.__dict__["quota_share"] = 1e6
            yield connection


def _counted(base_url: str, system: str) -> int:
    log = httpx.get(f"{base_url}/_control/log", params={"vendor": system, "method": "GET"}, timeout=60)
    return int(log.raise_for_status().json()["count"])


def _post(url: str, body: Mapping[str, Any]) -> None:
    httpx.post(url, json=dict(body), timeout=300).raise_for_status()


def _rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.backfill", description=__doc__)
    parser.add_argument("systems", nargs="*", default=list(LIFTED), help="sources (default: all that enter in bulk)")
    parser.add_argument("--documents", type=int, default=20_000, help="invoices besides the company's own")
    parser.add_argument("--months", type=int, default=24)
    return parser.parse_args()


if __name__ == "__main__":
    main()
