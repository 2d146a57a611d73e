"""Speaks to a running Dagster webserver as its own UI does; the command line never imports Dagster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ml_connector_dagster.errors import OutcomeUnknown, RequestRejected
from ml_connector_dagster.transport.client import VendorHttp

LOCATION = "ml_connector_dagster"
ENDED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on Error { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
_RUN = """
query Run($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }
"""
_RUNS = """
query Runs($limit: Int!) {
  runsOrError(limit: $limit) { ... on Runs { results { runId status pipelineName tags { key value } } } }
}
"""
_WHY = """
query Why($id: ID!) {
  logsForRun(runId: $id, limit: 1000) {
    ... on EventConnection {
      events {
        __typename
        ... on ExecutionStepFailureEvent {
          failureMetadata { description metadataEntries { label ... on TextMetadataEntry { text } } }
          error { message }
        }
        ... on RunFailureEvent { message error { message } }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the webserver tells it."""

    run_id: str
    status: str
    job: str
    tags: Mapping[str, str]

    @property
    def ended(self) -> bool:
        """True where nothing more will happen."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one step of a run failed, or the run itself."""

    says: str
    """All three sentences, where it was an error of ours."""
    error: str = ""
    """Its class in errors.py; empty where it was another error."""
    do: str = ""
    """The last sentence alone."""


@contextmanager
def dagster_at(url: str) -> Iterator[DagsterGraphql]:
    """Speak to the webserver at that address; its connection is given back at the end."""
    http = VendorHttp("dagster")
    try:
        yield DagsterGraphql(url, http)
    finally:
        http.close()


class DagsterGraphql:
    """One webserver."""

    def __init__(self, url: str, http: VendorHttp) -> None:
        """Take the webserver's base address and a client without credentials."""
        self._url = f"{url.rstrip('/')}/graphql"
        self._http = http

    def launch(
        self, job: str, period: str, assets: Sequence[Sequence[str]] = (), tags: Mapping[str, str] | None = None
    ) -> str:
        """Queue one run of a job for a period and answer its id.

        Args:
            job: ``<connection>_read``, or ``__ASSET_JOB`` with the assets to materialize, as the UI's button does.
            period: The partition, 2026-10.
            assets: Asset keys as lists of segments; empty for the whole job.
            tags: Further tags of the run.

        Raises:
            RequestRejected: Dagster knows no such job or period.
        """
        selector: dict[str, Any] = {
            "repositoryLocationName": LOCATION,
            "repositoryName": "__repository__",
            "jobName": job,
        }
        if assets:
            selector["assetSelection"] = [{"path": list(path)} for path in assets]
        named = {"dagster/partition": period, **(tags or {})}
        params = {
            "selector": selector,
            "runConfigData": {},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in named.items()]},
        }
        answer = self._ask(_LAUNCH, {"params": params}, repeatable=False)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            says = answer.get("message") or "; ".join(error["message"] for error in answer.get("errors", ()))
            raise RequestRejected(
                f"Dagster did not launch {job} for {period}: {says}.",
                "Nothing was started.",
                "Check the period and the connection's name; ml-connector check --offline reads the settings.",
            )
        run_id: str = answer["run"]["runId"]
        return run_id

    def status(self, run_id: str) -> str:
        """Answer the run's status: QUEUED, STARTED, SUCCESS, FAILURE and others.

        Raises:
            OutcomeUnknown: The webserver does not know the run.
        """
        answer = self._ask(_RUN, {"id": run_id})["runOrError"]
        if answer["__typename"] != "Run":
            raise OutcomeUnknown(
                f"Dagster does not know run {run_id}.", "Whether it ended is not known.", "Look at the Runs page."
            )
        status: str = answer["status"]
        return status

    def runs(self, limit: int = 200) -> list[Run]:
        """Answer the newest runs, newest first."""
        found = self._ask(_RUNS, {"limit": limit})["runsOrError"]["results"]
        return [
            Run(one["runId"], one["status"], one["pipelineName"], {tag["key"]: tag["value"] for tag in one["tags"]})
            for one in found
        ]

    def why_failed(self, run_id: str) -> str:
        """Answer what the failed steps said, or the run itself."""
        return "\n".join(cause.says for cause in self.causes(run_id))

    def causes(self, run_id: str) -> list[Cause]:
        """Answer why each failed step failed; the run's own reason where no step did."""
        events = self._ask(_WHY, {"id": run_id})["logsForRun"].get("events", ())
        steps = [_cause(event) for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
        return steps or [_cause(event) for event in events if event["__typename"] == "RunFailureEvent"]

    def _ask(self, query: str, variables: Mapping[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        answer = self._http.send(
            "POST", self._url, json={"query": query, "variables": dict(variables)}, repeatable=repeatable
        )
        body = answer.json()
        if body.get("errors"):
            raise RequestRejected(
                f"Dagster's GraphQL refused a query: {body['errors'][0]['message']}.",
                "The run's state is not known here.",
                "Look at the Dagster UI; the installed Dagster may be another version than constraints.txt names.",
            )
        data: dict[str, Any] = body["data"]
        return data


def _cause(event: Mapping[str, Any]) -> Cause:
    failure = event.get("failureMetadata") or {}
    facts = {entry["label"]: entry.get("text", "") for entry in failure.get("metadataEntries") or ()}
    says = failure.get("description") or (event.get("error") or {}).get("message") or event.get("message")
    return Cause(says or "no reason given", facts.get("mlc/error", ""), facts.get("mlc/what_to_do", ""))
