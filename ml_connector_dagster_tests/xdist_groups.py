"""Keeps tests of one ``xdist_group`` on one worker.

pytest-xdist 3.8 writes a group's name behind ``item._nodeid``, which pytest 9.2 no longer reads: without this, groups are
scattered in silence, and what they share is started once a worker. Delete it when xdist writes the new field.
"""

from typing import Any

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        grouped: Any = getattr(item, "_nodeid", "")
        if "@" in grouped and grouped != item.nodeid:
            item._id = type(item._id).parse(grouped)
