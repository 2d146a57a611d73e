"""Where the vendors' official documents lie, and what happens where they do not."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def required() -> bool:
    """Answer whether a missing document or tool fails a test; .ci/run says so."""
    return os.environ.get("ML_CONNECTOR_REQUIRE") == "all"


def absent(what: str) -> None:
    """Skip the test in words that nobody overlooks, or fail it where everything is required."""
    if required():
        pytest.fail(what)
    pytest.skip(f"SKIPPED LOUDLY: {what}")


def specs_folder(vendor: str) -> Path | None:
    """Answer the folder of a vendor's documents: under ML_CONNECTOR_SPECS, else ../shared/specs beside the repository."""
    folder = Path(os.environ.get("ML_CONNECTOR_SPECS") or ROOT.parent / "shared" / "specs") / vendor
    return folder if folder.is_dir() else None


@cache
def xero_document(name: str) -> dict[str, Any]:
    """Answer one of Xero's documents; the calling test is skipped, loudly, where it is absent."""
    folder = specs_folder("xero")
    if folder is None or not (folder / name).exists():
        absent(f"Xero's official {name} is not at hand: set ML_CONNECTOR_SPECS to the folder that holds xero/.")
        raise AssertionError
    found: dict[str, Any] = yaml.load((folder / name).read_bytes(), Loader=_DatesStayText)
    return found


class _DatesStayText(yaml.CSafeLoader):
    """Leaves dates as text: an example must not become a datetime."""


_DatesStayText.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
