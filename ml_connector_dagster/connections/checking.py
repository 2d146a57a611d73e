"""``check``: probes everything a connection relies on, in both systems; writes nothing.

Every probe becomes a ``Finding``; one that fails says what to do, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ml_connector_dagster.connections.budget import budget_of_next_backfill
from ml_connector_dagster.connections.credentials import Credentials, Standing
from ml_connector_dagster.connections.import_layout import layout_of
from ml_connector_dagster.connections.opening import OpenConnection
from ml_connector_dagster.connections.places import placed
from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.targets import ListTarget, ModuleTarget
from ml_connector_dagster.sources.contract.answers import Finding

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel

SUNSET_WARNING = timedelta(days=180)
GRANT_WARNING = timedelta(days=30)
"""Intuit's own first reminder of a grant's hard end (quickbooks_online.md §1.4)."""


def check_connection(connection: OpenConnection) -> Iterator[Finding]:
    """Yield what was probed, in the order a person mends it: files, credentials, accounting system, Anaplan."""
    yield from check_files(connection)
    yield from check_credentials(connection)
    yield from check_source(connection)
    yield from check_anaplan(connection)


def _probe(subject: str, probe: Callable[[], str]) -> Finding:
    """Answer the finding of one probe; its error is the finding, since the next probes are wanted too."""
    try:
        return Finding(subject, holds=True, says=probe())
    except ConnectorError as error:
        return Finding(subject, holds=False, says=str(error))


def _probe_of(connection: OpenConnection, target: str, subject: str, probe: Callable[[], str]) -> Finding:
    """Answer the finding of a probe that a list's or module's settings decide; its error says file and line."""

    def look() -> str:
        with placed(connection.path, target):
            return probe()

    return _probe(subject, look)


# ── files and credentials ─────────────────────────────────────────────────────────────────────────────────────────────
def check_files(connection: OpenConnection) -> Iterator[Finding]:
    """Yield whether each module has its cells and each list its codes to itself, and what the crosswalk files hold."""
    for module in connection.settings.modules:
        subject = f"cells of {module.name}"
        yield _probe_of(connection, module.name, subject, partial(_alone, connection, module.name))
    for one in connection.settings.lists:
        yield _probe_of(connection, one.name, f"codes of {one.name}", partial(_alone, connection, one.name))
    for dimension, mapping in connection.settings.mapping.items():
        if mapping.file is None:
            continue
        path = connection.folder / mapping.file
        if path.exists():
            yield _probe(f"mapping of {dimension}", partial(_chosen, path))
        else:
            do = f"ml-connector mapping suggest {connection.name} {dimension} --out {path.name}, then mapping import, write it."
            yield Finding(f"mapping of {dimension}", holds=False, says=f"{path} does not exist yet; {do}")


def _alone(connection: OpenConnection, target: str) -> str:
    connection.refuse_neighbours(target)
    return "No other connection writes into them."


def _chosen(path: Path) -> str:
    from ml_connector_dagster.mapping.crosswalk import read_crosswalk

    rows = read_crosswalk(path)
    return f"{sum(1 for row in rows if row.member)} of {len(rows)} ids have a member."


def check_credentials(connection: OpenConnection) -> Iterator[Finding]:
    """Yield how the credentials stand, as this database knows them; a source without a consent has none."""
    ours = (connection.settings.source.credential,) if connection.source.grant else ()
    for name in (*ours, connection.settings.anaplan.credential):
        found = Credentials(connection.store).find(name)
        if found is None:
            says = f"Nobody entered it; run ml-connector credential set {name}."
            yield Finding(f"credential {name}", holds=False, says=says)
            continue
        fit = found.state == Standing.READY or (found.kind != "oauth" and found.state == Standing.NEW)
        until = f", token until {found.access_expires_at:%Y-%m-%d %H:%M} UTC" if found.access_expires_at else ""
        do = "" if fit else f" Run ml-connector {'connect' if found.kind == 'oauth' else 'credential set'} {name}."
        says = f"{found.vendor}, {found.kind}, {found.state}{until}. {found.reason}".strip() + do
        yield Finding(f"credential {name}", holds=fit, says=says)
        if found.grant_ends_at is not None:
            yield _grant_end(name, found.grant_ends_at, connection.store.now())


def _grant_end(name: str, ends_at: datetime, now: datetime) -> Finding:
    near = ends_at - now < GRANT_WARNING
    do = f" Run ml-connector connect {name} before then, or reads stop that day." if near else ""
    return Finding(f"consent of {name}", holds=not near, says=f"It ends for good on {ends_at:%Y-%m-%d}.{do}")


# ── the accounting system ─────────────────────────────────────────────────────────────────────────────────────────────
def check_source(connection: OpenConnection) -> Iterator[Finding]:
    """Yield what the accounting system lets this consent read."""
    source = connection.source
    yield _sunset(source.title, source.api_version, source.sunset_on)
    if source.later:
        yield from source.later.heartbeat(connection.store, connection.settings.source.company_id)
    try:
        reader = connection.reader()
        yield from reader.checks()
        company = reader.company()
    except ConnectorError as error:
        yield Finding(source.title, holds=False, says=str(error))
        return
    wanted = connection.settings.source.time_zone
    same = not company.time_zone or _offsets(company.time_zone) == _offsets(wanted)
    do = "" if same else f" Write time_zone: {company.time_zone}, or the open month changes at another hour."
    yield Finding("time zone", holds=same, says=f"{wanted} here, {company.time_zone or 'not said'} there.{do}")
    if budget := budget_of_next_backfill(connection):
        yield Finding("calls of a backfill", holds=True, says=budget.says)


def _sunset(title: str, version: str, sunset_on: date | None) -> Finding:
    if sunset_on is None:
        return Finding(f"{title} API {version}", holds=True, says="No end is announced.")
    near = sunset_on - datetime.now(UTC).date() < SUNSET_WARNING
    do = " Upgrade the connector before then." if near else ""
    return Finding(f"{title} API {version}", holds=not near, says=f"It ends on {sunset_on}.{do}")


def _offsets(zone: str) -> tuple[timedelta | None, ...]:
    """Answer the zone's offsets in winter and summer: two names may mean the same clock."""
    year = datetime.now(UTC).year
    return tuple(datetime(year, month, 15, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))


# ── Anaplan ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def check_anaplan(connection: OpenConnection) -> Iterator[Finding]:
    """Yield whether imports, lists, calendar, versions, members and views are there and fit."""
    try:
        model = connection.model()
        state = model.state()
    except ConnectorError as error:
        yield Finding("Anaplan model", holds=False, says=str(error))
        return
    yield Finding("Anaplan model", holds=True, says=f"{model.model_id} is {state.lower()}.")
    targets: tuple[ListTarget | ModuleTarget, ...] = (*connection.settings.lists, *connection.settings.modules)
    for target in targets:
        yield _probe_of(connection, target.name, f"import of {target.name}", partial(_import, model, target))
    for one in connection.settings.lists:
        yield _probe(f"list of {one.name}", partial(_list, model, one))
    for module in connection.settings.modules:
        yield from _module(connection, model, module)


def _import(model: AnaplanModel, target: ListTarget | ModuleTarget) -> str:
    from ml_connector_dagster.anaplan.actions import check_header, find_route

    route = find_route(model, target.import_action)
    layout_of(route)
    check_header(route, tuple(target.columns))
    return f"{route.name!r} ({route.action_id}) takes {', '.join(route.layout.headers)}."


def _list(model: AnaplanModel, target: ListTarget) -> str:
    from ml_connector_dagster.anaplan.model_facts import dimension_id

    name = target.anaplan_list or target.name
    found = dimension_id(model, name)
    if found is None:
        return f"The login does not see a list {name!r}; members are checked by the import alone."
    return f"{name!r} is {found}."


def _module(connection: OpenConnection, model: AnaplanModel, module: ModuleTarget) -> Iterator[Finding]:
    periods = connection.settings.periods
    first = Period.parse(periods.start)
    now = datetime.now(ZoneInfo(connection.settings.source.time_zone))
    if "period" in module.columns.values():
        look = partial(_calendar, model, first, Period.of(now.date()))
        yield _probe_of(connection, module.name, f"calendar for {module.name}", look)
    for column, chosen in module.columns.items():
        if chosen.startswith("="):
            subject = f"{column} of {module.name}"
            look = partial(_constant, model, module, column, chosen[1:], now)
            yield _probe_of(connection, module.name, subject, look)
    yield _probe_of(connection, module.name, f"read-back of {module.name}", partial(_read_back, model, module))
    yield from _mapped_members(connection, model, module)


def _calendar(model: AnaplanModel, first: Period, last: Period) -> str:
    from ml_connector_dagster.anaplan.model_facts import check_calendar

    check_calendar(model, first.first_on)
    check_calendar(model, last.first_on)
    return f"{first} to {last} are in the model's calendar."


def _constant(model: AnaplanModel, module: ModuleTarget, column: str, member: str, now: datetime) -> str:
    from ml_connector_dagster.anaplan.model_facts import check_version, dimension_id, missing_members

    if column.casefold() in ("version", "versions"):
        check_version(model, member, Period.of(now.date()).first_on)
        return f"The model has the version {member!r}."
    dimensions: Mapping[str, str] = module.read_back.columns if module.read_back else {}
    name = dimensions.get(column, column)
    dimension = dimension_id(model, name)
    if dimension is None:
        return f"The model shows no list {name!r}; the constant {member!r} is not checked."
    if missing_members(model, dimension, [member]):
        raise _no_member(name, [member])
    return f"{name!r} has {member!r}."


def _read_back(model: AnaplanModel, module: ModuleTarget) -> str:
    from ml_connector_dagster.connections.read_back_view import check_view

    view = check_view(model, module)
    return f"{view.name!r} shows {', '.join(one.name for one in view.dimensions)}."


def _mapped_members(connection: OpenConnection, model: AnaplanModel, module: ModuleTarget) -> Iterator[Finding]:
    """Look up the members that crosswalks name; those that the list's own load will bring are named, not refused."""
    dimensions: Mapping[str, str] = module.read_back.columns if module.read_back else {}
    for column, field in module.columns.items():
        mapping = connection.settings.mapping.get(field)
        if mapping is None or mapping.file is None or not (connection.folder / mapping.file).exists():
            continue
        brought = any(f"{field}.".startswith(f"{one.dimension}.") for one in connection.settings.lists)
        name = dimensions.get(column, column)
        look = partial(_members, model, connection.folder / mapping.file, name, brought=brought)
        yield _probe_of(connection, module.name, f"members of {column} in {module.name}", look)


def _members(model: AnaplanModel, crosswalk: Path, dimension: str, *, brought: bool) -> str:
    from ml_connector_dagster.anaplan.model_facts import dimension_id, missing_members
    from ml_connector_dagster.mapping.crosswalk import read_crosswalk

    members = {row.member for row in read_crosswalk(crosswalk) if row.member}
    found = dimension_id(model, dimension)
    missing = [] if found is None else missing_members(model, found, members)
    if missing and not brought:
        raise _no_member(dimension, missing[:5])
    more = f"; the list's load brings {len(missing)} more" if missing else ""
    return f"{len(members) - len(missing)} of {len(members)} members are in the model{more}."


def _no_member(where: str, members: list[str]) -> ConnectorError:
    from ml_connector_dagster.errors import SettingWrong

    return SettingWrong(
        f"{where} in Anaplan has no {', '.join(repr(one) for one in members)}.",
        "Anaplan would reject every row that names it.",
        "Correct it in defs.yaml, or let the model builder add it.",
        setting="columns",
    )
