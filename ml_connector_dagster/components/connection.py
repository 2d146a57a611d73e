"""A connection as a Dagster component: ``defs/<connection>/defs.yaml`` becomes assets, checks, jobs and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import BaseModel

from ml_connector_dagster.components import assets, checks, schedules
from ml_connector_dagster.components.scaffold import ConnectionScaffolder
from ml_connector_dagster.connections.settings import ConnectionSettings
from ml_connector_dagster.mapping.targets import ModuleTarget
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
        source = source_named(self.settings.source.system)
        read = assets.source_assets(self.name, self.settings, source)
        tie_outs = [self._tie_out(module) for module in self.settings.modules]
        read_job = schedules.read_job(self.name, self.settings, [asset.key for asset in read])
        changes_job = schedules.changes_job(self.name)
        jobs = [read_job, changes_job]
        planned = [
            schedules.daily_read(self.name, self.settings, read_job),
            schedules.hourly_changes(self.name, self.settings, changes_job),
        ]
        if tie_outs:
            jobs.append(schedules.tie_out_job(self.name, self.settings, tie_outs))
            planned.append(schedules.daily_tie_out(self.name, self.settings, jobs[-1]))
        return dg.Definitions(
            assets=[*read, *assets.target_assets(self.name, self.settings)],
            asset_checks=[*tie_outs, *(self._latest(module) for module in self.settings.modules)],
            jobs=jobs,
            schedules=planned,
        )

    def _tie_out(self, module: ModuleTarget) -> dg.AssetChecksDefinition:
        return checks.tie_out_check(self.name, assets.target_key(self.name, module), module.name, self.settings)

    def _latest(self, module: ModuleTarget) -> dg.AssetChecksDefinition:
        return checks.latest_check(self.name, assets.target_key(self.name, module), module.name, self.settings)
