"""One run of one contestant: CPU, wall clock and memory of its process, measured from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sandbox import CLIENT, PAGE_SIZE, TENANT, WHERE, Sandbox
from bench.venvs import FOLDER, Peer
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.environment import Environment

ROOT = Path(__file__).parents[1]
COMPILED = FOLDER / "compiled"
"""Where every contestant's byte code is kept, so that none of them compiles its libraries in a measured run."""


@dataclass(frozen=True)
class Run:
    """What one run took; CPU is user and system time of the process and its children."""

    name: str
    records: int
    cpu_seconds: float
    wall_seconds: float
    max_rss_bytes: int
    said: dict[str, Any]

    @property
    def records_per_cpu_second(self) -> float:
        """The figure that is compared."""
        return self.records / self.cpu_seconds


class RunFailed(Exception):  # noqa: N818 -- our errors are named for what happened
    """The contestant ended with an error; its last words are in the message."""


def run_ours(sandbox: Sandbox) -> Run:
    """Run our chain in a home of its own, made beforehand as ``ml-connector init`` makes it: no run makes its database."""
    with tempfile.TemporaryDirectory() as home:
        Store.open(Environment.read({"ML_CONNECTOR_HOME": home}), create=True).close()
        return _run("ours", [sys.executable, "-m", "bench.ours"], sandbox, BENCH_HOME=home)


def run_peer(peer: Peer, sandbox: Sandbox) -> Run:
    """Run a peer."""
    return _run(peer.name, [str(peer.python), peer.module], sandbox)


def _run(name: str, command: list[str], sandbox: Sandbox, **more: str) -> Run:
    facts = {
        **more,
        "BENCH_URL": sandbox.base_url,
        "BENCH_TOKEN": sandbox.token,
        "BENCH_REFRESH_TOKEN": sandbox.refresh_token,
        "BENCH_CLIENT_ID": CLIENT[0],
        "BENCH_CLIENT_SECRET": CLIENT[1],
        "BENCH_TENANT": TENANT,
        "BENCH_WHERE": WHERE,
        "BENCH_PAGE_SIZE": str(PAGE_SIZE),
        "PYTHONPYCACHEPREFIX": str(COMPILED / name),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | facts, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, errors = process.stdout, process.stderr
    assert output is not None
    assert errors is not None
    said = output.read()
    last_words = errors.read().decode(errors="replace").strip().splitlines()[-8:]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    output.close()
    errors.close()
    if process.returncode:
        raise RunFailed(f"{name} ended with {process.returncode}: " + " | ".join(last_words))
    facts_said = json.loads(said.splitlines()[-1])
    return Run(
        name=name,
        records=facts_said["records"],
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        wall_seconds=time.monotonic() - began,
        max_rss_bytes=usage.ru_maxrss * 1024,
        said=facts_said,
    )
