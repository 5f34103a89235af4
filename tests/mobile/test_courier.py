"""The courier: every way a request can go wrong has its own error in words, and a token never travels in the clear."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mobile import courier
from mobile.courier import HttpCourier, UnsafeUrl, check_url
from shared.sync import phone

GOOD = {"protocol": 1, "next": 1}


class Stub(ThreadingHTTPServer):
    """Answers every POST with `status`, `headers`, `body`; `declared` lies about the length; keeps what it was sent."""

    status = 200
    headers: dict[str, str] = {"Content-Type": "application/json"}
    body = json.dumps(GOOD).encode()
    declared: int | None = None
    silent = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.release = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        stub = self.server
        stub.seen.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        if stub.silent:
            stub.release.wait(10)
            return
        self.send_response(stub.status)
        for name, value in stub.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(stub.declared or len(stub.body)))
        self.end_headers()
        self.wfile.write(stub.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


def line(stub: Stub) -> HttpCourier:
    return HttpCourier(f"http://127.0.0.1:{stub.server_port}/", "secret")


def test_a_request_carries_the_token_and_is_packed_when_it_is_large(stub: Stub) -> None:
    assert line(stub).sync({"small": True}) == GOOD
    assert line(stub).sync({"large": "长" * 2000}) == GOOD
    small, large = stub.seen
    assert small[0] == "/api/v1/sync"
    assert small[1]["Authorization"] == "Bearer secret"
    assert json.loads(small[2]) == {"small": True}
    assert large[1]["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(large[2])) == {"large": "长" * 2000}


def test_a_packed_reply_is_unpacked(stub: Stub) -> None:
    stub.headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    stub.body = gzip.compress(json.dumps(GOOD).encode())
    assert line(stub).sync({}) == GOOD


def test_enrolment_sends_code_and_device(stub: Stub) -> None:
    stub.status = 201
    HttpCourier(f"http://127.0.0.1:{stub.server_port}").enrol("c", {"name": "n", "platform": "p", "app": "a"})
    assert stub.seen[0][0] == "/api/v1/enrol"
    assert "Authorization" not in stub.seen[0][1]
    assert json.loads(stub.seen[0][2]) == {"code": "c", "device": {"name": "n", "platform": "p", "app": "a"}}


@pytest.mark.parametrize(
    ("status", "body", "expected", "code"),
    [
        (400, {"code": "unreadable", "message": "?"}, phone.RequestRefused, "unreadable"),
        (400, {"code": "bad_cursor", "message": "?"}, phone.BadCursor, "bad_cursor"),
        (401, {"code": "revoked"}, phone.TokenRefused, "revoked"),
        (401, {"code": "unknown_token"}, phone.TokenRefused, "unknown_token"),
        (409, {"code": "gap", "next": 3}, phone.OutOfStep, "gap"),
        (409, {"code": "renumber", "next": 3}, phone.OutOfStep, "renumber"),
        (410, {"code": "code_used"}, phone.CodeSpent, "code_spent"),
        (413, {"code": "too_large"}, phone.BatchTooLarge, "too_large"),
        (415, {"code": "encoding"}, phone.EncodingRefused, "encoding"),
        (426, {"code": "protocol"}, phone.UpdateNeeded, "protocol"),
        (429, {"code": "busy"}, phone.Busy, "busy"),
        (503, None, phone.Busy, "busy"),
        (507, {"code": "full"}, phone.ServerFull, "server_full"),
        (500, None, phone.ServerFailed, "server_failed"),
        (502, None, phone.ServerFailed, "server_failed"),
        (404, None, phone.NotOurServer, "not_our_server"),
        (302, None, phone.NotOurServer, "not_our_server"),
    ],
)
def test_each_status_has_its_own_error_in_words(
    stub: Stub, status: int, body: Any, expected: type[phone.SyncError], code: str
) -> None:
    stub.status = status
    stub.headers = {"Content-Type": "application/json", "Location": "http://127.0.0.1:1/"}
    stub.body = json.dumps(body).encode() if body else b"<html>"
    with pytest.raises(expected) as caught:
        line(stub).sync({})
    assert caught.value.code == code
    assert " / " in str(caught.value)


def test_retry_after_is_read_as_seconds_and_as_a_date(stub: Stub) -> None:
    stub.status = 503
    for text, low, high in (("17", 17, 17), ("Fri, 31 Dec 2100 23:59:59 GMT", 1e6, 1e10), ("soon", None, None)):
        stub.headers = {"Retry-After": text}
        with pytest.raises(phone.Busy) as caught:
            line(stub).sync({})
        seconds = caught.value.retry_after
        assert seconds is None if low is None else low <= (seconds or 0) <= high


def test_a_captive_portal_is_not_our_server(stub: Stub) -> None:
    stub.headers, stub.body = {"Content-Type": "text/html"}, b"<html>log in</html>"
    with pytest.raises(phone.NotOurServer):
        line(stub).sync({})


def test_a_reply_cut_short_is_named(stub: Stub) -> None:
    stub.declared = 1000
    with pytest.raises(phone.CutShort):
        line(stub).sync({})


def test_a_packed_reply_cut_short_is_named(stub: Stub) -> None:
    stub.headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    stub.body = gzip.compress(json.dumps({**GOOD, "records": list(range(9000))}).encode())[:-400]
    with pytest.raises(phone.CutShort):
        line(stub).sync({})
    stub.body = b"not gzip at all"
    with pytest.raises(phone.CutShort):
        line(stub).sync({})


def test_no_server_is_offline() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(phone.Offline):
        HttpCourier(f"http://127.0.0.1:{port}", "t").sync({})


def test_a_silent_server_times_out(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "TIMEOUTS", (1, 0.05))
    stub.silent = True
    with pytest.raises(phone.TimedOut):
        line(stub).sync({})


def test_plain_http_is_for_loopback_or_on_request() -> None:
    for url in ("http://example.org", "ftp://example.org", "example.org", "https://", "http://[::1"):
        with pytest.raises(UnsafeUrl):
            check_url(url)
    assert check_url("https://example.org/") == "https://example.org"
    assert check_url("http://127.0.0.1:8000") == "http://127.0.0.1:8000"
    assert check_url("http://192.168.1.2:8000", insecure=True) == "http://192.168.1.2:8000"
