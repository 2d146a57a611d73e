"""What a model builder makes for actuals from accounting, as a definition: lists, modules, views, files, imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_REGISTER = ("Entity", "Customer", "Number", "Date", "Due", "Status", "Amount", "Transaction", "Loaded", "Active")
_REGISTER_FORMATS = {"Amount": "NUMBER", "Date": "DATE", "Due": "DATE", "Active": "BOOLEAN"}
_BY_ENTITY = {"columns": ["Line items"], "pages": ["Entities", "Versions", "Time"]}
_BALANCES_FILE = ["Entity", "Version", "Period", "Account", "Amount"]
_CLEAR = {"Entities": "in_file", "Versions": "in_file", "Time": "in_file", "Accounts": "all"}
_PAGES = ["Entities", "Versions", "Time"]


@dataclass(frozen=True)
class PlanningModel:
    """One model: Actuals and Balances by account, an invoice register, a plan, and commitments where wanted.

    dimensions maps each further list of the Actuals module to its file column; lists are loaded besides, as no dimension.
    """

    model_id: str
    name: str
    workspace_id: str
    system: str
    """As the import actions name it: "Actuals from Xero"."""
    entities: Mapping[str, str]
    """Code to name; the first one is selected in the saved views."""
    dimensions: Mapping[str, str]
    lists: Sequence[str] = ()
    register: str = "Invoices"
    register_currency: bool = False
    """True where documents are registered as they are written, each in its own currency."""
    commitments: bool = False
    versions: Sequence[Mapping[str, Any]] = field(
        default=({"name": "Actual", "actual": True, "current": True}, {"name": "Budget"})
    )

    def definition(self) -> dict[str, Any]:
        """The definition, fresh: the caller may change its copy and plant a variant."""
        return {
            "id": self.model_id,
            "name": self.name,
            "workspace_id": self.workspace_id,
            "versions": [dict(version) for version in self.versions],
            "lists": self._lists(),
            "modules": self._modules(),
            "views": self._views(),
            "files": self._files(),
            "imports": self._imports(),
            "exports": [{"name": "Approved plan", "view": "Approved plan"}],
            "actions": [],
            "processes": [
                {
                    "name": f"{self.register} from {self.system}",
                    "actions": [self._register_list_import, self._register_module_import],
                }
            ],
        }

    @property
    def _loaded_lists(self) -> dict[str, list[str]]:
        """Every list that a file of its own fills, with the file's columns."""
        names = list(dict.fromkeys((*self.dimensions, *self.lists)))
        return {"Accounts": ["Code", "Name", "Active", "Class"], **{name: ["Code", "Name", "Active"] for name in names}}

    @property
    def _singular(self) -> str:
        return self.register.removesuffix("s")

    @property
    def _register_columns(self) -> tuple[str, ...]:
        return (*_REGISTER, "Currency") if self.register_currency else _REGISTER

    @property
    def _register_file(self) -> str:
        return f"{self.register.lower()}.csv"

    @property
    def _register_list_import(self) -> str:
        return f"{self.register} list from {self._register_file}"

    @property
    def _register_module_import(self) -> str:
        return f"{self._singular} Register from {self._register_file}"

    def _lists(self) -> list[dict[str, Any]]:
        entities = [{"code": code, "name": name} for code, name in self.entities.items()]
        found: list[dict[str, Any]] = [{"name": "Entities", "top": "All Entities", "items": entities}]
        for name, headers in self._loaded_lists.items():
            formats = {"Active": "BOOLEAN", "Class": "TEXT"}
            properties = {header: formats[header] for header in headers if header in formats}
            found.append({"name": name, "top": f"All {name}", "properties": properties})
        return [*found, {"name": self.register, "top": f"All {self.register}"}]

    def _cell_modules(self) -> dict[str, tuple[list[str], str]]:
        """Module to its dimensions beside entity, version and time, and its line item."""
        found = {"Actuals": (["Accounts", *self.dimensions], "Amount"), "Balances": (["Accounts"], "Closing Balance")}
        return found | ({"Commitments": (["Accounts", "Vendors"], "Amount")} if self.commitments else {})

    def _modules(self) -> list[dict[str, Any]]:
        cells = [
            {"name": name, "dimensions": [*_PAGES, *dimensions], "line_items": [{"name": item}]}
            for name, (dimensions, item) in self._cell_modules().items()
        ]
        register = [{"name": name, "format": _REGISTER_FORMATS.get(name, "TEXT")} for name in self._register_columns]
        plan = [{"name": "Amount"}, {"name": "Approved", "format": "BOOLEAN"}]
        return [
            *cells,
            {"name": f"{self._singular} Register", "dimensions": [self.register], "line_items": register},
            {"name": "Plan", "dimensions": [*_PAGES, "Accounts"], "line_items": plan},
        ]

    def _views(self) -> list[dict[str, Any]]:
        selected = {"Entities": next(iter(self.entities)), "Versions": "Actual"}
        cells: list[dict[str, Any]] = [
            {"name": f"{name} by entity", "module": name, "rows": dimensions, **_BY_ENTITY, "selected": selected}
            | ({} if name == "Balances" else {"hide_empty": True})
            for name, (dimensions, _) in self._cell_modules().items()
        ]
        register = f"{self._singular} Register"
        return [
            cells[0],
            {
                "name": "Actuals by account",
                "module": "Actuals",
                "rows": ["Accounts"],
                "columns": ["Line items"],
                "pages": [*_PAGES, *self.dimensions],
                "selected": {**selected, **{name: f"All {name}" for name in self.dimensions}},
            },
            *cells[1:],
            {"name": register, "module": register, "rows": [self.register], "columns": ["Line items"]},
            {
                "name": "Approved plan",
                "module": "Plan",
                "rows": [*_PAGES, "Accounts"],
                "columns": ["Line items"],
                "hide_empty": True,
            },
        ]

    def _headers(self) -> dict[str, list[str]]:
        """The cell modules' files."""
        start = ["Entity", "Version", "Period", "Account"]
        found = {"Actuals": [*start, *self.dimensions.values(), "Amount"], "Balances": _BALANCES_FILE}
        return found | ({"Commitments": [*start, "Vendor", "Amount"]} if self.commitments else {})

    def _files(self) -> list[dict[str, Any]]:
        return [
            *({"name": f"{name.lower()}.csv", "headers": headers} for name, headers in self._loaded_lists.items()),
            *({"name": f"{name.lower()}.csv", "headers": headers} for name, headers in self._headers().items()),
            {"name": self._register_file, "headers": ["Document", *self._register_columns]},
        ]

    def _imports(self) -> list[dict[str, Any]]:
        register = f"{self._singular} Register"
        return [
            *(self._list_import(name, headers) for name, headers in self._loaded_lists.items()),
            *(self._cell_import(name, headers) for name, headers in self._headers().items()),
            {
                "name": self._register_list_import,
                "type": "HIERARCHY_DATA",
                "target": self.register,
                "file": self._register_file,
                "columns": {"Document": {"list_field": "code"}},
            },
            {
                "name": self._register_module_import,
                "type": "MODULE_DATA",
                "target": register,
                "file": self._register_file,
                "columns": {
                    "Document": {"dimension": self.register, "match": "code"},
                    **{name: {"line_item": name} for name in self._register_columns},
                },
            },
        ]

    def _list_import(self, name: str, headers: Sequence[str]) -> dict[str, Any]:
        fields = {"Code": "code", "Name": "name"}
        return {
            "name": f"{name} from {self.system}",
            "type": "HIERARCHY_DATA",
            "target": name,
            "file": f"{name.lower()}.csv",
            "columns": {header: {"list_field": fields.get(header, f"property:{header}")} for header in headers},
        }

    def _cell_import(self, module: str, headers: Sequence[str]) -> dict[str, Any]:
        dimensions, item = self._cell_modules()[module]
        named = self._dimension_columns()
        return {
            "name": f"{module} from {self.system}",
            "type": "MODULE_DATA",
            "target": module,
            "file": f"{module.lower()}.csv",
            "columns": {
                **{header: named[header] for header in headers if header in named},
                "Amount": {"line_item": item},
            },
            "clear": {**_CLEAR, **{name: "all" for name in dimensions if name != "Accounts"}},
        }

    def _dimension_columns(self) -> dict[str, dict[str, Any]]:
        by_code = {
            "Account": "Accounts",
            "Vendor": "Vendors",
            **{column: name for name, column in self.dimensions.items()},
        }
        return {
            "Entity": {"dimension": "Entities", "match": "code"},
            "Version": {"dimension": "Versions", "match": "name"},
            "Period": {"dimension": "Time", "time_format": "iso_date"},
            **{column: {"dimension": name, "match": "code"} for column, name in by_code.items()},
        }
