"""A sandbox in a process of its own, so that its CPU is nobody's: prints its address, serves until its input closes."""

from __future__ import annotations

import sys
from datetime import date

from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World


def main() -> None:
    """Serve books that end with October 2026."""
    with running(World.new(seed=1, today=date(2026, 10, 31))) as sandbox:
        print(sandbox.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
