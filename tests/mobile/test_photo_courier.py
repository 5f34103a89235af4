"""The courier of photos: tus word for word, every answer a named word, and a chunk that stops when something more urgent comes."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest

from mobile.courier import Pinned, UnsafeUrl
from mobile.photo_courier import BLOCK, GaveWay, HttpPhotoCourier, NotNamed, NoUpload, PhotoRefused, WrongOffset
from shared.photos import read_metadata
from shared.sync import phone

NAME, UPLOAD = "ab" * 32, "0190a8a0-0000-7000-8000-000000000001"


class Stub(ThreadingHTTPServer):
    """Answers every request with `status`, `headers` and `body`; `seen` holds (method, path, headers, body)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.body = 204, b""
        self.headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "7"}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.cut: Queue[int] = Queue()

    def says(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        self.status = status
        self.body = json.dumps({"code": code, "message": message}).encode() if code else b""
        self.headers = {"Tus-Resumable": "1.0.0", **{name.replace("_", "-"): text for name, text in headers.items()}}


class Handler(BaseHTTPRequestHandler):
    server: Stub
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        stub, length = self.server, int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            stub.cut.put(len(body))
            return
        stub.seen.append((self.command, self.path, dict(self.headers), body))
        self.send_response(stub.status)
        for name, value in stub.headers.items():
            self.send_header(name, value)
        if stub.status != 204:
            self.send_header("Content-Length", str(len(stub.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(stub.body)

    do_POST = do_PATCH = do_HEAD = do_DELETE = answer  # noqa: N815 - http.server names its methods so

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def courier(stub: Stub) -> HttpPhotoCourier:
    return HttpPhotoCourier(f"http://127.0.0.1:{stub.server_port}/", "secret")


def never() -> bool:
    return False


ALL: dict[str, Callable[[HttpPhotoCourier], Any]] = {
    "create": lambda courier: courier.create(NAME, "problem", UPLOAD, 10),
    "offset": lambda courier: courier.offset(UPLOAD),
    "send": lambda courier: courier.send(UPLOAD, 3, b"four", never),
    "withdraw": lambda courier: courier.withdraw(UPLOAD),
}


def test_an_upload_is_begun_asked_for_sent_and_taken_back_as_tus_says(stub: Stub, courier: HttpPhotoCourier) -> None:
    stub.says(201, Location=f"/api/v1/photos/{UPLOAD}", Upload_Offset="0")
    assert courier.create(NAME, "problem", "id-1", 1234) == (UPLOAD, 0)
    stub.says(200, Upload_Offset="7")
    assert courier.offset(UPLOAD) == 7
    stub.says(204, Upload_Offset="1234")
    assert courier.send(UPLOAD, 7, b"x" * 1227, never) == 1234
    stub.says(204)
    courier.withdraw(UPLOAD)
    create, head, patch, delete = stub.seen
    assert [one[0] for one in stub.seen] == ["POST", "HEAD", "PATCH", "DELETE"]
    assert create[1] == "/api/v1/photos"
    assert {one[1] for one in (head, patch, delete)} == {f"/api/v1/photos/{UPLOAD}"}
    assert all((one[2]["Tus-Resumable"], one[2]["Authorization"]) == ("1.0.0", "Bearer secret") for one in stub.seen)
    assert create[2]["Upload-Length"] == "1234"
    assert read_metadata(create[2]["Upload-Metadata"]) == {"name": NAME, "kind": "problem", "id": "id-1"}
    assert (patch[2]["Upload-Offset"], patch[2]["Content-Type"]) == ("7", "application/offset+octet-stream")
    assert patch[2]["Content-Length"] == "1227"
    assert "Transfer-Encoding" not in patch[2]
    assert patch[3] == b"x" * 1227


@pytest.mark.parametrize(
    "location", [f"http://elsewhere.example/steal/{UPLOAD}", f"{UPLOAD}/", f"/api/v1/photos/{UPLOAD}"]
)
def test_an_upload_is_never_sought_anywhere_but_at_our_own_server(
    stub: Stub, courier: HttpPhotoCourier, location: str
) -> None:
    stub.says(201, Location=location)
    assert courier.create(NAME, "problem", "x", 10) == (UPLOAD, 0)
    stub.says(200, Upload_Offset="1")
    courier.offset(UPLOAD)
    assert stub.seen[-1][1] == f"/api/v1/photos/{UPLOAD}"


@pytest.mark.parametrize("location", ["", "/", "/api/v1/photos/a b", "/api/v1/photos/?x=1", "/x/" + "a" * 65])
def test_an_upload_without_a_name_is_no_answer_of_ours(stub: Stub, courier: HttpPhotoCourier, location: str) -> None:
    stub.says(201, Location=location)
    with pytest.raises(phone.NotOurServer):
        courier.create(NAME, "problem", "x", 10)


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "²", "9" * 19, "seven"])
def test_an_offset_that_is_no_number_is_no_answer_of_ours(stub: Stub, courier: HttpPhotoCourier, offset: str) -> None:
    stub.says(204)
    if offset:
        stub.headers["Upload-Offset"] = offset.encode().decode("latin-1")
    for ask in (ALL["offset"], ALL["send"]):
        with pytest.raises(phone.NotOurServer):
            ask(courier)


@pytest.mark.parametrize("which", ALL)
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "revoked", phone.TokenRefused),
        (403, "forbidden", phone.RequestRefused),
        (412, "tus_version", phone.UpdateNeeded),
        (429, "busy", phone.Busy),
        (503, "busy", phone.Busy),
        (507, "disk_full", phone.ServerFull),
        (500, "", phone.ServerFailed),
        (302, "", phone.NotOurServer),
    ],
)
def test_each_answer_has_its_error(
    stub: Stub, courier: HttpPhotoCourier, which: str, status: int, code: str, expected: type[phone.SyncError]
) -> None:
    stub.says(status, code, "字 / words")
    if which == "offset" and status == 403:
        expected = phone.NotOurServer  # without a body nothing tells
    with pytest.raises(expected):
        ALL[which](courier)


@pytest.mark.parametrize("which", ["create", "send"])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (460, "wrong_hash"),
        (415, "not_a_picture"),
        (422, "unsafe_picture"),
        (422, "too_many_pixels"),
        (413, "too_large"),
    ],
)
def test_a_photo_that_is_refused_says_why_in_the_servers_words(
    stub: Stub, courier: HttpPhotoCourier, which: str, status: int, code: str
) -> None:
    stub.says(status, code, "不是照片。 / Not a photo.")
    with pytest.raises(PhotoRefused) as told:
        ALL[which](courier)
    assert (told.value.refusal, told.value.why) == (code, "不是照片。 / Not a photo.")


def test_a_refusal_heard_by_head_is_asked_for_its_words(stub: Stub, courier: HttpPhotoCourier) -> None:
    stub.says(422, "too_many_pixels", "太大。 / Too large.")
    with pytest.raises(PhotoRefused) as told:
        courier.offset(UPLOAD)
    assert (told.value.refusal, told.value.why) == ("too_many_pixels", "太大。 / Too large.")
    assert [(one[0], one[3]) for one in stub.seen] == [("HEAD", b""), ("PATCH", b"")]


def test_retry_after_is_read(stub: Stub, courier: HttpPhotoCourier) -> None:
    stub.says(503, "busy", Retry_After="12")
    with pytest.raises(phone.Busy) as told:
        courier.offset(UPLOAD)
    assert told.value.retry_after == 12


def test_what_our_server_does_not_know_is_told_from_what_is_not_our_server(
    stub: Stub, courier: HttpPhotoCourier
) -> None:
    stub.says(404, "not_found", "没有 / none")
    for which in ("offset", "send"):
        with pytest.raises(NoUpload):
            ALL[which](courier)
    courier.withdraw(UPLOAD)
    stub.says(409, "wrong_offset")
    with pytest.raises(WrongOffset):
        ALL["send"](courier)
    stub.says(404, "not_named")
    with pytest.raises(NotNamed):
        ALL["create"](courier)
    stub.says(404)
    del stub.headers["Tus-Resumable"]
    for which in ALL:
        with pytest.raises(phone.NotOurServer):
            ALL[which](courier)


def test_a_portal_that_says_yes_to_everything_is_not_our_server(stub: Stub, courier: HttpPhotoCourier) -> None:
    stub.says(200)
    stub.headers = {"Upload-Offset": "7", "Location": f"/api/v1/photos/{UPLOAD}"}
    for ask in ALL.values():
        with pytest.raises(phone.NotOurServer):
            ask(courier)


def test_a_chunk_stops_between_two_blocks_and_counts_for_nothing(stub: Stub, courier: HttpPhotoCourier) -> None:
    looks = []

    def urgent() -> bool:
        looks.append(True)
        return len(looks) > 2

    with pytest.raises(GaveWay):
        courier.send(UPLOAD, 0, b"x" * 10 * BLOCK, urgent)
    assert len(looks) == 3
    assert stub.seen == []
    stub.says(200, Upload_Offset="0")
    assert courier.offset(UPLOAD) == 0, "and the next request is a whole one on a line of its own"
    assert stub.cut.get(timeout=30) == 2 * BLOCK


def test_nobody_there_is_offline() -> None:
    with pytest.raises(phone.Offline):
        HttpPhotoCourier("http://127.0.0.1:9", "t").offset(UPLOAD)


def test_photos_go_where_records_may_go_and_nowhere_else() -> None:
    with pytest.raises(UnsafeUrl):
        HttpPhotoCourier("http://ruhu.example", "t")
    with pytest.raises(UnsafeUrl):
        HttpPhotoCourier("http://127.0.0.1", "t", fingerprint="ab" * 32)
    pinned = HttpPhotoCourier("https://ruhu.example", "t", fingerprint="ab" * 32)
    assert isinstance(pinned._session.get_adapter("https://ruhu.example"), Pinned)
    assert not pinned._session.trust_env
