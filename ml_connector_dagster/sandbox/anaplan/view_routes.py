"""Views: which there are, their dimensions, their cells as JSON or CSV, large reads, and cell writes."""

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from ml_connector_dagster.sandbox.anaplan.call import Call, Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.grid import (
    Grid,
    GridTooLarge,
    PageUnknown,
    axis_members,
    cell_text,
    read_grid,
)
from ml_connector_dagster.sandbox.anaplan.members import Dimension, Member
from ml_connector_dagster.sandbox.anaplan.modules import LineItem, Module, View
from ml_connector_dagster.sandbox.anaplan.read_requests import ReadRequest
from ml_connector_dagster.sandbox.anaplan.tabular import grid_csv, tabular_csv

_LAYOUTS = {
    "TABULAR_MULTI_COLUMN",
    "TABULAR_SINGLE_COLUMN",
    "TABULAR_SINGLE_ITEMS",
    "GRID_ALL_PAGES",
    "GRID_CURRENT_PAGE",
}
_CELLS_PER_WRITE = 100_000


def views(call: Call) -> Response:
    """Saved views and each module's default view, whose id is the module's.

    The names differ by address: a module's own list says "default" and "By entity", the model's list "Actuals" and
    "Actuals.By entity", with quotes round a part that has special characters.
    """
    wanted = call.params.get("module")
    if wanted is not None and wanted not in call.model.modules:
        raise Refused(404)
    shown: list[dict[str, Any]] = []
    for module in call.model.modules.values():
        if wanted not in {None, module.id}:
            continue
        default = _quoted(module.name) if wanted is None else "default"
        shown.append({"code": "", "id": module.id, "name": default, "moduleId": module.id})
        for view in call.model.views.values():
            if view.module is module:
                name = view.name if wanted else f"{_quoted(module.name)}.{_quoted(view.name)}"
                shown.append({"code": "", "id": view.id, "name": name, "moduleId": module.id})
    return call.page("view", "views", shown)


def one_view(call: Call) -> Response:
    view = _view(call)
    return call.answer("view", viewId=view.id, viewName=view.name, **view.axes())


def view_items(call: Call) -> Response:
    """The items an axis shows; works for Time too."""
    view = _view(call)
    dimension = view.dimension(call.params["dimension"])
    if dimension is None:
        raise Refused(404)
    members = dimension.members if dimension in view.pages else axis_members(view, dimension)
    return call.answer("dimension", items=[member.shown() for member in members])


def view_data(call: Call) -> Response:
    """JSON for Accept: application/json and format=v1, else a CSV grid (or the tabular layout asked for)."""
    view = _view(call)
    layout = call.query("exportType")
    if layout.startswith("TABULAR"):
        if not call.query("moduleId"):
            raise Refused(400, "moduleId is required with exportType")
        call.note("view_read", view.id)
        return Response(tabular_csv(call.model, view, layout), media_type="text/csv")
    grid = _grid(call, view)
    call.note("view_read", view.id)
    accept = call.request.headers.get("accept", "*/*")
    if "application/json" in accept:
        if call.query("format") != "v1":
            raise Refused(406)
        return Response(_grid_json(grid), media_type="application/json")
    return Response(grid_csv(grid, quoted="escaped=true" in accept), media_type="text/csv")


def start_read(call: Call) -> Response:
    view = _view(call)
    layout = call.json().get("exportType")
    if layout not in _LAYOUTS:
        raise Refused(400, "exportType is not known")
    if layout.startswith("GRID"):
        text = grid_csv(read_grid(call.model, view, {}, limited=False))
    else:
        text = tabular_csv(call.model, view, layout)
    call.note("view_read", view.id)
    made = call.tenant.reads(call.model).start(view.id, text)
    return call.answer("viewReadRequest", viewReadRequest=made.shown(_read_url(call, made), made.created_at, "viewId"))


def look_at_read(call: Call) -> Response:
    found = _read(call)
    return call.answer("viewReadRequest", viewReadRequest=found.shown(_read_url(call, found), call.now(), "viewId"))


def read_page(call: Call) -> Response:
    found = _read(call)
    number = call.params["page"]
    if not number.isdigit() or int(number) >= len(found.pages):
        raise Refused(404)
    return Response(found.pages[int(number)], media_type="text/csv")


def delete_read(call: Call) -> Response:
    found = _read(call)
    call.tenant.reads(call.model).delete(found.id)
    return call.answer("viewReadRequest", viewReadRequest=found.shown(_read_url(call, found), call.now(), "viewId"))


def write_cells(call: Call) -> Response:
    """POST an array of cells; each that cannot be written is a failure of its own, the others stand."""
    module = call.model.modules.get(call.params["module"])
    if module is None:
        raise Refused(404)
    cells = call.json()
    if not isinstance(cells, list) or len(cells) > _CELLS_PER_WRITE:
        raise Refused(400, "the body is an array of at most 100,000 cells")
    failures: list[dict[str, Any]] = []
    for number, cell in enumerate(cells):
        failure = _write_cell(call, module, cell)
        if failure:
            failures.append({"requestIndex": number, "failureType": failure, "failureMessageDetails": failure})
    body: dict[str, Any] = {"numberOfCellsChanged": len(cells) - len(failures)}
    return JSONResponse({**body, "failures": failures})


def _quoted(name: str) -> str:
    return f"'{name}'" if set(name) & set("/.$&'") else name


def _view(call: Call) -> View:
    found = call.model.view(call.params["view"])
    if found is None:
        raise Refused(404)
    return found


def _grid(call: Call, view: View) -> Grid:
    asked = [part for text in call.request.query_params.getlist("pages") for part in text.split(",") if part]
    selected = dict(part.partition(":")[::2] for part in asked)
    try:
        return read_grid(call.model, view, selected)
    except (GridTooLarge, PageUnknown) as wrong:
        raise Refused(400, str(wrong)) from wrong


def _grid_json(grid: Grid) -> str:
    """The official sample writes every cell as text, numbers too."""
    rows = [
        {"rowCoordinates": [member.name for member in key], "cells": [cell_text(value) for value in values]}
        for key, values in grid.rows
    ]
    columns = [[member.name for member in column] for column in grid.columns]
    return json.dumps({"pages": [page.name for page in grid.pages], "columnCoordinates": columns, "rows": rows})


def _read(call: Call) -> ReadRequest:
    found = call.tenant.reads(call.model).get(call.params["view"], call.params["request"])
    if found is None:
        raise Refused(404)
    return found


def _read_url(call: Call, request: ReadRequest) -> str:
    """The address to poll, on the host that was asked."""
    stem = str(call.request.url).partition("/readRequests")[0]
    return f"{stem}/readRequests/{request.id}"


def _write_cell(call: Call, module: Module, cell: dict[str, Any]) -> str:
    """Write one cell; the failureType where it cannot be."""
    found = module.line_items.by_id(cell.get("lineItemId", "")) or module.line_items.by_name(
        cell.get("lineItemName", "")
    )
    if not isinstance(found, LineItem):
        return "lineItemNotFound"
    if found.calculated:
        return "cellIsCalculated"
    members = [_coordinate(dimension, cell.get("dimensions", [])) for dimension in module.dimensions]
    key = tuple(member for member in members if member is not None)
    if len(key) < len(members):
        return "itemNotFound"
    if any(not member.is_leaf for member in key):
        return "cellIsAggregate"
    value = cell.get("value")
    if value is None:
        return "valueIsNull"
    coordinates = {dimension.name: member.name for dimension, member in zip(module.dimensions, key, strict=True)}
    call.model.plant(module.name, found.name, coordinates, value)
    return ""


def _coordinate(dimension: Dimension, given: list[dict[str, str]]) -> Member | None:
    for entry in given:
        if entry.get("dimensionId") != dimension.id and entry.get("dimensionName") != dimension.name:
            continue
        if "itemId" in entry:
            return dimension.by_id(entry["itemId"])
        return (
            dimension.by_code(entry["itemCode"])
            if "itemCode" in entry
            else dimension.by_name(entry.get("itemName", ""))
        )
    return None


VIEW_ENDPOINTS = [
    Endpoint("GET", "/views", views),
    Endpoint("GET", "/modules/{module}/views", views),
    Endpoint("GET", "/views/{view}", one_view),
    Endpoint("GET", "/views/{view}/dimensions/{dimension}/items", view_items, waits=True),
    Endpoint("GET", "/views/{view}/data", view_data, waits=True, heavy=True),
    Endpoint("POST", "/views/{view}/readRequests", start_read, waits=True, heavy=True),
    Endpoint("GET", "/views/{view}/readRequests/{request}", look_at_read),
    Endpoint("DELETE", "/views/{view}/readRequests/{request}", delete_read),
    Endpoint("GET", "/views/{view}/readRequests/{request}/pages/{page}", read_page),
    Endpoint("POST", "/modules/{module}/data", write_cells, waits=True, heavy=True),
]
