"""What every route needs: the body within its limits, the caller behind the token, and replies in JSON, compressed where asked for."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import ClientDisconnected

from server.access import Caller, TokenError, caller_of
from server.codec import Decoder, deflate, encode, inflate
from server.service import Service, now_ms
from shared.sync.wire import MAX_BODY, BadRequest, RequestError, TooLarge

SQUEEZE_FROM = 300
"""Replies of at least this many bytes are compressed for clients that take it."""
PATIENCE_SECONDS = 20.0
"""How long a request waits for a place."""


STALL_SECONDS = 20.0
"""How long a body may stand still on its way to us. Only where the app reads it from the line (gunicorn): waitress hands it over whole."""


class UnauthorizedError(RequestError):
    """No token, or one that gives no entry."""

    status = 401

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MediaTypeError(RequestError):
    """The body is not JSON by its own word."""

    status, code = 415, "media_type"


class BusyError(RequestError):
    """Too many at once: come back in a moment."""

    status, code = 503, "busy"


class StalledError(BusyError):
    """The body stood still on its way: whoever sends it has no place for so long, and comes back."""


def service() -> Service:
    """The service of the app in hand."""
    found: Service = current_app.extensions["ruhu"]
    return found


def decoder() -> Decoder:
    """The decoder of the app in hand."""
    found: Decoder = current_app.extensions["ruhu_decoder"]
    return found


def caller() -> Caller:
    """Who sends this request. UnauthorizedError for no token, an unknown or a revoked one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    township = token[:9]
    if scheme.lower() != "bearer" or not (township.isascii() and township.isdigit()) or len(token) > 200:
        raise UnauthorizedError("unknown_token", "缺少令牌，请先注册手机。 / A token is needed; enrol the phone first.")
    try:
        with service().database.read(township) as store:
            return caller_of(store, token, now_ms())
    except TokenError as error:
        raise UnauthorizedError(error.code, str(error)) from error


def phone() -> Caller:
    """The phone that sends this request; a read token is not one."""
    who = caller()
    if not who.device:
        raise UnauthorizedError(
            "unknown_token", "读取令牌不能同步，请用手机令牌。 / A read token cannot sync; enrol a phone."
        )
    return who


def read_body(size: int) -> bytes:
    """The body's next bytes, at most so many; b"" at its end. StalledError when none come for STALL_SECONDS: then what came of these bytes,
    and nothing after it, can still be read from the request's stream.
    """
    line: socket.socket | None = request.environ.get("gunicorn.socket")
    if line is None:
        return request.stream.read(size)
    before = line.gettimeout()
    line.settimeout(STALL_SECONDS)
    try:
        return request.stream.read(size)
    except ClientDisconnected as error:
        if not isinstance(error.__context__, TimeoutError):
            raise
        with suppress(OSError):  # the line is gone altogether meanwhile
            line.shutdown(socket.SHUT_RD)
        raise StalledError(
            "请求传到一半停住了，请稍后重试。 / The request stood still on its way; send it again."
        ) from error
    finally:
        line.settimeout(before)  # a long reply on a slow line takes longer


def plain_body() -> bytes:
    """The body's bytes, inflated. TooLarge, MediaTypeError, BadRequest, StalledError."""
    if request.mimetype not in ("application/json", ""):
        raise MediaTypeError("请发送 application/json。 / Send application/json.")
    if (request.content_length or 0) > MAX_BODY:
        raise TooLarge("超过 2 MiB，请分批。 / More than 2 MiB; send fewer changes.")
    body = read_body(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise TooLarge("超过 2 MiB，请分批。 / More than 2 MiB; send fewer changes.")
    if request.content_length is not None and len(body) < request.content_length:
        raise BadRequest("请求没有传完，请重发。 / The request was cut short; send it again.")
    return inflate(body, request.headers.get("Content-Encoding", ""))


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON reply, compressed where that pays and the client takes it."""
    data = encode(body)
    response = Response(data, status, headers, mimetype="application/json")
    if len(data) >= SQUEEZE_FROM:
        squeezed, encoding = deflate(data, {name for name, quality in request.accept_encodings if quality > 0})
        response.headers["Vary"] = "Accept-Encoding"
        if encoding:
            response.set_data(squeezed)
            response.headers["Content-Encoding"] = encoding
    return response


@contextmanager
def place(places: BoundedSemaphore, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
    """One of so many places at which changes are taken. BusyError when none becomes free in so many seconds."""
    if not places.acquire(timeout=seconds):
        raise BusyError("服务器正忙，请稍后自动重试。 / The server is busy; try again in a moment.")
    try:
        yield
    finally:
        places.release()


def answer_request_error(error: RequestError) -> Response:
    """Any RequestError as its reply."""
    headers = {"Retry-After": "3"} if error.status in (429, 503) else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return reply(error.body(), error.status, headers)
