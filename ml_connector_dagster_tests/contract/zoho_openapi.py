"""Zoho's own OpenAPI set as judge of requests to Zoho Books: paths, parameter names, and the values they may take.

The files are read where they lie, never copied. Variants of a parameter (date_start, date.start, total_less_than) stand
in its description alone, and so do the values of sort_column and filter_by.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import yaml

from ml_connector_dagster_tests.contract.specs import absent, specs_folder

REALITY_DIFFERS = {
    "/reports/profitandloss": "undocumented, used by a tap (zoho_books.md 11 D)",
    "/reports/balancesheet": "undocumented, seen in live records of other clients",
    "/reports/accounttransaction": "undocumented, used by a tap (zoho_books.md 11 B)",
    "/reportingtags": "newer than the snapshot of December 2025",
    "/settings/webhooks": "newer than the snapshot (zoho_books.md 13)",
    "/settings/workflows": "newer than the snapshot (zoho_books.md 13)",
}
"""Beginnings of paths that the set does not know, and why we may use them."""
EVERYWHERE = frozenset({"organization_id", "page", "per_page", "sort_order"})
"""Parameters that the set lists for some calls and that all lists take (zoho_books.md 4)."""
TAKEN_LIVE = {
    ("/journals", "sort_column", "last_modified_time"): "accepted on the wire (zoho_books.md 5)",
}
WINDOWS = frozenset({"date_start", "date_end", "date_after"})
TAKEN_BY = {"/creditnotes": WINDOWS, "/customerpayments": WINDOWS}
"""Parameters that the reference page gives these lists (zoho_books.md 5, 6) and the set does not; rows are looked at once more."""
_FILES = {
    "organizations": "organizations",
    "chartofaccounts": "chart-of-accounts",
    "purchaseorders": "purchase-order",
    "creditnotes": "credit-notes",
    "vendorcredits": "vendor-credits",
    "customerpayments": "customer-payments",
    "vendorpayments": "vendor-payments",
    "basecurrencyadjustment": "base-currency-adjustment",
    "itemdetails": "items",
    "settings/currencies": "currency",
    "settings/taxes": "taxes",
    "settings/openingbalances": "opening-balance",
}
"""First parts of a path to the file that describes it, where the names differ."""
_VALUE = re.compile(r"<code>([^<]+)</code>")


@dataclass(frozen=True)
class Operation:
    """One method of one path: the parameters it takes, and the values of those that take only some."""

    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: frozenset[str]
    values: dict[str, frozenset[str]]
    """Patterns: the set writes Status.* for any status."""
    answer: dict[str, Any]
    components: dict[str, Any]
    """What the answer's schema refers to."""


def judge(method: str, path: str, query: str) -> list[str]:
    """Answer what is wrong with a request; path is what follows /books/v3, query is as it went over the wire."""
    if any(path.startswith(known) for known in REALITY_DIFFERS):
        return []
    operation = next(
        (one for one in operations(path) if one.method == method and one.pattern.fullmatch(path) is not None), None
    )
    if operation is None:
        return [f"{method} {path}: the set knows no such call"]
    asked = parse_qsl(query, keep_blank_values=True)
    taken = operation.parameters | EVERYWHERE | TAKEN_BY.get(operation.template, frozenset())
    unknown = [name for name, _ in asked if name not in taken]
    wrong = [
        f"{name}={value}"
        for name, value in asked
        if not any(fnmatchcase(value, one) for one in operation.values.get(name, {value}))
        and (operation.template, name, value) not in TAKEN_LIVE
    ]
    return [f"{method} {path}: unknown {name}" for name in unknown] + [f"{method} {path}: no {one}" for one in wrong]


@cache
def operations_in(name: str) -> tuple[Operation, ...]:
    """Answer the operations of one file, paths without a variable first; the test is skipped where the set is absent."""
    folder = specs_folder("zoho_books")
    file = folder / "openapi" / f"{name}.yml" if folder else None
    if file is None:
        absent(
            "Zoho's official OpenAPI set is not at hand: set ML_CONNECTOR_SPECS to the folder that holds zoho_books/."
        )
        raise AssertionError
    if not file.exists():
        return ()
    document = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    found = [
        _read(document, template, method, item)
        for template, item in document["paths"].items()
        for method in {"get", "post", "put", "delete"} & set(item)
    ]
    return tuple(sorted(found, key=lambda one: one.template.count("{")))


def operations(path: str) -> tuple[Operation, ...]:
    """Answer the operations that may be meant by a path."""
    parts = path.strip("/").split("/")
    named = "/".join(parts[:2]) if parts[0] == "settings" else parts[0]
    return operations_in(_FILES.get(named, parts[0]))


def _read(document: dict[str, Any], template: str, method: str, item: dict[str, Any]) -> Operation:
    given = [_resolved(document, one) for one in [*item.get("parameters", []), *item[method].get("parameters", [])]]
    names, values = set(), {}
    for one in given:
        said = str(one.get("description", ""))
        names |= {one["name"], *re.findall(rf"\b{re.escape(one['name'])}[._][a-z_]+", said)}
        allowed = frozenset(value for text in _VALUE.findall(said) for value in re.split(r",\s*| and ", text))
        if one["name"] in {"sort_column", "filter_by"} and allowed:
            values[one["name"]] = allowed
    ok = (
        item[method]
        .get("responses", {})
        .get("200", {})
        .get("content", {})
        .get("application/json", {})
        .get("schema", {})
    )
    return Operation(
        method=method.upper(),
        template=template,
        pattern=re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))),
        parameters=frozenset(names),
        values=values,
        answer=_resolved(document, ok),
        components=document.get("components", {}),
    )


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node
