"""A sixth source, an entity and a company are folders, a row and a file: no file that stands is edited."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIXTH = Path(__file__).parent / "sixth"
PACKAGE, TESTS = "ml_connector_dagster", "ml_connector_dagster_tests"
DROPPED = {
    f"{PACKAGE}/sources/abacus": "source",
    f"{PACKAGE}/sandbox/abacus": "vendor",
    f"{PACKAGE}/defs/corner_shop": "company",
    f"{TESTS}/sources/abacus": "kit",
}
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("open")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the project into which four folders were dropped, and one row into the new source's entities.

    What Python compiled comes along: two processes would compile the whole project again.
    """
    place = tmp_path_factory.mktemp("checkout")
    for folder in (PACKAGE, TESTS):
        shutil.copytree(ROOT / folder, place / folder)
    for settings in ("pyproject.toml", "dg.toml"):
        shutil.copy(ROOT / settings, place)
    before = _fingerprints(place)
    for target, source in DROPPED.items():
        shutil.copytree(SIXTH / source, place / target, ignore=shutil.ignore_patterns("__pycache__"))
    with (place / PACKAGE / "sources" / "abacus" / "entities.py").open("a", encoding="utf-8") as entities:
        entities.write((SIXTH / "one_more_entity.txt").read_text(encoding="utf-8"))
    assert {path: mark for path, mark in _fingerprints(place).items() if path in before} == before
    return place


def test_the_conformance_suite_holds_for_a_source_that_was_dropped_in(checkout):
    ran = _python(checkout, "-m", "pytest", f"{TESTS}/sources/test_every_source.py", "-q", "-k", "abacus")
    assert ran.returncode == 0, ran.stdout[-3000:]
    passed = int(next(word for word in ran.stdout.split() if word.isdigit() and f"{word} passed" in ran.stdout))
    assert passed >= 35, ran.stdout


def test_its_company_is_read_loaded_and_checked_by_dagster(checkout, tmp_path):
    ran = _python(checkout, "-W", "ignore", "-m", f"{TESTS}.end_to_end.sixth.drive", str(tmp_path / "home"))
    assert ran.returncode == 0, ran.stderr[-3000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["succeeded"] == [True, True], ran.stderr[-3000:]
    entities = ["bills", "customers", "invoices", "ledger_accounts", "ledger_lines", "vendors"]
    loads = ["anaplan/accounts_list", "anaplan/results_module", "anaplan/vendors_list"]
    assert told["assets"] == [f"corner_shop/{name}" for name in sorted([*loads, *entities])]
    assert told["sales"] == "200.50"
    assert told["vendors"] == ["S-s-1", "S-s-2", "unassigned"]
    checks = {name: passed for name, passed in told["checks"].items() if "latest_open_period" not in name}
    assert all(checks.values()), checks
    assert {f"{name}:nothing_quarantined" for name in entities} <= set(checks)
    assert {"results_module:tied_out", "results_module:no_rows_rejected", "vendors_list:no_rows_rejected"} <= set(
        checks
    )


def _python(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("ML_CONNECTOR_", "PYTEST_"))}
    variables |= {"PYTHONPATH": str(checkout)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env=variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def _fingerprints(place: Path) -> dict[str, str]:
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
