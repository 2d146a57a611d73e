"""Runs a piece of work in a forked child that may be ended at a named fault point, as a kill would."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable

from ml_connector_dagster.store.faultpoints import planted

KILLED, FAILED = 9, 7


def fork(work: Callable[[], int], *, die_at: str | None = None, die_on: int = 1) -> int:
    """Start the work in a child and answer its process id.

    Args:
        work: Answers the child's exit code.
        die_at: The fault point at which the child ends by ``os._exit``, without any clean-up.
        die_on: At which passing of that point.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # 3.12 warns of threads; the child uses none of its parent's
        pid = os.fork()
    if pid == 0:
        os._exit(_child(work, die_at, die_on))
    return pid


def ended(pid: int) -> int:
    """Wait for the child and answer its exit code; negative is the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _child(work: Callable[[], int], die_at: str | None, die_on: int) -> int:
    passed = 0

    def hook(name: str) -> None:
        nonlocal passed
        passed += name == die_at
        if name == die_at and passed == die_on:
            os._exit(KILLED)

    try:
        with planted(hook):
            return work()
    except BaseException:  # a forked child must never return into the test runner
        traceback.print_exc()
        return FAILED
