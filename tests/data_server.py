"""A local HTTP server that serves one file as badly as a test asks for; used by test_data_*.py."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serve `files` (name to bytes); `behave(name)` lists what each next request meets.

    Behaviours, one a request, the last one repeated: "good", "cut" (half of what was asked for,
    then the connection ends), "crumb" (as "cut" after 1,000 bytes), "deaf" (ranges ignored),
    "deaf cut", "garbage" (right length, wrong bytes), "garbage cut", "page" (an HTML page with
    status 200), "endless" (no length, too many bytes), "shifted" (another range than asked for),
    "noise" (no HTTP at all), or a status such as "404".
    """

    def __init__(self, files):
        self.files, self.behaviours, self.requests = dict(files), {}, []

    def behave(self, name, *behaviours):
        self.behaviours[name] = list(behaviours)

    def next_behaviour(self, name):
        queue = self.behaviours.get(name, ["good"])
        return queue.pop(0) if len(queue) > 1 else queue[0]


def _make_handler(server):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.lstrip("/")
            how, asked = server.next_behaviour(name), self.headers.get("Range")
            server.requests.append((name, asked))
            data = server.files.get(name)
            if how == "noise":
                self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")
                return
            if how.isdigit() or data is None:
                self.send_error(int(how) if how.isdigit() else 404)
                return
            if how == "page":
                data, asked = b"<html>Log in to the hotel's network</html>", None
            if how.startswith("garbage"):
                data = bytes(len(data))
            start = 0
            if asked and "deaf" not in how:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(data):
                    self.send_error(416)
                    return
                start += 7 if how == "shifted" else 0
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            body = data[start:]
            if how == "endless":
                body = body + body
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if "cut" in how:
                body = body[: len(body) // 2]
            if how == "crumb":
                body = body[:1000]
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *args):
            pass

    return Handler


@contextmanager
def serving(files):
    """Yield (Server, base address)."""
    server = Server(files)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(server))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{http.server_port}/"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
