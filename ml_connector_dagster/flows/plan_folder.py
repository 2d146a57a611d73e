"""Where a plan's files lie until the load has taken them: a folder of its own, swept after a day."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from ml_connector_dagster.connections.opening import OpenConnection

KEPT_SECONDS = 24 * 3600.0


def plan_folder(connection: OpenConnection) -> Path:
    """Make an empty folder below the home for one plan, and take away those that nobody can need any more.

    Each plan has its own, so that two runs that plan one slice at once never write over each other.
    """
    parent = connection.store.home / "plans" / connection.name
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=parent))
