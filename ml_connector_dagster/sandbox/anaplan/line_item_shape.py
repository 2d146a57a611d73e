"""Writes a line item the way the vendor serves it with includeAll: every setting, the format's details by its type."""

from typing import Any

from ml_connector_dagster.sandbox.anaplan.members import VERSIONS_ID
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.modules import LineItem, Module

_NUMBER = {
    "dataType": "NUMBER",
    "minimumSignificantDigits": 4,
    "decimalPlaces": -1,
    "negativeNumberNotation": "MINUS_SIGN",
    "unitsType": "NONE",
    "unitsDisplayType": "NONE",
    "zeroFormat": "ZERO",
    "comparisonIncrease": "GOOD",
    "groupingSeparator": "COMMA",
    "decimalSeparator": "FULL_STOP",
}


def shown_line_item(model: Model, module: Module, item: LineItem, *, full: bool) -> dict[str, Any]:
    """Id and name, or everything."""
    if not full:
        return {"id": item.id, "name": item.name}
    lists = [entry for entry in module.dimensions if entry not in (model.calendar, model.versions)]
    return {
        "id": item.id,
        "name": item.name,
        "moduleId": module.id,
        "moduleName": module.name,
        "appliesTo": [entry.shown() for entry in lists],
        "dataTags": [],
        "referencedBy": [],
        "format": item.number_format.partition(":")[0],
        "formatMetadata": _format_metadata(model, item),
        "summary": "Sum" if item.is_number else "None",
        "formula": "1 = 1" if item.calculated else "",
        "formulaScope": "All Versions",
        "isSummary": False,
        "timeScale": "Month" if model.calendar in module.dimensions else "Not Applicable",
        "timeRange": "Model Calendar" if model.calendar in module.dimensions else "Not Applicable",
        "version": {"id": VERSIONS_ID, "name": "All" if model.versions in module.dimensions else "Not Applicable"},
        "style": "Normal",
        "notes": "",
        "cellCount": len(item.cells),
        "useSwitchover": False,
        "breakback": False,
        "broughtForward": False,
        "startOfSection": False,
    }


def _format_metadata(model: Model, item: LineItem) -> dict[str, Any]:
    kind, _, of_list = item.number_format.partition(":")
    if kind == "NUMBER":
        return _NUMBER
    if kind == "TEXT":
        return {"dataType": "TEXT", "textType": "GENERAL"}
    if kind == "LIST":
        entity = int(model.list_named(of_list).id)
        return {
            "dataType": "ENTITY",
            "hierarchyEntityLongId": entity,
            "selectiveAccessApplied": False,
            "showAll": False,
        }
    return {"dataType": kind}
