"""What loading the definitions of five connections costs over the bare import of dagster, and what it must not import."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
CONNECTIONS = 5
PROBE = """
import json, sys, time
import dagster, ml_connector_dagster.components.connection
bare = time.process_time()
from ml_connector_dagster.definitions import defs
loaded = defs() if callable(defs) else defs
repository = loaded.get_repository_def()
spent = time.process_time() - bare
forbidden = [name for name in ("pandas", "pyarrow", "sqlalchemy", "httpx") if name in sys.modules]
assets = len(list(repository.asset_graph.get_all_asset_keys()))
print(json.dumps({"seconds": spent, "assets": assets, "forbidden": forbidden}))
"""


def measure(rounds: int = 3) -> dict[str, Any]:
    """Answer seconds, assets, milliseconds an asset, and forbidden modules that were imported (none is right)."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        _five_connections(project)
        runs = [_probe(project) for _ in range(rounds)]
    seconds = median(run["seconds"] for run in runs)
    return runs[0] | {"seconds": seconds, "milliseconds_per_asset": seconds / runs[0]["assets"] * 1000}


def _five_connections(project: Path) -> None:
    shutil.copytree(ROOT / "ml_connector_dagster", project / "ml_connector_dagster", ignore=_no_caches)
    for settings in ("pyproject.toml", "dg.toml"):
        shutil.copy(ROOT / settings, project)
    defs = project / "ml_connector_dagster" / "defs"
    demo = sorted(path.parent for path in defs.rglob("defs.yaml"))
    for number in range(len(demo), CONNECTIONS):
        shutil.copytree(demo[number % len(demo)], defs / f"company_{number}")


def _no_caches(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__"]


def _probe(project: Path) -> dict[str, Any]:
    environment = os.environ | {"PYTHONPATH": str(project), "ML_CONNECTOR_HOME": str(project / "home")}
    outcome = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if outcome.returncode:
        raise RuntimeError(outcome.stderr[-2000:])
    found: dict[str, Any] = json.loads(outcome.stdout.splitlines()[-1])
    return found
