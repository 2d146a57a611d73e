"""The Windows PC of Brackenridge in one world: QuickBooks with its company file, and processors for who drives it."""

import time
from collections.abc import Callable
from functools import cached_property

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.company import FILE_PATH, Company
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import wall_time
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import APPLICATION, Processor, QuickBooks
from ml_connector_dagster.sandbox.world import World


class Desktop:
    """One company file in one world: `world.part(Desktop)`. Books are written when first asked for."""

    file_path = FILE_PATH

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def quickbooks(self) -> QuickBooks:
        """QuickBooks with the file open."""
        clock = self.world.clock
        return QuickBooks(write_books(self.world.seed, clock.today(), lambda: wall_time(clock.now())))

    @property
    def company(self) -> Company:
        return self.quickbooks.company

    def processor(self, *, application: str = APPLICATION, wait: Callable[[float], None] = time.sleep) -> Processor:
        """A request processor of its own, as another PC or another application has one."""
        return Processor(self.quickbooks, application=application, wait=wait)
