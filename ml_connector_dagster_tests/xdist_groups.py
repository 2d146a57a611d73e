"""Keeps tests that share something on one worker, and starts the longest first.

A group is what ``xdist_group`` names; else the folder, where a folder's tests share books; else the file. Scattered test by
test, what they share would be made once a worker.

pytest-xdist 3.8 writes a group's name behind ``item._nodeid``, which pytest 9.2 no longer reads: without this, groups are
scattered in silence. Leave ``item._id`` alone when xdist writes the new field.
"""

from collections import Counter
from pathlib import PurePath

import pytest

LONGEST = (
    "end_to_end",
    "demo",
    "contract",
    "on_postgres",
    "ui",
    "in_sandbox",
    "truth_after_change",
    "answered_later",
    "open",
)
"""Groups that wait for other processes most of the time: they start first, so that none ends alone; the order is theirs."""
SHARING = (
    "cli",
    "connections",
    "contract",
    "inbound",
    "sandbox/freshbooks",
    "sandbox/quickbooks_online",
    "sandbox/xero",
    "sandbox/zoho_books",
    "sources/freshbooks",
    "sources/xero",
)
"""Folders whose tests share a sandbox with its books, or a home."""
TESTS = PurePath(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("loadgroup", False):
        return
    groups = {item: _group(item) for item in items}
    sizes = Counter(groups.values())
    items.sort(key=lambda item: _rank(groups[item], sizes))
    for item, group in groups.items():
        item._id = type(item._id).parse(f"{item.nodeid}@{group}")


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    if marker is not None:
        return str(marker.args[0])
    file = PurePath(item.path).relative_to(TESTS)
    shared = str(file.parent) in SHARING
    return (file.parent if shared else file.with_suffix("")).as_posix()


def _rank(group: str, sizes: Counter[str]) -> tuple[int, int, str]:
    """The longest in their order, then the largest: small ones come last and even the workers out."""
    return LONGEST.index(group) if group in LONGEST else len(LONGEST), -sizes[group], group
