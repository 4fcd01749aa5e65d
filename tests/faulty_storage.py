"""S3 behind a bad line: a proxy that passes everything on, but asks to slow down for the keys it is told of."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_DOWN = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


class FaultyStorage:
    """Runs while its `with` block does. `refuse[part] = n`: the next n requests for a key with `part` in it are refused."""

    def __init__(self, behind: str):
        self.refuse: dict[str, int] = {}
        self.refused: Counter[str] = Counter()
        self._behind = urlsplit(behind).netloc
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FaultyStorage:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _should_refuse(self, path: str) -> bool:
        with self._lock:
            for part, left in self.refuse.items():
                if part in path and left > 0:
                    self.refuse[part] = left - 1
                    self.refused[part] += 1
                    return True
        return False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        storage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if storage._should_refuse(self.path):
                    return self.reply(503, [("Content-Type", "application/xml")], SLOW_DOWN)
                # The signature covers the host the client asked for, so the headers go through as they are.
                line = http.client.HTTPConnection(storage._behind, timeout=60)
                try:
                    line.request(self.command, self.path, body=body, headers=dict(self.headers))
                    response = line.getresponse()
                    content = response.read()
                    headers = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_HEADERS]
                    self.reply(response.status, headers, content, response.getheader("Content-Length"))
                finally:
                    line.close()

            def reply(self, status, headers, content, length=None):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                # A HEAD reply has the length of what it does not send.
                self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer

        return Handler
