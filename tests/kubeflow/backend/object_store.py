"""An S3 server, and Kubeflow's launcher as its client.

Objects are uploaded and downloaded as the launcher does it (kubeflow/pipelines,
backend/src/v2/objectstore/object_store.go). A store has keys, not folders: empty folders are lost,
and a key that ends in a slash is an object like any other, which no file system can hold.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Bytes read at once.
_CHUNK = 1 << 20


class ObjectStore:
    """Serves from this process until `close`.

    Example:
        >>> store = ObjectStore()  # doctest: +SKIP
        >>> store.put("s3://bucket/digits/labels.csv", b"3,7")  # doctest: +SKIP
    """

    def __init__(self) -> None:
        import boto3
        from botocore.config import Config
        from moto.server import ThreadedMotoServer

        # It tells each request, of thousands.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            # As the launcher's client; checksums of our own would only cost time.
            config=Config(
                s3={"addressing_style": "path"},
                proxies={},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        self._buckets: set[str] = set()

    def close(self) -> None:
        """Stops the server and forgets its objects."""
        from moto import backends

        backends.get_backend("s3")["123456789012"]["aws"].reset()
        self._server.stop()

    def put(self, uri: str, body: bytes | Path) -> None:
        """Writes one object."""
        bucket, key = bucket_and_key(uri)
        if bucket not in self._buckets:
            self._client.create_bucket(Bucket=bucket)
            self._buckets.add(bucket)
        if isinstance(body, bytes):
            self._client.put_object(Bucket=bucket, Key=key, Body=body)
            return
        with body.open("rb") as file:
            self._client.put_object(Bucket=bucket, Key=key, Body=file)

    def read(self, uri: str) -> bytes:
        """Returns one object's content."""
        bucket, key = bucket_and_key(uri)
        content: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def upload(self, path: Path, uri: str) -> None:
        """Uploads a file, or all files below a folder; a task need not write its outputs."""
        if path.is_file():
            self.put(uri, path)
            return
        for folder, _, names in os.walk(path):
            for name in names:
                file = Path(folder, name)
                self.put(f"{uri}/{file.relative_to(path).as_posix()}", file)

    def download(self, uri: str, path: Path) -> None:
        """Downloads an object, or all below a prefix, each to a file of its own.

        Raises:
            OSError: A key and a longer one cannot be file and folder at once.
        """
        bucket, prefix = bucket_and_key(uri)
        for key in self._keys(bucket, prefix):
            if key == prefix or key.startswith(f"{prefix.rstrip('/')}/"):
                target = Path(os.path.normpath(path / os.path.relpath(key, prefix)))
                target.parent.mkdir(parents=True, exist_ok=True)
                body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
                with target.open("wb") as file:
                    file.writelines(body.iter_chunks(_CHUNK))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", []))


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Splits the URI of an object, or of a prefix."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key
