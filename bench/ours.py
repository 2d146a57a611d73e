"""Our whole chain over one month, in a process of its own: read, parse, stage, post, map, write the file.

Prints one JSON line: records, lines, cells, calls, and CPU seconds and microseconds per record of each step.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.sandbox import PERIOD, TENANT
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.cells import build_cells
from ml_connector_dagster.mapping.csv_file import write_csv
from ml_connector_dagster.mapping.members import Members
from ml_connector_dagster.mapping.targets import DimensionMapping, ModuleTarget
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.source import SOURCE
from ml_connector_dagster.staging.snapshot import SnapshotRow
from ml_connector_dagster.staging.snapshots import StagedCompany, Staging
from ml_connector_dagster.store.blobs import Blobs
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.transport.client import VendorHttp

TARGET = ModuleTarget.model_validate(
    {
        "name": "actuals",
        "from": "ledger_lines",
        "import": "Actuals from Xero",
        "columns": {
            "Entity": "=UK",
            "Version": "=Actual",
            "Period": "period",
            "Account": "ledger_account",
            "Customer": "customer",
            "Region": "tracking.Region",
            "Amount": "amount",
        },
        "clear": {"Entity": "in_file", "Version": "in_file", "Period": "in_file", "Account": "all"},
    }
)
MAPPING = {"customer": DimensionMapping(prefix="UK-"), "tracking.Region": DimensionMapping(prefix="UK-")}


@dataclass(frozen=True)
class Bearer:
    """A token that lasts as long as the benchmark."""

    token: str

    def headers(self, refused: str | None) -> dict[str, str]:
        """Answer the header that authorizes."""
        return {"Authorization": f"Bearer {self.token}"}


class Chain:
    """One month of one company, from the first call to the file."""

    def __init__(self, base_url: str, token: str, home: Path) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.records: dict[str, int] = {}
        self.calls_by_need = 0
        """What posting asks for besides the lists: documents that were settled now and stand in no staged period."""
        self.period = Period.parse(PERIOD)
        self._home = home
        with self._step("open"):
            store = Store.open(Environment.read({"ML_CONNECTOR_HOME": str(home)}))
            self._staging = Staging(store, Blobs(str(home / "blobs")))
            self._http = VendorHttp("Xero", authorize=Bearer(token), headers=SOURCE.headers, classify=SOURCE.classify)
            session = CompanySession(self._http, f"{base_url}/xero/api.xro/2.0", TENANT, "Europe/London")
            self._reader = SOURCE.open_company(session)
        self._staged = StagedCompany(self._staging, "bench")

    def run(self) -> dict[str, Any]:
        """Answer the figures of the chain."""
        snapshots = {entity.name: self._pull(entity) for entity in SOURCE.entities}
        file = self._home / "file.csv"
        tracking = self._staged.newest("tracking")
        with self._step("cells"):
            rows = build_cells(
                TARGET,
                self.period,
                lines=lambda columns: self._staged.batches("ledger_lines", self.period, columns),
                accounts=self._staged.newest("ledger_accounts"),
                tracking=tracking,
                members=Members.load(MAPPING, self._home),
                cells=self._home / "cells.parquet",
                sidecar=self._home / "sidecar.parquet",
            )
        with self._step("csv"):
            written = write_csv(file, rows)
        assert _sum_of_lines(rows.sidecar) == rows.total, "a cent was lost between lines and cells"
        assert not rows.unmapped
        invoices = self.records["invoices"]
        return {
            "records": invoices,
            "lines": snapshots["invoices"].rows,
            "ledger_lines": snapshots["ledger_lines"].rows,
            "cells": written.rows,
            "total": str(rows.total),
            "calls": self._http.calls,
            "calls_by_need": self.calls_by_need,
            "expected_calls": SOURCE.expected_calls(self.records),
            "max_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "microseconds_per_record": {step: round(spent / invoices * 1e6, 2) for step, spent in self.spent.items()},
        }

    def _pull(self, entity: Entity) -> SnapshotRow:
        began_at = self._staging.store.now()
        step = "post" if entity.derived_from else "read"
        if entity.derived_from:
            with self._step("read"):
                self._reader.control(self.period)
        calls = self._http.calls
        with self._staging.writer(
            "bench", entity.name, self.period, entity.record, read_began_at=began_at, parser_version="1"
        ) as writer:
            derived = self._reader.derive(entity, self.period, self._staged) if entity.derived_from else None
            pages = iter(derived if derived is not None else self._reader.read(entity, self.period))
            while True:
                with self._step(step):
                    page = next(pages, None)
                if page is None:
                    break
                with self._step("stage"):
                    writer.add(page)
            with self._step("publish"):
                row = writer.finish(0, "")
        assert isinstance(row, SnapshotRow)
        self.records[entity.name] = row.records
        self.calls_by_need += self._http.calls - calls if entity.derived_from else 0
        return row

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[name] += time.process_time() - began


def _sum_of_lines(sidecar: Path) -> Decimal:
    total = Decimal(0)
    with pq.ParquetFile(sidecar) as file:
        for index in range(file.num_row_groups):
            total += pc.sum(file.read_row_group(index, ["amount"]).column(0)).as_py() or 0
    return total


def main() -> None:
    """Run the chain against the sandbox of the environment, in a home that is made already."""
    pa.set_cpu_count(1)
    chain = Chain(os.environ["BENCH_URL"], os.environ["BENCH_TOKEN"], Path(os.environ["BENCH_HOME"]))
    print(json.dumps(chain.run()), file=sys.stdout)


if __name__ == "__main__":
    main()
