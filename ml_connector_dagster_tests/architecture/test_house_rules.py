"""Promises of the house that no linter keeps: no leak of a machine, TLS always, one package a room."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ROOT / "ml_connector_dagster"


def _tracked() -> list[Path]:
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
            "\n"
        )
        return [ROOT / name for name in listed if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file()]


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in _tracked():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_tracked_file_names_a_machines_path_or_a_registrys_host() -> None:
    leak = re.compile(r"/w[o]rk/main|/r[o]ot/|pyp[i]\.org|python[h]osted|npm[j]s\.|deb\.deb[i]an")
    found = [f"{path.relative_to(ROOT)}: {match[0]}" for path, text in _texts() for match in leak.finditer(text)]
    assert found == []


def test_certificates_are_always_checked() -> None:
    """There is no switch that turns TLS verification off."""
    found = [path for path in CODE.rglob("*.py") if "verify=False" in path.read_text(encoding="utf-8")]
    assert found == []


def test_only_the_environment_module_reads_environment_variables() -> None:
    """The command line hands variables to processes it starts, the package one to Arrow; all others are read in one place."""
    allowed = {"__init__.py", "store/environment.py", "cli/local_stack.py"}
    found = {
        str(path.relative_to(CODE)) for path in CODE.rglob("*.py") if "os.environ" in path.read_text(encoding="utf-8")
    }
    assert found - allowed == set()


def test_package_init_files_are_empty_but_for_two() -> None:
    """One import path per name; the package's own only tells Arrow where to take memory from."""
    full = {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("__init__.py")
        if path.read_text(encoding="utf-8").strip()
    }
    assert full <= {"__init__.py", "components/__init__.py"}


def test_no_vendor_schema_lies_in_the_repository() -> None:
    suffixes = {".xsd", ".wsdl"}
    assert [path for path in _tracked() if path.suffix in suffixes] == []


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", line) for line in lines)
