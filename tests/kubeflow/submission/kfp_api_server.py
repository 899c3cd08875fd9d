"""A Kubeflow Pipelines API, version v2beta1, on 127.0.0.1.

It reads each request's body, and writes each answer, through kfp's generated model of the
operation. It parses an uploaded pipeline strictly, as the real API server does.
"""

from __future__ import annotations

import json
import threading
import types
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import kfp_server_api
from kfp_server_api import models

from tests.kubeflow.submission.uploads import Refused, parse_upload

_API = "/apis/v2beta1"


@dataclass
class Fault:
    """A wrong answer, given to a number of requests."""

    status: int
    body: bytes
    times: int = 1_000_000


class KfpApiServer:
    """Serves until `close`. Holds what was uploaded and started, and the requests it received.

    Attributes:
        multi_user: Whether Kubeflow runs in multi-user mode.
        required_headers: Headers without which a request is not authorised.
        page_size: Most items on a page of a list.
        run_states: States that a run goes through, one each time a client asks for it.
        failed_tasks: Error messages of the pods of a run's failed tasks.
        failed_nodes: Error messages of Argo's own nodes.
        finished_tasks: Names of a run's successful tasks.
        faults: Answers to give instead, by method and path prefix.
        requests: Method and path of each request.
    """

    def __init__(self) -> None:
        self.multi_user = False
        self.required_headers: dict[str, str] = {}
        self.page_size = 100
        self.pipelines: dict[str, models.V2beta1Pipeline] = {}
        self.versions: dict[str, list[models.V2beta1PipelineVersion]] = {}
        self.experiments: list[models.V2beta1Experiment] = []
        self.runs: dict[str, models.V2beta1Run] = {}
        self.recurring_runs: list[models.V2beta1RecurringRun] = []
        self.run_states = ["SUCCEEDED"]
        self.failed_tasks: dict[str, str] = {}
        self.failed_nodes: dict[str, str] = {}
        self.finished_tasks: list[str] = []
        self.faults: dict[tuple[str, str], Fault] = {}
        self.requests: list[str] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def requested(self, method: str, path: str) -> int:
        return sum(line.startswith(f"{method} {_API}{path}") for line in self.requests)

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes
    ) -> tuple[int, bytes]:
        for (fault_method, prefix), fault in self.faults.items():
            if method == fault_method and path.startswith(_API + prefix) and fault.times:
                fault.times -= 1
                return fault.status, fault.body
        if any(headers.get(name) != value for name, value in self.required_headers.items()):
            return 401, b'{"error":"Unauthorized","code":16,"message":"Request not authenticated"}'
        try:
            model = self._route(method, path.removeprefix(_API), query, headers, body)
        except Refused as refusal:
            return 400, json.dumps({"code": 3, "message": str(refusal)}).encode()
        if model is None:
            return 404, b'{"code":5,"message":"Not Found"}'
        return 200, json.dumps(_client().sanitize_for_serialization(model)).encode()

    def _route(
        self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes
    ) -> Any:
        match [method, *path.strip("/").split("/")]:
            case ["GET", "healthz"]:
                return models.V2beta1GetHealthzResponse(multi_user=self.multi_user)
            case ["GET", "pipelines"]:
                page, token = self._page([*self.pipelines.values()], query)
                return models.V2beta1ListPipelinesResponse(pipelines=page, next_page_token=token)
            case ["POST", "pipelines", "upload"]:
                spec = parse_upload(headers, body)
                return self.add_pipeline(query["name"], spec)
            case ["POST", "pipelines", "upload_version"]:
                spec = parse_upload(headers, body)
                return self.add_version(query["pipelineid"], query["name"], spec)
            case ["GET", "pipelines", pipeline_id, "versions"]:
                page, token = self._page(self.versions[pipeline_id], query)
                return models.V2beta1ListPipelineVersionsResponse(
                    pipeline_versions=page, next_page_token=token
                )
            case ["GET", "experiments"]:
                name = json.loads(query["filter"])["predicates"][0]["stringValue"]
                found = [item for item in self.experiments if item.display_name == name]
                return models.V2beta1ListExperimentsResponse(experiments=found)
            case ["POST", "experiments"]:
                experiment = _read(body, "V2beta1Experiment")
                experiment.experiment_id = f"experiment-{len(self.experiments)}"
                self.experiments.append(experiment)
                return experiment
            case ["POST", "runs"]:
                run = _read(body, "V2beta1Run")
                self._check(run)
                run.run_id, run.state = f"run-{len(self.runs)}", "PENDING"
                self.runs[run.run_id] = run
                return run
            case ["GET", "runs", run_id] if run_id in self.runs:
                return self._next_state(self.runs[run_id])
            case ["GET", "recurringruns"]:
                found = [
                    each
                    for each in self.recurring_runs
                    if each.experiment_id == query["experiment_id"]
                ]
                page, token = self._page(found, query)
                return models.V2beta1ListRecurringRunsResponse(
                    recurring_runs=page, next_page_token=token
                )
            case ["POST", "recurringruns"]:
                recurring_run = _read(body, "V2beta1RecurringRun")
                self._check(recurring_run)
                recurring_run.recurring_run_id = f"recurring-{len(self.recurring_runs)}"
                recurring_run.status = f"{recurring_run.mode}D"
                self.recurring_runs.append(recurring_run)
                return recurring_run
            case ["POST", "recurringruns", action] if action.endswith(":disable"):
                (disabled,) = [
                    each
                    for each in self.recurring_runs
                    if each.recurring_run_id == action.removesuffix(":disable")
                ]
                disabled.status = "DISABLED"
                return {}
        return None

    def add_pipeline(self, name: str, spec: Any = None) -> models.V2beta1Pipeline:
        """Adds a pipeline with a first version."""
        pipeline_id = f"pipeline-{len(self.pipelines)}"
        pipeline = models.V2beta1Pipeline(pipeline_id=pipeline_id, display_name=name)
        self.pipelines[pipeline_id], self.versions[pipeline_id] = pipeline, []
        self.add_version(pipeline_id, name, spec)
        return pipeline

    def add_version(
        self, pipeline_id: str, name: str, spec: Any = None
    ) -> models.V2beta1PipelineVersion:
        """Adds a version to a pipeline."""
        version = models.V2beta1PipelineVersion(
            pipeline_id=pipeline_id,
            pipeline_version_id=f"{pipeline_id}-version-{len(self.versions[pipeline_id])}",
            display_name=name,
            pipeline_spec=spec,
        )
        self.versions[pipeline_id].append(version)
        return version

    def _page(self, items: list[Any], query: dict[str, str]) -> tuple[list[Any], str | None]:
        """Returns the items after the query's token, and the token of the next page."""
        start = int(query.get("page_token") or 0)
        end = start + min(self.page_size, int(query.get("page_size") or self.page_size))
        return items[start:end], str(end) if end < len(items) else None

    def _check(self, run: models.V2beta1Run | models.V2beta1RecurringRun) -> None:
        reference = run.pipeline_version_reference
        versions = {v.pipeline_version_id: v for v in self.versions[reference.pipeline_id]}
        stored = versions[reference.pipeline_version_id].pipeline_spec
        spec = stored.get("pipeline_spec", stored)
        declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
        if unknown := set(run.runtime_config.parameters or {}) - set(declared):
            raise Refused(f"parameters {sorted(unknown)} are not defined in the pipeline")
        if run.experiment_id not in {item.experiment_id for item in self.experiments}:
            raise Refused(f"experiment {run.experiment_id} not found")

    def _next_state(self, run: models.V2beta1Run) -> models.V2beta1Run:
        run.state = self.run_states.pop(0) if len(self.run_states) > 1 else self.run_states[0]
        details = [
            models.V2beta1PipelineTaskDetail(display_name=name, state="SUCCEEDED")
            for name in self.finished_tasks
        ]
        failed: list[tuple[str, str, str | None]] = []
        failed += [(name, message, None) for name, message in self.failed_nodes.items()]
        for name, message in self.failed_tasks.items():
            # Argo runs a task as a node whose child is the pod.
            failed += [(name, f"child '{name}-pod' failed", f"{name}-pod")]
            failed += [(f"{name}-pod", message, None)]
        details += [_failed_node(*node) for node in failed]
        run.run_details = models.V2beta1RunDetails(task_details=details)
        return run

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve("GET")

            def do_POST(self) -> None:
                self._serve("POST")

            def _serve(self, method: str) -> None:
                url = urllib.parse.urlsplit(self.path)
                server.requests.append(f"{method} {url.path}")
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                query = dict(urllib.parse.parse_qsl(url.query))
                status, answer = server.answer(method, url.path, query, self.headers, body)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/dex/auth")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def _client() -> kfp_server_api.ApiClient:
    return kfp_server_api.ApiClient(kfp_server_api.Configuration())


def _read(body: bytes, model: str) -> Any:
    known: Iterable[str] = getattr(models, model).attribute_map.values()
    if unknown := set(json.loads(body)) - set(known):
        raise Refused(f"{model} has no fields {sorted(unknown)}")
    return _client().deserialize(types.SimpleNamespace(data=body.decode()), model)


def _failed_node(name: str, message: str, child: str | None) -> models.V2beta1PipelineTaskDetail:
    node = models.V2beta1PipelineTaskDetail(
        display_name=name.removesuffix("-pod") + "(0)" if name.endswith("-pod") else name,
        pod_name=name,
        state="FAILED",
    )
    node.error = _status(message)
    if child:
        node.child_tasks = [models.PipelineTaskDetailChildTask(pod_name=child)]
    return node


def _status(message: str) -> Any:
    """The model's name differs between kfp-server-api 2.0 and 2.17."""
    model = getattr(models, "GooglerpcStatus", None) or models.GoogleRpcStatus
    return model(code=13, message=message)
