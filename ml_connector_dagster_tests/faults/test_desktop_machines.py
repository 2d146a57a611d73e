"""Two Windows machines with one .qwc file, woven into each other call by call, with misfortunes drawn by seed."""

import os
from datetime import date, datetime
from random import Random

import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Program
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.fault_plan import CallFault
from ml_connector_dagster_tests.contract.desktop_stack import Stack

SEEDS = int(os.environ.get("ML_CONNECTOR_SEEDS", "200")) // 40
"""A plan of two machines costs a second: a fortieth of the others are drawn."""
MACHINES = ("PC-A", "PC-B")
KINDS = ("drop_request", "drop_answer", "repeat", "late", "delay", "die_before", "die_after")
CALLS = ("", "authenticate", "sendRequestXML", "receiveResponseXML", "closeConnection")
LOCAL = ("refuse", "crash", "die_before", "die_after")
JOURNALS = ("October accrual", "October bonus")


@pytest.fixture
def store(sqlite_store):
    """A database that flushes nothing: no test here cuts the power of our own machine."""
    sqlite_store._engines.durable = sqlite_store._engines.quick
    return sqlite_store


@pytest.fixture(scope="module")
def books():
    return write_books(1, date(2026, 11, 29), lambda: datetime(2026, 11, 29, 9, 0))


def misfortune(draw):
    if draw.random() < 0.4:
        fault = {"kind": draw.choice(LOCAL), "call": "ProcessRequest"}
    else:
        fault = {"kind": draw.choice(KINDS), "call": draw.choice(CALLS)}
    return CallFault(
        **fault,
        skip=draw.randrange(6),
        times=draw.choice((1, 1, 2)),
        machine=draw.choice(("", *MACHINES)),
        after_calls=draw.randrange(6),
        seconds=draw.choice((1.0, 40.0, 400.0)),
    )


def weave(stack, draw, steps=80):
    """Let both machines work at once; one may be switched off amid a session, and begins another later."""
    running = {}
    for _ in range(steps):
        name = draw.choice(MACHINES)
        if name not in running:
            stack.pass_by(draw.choice((5, 70, 400)))
            running[name] = stack.machines.connector(name).session().steps()
        if next(running[name], None) is None or draw.random() < 0.02:
            running.pop(name).close()
    for steps_left in running.values():
        steps_left.close()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_two_machines_at_once_double_nothing_lose_nothing_and_read_every_page_once(store, books, seed):
    draw = Random(seed)
    stack = Stack(store, Program(books), is_judged=False)
    stack.program.message_sets.remembers = bool(seed % 2)
    for name in MACHINES:
        stack.connector(name)
    stack.queue.ask("first", [("classes", {})])
    stack.machines.connector("PC-A").cycle()
    stack.post(*JOURNALS)
    stack.queue.ask("month", [("payments", {"from": "2026-10-01", "to": "2026-10-31"})])
    for _ in range(draw.randint(1, 5)):
        stack.machines.plan.plant(misfortune(draw))
    weave(stack, draw)
    stack.machines.plan.clear()
    settle(stack)
    states = [operation.state.value for operation in stack.queue.operations()]
    posted = stack.entries()
    clean(books)
    assert states == ["succeeded"] * len(JOURNALS)
    assert len(posted) == len(set(posted)) == len(JOURNALS)
    assert sorted(stack.read_ids("month", "ReceivePaymentRet")) == sorted(
        one.txn_id
        for one in books.txns.values()
        if one.kind == "ReceivePayment" and (one.day.year, one.day.month) == (2026, 10)
    )


def settle(stack):
    for _ in range(12):
        if not stack.waits():
            return
        stack.pass_by(400)
        stack.machines.connector("PC-B").cycle()
    raise AssertionError(stack.machines.log.entries()[-20:])


def clean(books):
    """Take our entries out of the books that the plans share."""
    for txn in [txn for txn in books.txns.values() if txn.external_guid]:
        books.delete(txn)
    books.deleted_txns.clear()
