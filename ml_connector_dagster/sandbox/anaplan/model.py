"""One Anaplan model: its dimensions, modules, definitions, private files and tasks, built from plain data."""

import threading
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_dagster.sandbox.anaplan.calendar import Calendar
from ml_connector_dagster.sandbox.anaplan.definitions import (
    Column,
    ExportDefinition,
    FileDefinition,
    ImportDefinition,
    OtherAction,
    ProcessDefinition,
)
from ml_connector_dagster.sandbox.anaplan.files import PrivateFiles
from ml_connector_dagster.sandbox.anaplan.members import LINE_ITEMS, VERSIONS_ID, AnaplanList, Dimension, Member
from ml_connector_dagster.sandbox.anaplan.model_log import ModelLog
from ml_connector_dagster.sandbox.anaplan.modules import LineItem, Module, View
from ml_connector_dagster.sandbox.clock import Clock


class Version(Member):
    """A version; locked ones, and months outside editFrom..editTo, take no writes."""

    actual: bool = False
    current: bool = False
    edit_from: str = ""
    edit_to: str = ""
    locked: bool = False

    def takes(self, month: date | None) -> bool:
        """Whether cells of a month may be written; None where the module has no time."""
        text = month.isoformat() if month is not None else ""
        return not text or (text >= self.edit_from[:10] and text <= (self.edit_to[:10] or text))


class Model:
    """A model built by `Model.build(definition, clock)`; every change holds its lock."""

    def __init__(self, definition: dict[str, Any], clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.id: str = definition["id"]
        self.name: str = definition["name"]
        self.workspace_id: str = definition["workspace_id"]
        self.state: str = definition.get("state", "UNLOCKED")
        self.busy_answer: str = "wait"
        self.lists: dict[str, AnaplanList] = {}
        self.modules: dict[str, Module] = {}
        self.views: dict[str, View] = {}
        self.file_definitions: dict[str, FileDefinition] = {}
        self.imports: dict[str, ImportDefinition] = {}
        self.exports: dict[str, ExportDefinition] = {}
        self.processes: dict[str, ProcessDefinition] = {}
        self.actions: dict[str, OtherAction] = {}
        self.calendar = _calendar(definition.get("calendar", {}), clock.today())
        self.versions = Dimension(VERSIONS_ID, "Versions")
        self.log = ModelLog(self.id, clock)
        self.files = PrivateFiles(clock)
        self._next_ids: dict[str, int] = {}

    @classmethod
    def build(cls, definition: dict[str, Any], clock: Clock) -> "Model":
        """The model a definition describes; `demo_model.py` shows every key."""
        model = cls(definition, clock)
        for number, entry in enumerate(definition.get("versions", []), 1):
            model.add_version(number, entry)
        for entry in definition.get("lists", []):
            model.add_list(entry)
        for entry in definition.get("modules", []):
            model.add_module(entry)
        for entry in definition.get("views", []):
            model.add_view(entry)
        for entry in definition.get("files", []):
            model.add_file(entry)
        for entry in definition.get("imports", []):
            model.add_import(entry)
        for entry in definition.get("exports", []):
            model.add_export(entry)
        for entry in definition.get("actions", []):
            action = OtherAction(model.new_id("117"), **entry)
            model.actions[action.id] = action
        for entry in definition.get("processes", []):
            model.add_process(entry)
        for entry in definition.get("cells", []):
            model.plant(entry["module"], entry["line_item"], entry["at"], entry["value"])
        return model

    def new_id(self, prefix: str) -> str:
        """The next 12-digit id of a kind; its prefix says which kind."""
        number = self._next_ids[prefix] = self._next_ids.get(prefix, 0) + 1
        return f"{prefix}{number:09d}"

    def add_version(self, number: int, entry: dict[str, Any]) -> None:
        version = Version(f"107{number:09d}", entry["name"])
        version.actual, version.current = entry.get("actual", False), entry.get("current", False)
        version.edit_from, version.edit_to = entry.get("edit_from", ""), entry.get("edit_to", "")
        version.locked = entry.get("locked", False)
        self.versions.add(version)

    def add_list(self, entry: dict[str, Any]) -> AnaplanList:
        made = AnaplanList(
            self.new_id("101"), entry["name"], top=entry.get("top", ""), properties=entry.get("properties", {})
        )
        made.production = entry.get("production", True)
        made.numbered = entry.get("numbered", False)
        made.parent = self.list_named(entry["parent"]) if entry.get("parent") else None
        for item in entry.get("items", []):
            parent = made.find_parent(item["parent"]) if item.get("parent") else None
            member = made.create(item.get("name", item.get("code", "")), item.get("code", ""), parent)
            member.properties.update(item.get("properties", {}))
        self.lists[made.id] = made
        return made

    def add_module(self, entry: dict[str, Any]) -> Module:
        dimensions = [self.dimension_named(name) for name in entry["dimensions"]]
        module = Module(self.new_id("102"), entry["name"], dimensions)
        for item in entry["line_items"]:
            module.line_items.add(
                LineItem(
                    self.new_id("206"),
                    item["name"],
                    number_format=item.get("format", "NUMBER"),
                    calculated=item.get("calculated", False),
                )
            )
        self.modules[module.id] = module
        return module

    def add_view(self, entry: dict[str, Any]) -> View:
        module = self.module_named(entry["module"])
        axes = {
            axis: [self._axis(module, name) for name in entry.get(axis, [])] for axis in ("rows", "columns", "pages")
        }
        view = View(self.new_id("203"), entry["name"], module, axes["rows"], axes["columns"], axes["pages"])
        view.selected, view.line_items = entry.get("selected", {}), entry.get("line_items", [])
        view.leaf_only, view.hide_empty = entry.get("leaf_only", True), entry.get("hide_empty", False)
        self.views[view.id] = view
        return view

    def add_file(self, entry: dict[str, Any]) -> FileDefinition:
        default = entry.get("default")
        made = FileDefinition(
            self.new_id("113"),
            entry["name"],
            entry["headers"],
            separator=entry.get("separator", ","),
            delimiter=entry.get("delimiter", '"'),
            encoding=entry.get("encoding", "UTF-8"),
            decimal_separator=entry.get("decimal_separator", "."),
            default=default.encode(entry.get("encoding", "UTF-8")) if isinstance(default, str) else default,
        )
        self.file_definitions[made.id] = made
        return made

    def add_import(self, entry: dict[str, Any]) -> ImportDefinition:
        options = {name: entry[name] for name in _IMPORT_OPTIONS if name in entry}
        made = ImportDefinition(
            self.new_id("112"),
            entry["name"],
            entry["type"],
            entry["target"],
            self.file_named(entry["file"]),
            {header: Column(**column) for header, column in entry["columns"].items()},
            **options,
        )
        self.imports[made.id] = made
        return made

    def add_export(self, entry: dict[str, Any]) -> ExportDefinition:
        made = ExportDefinition(self.new_id("116"), entry["name"], self.view_named(entry["view"]).id)
        made.export_type = entry.get("type", made.export_type)
        self.exports[made.id] = made
        self.file_definitions[made.id] = FileDefinition(made.id, f"{made.name}.csv")
        return made

    def add_process(self, entry: dict[str, Any]) -> ProcessDefinition:
        by_name = {name: object_id for object_id, name in self.action_names().items()}
        made = ProcessDefinition(self.new_id("118"), entry["name"], [by_name[name] for name in entry["actions"]])
        self.processes[made.id] = made
        return made

    def action_names(self) -> dict[str, str]:
        """Names of everything that can be started, by id."""
        names = {entry.id: entry.name for entry in self.imports.values()}
        names |= {entry.id: entry.name for entry in self.exports.values()}
        names |= {entry.id: entry.name for entry in self.processes.values()}
        return names | {entry.id: entry.name for entry in self.actions.values()}

    def dimension_named(self, name: str) -> Dimension:
        special: dict[str, Dimension] = {"Time": self.calendar, "Versions": self.versions}
        return special.get(name) or self.list_named(name)

    def dimension(self, dimension_id: str) -> Dimension | None:
        special: dict[str, Dimension] = {self.calendar.id: self.calendar, self.versions.id: self.versions}
        return special.get(dimension_id) or self.lists.get(dimension_id)

    def list_named(self, name: str) -> AnaplanList:
        return next(entry for entry in self.lists.values() if entry.name == name)

    def module_named(self, name: str) -> Module:
        return next(entry for entry in self.modules.values() if entry.name == name)

    def view_named(self, name: str) -> View:
        return next(entry for entry in self.views.values() if entry.name == name)

    def file_named(self, name: str) -> FileDefinition:
        return next(entry for entry in self.file_definitions.values() if entry.name == name)

    def import_named(self, name: str) -> ImportDefinition:
        return next(entry for entry in self.imports.values() if entry.name == name)

    def process_named(self, name: str) -> ProcessDefinition:
        return next(entry for entry in self.processes.values() if entry.name == name)

    def view(self, view_id: str) -> View | None:
        """A saved view by its id, or the default view of a module or line item id."""
        if view_id in self.views:
            return self.views[view_id]
        for module in self.modules.values():
            if view_id == module.id or module.line_items.by_id(view_id) is not None:
                return _default_view(module, view_id)
        return None

    def plant(self, module: str, line_item: str, at: dict[str, str], value: Any) -> None:
        """Set one cell by hand, as a planner would: the way to plant a cent."""
        with self.lock:
            found = self.module_named(module)
            item = found.line_item(line_item)
            item.write(found.key(at), Decimal(str(value)) if item.is_number else value)

    def read(self, module: str, line_item: str, at: dict[str, str]) -> Any:
        """One cell as it stands."""
        with self.lock:
            found = self.module_named(module)
            item = found.line_item(line_item)
            return item.cells.get(found.key(at), item.empty())

    @staticmethod
    def _axis(module: Module, name: str) -> Dimension:
        if name == LINE_ITEMS:
            return module.line_items
        return next(entry for entry in module.dimensions if entry.name == name)


_IMPORT_OPTIONS = ("match", "duplicates", "clear", "fixed", "prompts", "dump_status")


def _default_view(module: Module, view_id: str) -> View:
    *pages, row = module.dimensions or [module.line_items]
    columns = [module.line_items] if module.dimensions else []
    return View(view_id, f"{module.name}.default", module, [row], columns, pages, leaf_only=False)


def _calendar(entry: dict[str, Any], today: date) -> Calendar:
    first = date.fromisoformat(entry["first"]) if entry.get("first") else _first_month(today)
    last = date.fromisoformat(entry["last"]) if entry.get("last") else _end_of_next_year(today)
    return Calendar(first=first, last=last, current=today, year_starts=entry.get("year_starts", 4))


def _first_month(today: date) -> date:
    """April 2023, or three fiscal years before today's where that is earlier: the books reach back three years."""
    return min(date(2023, 4, 1), date(today.year - (3 if today.month >= 4 else 4), 4, 1))


def _end_of_next_year(today: date) -> date:
    """March of the fiscal year after today's."""
    return date(today.year + (2 if today.month >= 4 else 1), 3, 1)
