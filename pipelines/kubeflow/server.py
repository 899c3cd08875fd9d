"""Talks to a Kubeflow Pipelines server, and says what is wrong when it does not answer."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from modules.core.errors import WarmstartError
from pipelines.kubeflow.spec import require_kfp

if TYPE_CHECKING:
    import kfp

_CONNECT_SECONDS = 30
_NEEDS_LOGIN = (
    "Pass a token in the environment variable KFP_TOKEN (or the browser's cookie in KFP_COOKIES), "
    "and check that it has not expired and that its user may run pipelines in the namespace."
)


@dataclass(frozen=True)
class Server:
    """Where the Kubeflow Pipelines API is and how to log in.

    Attributes:
        host: URL of the API or the UI, such as http://127.0.0.1:8080.
        namespace: Profile namespace; needed where Kubeflow runs in multi-user mode.
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
        """Checks that the server answers as this user and returns a client.

        Raises:
            WarmstartError: kfp is not installed, or the server refuses or does not answer.
        """
        require_kfp()
        from kfp.client import Client

        multi_user = self._check_health()
        if multi_user and not self.namespace:
            raise WarmstartError(
                f"{self.url}: Kubeflow runs in multi-user mode here, and no namespace was given. "
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
        """Turns what kfp raises inside the block into messages, and keeps its prints away.

        Args:
            doing: What the calls are for, such as `uploading p.yaml`.
        """
        from kfp_server_api.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            with contextlib.redirect_stdout(io.StringIO()), _socket_timeout(_CONNECT_SECONDS):
                yield
        except ApiException as error:
            raise self._refusal(doing, error.status, error.body) from None
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None

    def _check_health(self) -> bool:
        """Asks the server's health endpoint once; kfp would retry for 25 seconds."""
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            headers["Cookie"] = self.cookies
        request = urllib.request.Request(f"{self.url}/apis/v2beta1/healthz", headers=headers)
        try:
            with self._opener().open(request, timeout=_CONNECT_SECONDS) as response:
                body = response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal("connecting", error.code, error.read()) from None
        except (OSError, HTTPException, ValueError) as error:
            raise self._unreachable(error) from None
        try:
            return bool(json.loads(body).get("multi_user", False))
        except (ValueError, AttributeError):
            raise WarmstartError(
                f"{self.url}: answers, but not as a Kubeflow Pipelines API. Check the host's path "
                f"(a full Kubeflow serves it under /pipeline). {_NEEDS_LOGIN}"
            ) from None

    def _opener(self) -> urllib.request.OpenerDirector:
        """Opens URLs as kfp's client does: without proxies, and never following to a login page."""
        context = ssl.create_default_context(cafile=self.ca_certificate)
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            _NoRedirects(),
        )

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
            "pipeline; look at the logs of the ml-pipeline deployment, then submit again."
        )

    def _unreachable(self, error: Exception) -> WarmstartError:
        cause: Any = getattr(error, "reason", None) or error
        return WarmstartError(
            f"{self.url}: no connection: {' '.join(str(cause).split())}. Check the host, and that "
            "a port-forward or VPN to the cluster is up, e.g. "
            "kubectl -n kubeflow port-forward svc/ml-pipeline-ui 8080:80."
        )


def server_message(body: bytes | str | None) -> str:
    """Finds the message in an error's body: the gateway's, the upload handler's, or plain text."""
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


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@contextlib.contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """kfp sets no timeouts: an address that swallows packets would block for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
