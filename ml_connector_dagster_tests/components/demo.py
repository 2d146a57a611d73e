"""Where the demo connection of the tests lies."""

from pathlib import Path

import ml_connector_dagster

DEMO_FILE = Path(ml_connector_dagster.__file__).parent / "defs" / "demo" / "calder_uk" / "defs.yaml"
