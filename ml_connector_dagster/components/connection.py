"""A connection as a Dagster component: ``defs/<connection>/defs.yaml`` becomes assets, checks, jobs and schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import BaseModel

from ml_connector_dagster.components import assets, checks, schedules
from ml_connector_dagster.components.scaffold import ConnectionScaffolder
from ml_connector_dagster.connections.settings import ConnectionSettings
from ml_connector_dagster.mapping.targets import ModuleTarget
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.registry import source_named


@dg.scaffold_with(ConnectionScaffolder)
@dataclass
class Connection(dg.Component):
    """One company in one accounting system, paired with one Anaplan model. The connection's name is its folder's."""

    name: str
    settings: ConnectionSettings

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Answer the model that the command line and the inbound app parse too."""
        return ConnectionSettings

    @classmethod
    def get_additional_scope(cls) -> Mapping[str, Any]:
        """Offer no template variables: a secret in YAML would end up in a component object."""
        return {}

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Connection:
        """Take the parsed attributes; no network, vault or database is touched."""
        if not isinstance(attributes, ConnectionSettings):
            raise TypeError("a connection needs attributes")
        return cls(name=context.path.name, settings=attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Answer everything that Dagster shows of this connection."""
        del context
        return self.definitions()

    def definitions(self) -> dg.Definitions:
        """Answer the same without a component tree: for connections that lie outside the package."""
        source = source_named(self.settings.source.system)
        read = assets.source_assets(self.name, self.settings, source)
        loads = assets.target_assets(self.name, self.settings)
        tie_outs = [self._tie_out(module) for module in self.settings.modules]
        latest = [self._latest(module) for module in self.settings.modules]
        jobs = self._jobs(read, loads, tie_outs)
        seen = [checks.heartbeat_check(self.name, assets.source_key(self.name, LEDGER_LINES))] if source.later else []
        for check in seen:
            jobs["heartbeat"] = schedules.heartbeat_job(self.name, check)
        return dg.Definitions(
            assets=[*read, *loads],
            asset_checks=[*tie_outs, *latest, *seen],
            jobs=list(jobs.values()),
            schedules=self._schedules(source, jobs),
        )

    def _jobs(
        self,
        read: Sequence[dg.AssetsDefinition],
        loads: Sequence[dg.AssetsDefinition],
        tie_outs: Sequence[dg.AssetChecksDefinition],
    ) -> dict[str, dg.JobDefinition]:
        job = schedules.period_job
        jobs = {
            "read": job(
                f"{self.name}{schedules.READ_JOB}",
                self.settings,
                dg.AssetSelection.assets(*(asset.key for asset in read)),
                self.name,
                "Reads every source entity of one period.",
            ),
            "changes": schedules.changes_job(self.name),
        }
        if loads:
            jobs["load"] = job(
                f"{self.name}{schedules.LOAD_JOB}",
                self.settings,
                dg.AssetSelection.assets(*(asset.key for asset in loads)),
                self.name,
                "Loads the lists and modules of one period; loads_due starts it with those that are due.",
            )
        if tie_outs:
            jobs["tie_out"] = job(
                f"{self.name}_tie_out",
                self.settings,
                dg.AssetSelection.checks(*(key for check in tie_outs for key in check.check_keys)),
                self.name,
                "Compares books, staged and Anaplan of one period again, without loading.",
            )
        return jobs

    def _schedules(self, source: Source, jobs: dict[str, dg.JobDefinition]) -> list[dg.ScheduleDefinition]:
        planned = [
            *schedules.reads(self.name, self.settings, source, jobs["read"]),
            schedules.hourly_changes(self.name, self.settings, jobs["changes"]),
        ]
        if "heartbeat" in jobs:
            planned.append(schedules.half_hourly_heartbeat(self.name, self.settings, jobs["heartbeat"]))
        if "tie_out" in jobs:
            planned.append(schedules.daily_tie_out(self.name, self.settings, jobs["tie_out"]))
        return planned

    def _tie_out(self, module: ModuleTarget) -> dg.AssetChecksDefinition:
        return checks.tie_out_check(self.name, assets.target_key(self.name, module), module.name, self.settings)

    def _latest(self, module: ModuleTarget) -> dg.AssetChecksDefinition:
        return checks.latest_check(self.name, assets.target_key(self.name, module), module.name, self.settings)
