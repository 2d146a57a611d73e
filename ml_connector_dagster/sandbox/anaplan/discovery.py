"""What can be found in a tenant and a model: workspaces, models, modules, lists, actions, versions, calendar."""

from datetime import date, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from ml_connector_dagster.sandbox.anaplan.calendar import Calendar, next_month
from ml_connector_dagster.sandbox.anaplan.call import Call, Endpoint, Refused
from ml_connector_dagster.sandbox.anaplan.definitions import ImportDefinition
from ml_connector_dagster.sandbox.anaplan.grid import read_grid
from ml_connector_dagster.sandbox.anaplan.line_item_shape import shown_line_item
from ml_connector_dagster.sandbox.anaplan.model import Model, Version
from ml_connector_dagster.sandbox.anaplan.modules import LineItem, Module
from ml_connector_dagster.sandbox.anaplan.tabular import tabular_headers

# the OpenAPI writes these names with "is" in front, anaplan-sdk reads them without: both are served
_TOTALS = {
    "quarterTotals": True,
    "halfYearTotals": False,
    "yearToDateSummary": False,
    "yearToGoSummary": False,
    "totalOfAllPeriods": False,
}
_SORTED_WITH_SIGN = ("+", "-", " ")  # a plus in a query arrives as a blank


def me(call: Call) -> Response:
    return call.answer("user", user=call.user.shown(call.tenant.customer_guid))


def users(call: Call) -> Response:
    return call.page("user", "users", [user.shown(call.tenant.customer_guid) for user in call.tenant.users.values()])


def workspaces(call: Call) -> Response:
    _check_sort(call)
    shown = [_workspace(call, key) for key in call.tenant.workspaces]
    return call.page("workspace", "workspaces", shown)


def workspace(call: Call) -> Response:
    if call.params["workspace"] not in call.tenant.workspaces:
        raise Refused(404)
    return call.answer("workspace", workspace=_workspace(call, call.params["workspace"]))


def models(call: Call) -> Response:
    _check_sort(call)
    wanted = call.params.get("workspace")
    if wanted is not None and wanted not in call.tenant.workspaces:
        raise Refused(404)
    found = [entry for entry in call.tenant.models.values() if wanted in {None, entry.workspace_id}]
    return call.page("model", "models", [_model(call, entry) for entry in found])


def one_model(call: Call) -> Response:
    """Answers even where the role is NO ACCESS and whatever the state."""
    return call.answer("model", model=_model(call, call.model))


def status(call: Call) -> Response:
    """Live state, without the envelope."""
    task = call.tasks.running()
    tooltip = f"{task.kind} {task.object_id} by {task.user}" if task else None
    body = {
        "currentStep": "Processing ..." if task else "Open",
        "progress": task.shown(call.now())["progress"] if task else -1.0,
        "taskId": task.id if task else None,
        "tooltip": tooltip,
        "exportTaskType": None,
        "creationTime": call.tenant.world.clock.now_ms(),
        "peakMemoryUsageEstimate": None,
        "peakMemoryUsageTime": None,
    }
    return JSONResponse({"requestStatus": body})


def modules(call: Call) -> Response:
    return call.page(
        "module", "modules", [{"id": entry.id, "name": entry.name} for entry in call.model.modules.values()]
    )


def line_items(call: Call) -> Response:
    """All line items of the model or of one module."""
    wanted = call.params.get("module")
    if wanted is not None and wanted not in call.model.modules:
        raise Refused(404)
    found = [entry for entry in call.model.modules.values() if wanted in {None, entry.id}]
    full = call.query("includeAll") == "true"
    shown = [
        shown_line_item(call.model, module, item, full=full)
        for module in found
        for item in module.line_items.members
        if isinstance(item, LineItem)
    ]
    return call.answer("lineItem", items=shown)


def line_item_dimensions(call: Call) -> Response:
    module = _module_of_line_item(call)
    return call.answer("dimension", dimensions=[dimension.shown() for dimension in module.dimensions])


def line_item_dimension_items(call: Call) -> Response:
    """The way to Time's items, which the model-level call refuses."""
    module = _module_of_line_item(call)
    for dimension in module.dimensions:
        if dimension.id == call.params["dimension"]:
            return call.answer("dimension", items=[member.shown() for member in dimension.members])
    raise Refused(404)


def dimension_items(call: Call) -> Response:
    dimension = call.model.dimension(call.params["dimension"])
    if dimension is call.model.calendar:
        raise Refused(400, "The Time dimension is not supported.")
    if dimension is None:
        raise Refused(404)
    call.note("items_read", dimension.id)
    return call.answer("dimension", items=[member.shown() for member in dimension.members])


def look_up_items(call: Call) -> Response:
    """POST names and codes; what is not found is simply absent, in no promised order."""
    dimension = call.model.dimension(call.params["dimension"])
    if dimension is None:
        raise Refused(404)
    body = call.json()
    names, codes = body.get("names", []), body.get("codes", [])
    if codes and not dimension.has_codes:
        raise Refused(400, "The dimension has no codes.")
    found = {member.id: member for name in names if (member := dimension.by_name(str(name))) is not None}
    found |= {member.id: member for code in codes if (member := dimension.by_code(str(code))) is not None}
    return call.answer("dimension", items=[member.shown() for member in found.values()])


def imports(call: Call) -> Response:
    granted = [entry for entry in call.model.imports.values() if entry.id not in call.user.denied]
    return call.page("import", "imports", [entry.shown() for entry in granted])


def one_import(call: Call) -> Response:
    """An id that never was answers 500, as the vendor's does; one that the role does not grant 404."""
    found = call.model.imports.get(call.params["import"])
    if found is None:
        raise Refused(500)
    if found.id in call.user.denied:
        raise Refused(404)
    return call.answer("importMetadata", importMetadata=found.metadata())


def exports(call: Call) -> Response:
    granted = [entry for entry in call.model.exports.values() if entry.id not in call.user.denied]
    return call.page("export", "exports", [entry.shown() for entry in granted])


def one_export(call: Call) -> Response:
    found = call.model.exports.get(call.params["export"])
    if found is None or found.id in call.user.denied:
        raise Refused(404)
    view = call.model.views[found.view_id]
    grid = read_grid(call.model, view, {}, limited=False)
    headers = tabular_headers(view, grid.columns)
    kinds = ["TIME_ENTITY" if isinstance(entry, Calendar) else "ENTITY" for entry in [*view.pages, *view.rows]]
    formats = [part.number_format for column in grid.columns for part in column if isinstance(part, LineItem)]
    metadata = {
        "columnCount": len(headers),
        "dataTypes": [*kinds, *(kind if kind in {"NUMBER", "BOOLEAN", "DATE"} else "TEXT" for kind in formats)],
        "delimiter": '"',
        "encoding": "UTF-8",
        "exportFormat": "text/csv",
        "headerNames": headers,
        "listNames": [dimension.name for dimension in [*view.pages, *view.rows]],
        "rowCount": len(grid.rows),
        "separator": ",",
    }
    return call.answer("exportMetadata", exportMetadata=metadata)


def processes(call: Call) -> Response:
    granted = [entry for entry in call.model.processes.values() if entry.id not in call.user.denied]
    return call.page("process", "processes", [{"id": entry.id, "name": entry.name} for entry in granted])


def one_process(call: Call) -> Response:
    found = call.model.processes.get(call.params["process"])
    if found is None or found.id in call.user.denied:
        raise Refused(404)
    with_source = call.query("showImportDataSource") == "true"
    actions = [_step(call.model, action, with_source=with_source) for action in found.actions]
    return call.answer("processMetadata", processMetadata={"id": found.id, "name": found.name, "actions": actions})


def actions(call: Call) -> Response:
    return call.page("action", "actions", [entry.shown() for entry in call.model.actions.values()])


def one_action(call: Call) -> Response:
    found = call.model.actions.get(call.params["action"])
    if found is None:
        raise Refused(404)
    return call.answer("action", action=found.shown())


def versions(call: Call) -> Response:
    shown = [_version(call.model, entry) for entry in call.model.versions.members if isinstance(entry, Version)]
    return call.answer("version", versionMetadata=shown)


def current_period(call: Call) -> Response:
    return call.answer("currentPeriod", currentPeriod=_current_period(call.model.calendar, with_type=True))


def model_calendar(call: Call) -> Response:
    calendar = call.model.calendar
    starts, ends = calendar.year_bounds(calendar.current)
    fiscal = calendar.fiscal_year(calendar.current)
    shown = {
        "calendarType": calendar.calendar_type,
        "currentPeriod": _current_period(calendar, with_type=False),
        "pastYearsCount": fiscal - calendar.fiscal_year(calendar.first),
        "futureYearsCount": calendar.fiscal_year(calendar.last) - fiscal,
        "fiscalYear": {"year": f"FY{fiscal % 100:02d}", "startDate": starts.isoformat(), "endDate": ends.isoformat()},
        "totalsSelection": _TOTALS | {f"is{name[0].upper()}{name[1:]}": value for name, value in _TOTALS.items()},
    }
    return call.answer("modelCalendar", modelCalendar=shown)


def refuse_calendar_change(call: Call) -> Response:
    """Destructive for cells outside the new range; the sandbox's administrator granted it to nobody."""
    raise Refused(403, f"{call.user.email} may not change the calendar.")


def opened(_call: Call) -> Response:
    return Response(status_code=202)


def closed(_call: Call) -> Response:
    return Response(status_code=204)


def _check_sort(call: Call) -> None:
    sort = call.query("sort")
    if sort and not sort.startswith(_SORTED_WITH_SIGN):
        raise Refused(400, "sort needs a + or - in front")


def _workspace(call: Call, key: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": key, "name": call.tenant.workspaces[key]}
    if call.query("tenantDetails") == "true":
        shown |= {"active": True, "sizeAllowance": 10_737_418_240, "currentSize": 734_003_200}
    return shown


def _model(call: Call, model: Model) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": model.id,
        "name": model.name,
        "activeState": model.state,
        "currentWorkspaceId": model.workspace_id,
        "currentWorkspaceName": call.tenant.workspaces[model.workspace_id],
        "modelUrl": f"https://us1a.app.anaplan.com/core3-webapp/#/workspaces/{model.workspace_id}/models/{model.id}",
        "categoryValues": [],
    }
    if call.query("modelDetails") == "true":
        shown |= {
            "isoCreationDate": "2023-03-14T09:26:53.000+0000",
            "lastModified": call.tenant.world.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "lastModifiedByUserGuid": call.user.guid,
            "lastSavedSerialNumber": str(len(model.log.events())),
            "memoryUsage": 181_403_648,
            "modelTransactionRunning": call.tenant.tasks(model).running() is not None,
        }
    return shown


def _module_of_line_item(call: Call) -> Module:
    for module in call.model.modules.values():
        if module.line_items.by_id(call.params["line_item"]) is not None:
            return module
    raise Refused(404)


def _step(model: Model, action_id: str, *, with_source: bool) -> dict[str, Any]:
    found = model.imports.get(action_id)
    if isinstance(found, ImportDefinition):
        step: dict[str, Any] = {**found.shown(), "actionType": "IMPORT"}
        if with_source:
            step["importDataSource"] = {"importDataSourceId": found.file.id, "type": "FILE"}
        return step
    if action_id in model.exports:
        return {**model.exports[action_id].shown(), "actionType": "EXPORT"}
    return model.actions[action_id].shown()


def _version(model: Model, version: Version) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": version.id,
        "name": version.name,
        "isActual": version.actual,
        "isCurrent": version.current,
    }
    for key, text in (("editFrom", version.edit_from), ("editTo", version.edit_to)):
        if text:
            shown[key] = {"date": text, "periodText": model.calendar.label(date.fromisoformat(text))}
    return shown


def _current_period(calendar: Calendar, *, with_type: bool) -> dict[str, str]:
    last_day = next_month(calendar.current) - timedelta(days=1)
    shown = {"periodText": calendar.label(calendar.current), "lastDay": last_day.isoformat()}
    return {**shown, "calendarType": calendar.calendar_type} if with_type else shown


ACCOUNT_ENDPOINTS = [
    Endpoint("GET", "/users/me", me),
    Endpoint("GET", "/users", users),
    Endpoint("GET", "/workspaces", workspaces),
    Endpoint("GET", "/workspaces/{workspace}", workspace),
    Endpoint("GET", "/workspaces/{workspace}/models", models),
    Endpoint("GET", "/models", models),
    Endpoint("GET", "/models/{model}", one_model, ungated=True),
]

MODEL_ENDPOINTS = [
    Endpoint("GET", "/status", status, ungated=True),
    Endpoint("POST", "/status", status, ungated=True, forms="W"),
    Endpoint("POST", "/open", opened),
    Endpoint("POST", "/close", closed),
    Endpoint("GET", "/modules", modules),
    Endpoint("GET", "/lineItems", line_items),
    Endpoint("GET", "/modules/{module}/lineItems", line_items),
    Endpoint("GET", "/lineItems/{line_item}/dimensions", line_item_dimensions),
    Endpoint("GET", "/lineItems/{line_item}/dimensions/{dimension}/items", line_item_dimension_items, waits=True),
    Endpoint("GET", "/dimensions/{dimension}/items", dimension_items, waits=True),
    Endpoint("POST", "/dimensions/{dimension}/items", look_up_items, waits=True),
    Endpoint("GET", "/imports", imports),
    Endpoint("GET", "/imports/", imports),
    Endpoint("GET", "/imports/{import}", one_import),
    Endpoint("GET", "/exports", exports),
    Endpoint("GET", "/exports/{export}", one_export, waits=True),
    Endpoint("GET", "/processes", processes),
    Endpoint("GET", "/processes/{process}", one_process),
    Endpoint("GET", "/actions", actions),
    Endpoint("GET", "/actions/{action}", one_action),
    Endpoint("GET", "/versions", versions),
    Endpoint("GET", "/currentPeriod", current_period),
    Endpoint("GET", "/modelCalendar", model_calendar),
    Endpoint("PUT", "/currentPeriod", refuse_calendar_change, structural=True),
    Endpoint("PUT", "/modelCalendar/fiscalYear", refuse_calendar_change, structural=True),
    Endpoint("PUT", "/versions/{version}/switchover", refuse_calendar_change, structural=True),
]
