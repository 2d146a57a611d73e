"""Brings the figures of accounting systems into Anaplan, as Dagster assets.

Arrow chooses where its memory comes from when it loads, and by this variable alone for what it takes inside (Parquet pages): its
own pool keeps some 60 MB of what was freed and grows with every month of a backfill, and is no faster. So it stands here, before
any module of ours.
"""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
