"""Carries photos to the township: tus 1.0.0 under /api/v1/photos, over the rules of `courier` (pinning, no redirects, errors in words).

Promises: a chunk's body is handed to the line in small blocks, and stops between two of them when something more urgent wants it; an
upload's address never leads anywhere but to our own server. Leaves to others: when to ask, how much at once, and what follows (`sending`).
"""

import re
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from mobile.courier import HttpCourier, Pinned, body_of, error_of
from shared.photos import PATH, REFUSED, TUS, TUS_MEDIA_TYPE, metadata
from shared.sync import phone
from shared.sync.phone import Enrolment, SyncError

BLOCK = 4096
"""Bytes that are on their way before one looks whether to give way."""
SEND_BUFFER = 2 * BLOCK
"""What the system may take off our hands at once: more, and a whole chunk would stand in the line before records that come later."""
_UPLOAD = re.compile(r"[0-9A-Za-z_-]{1,64}")
_BARE = {413: "too_large", 415: "not_a_picture", 422: "unsafe_picture", 460: "wrong_hash"}
"""What the answers to HEAD mean, which have no body."""


class GaveWay(Exception):
    """Something more urgent wanted the line. How much of the chunk arrived is not known."""


class NoUpload(SyncError):
    code = "no_upload"
    words = "服务器上没有这次上传了，会从头再传。 / The server no longer knows this upload; it begins anew."


class NotNamed(SyncError):
    code = "not_named"
    words = "乡镇还没有写着这张照片的记录，先同步记录。 / The township has no record naming this photo yet: sync records first."


class WrongOffset(SyncError):
    code = "wrong_offset"
    words = "上传位置与服务器不符，会重新询问。 / The server is at another byte; it is asked anew."


class PhotoRefused(SyncError):
    """`refusal` is one of `shared.photos.REFUSED`; str() is the server's words."""

    code = "photo_refused"
    words = "服务器不收这张照片。 / The server does not take this photo."

    def __init__(self, refusal: str, detail: str = "") -> None:
        super().__init__(detail or refusal)
        self.refusal = refusal
        self.why = detail or f"{self.words} ({refusal})"


class PhotoCourier(Protocol):
    """Carries one request about one photo. Each raises a SyncError saying what went wrong; `upload` is what `create` gave."""

    def create(self, name: str, kind: str, record: str, length: int) -> tuple[str, int]:
        """A new upload and how many bytes the township has: 0, or all of them when the photo is held already. NotNamed, PhotoRefused."""
        ...

    def offset(self, upload: str) -> int:
        """How many bytes of it the township has. NoUpload, PhotoRefused."""
        ...

    def send(self, upload: str, offset: int, chunk: bytes, wanted: Callable[[], bool]) -> int:
        """Send the bytes that stand at `offset`; how many the township has then. GaveWay as soon as `wanted` says that something more
        urgent wants the line; NoUpload, WrongOffset, PhotoRefused.
        """
        ...

    def withdraw(self, upload: str) -> None:
        """Let the township forget its part; no error when it has none."""
        ...


class HttpPhotoCourier(HttpCourier):
    """A PhotoCourier over requests."""

    def __init__(self, url: str, token: str | None = None, insecure: bool = False, fingerprint: str = "") -> None:
        super().__init__(url, token, insecure, fingerprint)
        self._session.mount("https://", _SlowPinned(self._pinned) if self._pinned else _Slow())
        self._session.mount("http://", _Slow())

    def create(self, name: str, kind: str, record: str, length: int) -> tuple[str, int]:
        told = {"Upload-Length": str(length), "Upload-Metadata": metadata({"name": name, "kind": kind, "id": record})}
        answer = self._tus("POST", PATH, told, b"")
        upload = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        if answer.status_code != 201 or not _UPLOAD.fullmatch(upload):
            raise phone.NotOurServer(f"HTTP {answer.status_code}, Location")
        return upload, _offset(answer) if "Upload-Offset" in answer.headers else 0

    def offset(self, upload: str) -> int:
        try:
            return _offset(self._tus("HEAD", f"{PATH}/{upload}", {}))
        except PhotoRefused:
            return self.send(upload, 0, b"", lambda: False)  # the same refusal, in the server's words: a HEAD has none

    def send(self, upload: str, offset: int, chunk: bytes, wanted: Callable[[], bool]) -> int:
        told = {"Upload-Offset": str(offset), "Content-Type": TUS_MEDIA_TYPE}
        return _offset(self._tus("PATCH", f"{PATH}/{upload}", told, _Body(chunk, wanted) if chunk else b""))

    def withdraw(self, upload: str) -> None:
        try:
            self._tus("DELETE", f"{PATH}/{upload}", {})
        except NoUpload:
            return

    def _tus(self, method: str, path: str, told: Mapping[str, str], data: Any = None) -> requests.Response:
        headers = {"Tus-Resumable": TUS, "Accept": "application/json", **told}
        answer = self._ask(method, path, headers, data)
        if answer.status_code in (200, 201, 204):
            if "Tus-Resumable" not in answer.headers:
                raise phone.NotOurServer(f"HTTP {answer.status_code}")
            return answer
        raise _photo_error(answer, method == "HEAD")


def over_http(enrolment: Enrolment) -> PhotoCourier:
    """A courier to the township of an enrolment."""
    return HttpPhotoCourier(enrolment.url, enrolment.token or None, enrolment.insecure, enrolment.fingerprint)


class _Body:
    """A request's body of known length, in blocks."""

    def __init__(self, chunk: bytes, wanted: Callable[[], bool]) -> None:
        self._chunk = chunk
        self._wanted = wanted

    def __len__(self) -> int:
        return len(self._chunk)

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._chunk), BLOCK):
            if self._wanted():
                raise GaveWay
            yield self._chunk[start : start + BLOCK]


class _Slow(HTTPAdapter):
    """Connections that take only a little at once."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        usual = HTTPConnection.default_socket_options
        options["socket_options"] = [*usual, (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)]
        super().init_poolmanager(*args, **options)


class _SlowPinned(Pinned, _Slow):
    """The same to who holds one certificate's key."""


def _offset(answer: requests.Response) -> int:
    text = answer.headers.get("Upload-Offset", "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise phone.NotOurServer("Upload-Offset")
    return int(text)


def _photo_error(answer: requests.Response, bodyless: bool) -> SyncError:
    """What an answer that is no success says of a photo; else what `courier` makes of it."""
    body, status = body_of(answer), answer.status_code
    body = body if isinstance(body, dict) else {}
    code, detail = str(body.get("code") or ""), str(body.get("message") or "")
    ours = bool(code) or "Tus-Resumable" in answer.headers
    if bodyless and ours:
        code = _BARE.get(status, "")
    if code in REFUSED:
        return PhotoRefused(code, detail)
    if code == "not_named":
        return NotNamed(detail)
    if status in (404, 410) and ours:
        return NoUpload(detail)
    if status == 409 and ours:
        return WrongOffset(detail)
    if status == 412:
        return phone.UpdateNeeded(detail)
    if status == 401 and bodyless and ours:
        return phone.TokenRefused("unknown_token")
    return error_of(answer, body)
