"""Connects to a Kubeflow Pipelines server and explains what went wrong if that fails."""

from __future__ import annotations

import contextlib
import io
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modules.core.errors import WarmstartError, one_line

if TYPE_CHECKING:
    import kfp

_CONNECT_SECONDS = 30
_NEEDS_LOGIN = (
    "Pass a token in the environment variable KFP_TOKEN (or the browser's cookie in KFP_COOKIES), "
    "and check that it has not expired and that its user may run pipelines in the namespace."
)


@dataclass(frozen=True)
class Server:
    """The address of a Kubeflow Pipelines API and the credentials for it.

    Attributes:
        host: URL of the API or the UI, such as http://127.0.0.1:8080.
        namespace: Profile namespace. Required if Kubeflow runs in multi-user mode.
        token: Bearer token.
        cookies: A `Cookie` header, for servers behind a login page such as Dex.
        ca_certificate: File with the certificate authority of an https server.
    """

    host: str
    namespace: str | None = None
    token: str | None = None
    cookies: str | None = None
    ca_certificate: str | None = None

    @property
    def url(self) -> str:
        """The host with its scheme, without a fragment or a trailing slash."""
        bare = self.host.partition("#")[0].rstrip("/")
        return bare if bare.startswith(("http://", "https://")) else f"https://{bare}"

    def connect(self) -> kfp.Client:
        """Checks that the server answers this user and returns a client. kfp must be installed.

        Raises:
            WarmstartError: The server refuses or does not answer.
        """
        from kfp.client import Client

        if self._is_multi_user() and not self.namespace:
            raise WarmstartError(
                f"{self.url}: this Kubeflow runs in multi-user mode, and no namespace was given. "
                "Pass --namespace with your profile's namespace."
            )
        with self.calls("connecting"):
            client = Client(
                host=self.url,
                existing_token=self.token,
                cookies=self.cookies,
                ssl_ca_cert=self.ca_certificate,
            )
        return client

    @contextlib.contextmanager
    def calls(self, doing: str) -> Iterator[None]:
        """Turns kfp's exceptions inside the block into messages and suppresses its prints."""
        from kfp_server_api.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            with contextlib.redirect_stdout(io.StringIO()), _socket_timeout(_CONNECT_SECONDS):
                yield
        except ApiException as error:
            raise self._refusal(doing, error.status, error.body) from None
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None

    def _is_multi_user(self) -> bool:
        """Asks the health endpoint once. kfp would retry for 25 seconds and follow redirects."""
        import requests

        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            headers["Cookie"] = self.cookies
        with requests.Session() as session:
            # Like kfp's client: no proxies, and no credentials but ours.
            session.trust_env = False
            try:
                response = session.get(
                    f"{self.url}/apis/v2beta1/healthz",
                    headers=headers,
                    timeout=_CONNECT_SECONDS,
                    verify=self.ca_certificate or True,
                    # A redirect leads to a login page.
                    allow_redirects=False,
                )
            except (OSError, ValueError) as error:
                raise self._unreachable(error) from None
        if not 200 <= response.status_code < 300:
            raise self._refusal("connecting", response.status_code, response.content)
        try:
            return bool(response.json().get("multi_user", False))
        except (ValueError, AttributeError):
            raise WarmstartError(
                f"{self.url}: answers, but not as a Kubeflow Pipelines API. Check the host's path "
                f"(a full Kubeflow serves the API under /pipeline). {_NEEDS_LOGIN}"
            ) from None

    def _refusal(self, doing: str, status: int | None, body: bytes | str | None) -> WarmstartError:
        reason = server_message(body)
        where = f"{self.url}, {doing}"
        if status in (301, 302, 303, 307, 308, 401, 403):
            return WarmstartError(
                f"{where}: not authorised (HTTP {status}: {reason}). {_NEEDS_LOGIN}"
            )
        if status == 404:
            return WarmstartError(
                f"{where}: not found (HTTP 404: {reason}). Check the host's path (a full Kubeflow "
                "serves the API under /pipeline) and that the server is Kubeflow Pipelines 2.0 or "
                "newer."
            )
        if status is not None and 400 <= status < 500:
            return WarmstartError(
                f"{where}: the server refuses this (HTTP {status}): {reason}. Correct the pipeline "
                "or its parameters and compile it again."
            )
        return WarmstartError(
            f"{where}: the server failed (HTTP {status}: {reason}). This is not an error of the "
            "pipeline: look at the logs of the ml-pipeline deployment, then submit again."
        )

    def _unreachable(self, error: Exception) -> WarmstartError:
        # The innermost system error says it in a few words, such as "Connection refused".
        cause, below = error, error.__context__
        while below:
            cause = below if isinstance(below, OSError) else cause
            below = below.__context__
        return WarmstartError(
            f"{self.url}: no connection: {one_line(cause)}. Check the host, and that "
            "a port-forward or VPN to the cluster is up, e.g. "
            "kubectl -n kubeflow port-forward svc/ml-pipeline-ui 8080:80."
        )


def server_message(body: bytes | str | None) -> str:
    """Returns the message in an error's body, which is JSON or plain text."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        keys = ("message", "error", "error_message")
        found = [answer[key] for key in keys if isinstance(answer.get(key), str)][:1]
        if isinstance(details := answer.get("error_details"), str):
            found.append(details)
        text = ": ".join(found) or text
    return " ".join(text.split())[:300] or "no message"


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Limits kfp's calls, which set no timeout and could block for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
