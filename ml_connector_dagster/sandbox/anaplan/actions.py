"""Runs one action of a model for one user: import, export, process, or delete by selection."""

from ml_connector_dagster.sandbox.anaplan.definitions import ExportDefinition, ImportDefinition, OtherAction
from ml_connector_dagster.sandbox.anaplan.list_import import ListImport
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.module_import import ModuleImport
from ml_connector_dagster.sandbox.anaplan.outcomes import Outcome
from ml_connector_dagster.sandbox.anaplan.source_rows import SourceBroken, read_rows
from ml_connector_dagster.sandbox.anaplan.tabular import tabular_csv


def run_action(model: Model, object_id: str, user: str, prompted: dict[str, str]) -> Outcome:
    """Do it; what goes wrong is in the outcome. The caller holds the model's lock."""
    if object_id in model.imports:
        return _run_import(model, model.imports[object_id], user, prompted)
    if object_id in model.exports:
        return _run_export(model, model.exports[object_id], user)
    if object_id in model.processes:
        return _run_process(model, object_id, user, prompted)
    return _delete_selected(model, model.actions[object_id])


def _run_import(model: Model, definition: ImportDefinition, user: str, prompted: dict[str, str]) -> Outcome:
    content = model.files.for_import(definition.file, user)
    if content is None:
        code = "uploadedFileNoLongerAvailable"
        return Outcome.failed(definition.id, definition.name, code, "The uploaded file is no longer available.")
    try:
        source = read_rows(content, definition.file)
    except SourceBroken as broken:
        return Outcome.failed(definition.id, definition.name, broken.code, str(broken))
    if definition.import_type == "HIERARCHY_DATA":
        return ListImport(definition, model.list_named(definition.target), source).run()
    return ModuleImport(model, definition, source, prompted).run()


def _run_export(model: Model, definition: ExportDefinition, user: str) -> Outcome:
    view = model.views[definition.view_id]
    model.files.write(definition.id, user, tabular_csv(model, view).encode())
    detail = {"type": "exportSucceeded", "occurrences": 0, "localMessageText": "Export succeeded.", "values": []}
    return Outcome(definition.id, definition.name, details=[detail])


def _run_process(model: Model, object_id: str, user: str, prompted: dict[str, str]) -> Outcome:
    """Actions in order; the first that fails stops the process, and what ran before stays."""
    definition = model.processes[object_id]
    outcome = Outcome(definition.id, definition.name)
    for action in definition.actions:
        nested = run_action(model, action, user, prompted)
        outcome.nested.append(nested)
        if not nested.successful:
            outcome.successful = False
            break
    code = "taskElementSucceeded" if outcome.successful else "actionFailed"
    text = f"{len(outcome.nested)} of {len(definition.actions)} actions ran."
    outcome.details.append({"type": code, "occurrences": 0, "localMessageText": text, "values": []})
    return outcome


def _delete_selected(model: Model, action: OtherAction) -> Outcome:
    """Delete the items whose property is true, and with them their cells in every module."""
    target = model.list_named(action.target)
    doomed = [member for member in target.items() if member.properties.get(action.property) == "true"]
    for member in doomed:
        target.remove(member)
        for module in model.modules.values():
            module.forget(member)
    text = f"{len(doomed)} items deleted."
    detail = {"type": "deleteFromSelectionSucceeded", "occurrences": 0, "localMessageText": text, "values": []}
    return Outcome(action.id, action.name, details=[detail])
