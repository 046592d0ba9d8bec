"""Telemetry leaves only when the standard variables name a collector; then it arrives there, and what is missing is said."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.exporting import start

ROOT = Path(__file__).parent.parent
NEEDED = {"PATH", "SYSTEMROOT", "TEMP", "TMP", "HOME"}
TALK = """
import os
from bot.context import Incoming, Person, Place, Reference
from bot.exporting import start
from bot.routing.telemetry import Telemetry
telemetry = Telemetry()
end = start({name: value for name, value in os.environ.items() if name.startswith("OTEL_")})
person = Person("p", "Canary", "t")
with telemetry.turn(Incoming("i", "canary", Reference("c", Place.PERSONAL, "t", "", "", person))):
    pass
end()
"""


class Collector(BaseHTTPRequestHandler):
    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_happens_arrives_at_the_collector() -> None:
    received: list[tuple[str, bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Here", (Collector,), {"received": received}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        given = {n: v for n, v in os.environ.items() if n in NEEDED}  # noqa: TID251 -- what a process needs to run
        address = f"http://127.0.0.1:{server.server_address[1]}"
        environment = {
            **given,
            "PYTHONPATH": str(ROOT),
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }
        done = subprocess.run(
            [sys.executable, "-c", TALK], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert done.returncode == 0, done.stderr
    assert {path for path, _ in received} == {"/v1/traces", "/v1/metrics"}
    sent = b"".join(body for _, body in received)
    assert b"invoke_agent Parley" in sent
    assert b"parley.turn.duration" in sent
    assert b"canary" not in sent.lower()


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "TRUE"},
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
        },
    ],
)
def test_without_a_collector_nothing_is_started(variables: dict[str, str]) -> None:
    start(variables)()
