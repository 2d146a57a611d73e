"""Other processes for tests: forked, so that they cost milliseconds; they end without cleaning up, as killed ones do.

Fork while no other thread works on the store: a child inherits the locks that such a thread holds, and nobody to free them.
"""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable


def fork(work: Callable[[], object]) -> int:
    """Run the work in a forked child and answer its process id; the child ends with 0, or with 1 after an error."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python 3.12 warns of threads; our children only work and end
        pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def succeeded(pid: int) -> bool:
    """Wait for the child and answer whether its work ended without an error."""
    return os.waitpid(pid, 0)[1] == 0


def kill(pid: int) -> None:
    """End the child as a power cut of its process would, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def all_at_once(work: Callable[[int], object], processes: int) -> bool:
    """Run ``work(number)`` in that many children at once and answer whether all ended without an error."""
    gate_out, gate_in = os.pipe()

    def waiting(number: int) -> Callable[[], object]:
        def start() -> object:
            os.close(gate_in)
            os.read(gate_out, 1)  # ends for all of them when the parent closes its end
            return work(number)

        return start

    children = [fork(waiting(number)) for number in range(processes)]
    os.close(gate_in)
    os.close(gate_out)
    outcomes = [succeeded(child) for child in children]
    return all(outcomes)
