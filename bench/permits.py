"""How many permits a second the shared rate limit grants: python bench/permits.py [processes …]; SQLite, a folder of its own."""

import os
import sys
import tempfile
import time

from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment
from ml_connector_dagster.store.limits import Limits

EACH = 20_000
NEVER_FULL = 10**9


def take(store: Store) -> None:
    limits = Limits(store)
    for _ in range(EACH):
        limits.acquire("bench", NEVER_FULL, 1.0, burst=NEVER_FULL)


def measure(processes: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as home:
        store = Store.open(Environment.read({"ML_CONNECTOR_HOME": home}), create=True)
        began, used = time.perf_counter(), os.times()
        children = []
        for _ in range(processes):
            child = os.fork()
            if child == 0:
                take(store)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        spent = os.times()
        store.close()
    cpu = spent.children_user + spent.children_system - used.children_user - used.children_system
    return processes * EACH / (time.perf_counter() - began), processes * EACH / cpu


print(f"{'processes':>10} {'permits/s':>12} {'per CPU second':>16}")
for number in map(int, sys.argv[1:] or ["1", "2", "6"]):
    by_clock, by_cpu = measure(number)
    print(f"{number:>10} {by_clock:>12,.0f} {by_cpu:>16,.0f}")
