"""What is checked before a file is sent: header, read-back view, members, calendar, version, and what the import clears."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.actions import Route, check_header
from ml_connector_dagster.anaplan.model_facts import check_calendar, check_version, dimension_id, missing_members
from ml_connector_dagster.connections.read_back_view import check_view
from ml_connector_dagster.errors import HeldForPerson, SettingWrong, TemporarilyRefused
from ml_connector_dagster.flows.file_plan import HoldReason
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget, read_back_of

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.flows.file_plan import FilePlan

_VERSION = re.compile(r"versions?", re.IGNORECASE)


def check_release(plan: FilePlan) -> None:
    """Refuse a plan that waits for a person.

    Raises:
        HeldForPerson: With each reason and what it would change.
    """
    if not plan.held:
        return
    reasons = " ".join(hold.says for hold in plan.held)
    raise HeldForPerson(
        f"{plan.connection}/{plan.target.name} of {plan.period} is held: {reasons}",
        "Nothing was sent; Anaplan keeps the figures that were verified last.",
        _before_release(plan),
        connection=plan.connection,
        target=plan.target.name,
        period=plan.period,
    )


def _before_release(plan: FilePlan) -> str:
    """Answer what a person does: mends what can only be mended, or releases what is right as it is."""
    reasons = {hold.reason for hold in plan.held}
    mends = []
    if HoldReason.UNMAPPED in reasons:
        dimension = plan.unmapped[0].dimension if plan.unmapped else "ledger_account"
        mends.append(f"Complete the crosswalk with ml-connector mapping suggest {plan.connection} {dimension}")
    if HoldReason.QUARANTINED in reasons:
        mends.append("Mend the record in the accounting system and read the period again")
    if mends:
        return f"{'. '.join(mends)}; the load then follows by itself."
    return f"See that it is right, then ml-connector held release {plan.connection} {plan.target.name} {plan.period}."


def check_settings(plan: FilePlan) -> None:
    """Refuse settings under which a load could not be proved, or would clear what other loads wrote.

    Raises:
        SettingWrong: No read-back, or a clear option wider than the file.
    """
    target = plan.target
    if isinstance(target, ListTarget):
        return
    read_back_of(target)
    for column in fixed_columns(target):
        if target.clear.get(column) == "all":
            raise SettingWrong(
                f"The import of {target.name!r} clears all of {column!r} before it writes, but a file holds one member of it.",
                "Each load would erase the others' figures; nothing was sent.",
                f"Let the model builder set the clear option of {column} to 'Mapped items in source', and write in_file here.",
                setting=f"clear.{column}",
            )


def check_fit(model: AnaplanModel, plan: FilePlan, route: Route) -> None:
    """Refuse a file that the import, the model's calendar, versions or lists would not take whole.

    Raises:
        SettingWrong: Header, read-back view, calendar or version do not fit.
        TemporarilyRefused: Members are missing: the list's own load may be on its way.
    """
    check_header(route, plan.header)
    if isinstance(plan.target, ListTarget):
        return
    check_view(model, plan.target)
    first_on = Period.parse(plan.period).first_on
    if "period" in plan.target.columns.values():
        check_calendar(model, first_on)
    for column, chosen in plan.target.columns.items():
        if _VERSION.fullmatch(column) and chosen.startswith("="):
            check_version(model, chosen[1:], first_on)
    if plan.target.grain == "cell":
        _check_members(model, plan, plan.target)


def fixed_columns(target: ModuleTarget) -> dict[str, str]:
    """Answer the columns that hold one member in the whole file: constants, and the period (an empty text)."""
    fixed = {column: chosen[1:] for column, chosen in target.columns.items() if chosen.startswith("=")}
    return {**fixed, **{column: "" for column, chosen in target.columns.items() if chosen == "period"}}


def _check_members(model: AnaplanModel, plan: FilePlan, target: ModuleTarget) -> None:
    dimensions: Mapping[str, str] = target.read_back.columns if target.read_back else {}
    for column, members in plan.members_needed.items():
        dimension = dimension_id(model, dimensions.get(column, column))
        if dimension is None or not members:
            continue
        missing = missing_members(model, dimension, members)
        if missing:
            shown = ", ".join(repr(one) for one in missing[:5]) + (" …" if len(missing) > 5 else "")
            raise TemporarilyRefused(
                f"{len(missing)} of {len(members)} members that the file needs are not in the Anaplan list "
                f"{dimensions.get(column, column)!r}: {shown}.",
                "Anaplan would reject their rows; nothing was sent.",
                "The load is tried again once the list is loaded; if it stays so, load the list or correct the mapping.",
                missing=len(missing),
            )
