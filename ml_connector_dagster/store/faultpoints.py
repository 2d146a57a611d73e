"""Named places where a test may end the process; in the product they do nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_hooks: list[Callable[[str], None]] = []


def fault_point(name: str) -> None:
    """Mark a place between two durable steps; a planted hook may raise or end the process here."""
    for hook in _hooks:
        hook(name)


@contextmanager
def planted(hook: Callable[[str], None]) -> Iterator[None]:
    """Call the hook at every fault point while the block runs. For tests alone."""
    _hooks.append(hook)
    try:
        yield
    finally:
        _hooks.remove(hook)
