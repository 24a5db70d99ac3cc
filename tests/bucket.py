"""A store that speaks as much of S3 as a lake needs, in this process, for tests."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Store(ThreadingHTTPServer):
    """The objects by path, and the parts of uploads that are under way."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.keys: set[str] = set()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        self.server.keys.add(self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0])
        return unquote(parts.path), parse_qs(parts.query, keep_blank_values=True)

    def _answer(self, status: int, body: bytes = b"", *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        path, query = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if "delete" in query:
            for key in re.findall("<Key>(.*?)</Key>", body):
                self.server.objects.pop(f"{path.rstrip('/')}/{unescape(key)}", None)
            xml = "<DeleteResult></DeleteResult>"
        elif "uploads" in query:
            upload = str(len(self.server.uploads) + 1)
            self.server.uploads[upload] = {}
            xml = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        else:
            pieces = self.server.uploads[query["uploadId"][0]]
            self.server.objects[path] = b"".join(pieces[number] for number in sorted(pieces))
            xml = "<CompleteMultipartUploadResult><ETag>done</ETag></CompleteMultipartUploadResult>"
        self._answer(200, xml.encode())

    def do_PUT(self) -> None:
        path, query = self._asked()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "uploadId" in query:
            self.server.uploads[query["uploadId"][0]][int(query["partNumber"][0])] = body
        else:
            self.server.objects[path] = body
        self._answer(200, ETag="part")

    def do_HEAD(self) -> None:
        path, _ = self._asked()
        found = self.server.objects.get(path)
        if found is None:
            self._answer(404)
        else:
            self._answer(200, length=len(found), Accept_Ranges="bytes", ETag="whole")

    def do_GET(self) -> None:
        path, _ = self._asked()
        found = self.server.objects.get(path)
        if found is None:
            self._answer(404)
            return
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        start, end = int(first or 0), int(last or len(found) - 1) + 1
        bounds = f"bytes {start}-{end - 1}/{len(found)}"
        self._answer(206 if first else 200, found[start:end], ETag="whole", Content_Range=bounds)

    def do_DELETE(self) -> None:
        path, _ = self._asked()
        self.server.objects.pop(path, None)
        self._answer(204)


@contextmanager
def running() -> Iterator[Store]:
    """A store that answers until the block ends."""
    store = Store()
    thread = threading.Thread(target=store.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.shutdown()
        store.server_close()
        thread.join()
