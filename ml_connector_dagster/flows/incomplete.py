"""Why a finished task did not bring the whole file, in three sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_dagster.anaplan.verdict import Outcome
from ml_connector_dagster.errors import LoadIncomplete

if TYPE_CHECKING:
    from ml_connector_dagster.flows.load_rows import LoadRow

MOST_NAMED_LINES = 5
"""Lines of the file that an error names; ``audit show`` lists all rows that were kept."""


def incomplete(row: LoadRow) -> LoadIncomplete | None:
    """Answer why a finished load cannot be right whatever the model shows; None where the read-back decides."""
    sentences = _sentences(row)
    if sentences is None:
        return None
    happened, means, do = sentences
    where = f"load {row.id}, {row.connection}/{row.target} of {row.period}"
    return LoadIncomplete(
        f"Anaplan task {row.task_id} of {row.route['action']['name']!r} ({where}) {happened}",
        means,
        do,
        load=row.id,
        task_id=row.task_id,
        connection=row.connection,
        target=row.target,
        period=row.period,
    )


def _sentences(row: LoadRow) -> tuple[str, str, str] | None:
    replay = f"ml-connector replay {row.id}"
    show = f"ml-connector audit show {row.id}"
    says = str(row.counts.get("says", ""))
    match row.verdict:
        case Outcome.CANCELLED:
            means = "Its rows were rolled back; the model holds what it held before."
            return f"was {says}", means, f"Find out who cancelled it, then {replay}."
        case Outcome.FAILED:
            means = "None or only some of its rows are in the model."
            return f"failed: {says}", means, f"Mend the cause (see {show}), then {replay}."
        case Outcome.PARTIAL:
            means = f"The rest is in the model; {row.target} for {row.period} is incomplete."
            return _rejected(row), means, f"See each row and its remedy with {show}; then {replay}."
        case Outcome.LOADED_WITH_IGNORED:
            means = "They aim at calculated, summed or read-only cells and are not in the model."
            do = "Let the model builder look at the import's target, or map those rows to leaf members."
            return f"ignored {row.rows_ignored:,} of {row.rows:,} rows.", means, do
        case _:
            return _short(row, replay)


def _rejected(row: LoadRow) -> str:
    warned = int(row.counts.get("rows_warned", 0))
    rejected = row.rows_rejected - warned
    said = [f"{rejected:,} of {row.rows:,} rows rejected"] if rejected or not warned else []
    if warned:
        said.append(f"{warned:,} of {row.rows:,} rows taken without some of their cells")
    rows = f"finished with {' and '.join(said)}"
    if row.counts.get("first_reason"):
        return f"{rows}{_lines(row)}; the first: {row.counts['first_reason']}"
    return f"{rows}; Anaplan no longer has the list of them." if row.counts.get("dump_gone") else f"{rows}."


def _lines(row: LoadRow) -> str:
    """Answer where the rows stand in the file (header = 1); nothing where no line could be attributed."""
    lines = [str(one) for one in row.counts.get("lines", ())]
    more = " and more" if len(lines) > MOST_NAMED_LINES else ""
    return f" (file line{'s' if lines[1:] else ''} {', '.join(lines[:MOST_NAMED_LINES])}{more})" if lines else ""


def _short(row: LoadRow, replay: str) -> tuple[str, str, str] | None:
    read = [one for one in row.counts.get("rows_read", []) if one != row.rows]
    if not read:
        return None
    means = "The file arrived short, or another file was imported."
    return f"read {read[0]:,} rows; the file has {row.rows:,}.", means, f"Load it again with {replay}."
