"""bench/RESULTS.md: the figures as a table, with what they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.measure import Run

PATH = Path(__file__).parent / "RESULTS.md"
MEGABYTE = 1_000_000


def write(
    runs: Sequence[Run], flat: Sequence[Run], definitions: Mapping[str, Any] | None, skipped: Iterable[str]
) -> str:
    """Write the file and answer its text."""
    parts = [_heading(), _speed(runs), _steps(runs), _memory(flat), _calls(runs), _definitions(definitions)]
    parts += [f"Skipped: {reason}" for reason in skipped]
    text = "\n\n".join(part for part in parts if part) + "\n"
    PATH.write_text(text, encoding="utf-8")
    return text


def _heading() -> str:
    cores = len(os.sched_getaffinity(0))
    return (
        "# Benchmark\n\n"
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {cores} cores, "
        f"Python {platform.python_version()}. The sandbox serves invoices of three lines from its own process; the contestants "
        "run one after the other, interleaved, each in a process of its own. CPU is user + system time of the whole process, "
        "start-up included; ours finds its empty state database made, as `ml-connector init` makes it once. Ratios count, "
        "absolute figures are this machine's."
    )


def _speed(runs: Sequence[Run]) -> str:
    names = list(dict.fromkeys(run.name for run in runs))
    medians = {name: median(run.records_per_cpu_second for run in runs if run.name == name) for name in names}
    rows = [
        "| contestant | records | CPU s | wall s | records per CPU s | ours is | max RSS MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in names:
        own = [run for run in runs if run.name == name]
        rows.append(
            f"| {name} | {own[0].records:,} | {median(run.cpu_seconds for run in own):.1f} "
            f"| {median(run.wall_seconds for run in own):.1f} | {medians[name]:,.0f} "
            f"| {medians['ours'] / medians[name]:.2f} × | {max(run.max_rss_bytes for run in own) / MEGABYTE:.0f} |"
        )
    what = (
        "ours: read, parse, stage (exact Parquet, digest, raw answers kept), post to ledger lines, stage those, map to cells with "
        "sidecar, write the CSV. dlt: REST source, extract to a package on disk. tap-xero: RECORD messages, thrown away."
    )
    return "## Records per CPU second\n\n" + "\n".join(rows) + f"\n\nMedians. {what}"


def _steps(runs: Sequence[Run]) -> str:
    ours = [run.said["microseconds_per_record"] for run in runs if run.name == "ours"]
    steps = {name: median(one[name] for one in ours) for name in ours[0]}
    header = " | ".join(steps)
    figures = " | ".join(f"{spent:.1f}" for spent in steps.values())
    return (
        f"## Where ours spends it (CPU microseconds an invoice)\n\n| {header} |\n|{'---|' * len(steps)}\n| {figures} |"
    )


def _memory(flat: Sequence[Run]) -> str:
    if not flat:
        return ""
    rows = ["| invoice lines | ledger lines | cells | max RSS MB |", "|---|---|---|---|"]
    rows += [
        f"| {run.said['lines']:,} | {run.said['ledger_lines']:,} | {run.said['cells']:,} | {run.max_rss_bytes / MEGABYTE:.0f} |"
        for run in flat
    ]
    return "## Resident memory, whole chain\n\n" + "\n".join(rows)


def _calls(runs: Sequence[Run]) -> str:
    said = next(run for run in runs if run.name == "ours").said
    counted = said.get("calls_counted_by_sandbox", "not asked")
    return (
        "## API calls of one month\n\n| made | counted by the sandbox | the source's formula | by need |\n"
        f"|---|---|---|---|\n| {said['calls']} | {counted} | {said['expected_calls']} | {said['calls_by_need']} |\n\n"
        "By need, beside the formula: foreign invoices that were settled in the month, 40 a call, as the formula's text says."
    )


def _definitions(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    forbidden = ", ".join(found["forbidden"]) or "none"
    return (
        "## Definitions of five connections\n\n| assets | CPU s over the bare import | ms an asset | pandas, pyarrow, SQLAlchemy, "
        f"httpx imported |\n|---|---|---|---|\n| {found['assets']} | {found['seconds']:.2f} "
        f"| {found['milliseconds_per_asset']:.1f} | {forbidden} |"
    )
