"""Every asset of a connection is partitioned by accounting period, the open month included."""

from __future__ import annotations

from functools import cache

import dagster as dg


@cache
def periods_from(start: str, time_zone: str) -> dg.MonthlyPartitionsDefinition:
    """Answer the months from ``start`` (2024-01) to the one that is open now, by the company's own calendar.

    The result is shared per (start, zone), since all assets of one run must carry the same definition.
    """
    return dg.MonthlyPartitionsDefinition(start_date=start, fmt="%Y-%m", timezone=time_zone, end_offset=1)
