"""Whether a run may live as long as its load may have to wait."""

from __future__ import annotations

from ml_connector_dagster.anaplan.patience import Patience
from ml_connector_dagster.errors import SettingWrong


def check_run_limit(run_limit_seconds: int) -> None:
    """Refuse a run limit that would end a load which is still waiting, as its own deadlines allow.

    Raises:
        SettingWrong: Waits, upload and task deadline together reach the limit.
    """
    longest = Patience().longest_run_seconds
    if longest >= run_limit_seconds:
        raise SettingWrong(
            f"A load may take {longest:g} seconds, but runs are ended after {run_limit_seconds:g}.",
            "A run would be killed while Anaplan still works on its load.",
            "Raise ML_CONNECTOR_RUN_LIMIT_SECONDS and max_runtime_seconds in dagster.yaml.",
        )
