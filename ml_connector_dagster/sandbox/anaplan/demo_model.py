"""The demo tenant's model "Group Planning" as data: what its model builder made for actuals from accounting."""

from typing import Any

WORKSPACE_ID = "8a81b09d7f1c4e2a9b3d5c6e7f8a9b0c"
MODEL_ID = "B5C0D3F7A1E94C2B8D6F0A1B2C3D4E5F"

_LISTS: list[dict[str, Any]] = [
    {
        "name": "Entities",
        "top": "All Entities",
        "items": [
            {"code": "UK", "name": "Calder & Finch Ltd"},
            {"code": "IE", "name": "Calder & Finch Ireland Ltd"},
        ],
    },
    {"name": "Accounts", "top": "All Accounts", "properties": {"Active": "BOOLEAN", "Class": "TEXT"}},
    {"name": "Customers", "top": "All Customers", "properties": {"Active": "BOOLEAN"}},
    {"name": "Vendors", "top": "All Vendors", "properties": {"Active": "BOOLEAN"}},
    {"name": "Regions", "top": "All Regions", "properties": {"Active": "BOOLEAN"}},
    {"name": "Invoices", "top": "All Invoices"},
]

_REGISTER = ("Entity", "Customer", "Number", "Date", "Due", "Status", "Amount", "Transaction", "Loaded", "Active")
_REGISTER_FORMATS = {"Amount": "NUMBER", "Date": "DATE", "Due": "DATE", "Active": "BOOLEAN"}

_MODULES: list[dict[str, Any]] = [
    {
        "name": "Actuals",
        "dimensions": ["Entities", "Versions", "Time", "Accounts", "Customers", "Regions"],
        "line_items": [{"name": "Amount"}],
    },
    {
        "name": "Balances",
        "dimensions": ["Entities", "Versions", "Time", "Accounts"],
        "line_items": [{"name": "Closing Balance"}],
    },
    {
        "name": "Invoice Register",
        "dimensions": ["Invoices"],
        "line_items": [{"name": name, "format": _REGISTER_FORMATS.get(name, "TEXT")} for name in _REGISTER],
    },
    {
        "name": "Plan",
        "dimensions": ["Entities", "Versions", "Time", "Accounts"],
        "line_items": [{"name": "Amount"}, {"name": "Approved", "format": "BOOLEAN"}],
    },
]

_BY_ENTITY = {"columns": ["Line items"], "pages": ["Entities", "Versions", "Time"]}
_SELECTED = {"Entities": "UK", "Versions": "Actual"}

_VIEWS: list[dict[str, Any]] = [
    {
        "name": "Actuals by entity",
        "module": "Actuals",
        "rows": ["Accounts", "Customers", "Regions"],
        **_BY_ENTITY,
        "selected": _SELECTED,
        "hide_empty": True,
    },
    {
        "name": "Actuals by account",
        "module": "Actuals",
        "rows": ["Accounts"],
        "columns": ["Line items"],
        "pages": ["Entities", "Versions", "Time", "Customers", "Regions"],
        "selected": {**_SELECTED, "Customers": "All Customers", "Regions": "All Regions"},
    },
    {
        "name": "Balances by entity",
        "module": "Balances",
        "rows": ["Accounts"],
        **_BY_ENTITY,
        "selected": _SELECTED,
    },
    {"name": "Invoice Register", "module": "Invoice Register", "rows": ["Invoices"], "columns": ["Line items"]},
    {
        "name": "Approved plan",
        "module": "Plan",
        "rows": ["Entities", "Versions", "Time", "Accounts"],
        "columns": ["Line items"],
        "hide_empty": True,
    },
]

_LIST_FILES = {
    "Accounts": ["Code", "Name", "Active", "Class"],
    "Customers": ["Code", "Name", "Active"],
    "Vendors": ["Code", "Name", "Active"],
    "Regions": ["Code", "Name", "Active"],
}
_ACTUALS_FILE = ["Entity", "Version", "Period", "Account", "Customer", "Region", "Amount"]
_BALANCES_FILE = ["Entity", "Version", "Period", "Account", "Amount"]

_DIMENSION_COLUMNS: dict[str, dict[str, Any]] = {
    "Entity": {"dimension": "Entities", "match": "code"},
    "Version": {"dimension": "Versions", "match": "name"},
    "Period": {"dimension": "Time", "time_format": "iso_date"},
    "Account": {"dimension": "Accounts", "match": "code"},
    "Customer": {"dimension": "Customers", "match": "code"},
    "Region": {"dimension": "Regions", "match": "code"},
}


def _dimension_columns(headers: list[str]) -> dict[str, dict[str, Any]]:
    return {header: _DIMENSION_COLUMNS[header] for header in headers if header in _DIMENSION_COLUMNS}


def _list_import(name: str, headers: list[str]) -> dict[str, Any]:
    fields = {"Code": "code", "Name": "name"}
    columns = {header: {"list_field": fields.get(header, f"property:{header}")} for header in headers}
    return {
        "name": f"{name} from Xero",
        "type": "HIERARCHY_DATA",
        "target": name,
        "file": f"{name.lower()}.csv",
        "columns": columns,
    }


def _imports() -> list[dict[str, Any]]:
    clear = {"Entities": "in_file", "Versions": "in_file", "Time": "in_file", "Accounts": "all"}
    return [
        *(_list_import(name, headers) for name, headers in _LIST_FILES.items()),
        {
            "name": "Actuals from Xero",
            "type": "MODULE_DATA",
            "target": "Actuals",
            "file": "actuals.csv",
            "columns": {**_dimension_columns(_ACTUALS_FILE), "Amount": {"line_item": "Amount"}},
            "clear": {**clear, "Customers": "all", "Regions": "all"},
        },
        {
            "name": "Balances from Xero",
            "type": "MODULE_DATA",
            "target": "Balances",
            "file": "balances.csv",
            "columns": {**_dimension_columns(_BALANCES_FILE), "Amount": {"line_item": "Closing Balance"}},
            "clear": clear,
        },
        {
            "name": "Invoices list from invoices.csv",
            "type": "HIERARCHY_DATA",
            "target": "Invoices",
            "file": "invoices.csv",
            "columns": {"Document": {"list_field": "code"}},
        },
        {
            "name": "Invoice Register from invoices.csv",
            "type": "MODULE_DATA",
            "target": "Invoice Register",
            "file": "invoices.csv",
            "columns": {
                "Document": {"dimension": "Invoices", "match": "code"},
                **{name: {"line_item": name} for name in _REGISTER},
            },
        },
    ]


def demo_model() -> dict[str, Any]:
    """The definition, fresh: the caller may change its copy and plant a variant."""
    files = [{"name": f"{name.lower()}.csv", "headers": headers} for name, headers in _LIST_FILES.items()]
    return {
        "id": MODEL_ID,
        "name": "Group Planning",
        "workspace_id": WORKSPACE_ID,
        "versions": [{"name": "Actual", "actual": True, "current": True}, {"name": "Budget"}],
        "lists": _LISTS,
        "modules": _MODULES,
        "views": _VIEWS,
        "files": [
            *files,
            {"name": "actuals.csv", "headers": _ACTUALS_FILE},
            {"name": "balances.csv", "headers": _BALANCES_FILE},
            {"name": "invoices.csv", "headers": ["Document", *_REGISTER]},
        ],
        "imports": _imports(),
        "exports": [{"name": "Approved plan", "view": "Approved plan"}],
        "actions": [],
        "processes": [
            {
                "name": "Invoices from Xero",
                "actions": ["Invoices list from invoices.csv", "Invoice Register from invoices.csv"],
            }
        ],
    }
