"""The Windows PC of Brackenridge in one world: QuickBooks with its company file, and processors for who drives it."""

import time
from collections.abc import Callable
from functools import cached_property

from ml_connector_dagster.sandbox.quickbooks_desktop.books import write_books
from ml_connector_dagster.sandbox.quickbooks_desktop.company import FILE_PATH, Company
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import wall_time
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import APPLICATION, Processor, Program
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machine import CompanyFile, QuickBooks
from ml_connector_dagster.sandbox.quickbooks_desktop.web_connector.machines import Machines
from ml_connector_dagster.sandbox.world import World


class Desktop:
    """One company file in one world: `world.part(Desktop)`. Books are written when first asked for."""

    file_path = FILE_PATH

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def program(self) -> Program:
        """QuickBooks with the file open."""
        clock = self.world.clock
        return Program(write_books(self.world.seed, clock.today(), lambda: wall_time(clock.now())), self.world.lock)

    @property
    def company(self) -> Company:
        return self.program.company

    @cached_property
    def machines(self) -> Machines:
        """The PCs with a Web Connector: each has a QuickBooks of its own, all may open the one file."""
        clock = self.world.clock
        return Machines(self._on_a_pc, now=lambda: clock.now().timestamp())

    def _on_a_pc(self, _name: str) -> QuickBooks:
        file = CompanyFile(lambda application: self.processor(application=application), self.company.stamps)
        return QuickBooks({self.file_path: file}, open_file=self.file_path)

    def processor(self, *, application: str = APPLICATION, wait: Callable[[float], None] = time.sleep) -> Processor:
        """A request processor of its own, as another PC or another application has one."""
        return Processor(self.program, application=application, wait=wait)
