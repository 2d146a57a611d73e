"""What a test does with the Anaplan sandbox, in a few words; every JSON answer meets the official schema on its way."""

import gzip
from typing import Any

import httpx
from starlette.testclient import TestClient

from ml_connector_dagster.sandbox.anaplan.demo_model import MODEL_ID, WORKSPACE_ID
from ml_connector_dagster.sandbox.anaplan.model import Model
from ml_connector_dagster.sandbox.anaplan.tenant import Tenant
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.contract.anaplan_openapi import document_for, path_in_document

W = f"/2/0/workspaces/{WORKSPACE_ID}/models/{MODEL_ID}"
M = f"/2/0/models/{MODEL_ID}"
DEMO = ("demo@calderfinch.example", "sandbox-anaplan-password")
BUILDER = ("builder@calderfinch.example", "sandbox-builder-password")
GUEST = ("guest@calderfinch.example", "sandbox-guest-password")
JSON = {"Accept": "application/json"}
_MEMBERS = [
    ("Accounts", "200", "Sales"),
    ("Accounts", "400", "Rent"),
    ("Customers", "C1", "Cole"),
    ("Customers", "C2", "Dyer"),
    ("Regions", "N", "North"),
    ("Regions", "S", "South"),
]


class Desk:
    """A logged-in client of one world. `finish()` moves the clock past every task instead of waiting."""

    def __init__(self, http: TestClient, world: World) -> None:
        self.http = http
        self.world = world
        self.token = ""

    @property
    def tenant(self) -> Tenant:
        return self.world.part(Tenant)

    @property
    def model(self) -> Model:
        return self.tenant.models[MODEL_ID]

    def login(self, who: tuple[str, str] = DEMO) -> "Desk":
        answer = self.call("POST", "/token/authenticate", auth=who, token="")
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["tokenInfo"]["tokenValue"]
        return self

    def as_user(self, who: tuple[str, str]) -> "Desk":
        """The same sandbox through another user's login."""
        return Desk(self.http, self.world).login(who)

    def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {"User-Agent": "desk", **options.pop("headers", {})}
        value = self.token if token is None else token
        if value and "Authorization" not in headers:
            headers["Authorization"] = f"AnaplanAuthToken {value}"
        answer = self.http.request(method, f"/anaplan{path}", headers=headers, follow_redirects=False, **options)
        judge(method, path, answer)
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.call("POST", path, json=body if body is not None else {}, **options)

    def control(self, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """POST with a body, GET without one, on /_control."""
        method = "GET" if body is None else "POST"
        answer = self.http.request(method, f"/_control{path}", json=body, params=query)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def action(self, name: str) -> str:
        return next(key for key, known in self.model.action_names().items() if known == name)

    def file_of(self, import_name: str) -> str:
        return self.model.import_named(import_name).file.id

    def upload(self, file_id: str, *texts: str) -> None:
        """Open, send each text as one gzip chunk."""
        assert self.post(f"{W}/files/{file_id}", {"chunkCount": len(texts)}).status_code == 200
        for number, text in enumerate(texts):
            assert self.put_chunk(file_id, number, gzip.compress(text.encode(), mtime=0)).status_code == 204

    def put_chunk(self, file_id: str, number: int, body: bytes, kind: str = "application/x-gzip") -> httpx.Response:
        path = f"{W}/files/{file_id}/chunks/{number}"
        return self.call("PUT", path, content=body, headers={"Content-Type": kind})

    def start(self, kind: str, object_id: str, **more: Any) -> str:
        answer = self.post(f"{W}/{kind}/{object_id}/tasks", {"localeName": "en_US", **more})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return body.get("task", body)["taskId"]

    def look(self, kind: str, object_id: str, task_id: str) -> dict[str, Any]:
        answer = self.get(f"{W}/{kind}/{object_id}/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["task"]

    def finish(self, seconds: float = 60) -> None:
        self.world.clock.advance(seconds)

    def run(self, kind: str, name: str, **more: Any) -> dict[str, Any]:
        """Start an action by name and return its finished task."""
        object_id = self.action(name)
        task_id = self.start(kind, object_id, **more)
        self.finish()
        return self.look(kind, object_id, task_id)

    def load(self, import_name: str, text: str, **more: Any) -> dict[str, Any]:
        """Upload and run an import; the task's result."""
        self.upload(self.file_of(import_name), text)
        return self.run("imports", import_name, **more)["result"]

    def load_process(self, name: str, text: str) -> dict[str, Any]:
        """Upload the file of a process's first import and run the process."""
        first = self.model.process_named(name).actions[0]
        self.upload(self.model.imports[first].file.id, text)
        return self.run("processes", name)["result"]

    def set_up_lists(self) -> None:
        """A handful of members in the lists, made without the API."""
        properties = {"Active": "true", "Class": "REVENUE"}
        for name, code, label in _MEMBERS:
            member = self.model.list_named(name).create(label, code)
            member.properties.update(properties if name == "Accounts" else {"Active": "true"})

    def actuals(self, *rows: str) -> dict[str, Any]:
        """Load rows of Entity,Version,Period,Account,Customer,Region,Amount."""
        text = "\r\n".join(["Entity,Version,Period,Account,Customer,Region,Amount", *rows]) + "\r\n"
        return self.load("Actuals from Xero", text)

    def amount(self, entity: str, month: str, account: str = "200", customer: str = "C1", region: str = "N") -> str:
        """One cell of module Actuals, version Actual."""
        at = {"Entities": entity, "Versions": "Actual", "Time": month, "Accounts": account}
        return str(self.model.read("Actuals", "Amount", {**at, "Customers": customer, "Regions": region}))


def judge(method: str, path: str, answer: httpx.Response) -> None:
    """Fail, in the very test, where an answer breaks the official schema; silent where the documents are not at hand."""
    plain = path.partition("?")[0]
    document = document_for(plain)
    if document is None:
        return
    kind = answer.headers.get("content-type", "").partition(";")[0]
    errors = document.errors(method, path_in_document(plain), answer.status_code, kind, answer.text)
    assert not errors, errors


def counts(result: dict[str, Any], nested: int | None = None) -> dict[str, str]:
    """The flat values of a result's first detail as a dictionary."""
    found = result if nested is None else result["nestedResults"][nested]
    values = found["details"][0]["values"]
    return dict(zip(values[::2], values[1::2], strict=True))
