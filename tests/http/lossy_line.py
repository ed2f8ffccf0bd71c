"""A line between a client and the service that loses what it is told to lose."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SETTLE = ("POST", "/v1/settlements")


@contextmanager
def lossy_line(port: int, answer_seconds: float) -> Iterator[tuple[int, list[str]]]:
    """A line to the service on a port: its own port, and what it lost.

    Of requests to settle the first never arrives, and the answer of the second comes only after some seconds.
    """
    lost: list[str] = []

    class Line(BaseHTTPRequestHandler):
        def carry(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            settles = (self.command, self.path) == SETTLE
            if settles and not lost:
                lost.append("request")
                return
            with closing(http.client.HTTPConnection("127.0.0.1", port)) as onward:
                onward.request(self.command, self.path, body, dict(self.headers))
                answer = onward.getresponse()
                content = answer.read()
            if settles and len(lost) == 1:
                lost.append("answer")
                time.sleep(answer_seconds)
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = carry  # noqa: N815 - names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], lost
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
