"""The official Anaplan documents as judges of requests and answers; they are read where they lie, never copied."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from jsonschema import Draft202012Validator

from ml_connector_dagster_tests.contract.specs import specs_folder

JSON = "application/json"
API = "/2/0"
REALITY_DIFFERS = {
    (
        "PUT",
        "/files/{fileId}/chunks/{chunkId}",
    ): "a chunk is also taken gzipped, as application/x-gzip (anaplan.md 5.1)",
    (
        "POST",
        "/token/authenticate",
    ): "a basic login has no body, and the certificate's fields are other ones (anaplan.md 2.1-2.2)",
}
"""Requests whose body the document describes otherwise than Anaplan takes it: method, end of the path, and why."""
_MODEL = "/workspaces/{workspaceId}/models/{modelId}"
LEFT_OUT = {
    _MODEL + "/processes/{processId}/tasks/{taskId}/dumps/{objectId}" + end: _MODEL
    + "/imports/{importId}/tasks/{taskId}/dump"
    + end
    for end in ("/chunks", "/chunks/{chunkId}")
}
"""Calls that the document leaves out though Anaplan's own help shows them, each with the one it is judged like: a process's
dumps lie below the imports inside it (anaplan.md 6.6)."""
_BROKEN_EMAIL = "\\\\"  # the published e-mail pattern escapes its dots twice, so that no address fits it
_METHODS = {"get", "post", "put", "delete"}


@dataclass(frozen=True)
class Operation:
    """One method of one path, with the pattern that finds it and every parameter it takes."""

    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: dict[tuple[str, str], dict[str, Any]]
    body: dict[str, Any]
    responses: dict[str, Any]
    takes_other_bodies: bool


@dataclass
class Document:
    """One OpenAPI document."""

    path: Path
    judged: int = 0
    """Answers whose body was held against a schema."""
    _document: dict[str, Any] = field(init=False)
    _operations: list[Operation] = field(init=False)
    _validators: dict[int, Draft202012Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._document = _as_json_schema(json.loads(self.path.read_text(encoding="utf-8")))
        paths = self._document["paths"]
        left_out = {missing: paths[like] for missing, like in LEFT_OUT.items() if like in paths}
        found = [
            self._read(template, method, item)
            for template, item in (left_out | paths).items()
            for method in _METHODS & set(item)
        ]
        self._operations = sorted(found, key=lambda operation: operation.template.count("{"))

    def knows(self, method: str, path: str) -> bool:
        return self.operation(method, path) is not None

    def operation(self, method: str, path: str) -> Operation | None:
        """Answer what a request means; a path without a variable wins over one with."""
        return next((one for one in self._operations if one.method == method and one.pattern.match(path)), None)

    def errors(self, method: str, path: str, status: int, kind: str, text: str) -> list[str]:
        """What is wrong with an answer; nothing where the document does not know the call, or not the refusal."""
        operation = self.operation(method, path)
        if operation is None:
            return []
        answer = operation.responses.get(str(status))
        if answer is None:
            return [] if status >= 400 else [f"{method} {path}: {status} is not among {sorted(operation.responses)}"]
        content = self._resolved(answer).get("content", {}).get(kind)
        if content is None or kind != JSON:
            return []
        self.judged += 1
        return [f"{method} {path}: {wrong}" for wrong in self._wrong(content, text)]

    def request_errors(self, method: str, path: str, query: str, kind: str, text: str) -> list[str]:
        """What is wrong with a request: path, ids in it, parameters, body."""
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path}: the document knows no such call"]
        wrong = [
            *_wrong_ids(operation, path),
            *_wrong_query(operation, query),
            *self._wrong_body(operation, kind, text),
        ]
        return [f"{method} {path}: {one}" for one in wrong]

    def _wrong_body(self, operation: Operation, kind: str, text: str) -> list[str]:
        if operation.takes_other_bodies or not operation.body:
            return []
        content = operation.body.get("content", {})
        if not kind:
            return ["the body is missing"] if operation.body.get("required") else []
        if kind not in content:
            return [f"a body of {kind}, not one of {sorted(content)}"]
        return self._wrong(content[kind], text) if kind == JSON else []

    def _wrong(self, content: dict[str, Any], text: str) -> list[str]:
        key = id(content)
        if key not in self._validators:
            schema = {**content["schema"], "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(schema)
        try:
            body = json.loads(text)
        except ValueError:
            return [f"no JSON: {text[:60]!r}"]
        found = self._validators[key].iter_errors(body)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]

    def _read(self, template: str, method: str, item: dict[str, Any]) -> Operation:
        given = [self._resolved(one) for one in [*item.get("parameters", []), *item[method].get("parameters", [])]]
        differs = any(method.upper() == verb and template.endswith(end) for verb, end in REALITY_DIFFERS)
        return Operation(
            method=method.upper(),
            template=template,
            pattern=_pattern(template),
            parameters={(one["in"], one["name"]): one for one in given},
            body=self._resolved(item[method].get("requestBody", {})),
            responses=item[method]["responses"],
            takes_other_bodies=differs,
        )

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        found: Any = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)


def document_for(path: str) -> Document | None:
    """Answer the document that describes a path below Anaplan's address; None where the documents are absent."""
    name = "integration" if path.startswith(API) else "authentication" if path.startswith("/token") else "oauth"
    return _document(f"{name}-openapi.json")


def path_in_document(path: str) -> str:
    """Strip what the documents leave to their server's address."""
    return path.removeprefix(API)


@cache
def _document(name: str) -> Document | None:
    folder = specs_folder("anaplan")
    return Document(folder / name) if folder is not None else None


def _wrong_ids(operation: Operation, path: str) -> list[str]:
    matched = operation.pattern.match(path)
    assert matched
    wrong = []
    for name, value in matched.groupdict().items():
        schema = operation.parameters.get(("path", name), {}).get("schema", {})
        if not re.search(schema.get("pattern", ""), unquote(value)):
            wrong.append(f"{name} {value} does not match {schema['pattern']}")
    return wrong


def _wrong_query(operation: Operation, query: str) -> list[str]:
    asked = parse_qs(query, keep_blank_values=True)
    declared = {name: one for (where, name), one in operation.parameters.items() if where == "query"}
    wrong = [f"parameter {name} is not declared" for name in asked if name not in declared]
    wrong += [
        f"parameter {name} is missing" for name, one in declared.items() if one.get("required") and name not in asked
    ]
    for name in asked.keys() & declared.keys():
        wrong += [
            f"{name}={value} is no {reason}" for value in asked[name] if (reason := _misfit(declared[name], value))
        ]
    return wrong


def _misfit(parameter: dict[str, Any], value: str) -> str:
    schema = parameter["schema"]
    if "enum" in schema and value not in schema["enum"]:
        return f"one of {schema['enum']}"
    if schema.get("type") == "boolean" and value not in {"true", "false"}:
        return "boolean"
    if schema.get("type") == "integer" and not re.fullmatch(r"-?\d+", value):
        return "integer"
    return "" if re.search(schema.get("pattern", ""), value) else f"match of {schema['pattern']}"


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template.rstrip("/")))
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
