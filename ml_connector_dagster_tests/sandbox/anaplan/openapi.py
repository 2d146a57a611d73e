"""The official OpenAPI documents as judges of the sandbox's answers; they are read where they lie, never copied."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_ROOT = Path(__file__).parents[3]
_BROKEN_EMAIL = "\\\\"  # the published e-mail pattern escapes its dots twice, so that no address fits it


def specs_folder() -> Path | None:
    """Where the official documents are: ML_CONNECTOR_SPECS, else ../shared/specs beside the repository."""
    folder = Path(os.environ.get("ML_CONNECTOR_SPECS") or _ROOT.parent / "shared" / "specs") / "anaplan"
    return folder if folder.is_dir() else None


def specs_required() -> bool:
    return os.environ.get("ML_CONNECTOR_REQUIRE") == "all"


class Document:
    """One OpenAPI document: finds the operation of a request and judges the answer's body."""

    def __init__(self, path: Path) -> None:
        self._document = _as_json_schema(json.loads(path.read_text()))
        self._operations = [
            (_pattern(template), method.upper(), operation)
            for template, methods in self._document["paths"].items()
            for method, operation in methods.items()
            if method in {"get", "post", "put", "delete"}
        ]
        self._validators: dict[int, Draft202012Validator] = {}
        self.judged = 0

    def errors(self, method: str, path: str, status: int, kind: str, text: str) -> list[str]:
        """What is wrong with an answer; nothing where the document does not know the call or the status."""
        operation = self._operation(method, path)
        if operation is None:
            return []
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [] if status >= 400 else [f"{method} {path}: {status} is not among {sorted(operation['responses'])}"]
        answer = self._resolved(answer)
        content = answer.get("content", {}).get(kind)
        if content is None or kind != "application/json":
            return []
        self.judged += 1
        key = id(content)
        if key not in self._validators:
            schema = {**content["schema"], "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(schema)
        found = self._validators[key].iter_errors(json.loads(text))
        return [f"{method} {path}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]

    def knows(self, method: str, path: str) -> bool:
        return self._operation(method, path) is not None

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        return next(
            (found for pattern, verb, found in self._operations if verb == method and pattern.match(path)), None
        )

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        found: Any = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found


@cache
def integration() -> Document | None:
    return _document("integration-openapi.json")


@cache
def authentication() -> Document | None:
    return _document("authentication-openapi.json")


@cache
def oauth() -> Document | None:
    return _document("oauth-openapi.json")


def _document(name: str) -> Document | None:
    folder = specs_folder()
    return Document(folder / name) if folder is not None else None


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template.rstrip("/")))
    return re.compile(f"^{escaped}/?$")


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 to JSON Schema: nullable becomes a type, the broken pattern loses its second escape."""
    if isinstance(node, list):
        return [_as_json_schema(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    made = {key: _as_json_schema(value) for key, value in node.items()}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    if isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].replace(_BROKEN_EMAIL, "\\")
    return made
