"""Forks the processes of runs from one that has imported what they need: a spawned one spends two CPU seconds on imports.

Python reads this file at every start below a stack's ``PYTHONPATH``. Each run keeps a process of its own, with an id that
can be killed; that runs come up by Dagster's own way too, ``test_demo_command.py`` shows.
"""

import multiprocessing

NEEDED = [
    "dagster._cli",
    "dagster._core.storage.base_storage",
    "ml_connector_dagster.definitions",
    "ml_connector_dagster.components.instance_storage",
    "ml_connector_dagster.flows.pull",
    "ml_connector_dagster.flows.load",
    "ml_connector_dagster.flows.translate",
    "ml_connector_dagster.flows.tie_out",
    "ml_connector_dagster.transport.client",
    "pandas",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
]
_contexts = multiprocessing.get_context


def _forking(method: str | None = None) -> object:
    context = _contexts("forkserver" if method == "spawn" else method)
    if method == "spawn":
        context.set_forkserver_preload(NEEDED)
    return context


multiprocessing.get_context = _forking  # type: ignore[assignment]
