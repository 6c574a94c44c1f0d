"""What the status of an answer means for a file: taken, certainly not taken, or nobody knows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hedui.padis.errors import NotDeliveredError, UnansweredError
from hedui.padis.packing import Parcel
from hedui.padis.transports.http import HttpWay
from hedui.site.padis_transport import HttpTransport

HOW = HttpTransport.model_validate({"type": "http", "connection": "padis", "send": {"method": "PUT", "path": "/batches/{batch}"}})
PARCEL = Parcel(batch="B1", name="B1.zip", content=b"x", places={"batch": "B1"}, sidecars={}, columns=())


@pytest.fixture
def answering() -> Iterator[Callable[[int], HttpWay]]:
    """A receiver that answers everything with one status."""
    servers: list[HTTPServer] = []

    def start(status: int) -> HttpWay:
        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(status)
                self.send_header("retry-after", "7")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return HttpWay(HOW, base=f"http://127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_behind_a_gateway_says_nothing_of_the_file(answering: Callable[[int], HttpWay], status: int) -> None:
    with pytest.raises(UnansweredError, match=f"HTTP {status}"):
        answering(status).send(PARCEL)


def test_a_busy_receiver_has_taken_nothing_and_says_when_to_come_back(answering: Callable[[int], HttpWay]) -> None:
    with pytest.raises(NotDeliveredError) as caught:
        answering(429).send(PARCEL)
    assert caught.value.wait == 7


def test_a_receiver_that_is_not_there_has_taken_nothing() -> None:
    with pytest.raises(NotDeliveredError):
        HttpWay(HOW, base="http://127.0.0.1:9").send(PARCEL)


@pytest.mark.parametrize("status", [200, 202])
def test_an_answer_without_a_receipt_means_that_it_comes_later(answering: Callable[[int], HttpWay], status: int) -> None:
    assert answering(status).send(PARCEL) is None
