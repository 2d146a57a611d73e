"""What the two systems offer, and a first ``defs.yaml`` made of it; asks, and writes nothing in either."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ml_connector_dagster.anaplan.actions import Route, find_route
from ml_connector_dagster.anaplan.client import total_rows
from ml_connector_dagster.anaplan.views import View, find_view, members_of
from ml_connector_dagster.connections.drafting import Draft, Offer, ReadBackOffer, dimensions_of, draft_text
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.transport.pagination import offset_pages

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel
    from ml_connector_dagster.transport.client import VendorHttp

PAGE = 1000


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that the Anaplan credential sees."""

    workspace_id: str
    workspace: str
    model_id: str
    model: str


def models(http: VendorHttp, api_url: str) -> list[ModelChoice]:
    """Answer every model the credential sees, archived ones left out, by workspace and name."""
    found = [
        ModelChoice(
            str(one.get("currentWorkspaceId") or ""),
            str(one.get("currentWorkspaceName") or ""),
            str(one.get("id")),
            str(one.get("name")),
        )
        for one in _paged(http, f"{api_url}/models", "models")
        if one.get("activeState") != "ARCHIVED"
    ]
    return sorted(found, key=lambda one: (one.workspace, one.model))


def chosen_model(found: Sequence[ModelChoice], workspace_id: str | None, model_id: str | None) -> ModelChoice:
    """Answer the model meant: the one named, or the only one there is.

    Raises:
        SettingWrong: None or several fit; the message lists them.
    """
    fitting = [one for one in found if workspace_id in (None, one.workspace_id) and model_id in (None, one.model_id)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{one.model} in {one.workspace}: --model {one.model_id}" for one in fitting or found) or "none"
    raise SettingWrong(
        f"{len(fitting)} Anaplan models fit.",
        "Nothing is assumed: a figure in the wrong model is worse than none.",
        f"Name one: {listed}.",
    )


def chosen_company(found: Sequence[Company], company_id: str | None, source: Source) -> Company:
    """Answer the company meant: the one named, or the only one there is.

    Raises:
        SettingWrong: None or several fit; the message lists them.
    """
    fitting = [one for one in found if company_id in (None, one.company_id)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{one.name}: --company {one.company_id}" for one in fitting or found) or "none"
    raise SettingWrong(
        f"{len(fitting)} companies of {source.title} fit.",
        "The first one is never taken for the right one.",
        f"Name one: {listed}.",
    )


def new_company(source: Source, name: str, company_id: str | None) -> Company:
    """Answer a company that calls us and has not yet: its id is ours to give, and it says the rest itself.

    Raises:
        SettingWrong: A person must consent to that system, or the id does not fit.
    """
    chosen = company_id or str(uuid4())
    if source.grant is None and re.fullmatch(source.company_id_pattern, chosen):
        return Company(chosen, name, "", 12, "", None, None)
    raise SettingWrong(
        f"{chosen!r} is no {source.company_id_name}." if source.grant is None else f"{source.title} does not call us.",
        "Nothing was asked or written.",
        "Leave --company out for a new one." if source.grant is None else "Connect it, and give --source-credential.",
    )


def draft_connection(draft: Draft, model: AnaplanModel, source: Source) -> str:
    """Answer the text of a first ``defs.yaml``: every import that reads one file becomes a list, a module or a comment."""
    views = [find_view(model, str(one["id"])) for one in model.listed("views", "views")]
    lists = [str(one.get("name")) for one in model.listed("lists", "lists")]
    offers = [Offer(route.name, route.layout.headers, _read_back(model, views, route)) for route in _routes(model)]
    return draft_text(draft, source, offers, lists)


def _routes(model: AnaplanModel) -> Iterator[Route]:
    """Yield what can load a file; an import inside a process is left to the process."""
    inside: set[str] = set()
    for kind in ("processes", "imports"):
        for one in model.listed(kind, kind):
            if str(one["id"]) in inside:
                continue
            try:
                route = find_route(model, str(one["id"]))
            except SettingWrong:  # reads no file, or several: not for us
                continue
            inside.update(route.imports)
            yield route


def _read_back(model: AnaplanModel, views: Sequence[View], route: Route) -> ReadBackOffer | None:
    """Answer the view whose dimensions the file's columns name best; None where no view is covered by them."""
    best: tuple[int, View, dict[str, str]] | None = None
    for view in views:
        names = [one.name for one in view.dimensions if not one.is_line_items]
        columns = dimensions_of(route.layout.headers, names)
        own = view.view_id != view.module_id  # not the module's default view, whose name and shape anybody may change
        score = len(columns) * 2 + sum(word in view.name for word in route.name.split()) + own
        if names and len(columns) == len(names) and (best is None or score > best[0]):
            best = (score, view, columns)
    if best is None:
        return None
    _, view, columns = best
    return ReadBackOffer(view.name, _line_item(model, view), columns)


def _line_item(model: AnaplanModel, view: View) -> str:
    dimension = next((one for one in view.dimensions if one.is_line_items), None)
    if dimension is None:
        return "Amount"
    items = members_of(model, dimension, view.module_id)
    wanted = next((name for name in ("Amount", "Closing Balance", "Value") if items.find(name)), None)
    first = items.find(wanted) if wanted else None
    return items.written(first) if first else "Amount"


def _paged(http: VendorHttp, url: str, key: str) -> Iterator[dict[str, Any]]:
    pages = offset_pages(
        lambda offset, limit: http.get(url, params={"limit": limit, "offset": offset}).json(),
        rows=lambda body: len(body.get(key) or ()),
        total=total_rows,
        limit=PAGE,
    )
    for body in pages:
        yield from body.get(key) or ()
