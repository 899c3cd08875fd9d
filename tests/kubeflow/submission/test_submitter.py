"""`warmstart submit`: what reaches the server, and one clear message for each kind of failure."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules.core.errors import ConfigError, WarmstartError
from pipelines.kubeflow.server import Server, server_message
from pipelines.kubeflow.submitter import submit
from tests.kubeflow.submission.kfp_api_server import Fault, KfpApiServer
from tests.kubeflow.submission.submitting import message_of, run


def test_the_first_submission_uploads_the_pipeline_and_starts_a_run(
    api: KfpApiServer, spec_file: Path
) -> None:
    submission, lines = run(api, spec_file, experiment="digits", run_name="first")
    started = api.runs[submission.run_id]
    assert api.pipelines[submission.pipeline_id].display_name == "mnist-to-optdigits"
    assert started.pipeline_version_reference.pipeline_version_id == submission.version_id
    assert started.display_name == "first"
    assert started.runtime_config.pipeline_root == "s3://bucket/root"
    assert api.experiments[0].display_name == "digits"
    assert submission.run_url == f"{api.host}/#/runs/details/{submission.run_id}"
    assert submission.state == "PENDING"
    assert submission.run_url in "\n".join(lines)


def test_parameters_reach_the_run_in_their_declared_types(
    api: KfpApiServer, spec_file: Path
) -> None:
    parameters = {"shots": "1", "learning_rate": "1e-4", "target_path": "/data/other"}
    submission, _ = run(api, spec_file, parameters=parameters)
    sent = api.runs[submission.run_id].runtime_config.parameters
    assert sent == {"shots": 1, "learning_rate": 1e-4, "target_path": "/data/other"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({"shotz": "1"}, "did you mean 'shots'"), ({"shots": "few"}, "NUMBER_INTEGER, found 'few'")],
)
def test_a_wrong_parameter_is_refused_before_anything_is_sent(
    api: KfpApiServer, spec_file: Path, parameters: dict[str, str], expected: str
) -> None:
    assert expected in message_of(api, spec_file, parameters=parameters)
    assert api.requests == []


def test_a_closed_port_is_no_connection(spec_file: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(WarmstartError, match=r"no connection: .*refused.*port-forward"):
            submit(spec_file, Server(host))


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("http://kubeflow.invalid", "Name or service not known|failure in name resolution"),
        ("http://127.0.0.1:port", "Failed to parse: .*127.0.0.1:port"),
    ],
)
def test_a_host_that_does_not_exist_is_no_connection(
    spec_file: Path, host: str, reason: str
) -> None:
    with pytest.raises(WarmstartError, match=f"no connection: .*({reason})"):
        submit(spec_file, Server(host))


def test_a_missing_token_is_not_authorised_and_says_where_it_goes(
    api: KfpApiServer, spec_file: Path
) -> None:
    api.required_headers["Authorization"] = "Bearer secret"
    message = message_of(api, spec_file)
    assert "not authorised (HTTP 401: Request not authenticated)" in message
    assert "KFP_TOKEN" in message
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("header", "value", "login"),
    [
        ("Authorization", "Bearer secret", {"token": "secret"}),
        ("Cookie", "authservice_session=secret", {"cookies": "authservice_session=secret"}),
    ],
)
def test_the_login_is_sent_with_every_request(
    api: KfpApiServer, spec_file: Path, header: str, value: str, login: dict[str, str]
) -> None:
    api.required_headers[header] = value
    submission, _ = run(api, spec_file, server=Server(api.host, **login), wait=True)
    assert submission.state == "SUCCEEDED"


def test_a_proxy_of_the_environment_is_not_used(
    api: KfpApiServer, spec_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    submission, _ = run(api, spec_file)
    assert api.runs[submission.run_id].state == "PENDING"


def test_a_redirect_to_a_login_page_is_not_authorised(api: KfpApiServer, spec_file: Path) -> None:
    api.faults["GET", "/healthz"] = Fault(302, b"<a href='/dex/auth'>Found</a>")
    assert "not authorised (HTTP 302" in message_of(api, spec_file)


def test_a_web_page_is_not_taken_for_the_api(api: KfpApiServer, spec_file: Path) -> None:
    api.faults["GET", "/healthz"] = Fault(200, b"<html>Kubeflow Central Dashboard</html>")
    assert "not as a Kubeflow Pipelines API" in message_of(api, spec_file)


@pytest.mark.parametrize("path", ["/healthz", "/pipelines", "/experiments"])
def test_a_failing_server_is_told_from_a_faulty_pipeline(
    api: KfpApiServer, spec_file: Path, path: str
) -> None:
    api.faults["GET", path] = Fault(500, b'{"code":13,"message":"database is locked"}')
    message = message_of(api, spec_file)
    assert "the server failed (HTTP 500: database is locked)" in message
    assert "not an error of the pipeline" in message


def test_a_specification_that_the_server_refuses_is_reported_with_its_reason(
    api: KfpApiServer, spec_file: Path
) -> None:
    api.faults["POST", "/pipelines/upload"] = Fault(
        400,
        b'{"error_message":"Failed to create","error_details":"resolver not implemented"}',
    )
    message = message_of(api, spec_file)
    assert "refuses this (HTTP 400): Failed to create: resolver not implemented" in message
    assert "compile it again" in message
    assert api.runs == {}


def test_a_multi_user_server_needs_a_namespace(api: KfpApiServer, spec_file: Path) -> None:
    api.multi_user = True
    assert "Pass --namespace" in message_of(api, spec_file)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: [", "not valid YAML"),
        ("- 1", "found list"),
        ("name: x", "found the keys 'name'"),
        ("root: {dagg: {}}", "not a pipeline specification"),
    ],
)
def test_a_file_that_is_not_a_pipeline_is_refused_before_anything_is_sent(
    api: KfpApiServer, tmp_path: Path, content: str, expected: str
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(content)
    assert expected in message_of(api, path)
    assert api.requests == []


def test_a_missing_file_is_named(api: KfpApiServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read: No such file"):
        run(api, tmp_path / "absent.yaml")


def test_without_kfp_the_message_says_what_to_install(
    spec_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kfp", None)
    with pytest.raises(WarmstartError, match="pip install 'kfp>=2,<3'"):
        submit(spec_file, Server("http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("http://localhost:8080/", "http://localhost:8080"),
        ("kubeflow.example.com/pipeline", "https://kubeflow.example.com/pipeline"),
        ("https://k.example.com/pipeline/#/runs", "https://k.example.com/pipeline"),
    ],
)
def test_a_host_may_be_pasted_from_the_browser(host: str, url: str) -> None:
    assert Server(host).url == url


@given(st.binary())
@settings(max_examples=50)
def test_any_error_body_gives_a_message(body: bytes) -> None:
    assert server_message(body)
