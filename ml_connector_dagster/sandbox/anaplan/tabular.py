"""Writes a view as CSV: the grid of a view read, and the tabular layouts of exports and read requests."""

import csv
import io
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.sandbox.anaplan.grid import Grid, cell_text, read_grid
from ml_connector_dagster.sandbox.anaplan.members import Member
from ml_connector_dagster.sandbox.anaplan.modules import View

if TYPE_CHECKING:
    from ml_connector_dagster.sandbox.anaplan.model import Model


def grid_csv(grid: Grid, *, quoted: bool = False) -> str:
    """Pages on the first line (left out without pages), one line a column dimension, then the rows."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
    if grid.pages:
        writer.writerow([page.name for page in grid.pages])
    width = len(grid.rows[0][0]) if grid.rows else 1
    for depth in range(len(grid.columns[0]) if grid.columns else 0):
        writer.writerow([""] * width + [column[depth].name for column in grid.columns])
    for key, values in grid.rows:
        writer.writerow([member.name for member in key] + [cell_text(value) for value in values])
    return out.getvalue()


def tabular_csv(model: "Model", view: View, layout: str = "TABULAR_MULTI_COLUMN") -> str:
    """One line a row coordinate and page combination: dimensions first, then the values.

    Multi column has one value column per column coordinate; single column one line a cell.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    pages = [dimension.name for dimension in view.pages]
    rows = [dimension.name for dimension in view.rows]
    grids = [read_grid(model, view, selection, limited=False) for selection in _selections(view)]
    single = layout in {"TABULAR_SINGLE_COLUMN", "TABULAR_SINGLE_ITEMS"}
    if single:
        writer.writerow([*pages, *rows, *(dimension.name for dimension in view.columns), "Value"])
    else:
        columns = grids[0].columns if grids else []
        writer.writerow([*pages, *rows, *(" ".join(part.name for part in column) for column in columns)])
    for grid in grids:
        _write_rows(writer, grid, single=single)
    return out.getvalue()


def tabular_headers(view: View, columns: list[tuple[Member, ...]]) -> list[str]:
    """Header names of the multi-column layout."""
    names = [dimension.name for dimension in [*view.pages, *view.rows]]
    return [*names, *(" ".join(part.name for part in column) for column in columns)]


def _write_rows(writer: Any, grid: Grid, *, single: bool) -> None:
    head = [page.name for page in grid.pages]
    for key, values in grid.rows:
        names = [*head, *(member.name for member in key)]
        if not single:
            writer.writerow([*names, *(cell_text(value) for value in values)])
            continue
        for column, value in zip(grid.columns, values, strict=True):
            writer.writerow([*names, *(part.name for part in column), cell_text(value)])


def _selections(view: View) -> list[dict[str, str]]:
    """Every page combination that has cells; a view without pages has the one empty selection."""
    if not view.pages:
        return [{}]
    places = [view.module.dimensions.index(dimension) for dimension in view.pages]
    seen: dict[tuple[str, ...], None] = {}
    for item in view.module.line_items.members:
        for key in getattr(item, "cells", {}):
            seen[tuple(key[place].id for place in places)] = None
    ids = [dimension.id for dimension in view.pages]
    return [dict(zip(ids, found, strict=True)) for found in seen]
