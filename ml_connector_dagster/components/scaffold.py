"""``dg scaffold defs ml_connector_dagster.components.Connection <name>`` writes the same file as ``ml-connector init``."""

from __future__ import annotations

from dagster.components.component_scaffolding import scaffold_component
from dagster.components.scaffold.scaffold import Scaffolder, ScaffoldRequest

from ml_connector_dagster.connections.sample import SAMPLE


class ConnectionScaffolder(Scaffolder):
    """Writes a commented defs.yaml that names every choice a customer has."""

    def scaffold(self, request: ScaffoldRequest) -> None:
        """Write the file; ids and credentials are placeholders that ``check --offline`` names one by one."""
        scaffold_component(request, {})
        (request.target_path / "defs.yaml").write_text(SAMPLE, encoding="utf-8")
