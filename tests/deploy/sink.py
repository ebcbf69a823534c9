"""The endpoints of vendors, as far as Firehose sees them."""

import base64
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    """Stands for the endpoints of all vendors: keeps what it is asked, and takes it or refuses it."""

    def __init__(self):
        self.requests, self.refuses = [], False
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                asked = json.loads(body)
                sink.requests.append((dict(self.headers), [base64.b64decode(item["data"]) for item in asked["records"]]))
                answer = {"requestId": asked["requestId"], "timestamp": asked["timestamp"]}
                if sink.refuses:
                    answer["errorMessage"] = "refused"
                body = json.dumps(answer).encode()
                self.send_response(500 if sink.refuses else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
